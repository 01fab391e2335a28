from collections.abc import Iterator
from pathlib import Path

import pytest
from django.core.management import call_command

from tests.harness import database
from tests.harness.carriers import FakeHttpCarrier
from watchbill.ground.postgres import EmbeddedPostgres, socket_directory


@pytest.fixture(scope="session")
def durable_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedPostgres]:
    """As the product runs it, fsync and all: the other tests' server may forget."""
    server = EmbeddedPostgres(tmp_path_factory.mktemp("durable"))
    server.start()
    try:
        yield server
    finally:
        server.stop()


@pytest.fixture
def durable(durable_server: EmbeddedPostgres, django_db_blocker: pytest.FixtureRequest) -> Iterator[EmbeddedPostgres]:
    """This process reads and writes the durable server too, on empty tables."""
    with (
        django_db_blocker.unblock(),  # type: ignore[attr-defined]  # pytest-django names no public type
        database.elsewhere(socket_directory(durable_server.directory)),
    ):
        call_command("migrate", verbosity=0)
        database.empty()
        yield durable_server


@pytest.fixture
def carrier() -> Iterator[FakeHttpCarrier]:
    with FakeHttpCarrier() as made:
        yield made


@pytest.fixture
def log(tmp_path: Path) -> Path:
    return tmp_path / "processes.log"
