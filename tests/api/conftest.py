from collections.abc import Iterator

import pytest

from tests.harness import database
from tests.harness.cast import Cast
from tests.harness.sender import Door


@pytest.fixture
def cast(django_db_setup: None, django_db_blocker: pytest.FixtureRequest) -> Iterator[Cast]:
    """The fixed cast on empty tables, and threads allowed: the door's work is done in several."""
    with django_db_blocker.unblock():  # type: ignore[attr-defined]  # pytest-django names no public type
        database.empty()
        yield Cast("http://127.0.0.1:9")


@pytest.fixture
def door(cast: Cast) -> Iterator[Door]:
    with Door() as made:
        yield made
