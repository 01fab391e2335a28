"""Who has which role in an incident: asked, accepted, declined, handed over. Each change stands on the timeline.

An offer that is not answered within five minutes goes to the next candidate. Whoever is asked is paged; who is being
paged for the incident anyway is not paged once more.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction

from watchbill.domain.access.models import Role as AccountRole
from watchbill.domain.access.models import User
from watchbill.domain.audit.contract import ENGINE, Actor, Record
from watchbill.domain.escalation.steps import Ways
from watchbill.domain.incidents import rules
from watchbill.domain.incidents.calling import call_people
from watchbill.domain.incidents.charge import in_charge
from watchbill.domain.incidents.locking import lock_unless_held
from watchbill.domain.incidents.models import (
    SUBJECT_KIND,
    UNRESOLVED,
    CallReason,
    Incident,
    Seat,
    SeatState,
)
from watchbill.domain.incidents.process_followed import process_of, role_label, severity_in
from watchbill.domain.incidents.records import entry, record
from watchbill.domain.incidents.role_candidates import ANYONE, candidates
from watchbill.domain.incidents.timer_kinds import OFFER_EXPIRES
from watchbill.domain.incidents.workflow_actions import mark_step
from watchbill.domain.paging.actions import close_pages_of_person
from watchbill.domain.paging.models import Page, PageState
from watchbill.domain.people.models import Urgency
from watchbill.domain.timers.actions import NewTimer, set_timers
from watchbill.domain.timers.store import DueTimer, clear_unlocked
from watchbill.ground.ids import new_id
from watchbill.ground.refusals import ChangeRefused

OFFER_LASTS = timedelta(minutes=5)
_SUMMARY_MAX = 4000


class SeatTaken(ChangeRefused):
    """Somebody else has the role; hand-over is what changes that."""


def offer_open_roles(incident: Incident, *, actor: Actor, ways: Ways, now: datetime) -> None:
    """Ask the first candidate for each role that nobody has and nobody is asked for. In the caller's transaction."""
    settled = set(
        Seat.objects.filter(
            incident=incident, state__in=(SeatState.HELD, SeatState.OFFERED), user__is_active=True
        ).values_list("role", flat=True)
    )
    for one in process_of(incident).war_room.roles:
        if one.role not in settled:
            _end_offer(incident, one.role, SeatState.EXPIRED, now=now)  # to somebody who has left
            _offer_next(incident, one.role, actor=actor, ways=ways, now=now)


def offer(*, incident_id: UUID, role: str, user_id: UUID, actor: Actor, ways: Ways, now: datetime) -> Seat:
    """Ask this person. Replaces an offer that waits. Raises SeatTaken, ChangeRefused."""
    with transaction.atomic():
        incident = _locked(incident_id, role=role)
        holder = _holder(incident, role)
        if holder is not None:
            raise SeatTaken(
                "role", f"{holder.user.name} is {role_label(incident, role).lower()}; let them hand it over"
            )
        user = _responder(user_id)
        _end_offer(incident, role, SeatState.RELEASED, now=now)
        return _make_offer(incident, role, user, why=f"{actor.label} asked", actor=actor, ways=ways, now=now)


def take(*, incident_id: UUID, role: str, actor: Actor, now: datetime) -> Seat:
    """I have it: a role that nobody holds, asked or not, or one that is being handed over to me. Raises SeatTaken."""
    with transaction.atomic():
        incident = _locked(incident_id, role=role)
        user = _responder(actor.id)
        holder = _holder(incident, role)
        offered = Seat.objects.filter(incident=incident, role=role, state=SeatState.OFFERED).first()
        if holder is not None and holder.user_id == user.id:
            return holder
        if holder is not None and (offered is None or offered.user_id != user.id):
            label = role_label(incident, role).lower()
            raise SeatTaken(
                "role",
                f"{holder.user.name} is {label} already; let them hand it over to you, or take it over with a reason",
            )
        if offered is not None and offered.user_id != user.id:
            _end_offer(incident, role, SeatState.RELEASED, now=now)
            offered = None
        return _hold(incident, role, user, offered=offered, actor=actor, now=now)


def decline(*, incident_id: UUID, role: str, actor: Actor, ways: Ways, now: datetime) -> None:
    """The next candidate is asked at once, unless it was a hand-over: then whoever has the role keeps it.

    Raises ChangeRefused when this person is not asked.
    """
    with transaction.atomic():
        incident = _locked(incident_id, role=role)
        seat = Seat.objects.filter(
            incident=incident, role=role, user=_responder(actor.id), state=SeatState.OFFERED
        ).first()
        if seat is None:
            raise ChangeRefused("role", f"you are not asked to be {role_label(incident, role).lower()}")
        _end(seat, SeatState.DECLINED, now=now)
        record([_about(incident, seat, "incident.role_declined")], actor=actor, now=now)
        if _holder(incident, role) is None:
            _offer_next(incident, role, actor=ENGINE, ways=ways, now=now)


def hand_over(*, incident_id: UUID, role: str, to: UUID, summary: str, actor: Actor, ways: Ways, now: datetime) -> Seat:
    """The other one is asked and has the role on accepting; until then it stays where it is. The summary is for them.

    By whom has it, or whoever is in charge. Raises ChangeRefused, also when nobody has the role or nothing was written.
    """
    with transaction.atomic():
        incident = _locked(incident_id, role=role)
        holder = _holder(incident, role)
        if holder is None:
            raise ChangeRefused("role", "nobody has this role yet: ask somebody instead")
        _check_may_give(incident, holder, actor)
        if not summary.strip():
            raise ChangeRefused("summary", "write what the next one has to know: what is going on, what is decided")
        user = _responder(to)
        if user.id == holder.user_id:
            raise ChangeRefused("to", f"{user.name} has the role already; choose somebody else")
        _end_offer(incident, role, SeatState.RELEASED, now=now)
        why = f"{actor.label} hands over"
        return _make_offer(
            incident, role, user, why=why, actor=actor, ways=ways, now=now, summary=summary.strip()[:_SUMMARY_MAX]
        )


def take_over(*, incident_id: UUID, role: str, reason: str, actor: Actor, ways: Ways, now: datetime) -> Seat:
    """From somebody who does not answer: at once, with the reason on the timeline; whoever had it is told.

    Raises ChangeRefused without a reason.
    """
    with transaction.atomic():
        incident = _locked(incident_id, role=role)
        user = _responder(actor.id)
        holder = _holder(incident, role)
        if holder is not None and holder.user_id == user.id:
            return holder
        why = reason.strip()[:_SUMMARY_MAX]
        if holder is not None and not why:
            raise ChangeRefused("reason", f"say why you take it from {holder.user.name}: they read it first")
        offered = Seat.objects.filter(incident=incident, role=role, state=SeatState.OFFERED, user=user).first()
        if offered is None:
            _end_offer(incident, role, SeatState.RELEASED, now=now)
        seat = _hold(incident, role, user, offered=offered, actor=actor, now=now, because=why)
        if holder is not None:
            label = f"{user.name} took over from you as {role_label(incident, role).lower()}: {why}"
            told = call_people(
                incident,
                [holder.user_id],
                reason=CallReason.TAKEN,
                label=label,
                urgency=Urgency.LOW,
                ways=ways,
                now=now,
            )
            record([told], actor=ENGINE, now=now)
        return seat


def _check_may_give(incident: Incident, holder: Seat, actor: Actor) -> None:
    """From the host anybody may; otherwise who has the role, and who is in charge of the incident."""
    charge = in_charge(incident)
    if actor.id is None or actor.id in (holder.user_id, charge.user_id):
        return
    label = role_label(incident, holder.role).lower()
    words = (
        f"only {holder.user.name}, who is {label}, may hand it over; if there is no answer, take it over with a reason"
    )
    raise ChangeRefused("role", words)


def expire_offers(timers: Sequence[DueTimer], *, now: datetime, ways: Ways) -> None:
    """Not answered in time: the next candidate is asked. In the caller's transaction."""
    ours = {timer.subject_id: timer for timer in timers}
    waiting: dict[UUID, list[DueTimer]] = {}
    for seat_id, incident_id in Seat.objects.filter(id__in=list(ours)).values_list("id", "incident_id"):
        waiting.setdefault(incident_id, []).append(ours[seat_id])
    incidents = {incident.id: incident for incident in lock_unless_held(waiting, now=now)}
    for seat in Seat.objects.filter(id__in=list(ours), state=SeatState.OFFERED, incident__in=incidents).order_by("id"):
        incident = incidents[seat.incident_id]
        _end(seat, SeatState.EXPIRED, now=now)
        record([_about(incident, seat, "incident.role_unanswered")], actor=ENGINE, now=now)
        if _holder(incident, seat.role) is None:
            _offer_next(incident, seat.role, actor=ENGINE, ways=ways, now=now)


def release_offers(incident: Incident, *, now: datetime) -> None:
    """It is over: nobody is asked any more. Who had a role keeps it in the record."""
    for seat in Seat.objects.filter(incident=incident, state=SeatState.OFFERED):
        _end(seat, SeatState.RELEASED, now=now)


def release_holders(incident: Incident, *, now: datetime) -> None:
    """It begins anew: whoever had a role may be asleep by now, and is asked again."""
    for seat in Seat.objects.filter(incident=incident, state=SeatState.HELD):
        _end(seat, SeatState.RELEASED, now=now)


def _offer_next(incident: Incident, role: str, *, actor: Actor, ways: Ways, now: datetime) -> None:
    asked_since = Seat.objects.filter(incident=incident, role=role, offered_at__gte=incident.raised_at)
    asked = set(asked_since.values_list("user_id", flat=True))
    busy = set(
        Seat.objects.filter(incident=incident, state__in=(SeatState.HELD, SeatState.OFFERED)).values_list(
            "user_id", flat=True
        )
    )
    found = [(user, why) for user, why in candidates(incident, role, ways=ways, now=now) if user.id not in asked]
    # Better two roles for one person than a role for nobody.
    found.sort(key=lambda one: one[0].id in busy)
    if not found:
        label = role_label(incident, role)
        open_ = entry(incident, "incident.role_open", role=role, label=label, why="nobody else can be asked")
        record([open_], actor=actor, now=now)
        return
    user, why = found[0]
    if role == rules.COMMANDER and incident.raised_in_person and user.id == incident.raised_by_id:
        _hold(incident, role, user, offered=None, actor=actor, now=now, why=why)
        return
    _make_offer(incident, role, user, why=why, actor=actor, ways=ways, now=now)


def _make_offer(
    incident: Incident,
    role: str,
    user: User,
    *,
    why: str,
    actor: Actor,
    ways: Ways,
    now: datetime,
    summary: str = "",
) -> Seat:
    seat = Seat.objects.create(
        id=new_id(),
        incident=incident,
        role=role,
        user=user,
        why=why[:300],
        offered_at=now,
        offered_by=actor.label,
        summary=summary,
    )
    set_timers([NewTimer(kind=OFFER_EXPIRES, subject_id=seat.id, due_at=now + OFFER_LASTS)])
    record([_about(incident, seat, "incident.role_offered", why=why)], actor=actor, now=now)
    urgency = Urgency.HIGH if _is_duty(incident, role) else Urgency.LOW
    if user.id != actor.id and not _is_being_paged(incident, user, urgency, now=now):
        label = f"You are asked to be {role_label(incident, role).lower()} of {severity_in(incident).label}: {why}"
        asked = call_people(
            incident, [user.id], reason=CallReason.ROLE, label=label, roles=[role], urgency=urgency, ways=ways, now=now
        )
        record([asked], actor=actor, now=now)
    return seat


def _is_being_paged(incident: Incident, user: User, urgency: str, *, now: datetime) -> bool:
    """Just now and at least as loudly: whoever looks at that page sees the offer. An old one has been slept through."""
    pages = Page.objects.filter(subject_kind=SUBJECT_KIND, subject_id=incident.id, user_id=user.id)
    fresh = pages.filter(state=PageState.ACTIVE, created_at__gt=now - OFFER_LASTS)
    return fresh.filter(urgency=Urgency.HIGH).exists() if urgency == Urgency.HIGH else fresh.exists()


def _is_duty(incident: Incident, role: str) -> bool:
    """Somebody is on duty for it, or knows the system: worth waking. For what anybody may do, nobody is woken."""
    one = next(found for found in process_of(incident).war_room.roles if found.role == role)
    return any(selection.id != ANYONE for selection in one.selected_from)


def _hold(
    incident: Incident,
    role: str,
    user: User,
    *,
    offered: Seat | None,
    actor: Actor,
    now: datetime,
    why: str = "took it",
    because: str = "",
) -> Seat:
    before = _holder(incident, role)
    for seat in Seat.objects.filter(incident=incident, role=role, state=SeatState.HELD):
        _end(seat, SeatState.HANDED_OVER, now=now)
    seat = offered or Seat(
        id=new_id(), incident=incident, role=role, user=user, why=why, offered_at=now, offered_by=actor.label
    )
    seat.state, seat.held_at = SeatState.HELD, now
    seat.save(update_fields=None if offered is None else ["state", "held_at"])
    clear_unlocked(kinds=[OFFER_EXPIRES], subject_ids=[seat.id])
    close_pages_of_person(
        subject_kind=SUBJECT_KIND, subject_id=incident.id, user_id=user.id, reason="took a role", now=now
    )
    details = {"before": before.user.name} if before is not None else {}
    if because:
        details["why"] = because
    record([_about(incident, seat, "incident.role_taken", **details)], actor=actor, now=now)
    wanted = {one.role for one in process_of(incident).war_room.roles}
    held = set(Seat.objects.filter(incident=incident, state=SeatState.HELD).values_list("role", flat=True))
    if wanted <= held:
        mark_step(incident, "assign-roles", actor=ENGINE, now=now)
    return seat


def _end_offer(incident: Incident, role: str, state: SeatState, *, now: datetime) -> None:
    for seat in Seat.objects.filter(incident=incident, role=role, state=SeatState.OFFERED):
        _end(seat, state, now=now)


def _end(seat: Seat, state: SeatState, *, now: datetime) -> None:
    seat.state, seat.ended_at = state, now
    seat.save(update_fields=["state", "ended_at"])
    clear_unlocked(kinds=[OFFER_EXPIRES], subject_ids=[seat.id])


def _holder(incident: Incident, role: str) -> Seat | None:
    """Whose account was disabled holds nothing any more."""
    seats = Seat.objects.select_related("user").filter(incident=incident, role=role, state=SeatState.HELD)
    return seats.filter(user__is_active=True).first()


def _responder(user_id: UUID | None) -> User:
    user = User.objects.filter(id=user_id, is_active=True).first() if user_id else None
    if user is None:
        raise ChangeRefused("to", "there is nobody of that name, or not any more; choose another")
    if user.role == AccountRole.STAKEHOLDER:
        raise ChangeRefused("to", f"{user.name} is a stakeholder and takes no role; choose a responder")
    return user


def _locked(incident_id: UUID, *, role: str) -> Incident:
    incident = _lock_incident(incident_id)
    if incident is None:
        raise ChangeRefused("", "this incident is over, or there is none such: nobody takes a role in it any more")
    if role not in {one.role for one in process_of(incident).war_room.roles}:
        known = ", ".join(one.role for one in process_of(incident).war_room.roles)
        raise ChangeRefused("role", f"{role!r} is no role of the war room; use {known}")
    return incident


def _lock_incident(incident_id: UUID) -> Incident | None:
    rows = Incident.objects.select_for_update(of=("self",)).select_related(
        "service__policy__current_version", "service__team"
    )
    return rows.filter(id=incident_id, state__in=UNRESOLVED).first()


def _about(incident: Incident, seat: Seat, action: str, **details: str) -> Record:
    return entry(
        incident,
        action,
        role=seat.role,
        label=role_label(incident, seat.role),
        people=[{"id": str(seat.user_id), "name": seat.user.name}],
        **details,
    )
