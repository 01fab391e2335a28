"""What in the set-up would make a page reach nobody: found before an alert finds it."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from watchbill.domain.escalation.reach_reads import out_of_reach
from watchbill.domain.escalation.steps import Ways
from watchbill.domain.people.models import USABLE, ContactMethod, FallbackRecipient
from watchbill.domain.people.reads import organization
from watchbill.domain.process.reads import running
from watchbill.domain.process.schema import ProcessDocument
from watchbill.domain.services.models import Service
from watchbill.domain.services.unfilled_roles import unfilled_roles

_SHOWN_MAX = 5
_UTC = ("UTC", "Etc/UTC")


@dataclass(frozen=True, slots=True, kw_only=True)
class SetupWarning:
    """`subject_kind` and `subject_id` say where it can be mended: fallback, user, service, team, role (by its name),
    the process, or the list of people or services."""

    problem: str
    remedy: str
    subject_kind: str
    subject_id: UUID | None = None
    subject_name: str = ""


def setup_warnings(*, ways: Ways, now: datetime) -> list[SetupWarning]:
    """What the doctor says about people, it says with the same calculation."""
    reachable = set(ContactMethod.objects.filter(USABLE).values_list("user_id", flat=True))
    process = running()
    return [*_fallback(reachable), *_services(), *_people(ways, now), *_roles(process), *_business_hours(process)]


def _fallback(reachable: set[UUID]) -> Iterable[SetupWarning]:
    ids = set(FallbackRecipient.objects.filter(user__is_active=True).values_list("user_id", flat=True))
    if not ids:
        yield SetupWarning(
            problem="There is no fallback recipient.",
            remedy="An alert whose whole policy reaches nobody would wake nobody. Name one person or more.",
            subject_kind="fallback",
        )
    elif not ids & reachable:
        yield SetupWarning(
            problem="No fallback recipient has a contact that works.",
            remedy="The last resort would not be reached. Add a contact to one of them.",
            subject_kind="fallback",
        )


def _services() -> Iterable[SetupWarning]:
    rows = Service.objects.filter(archived_at=None, policy=None).order_by("name")
    for row in rows[:_SHOWN_MAX]:
        yield SetupWarning(
            problem=f"Service {row.name} has no escalation policy.",
            remedy="Its alerts page the fallback at once. Choose a policy.",
            subject_kind="service",
            subject_id=row.id,
        )
    yield from _more(rows.count(), "services have no escalation policy", subject_kind="services")


def _people(ways: Ways, now: datetime) -> Iterable[SetupWarning]:
    silent = out_of_reach(ways=ways, now=now)
    for person in silent[:_SHOWN_MAX]:
        where = f" They are counted on by {', '.join(person.counted_on)}." if person.counted_on else ""
        yield SetupWarning(
            problem=f"{person.name} cannot be reached.",
            remedy=f"There is no contact that is confirmed and that this instance can send to.{where} Add one.",
            subject_kind="user",
            subject_id=person.user_id,
        )
    yield from _more(len(silent), "people cannot be reached", subject_kind="people")


def _roles(process: ProcessDocument) -> Iterable[SetupWarning]:
    for one in unfilled_roles(process):
        if one.team_id is None:
            yield SetupWarning(
                problem=f"Nobody is named as {one.label} (called by {one.calls}).",
                remedy="The incident would do without, or wake the fallback instead. Name a schedule or people.",
                subject_kind="role",
                subject_id=None,
                subject_name=one.role,
            )
        else:
            yield SetupWarning(
                problem=f"Team {one.team} has nobody as {one.label} (called by {one.calls}).",
                remedy="Incidents of its services would do without. Name somebody.",
                subject_kind="team",
                subject_id=one.team_id,
            )


def _business_hours(process: ProcessDocument) -> Iterable[SetupWarning]:
    """The process comes with UTC, which is nobody's local time; another zone was somebody's choice."""
    known = organization()
    if known is None or known.time_zone in _UTC:
        return
    for calendar in process.calendars:
        if calendar.time_zone in _UTC:
            hours = f"{calendar.opens:%H:%M}-{calendar.closes:%H:%M} UTC"
            yield SetupWarning(
                problem=f"{calendar.label} are {hours}; this organization lives in {known.time_zone}.",
                remedy="What waits for them begins at the wrong time. Change the zone in the process document.",
                subject_kind="process",
            )


def _more(count: int, what: str, *, subject_kind: str) -> Iterable[SetupWarning]:
    left = count - _SHOWN_MAX
    if left > 0:
        yield SetupWarning(
            problem=f"And {left} more: {count} {what}.", remedy="The list shows all.", subject_kind=subject_kind
        )
