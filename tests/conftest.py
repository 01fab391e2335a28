"""The tests run on a real PostgreSQL of their own; set the instance's settings before Django reads them."""

import os
import tempfile
from collections.abc import Iterator

import pytest
from hypothesis import settings

from tests.harness import postgres

os.environ["WATCHBILL_DATA_DIR"] = tempfile.mkdtemp(prefix="watchbill-data-")
os.environ["WATCHBILL_SECRET_KEY"] = "for tests only"
os.environ["WATCHBILL_DATABASE_URL"] = postgres.server().url()
os.environ["WATCHBILL_OUTBOUND_ALLOW"] = "127.0.0.0/8"
os.environ["WATCHBILL_BASE_URL"] = "http://watchbill.example.org"

# Not by naming the settings in pyproject.toml: pytest would read them there before the lines above.
import watchbill.bootstrap  # noqa: F401 - makes Django ready

# Test processes that this one starts inherit its environment; with the settings named in it, pytest-django would read
# them before the lines above, and all of them would share one database.
del os.environ["DJANGO_SETTINGS_MODULE"]

from tests.harness import database
from tests.harness.communications_world import CommunicationsWorld
from tests.harness.incident_world import IncidentWorld
from tests.harness.world import START, World
from watchbill.doors import limits
from watchbill.ground.clock import SystemClock

# The same examples in each run, so that a red run is red again; `HYPOTHESIS_PROFILE=random` looks for new ones.
settings.register_profile("repeatable", derandomize=True, deadline=None)
settings.register_profile("random", deadline=None)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "repeatable"))

pytest_plugins = ["tests.no_skips"]


@pytest.fixture(scope="session")
def django_db_setup(django_db_blocker: pytest.FixtureRequest) -> Iterator[None]:
    """One database for Django, the ingest door and every process under test: the server's own, migrated once."""
    with django_db_blocker.unblock():  # type: ignore[attr-defined]  # pytest-django names no public type
        database.migrate()
        yield


@pytest.fixture(scope="module", autouse=True)
def nothing_is_left_to_the_next_file(django_db_blocker: pytest.FixtureRequest) -> Iterator[None]:
    """Stories commit; a file whose tests roll back would find what the file before it left in the tables."""
    yield
    if database.is_used():
        with django_db_blocker.unblock():  # type: ignore[attr-defined]  # pytest-django names no public type
            database.empty()
            database.set_unused()


@pytest.fixture(autouse=True)
def nobody_called_before() -> None:
    """The limits on callers live in this process's memory: each test starts with full buckets."""
    for buckets in limits.EVERYTHING:
        buckets.empty()


@pytest.fixture
def world(django_db_setup: None, django_db_blocker: pytest.FixtureRequest) -> Iterator[World]:
    with django_db_blocker.unblock(), World() as made:  # type: ignore[attr-defined]  # as above
        yield made


@pytest.fixture
def incident_world(
    request: pytest.FixtureRequest, django_db_setup: None, django_db_blocker: pytest.FixtureRequest
) -> Iterator[IncidentWorld]:
    """Begins at the usual Monday, or at the time that a test is parametrized with, indirectly: `real` is the host's."""
    begins_at = getattr(request, "param", START)
    if begins_at == "real":
        begins_at = SystemClock().now()
    with django_db_blocker.unblock(), IncidentWorld(at=begins_at) as made:  # type: ignore[attr-defined]  # as above
        yield made


@pytest.fixture
def communications_world(
    request: pytest.FixtureRequest, django_db_setup: None, django_db_blocker: pytest.FixtureRequest
) -> Iterator[CommunicationsWorld]:
    """Begins when `incident_world` does."""
    begins_at = getattr(request, "param", START)
    if begins_at == "real":
        begins_at = SystemClock().now()
    with django_db_blocker.unblock(), CommunicationsWorld(at=begins_at) as made:  # type: ignore[attr-defined]  # as above
        yield made
