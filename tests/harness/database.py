"""The tables of the product: made once per process, emptied between stories."""

from functools import cache

from django.apps import apps
from django.core.management import call_command
from django.db import connection


@cache
def migrate() -> None:
    call_command("migrate", verbosity=0)


def empty() -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"TRUNCATE {', '.join(_tables())} RESTART IDENTITY CASCADE")
        cursor.execute("ALTER SEQUENCE alerts_alert_number RESTART")


@cache
def _tables() -> tuple[str, ...]:
    kept = {"django_migrations", "django_content_type", "auth_permission"}
    with connection.cursor() as cursor:
        existing = set(connection.introspection.table_names(cursor))
    models = {model._meta.db_table for model in apps.get_models()}
    return tuple(sorted((models & existing) - kept))
