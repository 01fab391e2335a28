"""Partitions by month: made ahead of time, filled from the default one, dropped whole when they are old."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from django.db import connection, transaction

from watchbill.domain.alerts.models import Event
from watchbill.domain.alerts.partitions import EVENTS
from watchbill.domain.audit.partitions import ENTRIES
from watchbill.ground.partitions import month_after, month_of

MAY = datetime(2031, 5, 17, 12, tzinfo=UTC)


@pytest.fixture(autouse=True)
def undone_afterwards(django_db_setup: None, django_db_blocker: pytest.FixtureRequest) -> Iterator[None]:
    with django_db_blocker.unblock(), transaction.atomic():  # type: ignore[attr-defined]  # pytest-django names no type
        yield
        transaction.set_rollback(True)


def event(received_at: datetime) -> Event:
    return Event.objects.create(
        id=uuid4(),
        received_at=received_at,
        integration_id=uuid4(),
        disposition="new",
        dedup_key="key",
        action="trigger",
        summary="",
        body=b"",
    )


def partition_of(kept: Event) -> str:
    with connection.cursor() as cursor:
        cursor.execute("SELECT tableoid::regclass::text FROM alerts_event WHERE id = %s", [kept.id])
        return str(cursor.fetchone()[0])


def test_an_event_that_came_before_its_month_was_made_moves_into_it() -> None:
    early = event(MAY)
    assert partition_of(early) == "alerts_event_default"
    assert EVENTS.make_ahead(MAY, months=1) == ["alerts_event_m2031_05", "alerts_event_m2031_06"]
    assert partition_of(early) == "alerts_event_m2031_05"
    assert partition_of(event(MAY + timedelta(days=20))) == "alerts_event_m2031_06"


def test_making_again_makes_nothing() -> None:
    EVENTS.make_ahead(MAY, months=2)
    assert EVENTS.make_ahead(MAY, months=2) == []


def test_whole_months_go_and_the_month_of_the_limit_stays() -> None:
    EVENTS.make_ahead(MAY, months=1)
    old, kept = event(MAY), event(MAY + timedelta(days=20))
    dropped = EVENTS.drop_before(kept.received_at)
    assert dropped[-1] == "alerts_event_m2031_05"
    assert not Event.objects.filter(id=old.id).exists()
    assert Event.objects.filter(id=kept.id).exists()


def test_audit_entries_get_months_too() -> None:
    assert ENTRIES.make_ahead(MAY, months=0) == ["audit_entry_m2031_05"]


def test_december_is_followed_by_january() -> None:
    assert month_after(month_of(datetime(2030, 12, 31, 23, 59, tzinfo=UTC))) == datetime(2031, 1, 1, tzinfo=UTC)
