"""Call people for an incident: one `Call`, and a page for everybody who stands behind its roles.

When a call is nobody, the organization's fallback is called instead: an incident that wakes nobody is a lost page.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

import structlog
from django.db.models import QuerySet

from watchbill.domain.access.models import User
from watchbill.domain.audit.contract import Actor, Record
from watchbill.domain.escalation.rules import Target
from watchbill.domain.escalation.steps import Ways
from watchbill.domain.escalation.targets import fallback_people
from watchbill.domain.incidents.models import (
    SUBJECT_KIND,
    Call,
    CallAbout,
    CallReason,
    Incident,
    Insider,
    Seat,
    SeatState,
)
from watchbill.domain.incidents.process_followed import process_of
from watchbill.domain.incidents.records import entry
from watchbill.domain.incidents.rules import counts_as_acknowledgement
from watchbill.domain.paging.actions import NewPage, close_pages_of_runs, create_pages
from watchbill.domain.paging.models import Page, PageState
from watchbill.domain.paging.reads import Reachable, reachable
from watchbill.domain.people.models import Urgency
from watchbill.domain.services.role_lookup import RoleLookup
from watchbill.ground.ids import new_id

log = structlog.get_logger()

FALLBACK_LEVEL, NAMED_LEVEL = 0, 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """One role to call and the sentence that says because of what."""

    role: str
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What a call asks a decision on: one change, or one text."""

    kind: CallAbout
    id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class Called:
    """`people` are paged now. `here`: who was left out because they work on it, with the roles they were found by.

    `records` are the entries about it, for the caller's transaction.
    """

    people: tuple[Reachable, ...]
    here: Mapping[UUID | None, Sequence[str]]
    reached_nobody: bool
    records: tuple[Record, ...]
    by_fallback: bool = False

    def words(self, what: str) -> str:
        """Who is paged now, in a sentence. `what` was to be called."""
        names = ", ".join(person.name for person in self.people)
        if self.by_fallback and not names:
            return f"Nobody stands behind {what}, and no fallback can be reached: call somebody by telephone."
        if self.by_fallback:
            return f"Nobody stands behind {what}, so the fallback is being paged: {names}."
        return f"{what} is being paged: {names}." if names else f"Whoever stands behind {what} works on this already."


def call_roles(
    incident: Incident,
    wanted: Sequence[Wanted],
    *,
    reason: CallReason,
    label: str,
    ways: Ways,
    now: datetime,
    urgency: str = Urgency.HIGH,
    here: Collection[UUID | None] = (),
    paged_before: Collection[UUID] = (),
    again: Collection[str] = (),
    else_fallback: bool = True,
) -> Called:
    """Page whoever stands behind the roles, each person once.

    `here` work on it already and are not paged, nor are those `paged_before`, unless their role is called `again`.
    When there is nobody at all, the fallback is called if `else_fallback`.
    """
    people = _Gathered()
    _gather(people, incident, wanted, urgency, here, paged_before, again, ways=ways, now=now)
    made = _call(incident, reason=reason, label=label, people=people.roles, now=now)
    records = [
        entry(
            incident,
            "incident.called",
            why=label,
            people=_named(person for person, _ in people.paged.values()),
            roles=[one.role for one in wanted],
            nobody=people.missing,
            here=_named(person for user_id, person in people.known.items() if user_id in people.here),
        )
    ]
    if not else_fallback or people.anybody_works(incident):
        _page(made, incident, people.paged.values(), urgency=urgency, level=NAMED_LEVEL, now=now)
        return Called(
            people=tuple(person for person, _ in people.paged.values()),
            here=people.here,
            reached_nobody=False,
            records=tuple(records),
        )
    because = "; ".join(dict.fromkeys(people.missing.values()))
    last = call_fallback(incident, because=because, ways=ways, urgency=urgency, now=now)
    return Called(
        people=last.people,
        here={},
        reached_nobody=last.reached_nobody,
        by_fallback=True,
        records=(*records, *last.records),
    )


@dataclass(slots=True)
class _Gathered:
    """Who is behind the roles of one call. `missing`: by role, why it is nobody."""

    known: dict[UUID, Reachable] = field(default_factory=dict)
    paged: dict[UUID, tuple[Reachable, str]] = field(default_factory=dict)
    roles: dict[UUID, list[str]] = field(default_factory=dict)
    here: dict[UUID | None, list[str]] = field(default_factory=dict)
    missing: dict[str, str] = field(default_factory=dict)

    def anybody_works(self, incident: Incident) -> bool:
        """Somebody is called now or was before, or works on it; who only knows of it does not count."""
        if self.known.keys() - self.here.keys() or (self.here and incident.acknowledged_at is not None):
            return True
        return any(counts_as_acknowledgement(process_of(incident), roles) for roles in self.here.values())

    def page(self, person: Reachable, why: str, *, role: str) -> None:
        self.paged.setdefault(person.user_id, (person, why))
        self.roles.setdefault(person.user_id, []).append(role)


def _gather(
    people: _Gathered,
    incident: Incident,
    wanted: Sequence[Wanted],
    urgency: str,
    here: Collection[UUID | None],
    paged_before: Collection[UUID],
    again: Collection[str],
    *,
    ways: Ways,
    now: datetime,
) -> None:
    lookup = RoleLookup(
        [one.role for one in wanted],
        process=process_of(incident),
        service=incident.service,
        ways=ways,
        in_incident=_holders_as_targets(incident),
    )
    for one in wanted:
        found = lookup.find(one.role, urgency=urgency, at=now)
        if found.nobody:
            people.missing[found.role.label] = found.nobody
        for person in found.people:
            people.known[person.user_id] = person
            if person.user_id in here:
                people.here.setdefault(person.user_id, []).append(one.role)
            elif one.role in again or person.user_id not in paged_before:
                people.page(person, f"{found.role.label} ({found.source}): {one.why}", role=one.role)


def call_people(
    incident: Incident,
    user_ids: Sequence[UUID],
    *,
    reason: CallReason,
    label: str,
    ways: Ways,
    now: datetime,
    roles: Sequence[str] = (),
    urgency: str = Urgency.HIGH,
    about: Asked | None = None,
) -> Record:
    """These people, as far as they can be reached. The entry about it is for the caller's transaction."""
    found = reachable(user_ids, urgency=urgency, families=ways.families, defaults=ways.defaults)
    people = [found[user_id] for user_id in user_ids if user_id in found]
    usable = [person for person in people if person.deliveries]
    by_person = {person.user_id: roles for person in usable}
    made = _call(incident, reason=reason, label=label, people=by_person, now=now, about=about)
    _page(made, incident, [(person, label) for person in usable], urgency=urgency, level=NAMED_LEVEL, now=now)
    lost = {person.name: "has no usable contact" for person in people if not person.deliveries}
    gone = User.objects.filter(id__in=[user_id for user_id in user_ids if user_id not in found])
    lost |= {user.name: "has no account here any more" for user in gone}
    return entry(incident, "incident.called", why=label, people=_named(usable), nobody=lost)


def unanswered(incident: Incident) -> dict[UUID, list[str]]:
    """Who is being woken for it and has not answered, with the roles by which they were called.

    Who is only asked to take a role in it is not among them.
    """
    calls = Call.objects.filter(incident=incident).exclude(reason=CallReason.ROLE)
    by_call = dict(calls.values_list("id", "people"))
    pages = _pages_of(incident).filter(state=PageState.ACTIVE, run_id__in=list(by_call))
    found: dict[UUID, list[str]] = {}
    for run_id, user_id in pages.order_by("created_at", "id").values_list("run_id", "user_id"):
        roles = found.setdefault(user_id, [])
        roles += [role for role in by_call[run_id].get(str(user_id), ()) if role not in roles]
    return found


def call_on(
    incident: Incident,
    waiting: Mapping[UUID, Sequence[str]],
    *,
    reason: CallReason,
    label: str,
    ways: Ways,
    now: datetime,
) -> Record | None:
    """Those who waited for something that goes on here, except who works on this one or was woken for it."""
    pages = _pages_of(incident).filter(created_at__gte=incident.raised_at)
    told = pages.exclude(state=PageState.UNREACHED).values_list("user_id", flat=True)
    know: set[UUID | None] = {*told, incident.acknowledged_by_id, *holder_ids(incident)}
    left = can_be_told([user_id for user_id in waiting if user_id not in know], urgency=Urgency.HIGH, ways=ways)
    if not left:
        return None
    made = _call(incident, reason=reason, label=label, people={user_id: waiting[user_id] for user_id in left}, now=now)
    _page(
        made, incident, [(person, label) for person in left.values()], urgency=Urgency.HIGH, level=NAMED_LEVEL, now=now
    )
    return entry(incident, "incident.called", why=label, people=_named(left.values()))


def stop_waking(incident: Incident, *, reason: str, now: datetime) -> None:
    """Who was woken for it need not be any more. Who is asked to take a role is asked still."""
    calls = Call.objects.filter(incident=incident).exclude(reason=CallReason.ROLE).values_list("id", flat=True)
    close_pages_of_runs(list(calls), state=PageState.CANCELLED, reason=reason, now=now)


def _pages_of(incident: Incident) -> QuerySet[Page]:
    return Page.objects.filter(subject_kind=SUBJECT_KIND, subject_id=incident.id, urgency=Urgency.HIGH)


def call_fallback(incident: Incident, *, because: str, ways: Ways, urgency: str, now: datetime) -> Called:
    """The last resort. That it is empty is the loudest thing this product can say."""
    people = fallback_people(urgency=urgency, families=ways.families, defaults=ways.defaults)
    label = f"Fallback of the organization: {because}" if because else "Fallback of the organization"
    made = _call(incident, reason=CallReason.FALLBACK, label=label, people={}, now=now)
    _page(made, incident, [(person, label) for person in people], urgency=urgency, level=FALLBACK_LEVEL, now=now)
    if not people:
        log.critical("incident.reached_nobody", incident=incident.number)
    return Called(
        people=people,
        here={},
        reached_nobody=not people,
        by_fallback=True,
        records=(
            entry(
                incident,
                "incident.fallback_called",
                why=because,
                people=_named(people),
                reached_nobody=not people or None,
            ),
        ),
    )


def can_be_told(user_ids: Sequence[UUID], *, urgency: str, ways: Ways) -> dict[UUID, Reachable]:
    """Those of them who have an account and a way to be reached, in their order."""
    found = reachable(user_ids, urgency=urgency, families=ways.families, defaults=ways.defaults)
    return {user_id: found[user_id] for user_id in user_ids if user_id in found and found[user_id].deliveries}


def holder_ids(incident: Incident, *, roles: Sequence[str] = ()) -> list[UUID]:
    """Who has a role in this incident; of these `roles` only, if some are given."""
    seats = Seat.objects.filter(incident=incident, state=SeatState.HELD, user__is_active=True)
    if roles:
        seats = seats.filter(role__in=roles)
    return list(seats.order_by("held_at").values_list("user_id", flat=True))


def works_on_it(incident: Incident) -> bool:
    """Somebody has a role by which one works on the system; who leads, informs or writes does not."""
    seats = Seat.objects.filter(incident=incident, state=SeatState.HELD, user__is_active=True)
    roles = set(seats.values_list("role", flat=True))
    return any(counts_as_acknowledgement(process_of(incident), [role]) for role in roles)


def _holders_as_targets(incident: Incident) -> dict[str, list[Target]]:
    found: dict[str, list[Target]] = {}
    seats = Seat.objects.filter(incident=incident, state=SeatState.HELD, user__is_active=True)
    for seat in seats.select_related("user"):
        found.setdefault(seat.role, []).append(Target(kind="user", id=str(seat.user_id), label=seat.user.email))
    return found


def call_these(
    incident: Incident, people: Sequence[tuple[Reachable, str]], *, reason: CallReason, label: str, now: datetime
) -> None:
    """Exactly these, each with the sentence that says why; nobody is looked up."""
    made = _call(incident, reason=reason, label=label, people={}, now=now)
    level = FALLBACK_LEVEL if reason == CallReason.FALLBACK else NAMED_LEVEL
    _page(made, incident, people, urgency=Urgency.HIGH, level=level, now=now)


def close_pages_about(incident: Incident, about_id: UUID, *, actor: Actor, now: datetime) -> None:
    """What was asked is decided: nobody's page about it goes on."""
    calls = Call.objects.filter(incident=incident, about_id=about_id).values_list("id", flat=True)
    reason = f"decided by {actor.label}"
    close_pages_of_runs(list(calls), state=PageState.ANSWERED, reason=reason, now=now, by=actor.id)


def _call(
    incident: Incident,
    *,
    reason: str,
    label: str,
    people: Mapping[UUID, Sequence[str]],
    now: datetime,
    about: Asked | None = None,
) -> Call:
    return Call.objects.create(
        id=new_id(),
        incident=incident,
        reason=reason,
        severity=incident.severity,
        label=label[:300],
        people={str(user_id): list(roles) for user_id, roles in people.items()},
        called_at=now,
        about=about.kind if about is not None else "",
        about_id=about.id if about is not None else None,
    )


def _page(
    call: Call,
    incident: Incident,
    people: Iterable[tuple[Reachable, str]],
    *,
    urgency: str,
    level: int,
    now: datetime,
) -> None:
    paged = list(people)
    create_pages(
        [
            NewPage(
                run_id=call.id,
                generation=1,
                cycle=0,
                level=level,
                subject_kind=SUBJECT_KIND,
                subject_id=incident.id,
                group_id=incident.id,
                person=person,
                urgency=urgency,
                reason=why,
            )
            for person, why in paged
        ],
        now=now,
    )
    if incident.restricted:
        Insider.objects.bulk_create(
            [Insider(incident=incident, user_id=person.user_id, added_at=now) for person, _ in paged],
            ignore_conflicts=True,
        )


def _named(people: Iterable[Reachable]) -> list[dict[str, str]]:
    return [{"id": str(person.user_id), "name": person.name} for person in people]
