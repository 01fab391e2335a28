"""The tables of the product: made once per process, emptied between stories."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

from django.apps import apps
from django.core.management import call_command
from django.db import connection


@cache
def migrate() -> None:
    call_command("migrate", verbosity=0)


@contextmanager
def elsewhere(socket_directory: Path) -> Iterator[None]:
    """Within it this process reads and writes the database of another instance."""
    home = connection.settings_dict["HOST"]
    _move(str(socket_directory))
    try:
        yield
    finally:
        _move(home)


def _move(host: str) -> None:
    connection.close()
    connection.close_pool()
    connection.settings_dict["HOST"] = host


_used = False


def is_used() -> bool:
    """Whether tables were emptied to be filled by tests that commit."""
    return _used


def set_unused() -> None:
    global _used
    _used = False


def empty() -> None:
    global _used
    _used = True
    with connection.cursor() as cursor:
        cursor.execute(f"TRUNCATE {', '.join(_tables())} RESTART IDENTITY CASCADE")
        cursor.execute("ALTER SEQUENCE alerts_alert_number RESTART")
        cursor.execute("ALTER SEQUENCE incidents_incident_number RESTART")


@cache
def _tables() -> tuple[str, ...]:
    kept = {"django_migrations", "django_content_type", "auth_permission"}
    with connection.cursor() as cursor:
        existing = set(connection.introspection.table_names(cursor))
    models = {model._meta.db_table for model in apps.get_models()}
    return tuple(sorted((models & existing) - kept))
