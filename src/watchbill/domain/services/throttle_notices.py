"""Events of an integration were turned away because too many waited: on record once in a window, and shown.

The notice is the audit entry; nothing else remembers it.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction

from watchbill.domain.audit.actions import record
from watchbill.domain.audit.contract import Actor, Record
from watchbill.domain.audit.models import Entry
from watchbill.domain.services.models import Integration

THROTTLED = "integration.throttled"
WINDOW = timedelta(minutes=10)
SHOWN_FOR = timedelta(hours=24)
_SHOWN_MAX = 5
_READ_MAX = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusals:
    """`requests` were refused from `since` on, and are in no notice yet."""

    why: str
    requests: int
    since: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ThrottleNotice:
    at: datetime
    why: str
    requests: int
    integration: str
    service_id: UUID


@transaction.atomic
def note_refusals(integration_id: UUID, refusals: Refusals, *, now: datetime) -> bool:
    """False when a notice was written less than a window ago, by whatever process: then nothing is."""
    # The lock is what makes it one notice when several web processes turn events away.
    integration = Integration.objects.select_for_update(of=("self",)).select_related("service").get(id=integration_id)
    told = Entry.objects.filter(subject_id=integration_id, action=THROTTLED, at__gt=now - WINDOW)
    if told.exists():
        return False
    record(
        [
            Record(
                action=THROTTLED,
                subject_kind="integration",
                subject_id=integration_id,
                subject_label=_label(integration),
                details={"why": refusals.why, "refused": refusals.requests, "since": refusals.since.isoformat()},
            )
        ],
        actor=Actor(kind="system", label="Watchbill", via="ingest"),
        now=now,
    )
    return True


def throttle_notices(*, now: datetime) -> list[ThrottleNotice]:
    """The last one of each integration that had any lately, newest first."""
    entries = Entry.objects.filter(action=THROTTLED, at__gt=now - SHOWN_FOR).order_by("-id")[:_READ_MAX]
    latest: dict[UUID, Entry] = {}
    for entry in entries:
        if entry.subject_id is not None:
            latest.setdefault(entry.subject_id, entry)
    services = dict(Integration.objects.filter(id__in=latest).values_list("id", "service_id"))
    return [
        ThrottleNotice(
            at=entry.at,
            why=str(entry.details.get("why", "")),
            requests=int(entry.details.get("refused", 0)),
            integration=entry.subject_label,
            service_id=services[integration_id],
        )
        for integration_id, entry in latest.items()
        if integration_id in services
    ][:_SHOWN_MAX]


def _label(integration: Integration) -> str:
    return f"{integration.service.name} {integration.name or integration.kind}"
