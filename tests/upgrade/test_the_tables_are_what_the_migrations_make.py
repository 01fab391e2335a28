"""The tables in a database are those of the code: nothing changed without a migration, nothing drifted by hand."""

from io import StringIO

import pytest
from django.apps import apps
from django.core.management import call_command
from django.db import connection
from django.db.migrations.loader import MigrationLoader
from django.db.models.fields import NOT_PROVIDED

pytestmark = pytest.mark.django_db


def test_no_model_changed_without_a_migration() -> None:
    told = StringIO()
    call_command("makemigrations", check=True, dry_run=True, stdout=told)
    assert "No changes" in told.getvalue()


def test_every_column_of_the_code_is_in_the_database_and_no_other() -> None:
    with connection.cursor() as cursor:
        for model in apps.get_models():
            if not model.__module__.startswith("watchbill."):
                continue
            table = model._meta.db_table
            there = {column.name for column in connection.introspection.get_table_description(cursor, table)}
            ours = {field.column for field in model._meta.local_concrete_fields if field.column is not None}
            assert there == ours, table


def test_a_migration_adds_nothing_that_the_release_before_could_not_write() -> None:
    """A column that is NOT NULL without a default would break the release that does not know it yet.

    The first release has no older one: what its own first migrations make is the base.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT app, name FROM django_migrations ORDER BY id")
        later = [(app, name) for app, name in cursor.fetchall() if not name.startswith("0001")]
    loader = MigrationLoader(connection)
    for app, name in later:
        migration = loader.disk_migrations.get((app, name))
        if migration is None or not type(migration).__module__.startswith("watchbill."):
            continue
        for operation in migration.operations:
            kind = type(operation).__name__
            assert kind not in ("RemoveField", "RenameField", "RenameModel", "DeleteModel"), f"{app} {name}: {kind}"
            if kind == "AddField":
                field = operation.field
                assert field.null or field.db_default is not NOT_PROVIDED, f"{app} {name}: {operation.name}"
