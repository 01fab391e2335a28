"""The engine's part of an incident: climb the ladder, remind of updates, and go on when nobody could be reached."""

from collections.abc import Callable, Sequence
from datetime import datetime
from uuid import UUID

from django.db.models import QuerySet

from watchbill.domain.audit.contract import ENGINE, Actor
from watchbill.domain.escalation.steps import Ways
from watchbill.domain.incidents import rules
from watchbill.domain.incidents.calling import (
    Wanted,
    call_fallback,
    call_people,
    call_roles,
    can_be_told,
    holder_ids,
    works_on_it,
)
from watchbill.domain.incidents.locking import by_subject, lock_unless_held
from watchbill.domain.incidents.models import SUBJECT_KIND, Call, CallReason, Incident
from watchbill.domain.incidents.planning import again_timer
from watchbill.domain.incidents.process_followed import ladder_of, process_of, severity_in, standing_of
from watchbill.domain.incidents.records import entry, record
from watchbill.domain.incidents.role_actions import offer_open_roles
from watchbill.domain.incidents.timer_kinds import LADDER, UPDATE_DUE
from watchbill.domain.paging.models import Page, PageState
from watchbill.domain.people.models import Urgency
from watchbill.domain.timers.actions import NewTimer, set_timers
from watchbill.domain.timers.store import DueTimer

_NOT_FOR_ALL = "it is restricted: page by name whoever shall see it"
# Of an incident at a time: what is still to be told to whom, in words; empty when nothing is.
OwedWords = Callable[[Incident, datetime], str]


def climb_ladders(timers: Sequence[DueTimer], *, now: datetime, ways: Ways) -> None:
    """Whoever is due now is called, and the timer of the next rung is set. In the caller's transaction."""
    generations = {timer.subject_id: timer.generation for timer in timers}
    for incident in lock_unless_held(by_subject(timers), now=now):
        if incident.generation == generations[incident.id]:
            _climb(incident, now=now, ways=ways)


def climb_now(incident: Incident, *, now: datetime, ways: Ways) -> None:
    """What is due on its ladder and waits for the engine is done at once. The row is locked by the caller."""
    if incident.next_rung_at is not None and incident.next_rung_at <= now:
        _climb(incident, now=now, ways=ways)


def _climb(incident: Incident, *, now: datetime, ways: Ways) -> None:
    process, severity = process_of(incident), severity_in(incident)
    rungs = ladder_of(incident)
    foot = incident.next_rung == 0
    replanned = foot and incident.generation > incident.raised_generation
    raiser = {incident.raised_by_id} if foot and not replanned and incident.raised_in_person else set()
    due = rules.climb(
        rungs,
        next_rung=incident.next_rung,
        called=incident.called,
        from_foot=foot,
        standing=standing_of(incident),
        now=now,
    )
    timers = []
    roles = _within_the_circle(incident, due.roles, now=now)
    if roles:
        called = call_roles(
            incident,
            [Wanted(role=role, why=rung.label) for role, rung in roles],
            reason=CallReason.LADDER,
            label="; ".join(dict.fromkeys(rung.label for _, rung in roles)),
            ways=ways,
            now=now,
            here=_at_work(incident) | raiser,
            paged_before=_paged_before(incident) if foot else frozenset(),
            again=due.again,
        )
        record(called.records, actor=ENGINE, now=now)
        if called.reached_nobody:
            timers.append(again_timer(incident.id, tries=0, now=now))
        if raiser & called.here.keys() and incident.acknowledged_at is None:
            _take_raising_as_answer(incident, called.here[incident.raised_by_id], now=now)
    if replanned and incident.called and not timers and not is_told(incident):
        timers.append(again_timer(incident.id, tries=0, now=now))
    for rung in () if replanned else due.prompts:  # whoever changed the severity sees it on the page
        _prompt(incident, rung, now=now, ways=ways)
    incident.called, incident.next_rung = due.called, due.next_rung
    incident.next_rung_at = rungs[due.next_rung].at if due.next_rung < len(rungs) else None
    incident.save(update_fields=["called", "next_rung", "next_rung_at"])
    if incident.next_rung_at is not None:
        timers.append(
            NewTimer(kind=LADDER, subject_id=incident.id, generation=incident.generation, due_at=incident.next_rung_at)
        )
    set_timers(timers)
    if foot and rules.opens_room(process, severity):
        offer_open_roles(incident, actor=ENGINE, ways=ways, now=now)


def _within_the_circle(
    incident: Incident, roles: Sequence[tuple[str, rules.Rung]], *, now: datetime
) -> Sequence[tuple[str, rules.Rung]]:
    """All hands would all see a restricted incident; the record says that they were left out."""
    if not incident.restricted:
        return roles
    everybody = {one.id: one.label for one in process_of(incident).roles if one.found_by == "all-engineers"}
    left_out = {everybody[role]: _NOT_FOR_ALL for role, _ in roles if role in everybody}
    if left_out:
        record(
            [entry(incident, "incident.called", why=_NOT_FOR_ALL, people=[], nobody=left_out)], actor=ENGINE, now=now
        )
    return [(role, rung) for role, rung in roles if role not in everybody]


def _take_raising_as_answer(incident: Incident, roles: Sequence[str], *, now: datetime) -> None:
    """Whoever declares or reopens an incident and would be called to work on it works on it already."""
    if not rules.counts_as_acknowledgement(process_of(incident), roles):
        return
    incident.acknowledged_at = now
    incident.acknowledged_by, incident.acknowledged_by_id = incident.raised_by, incident.raised_by_id
    incident.save(update_fields=["acknowledged_at", "acknowledged_by", "acknowledged_by_id"])
    actor = Actor(kind="person", label=incident.raised_by, via="engine", id=incident.raised_by_id)
    did = "says that it is back" if incident.back_at else "reopened it" if incident.reopened_at else "declared it"
    record([entry(incident, "incident.acknowledged", why=f"{did} and is on call")], actor=actor, now=now)


def _at_work(incident: Incident) -> set[UUID | None]:
    return {incident.acknowledged_by_id, *holder_ids(incident)}


def _paged_before(incident: Incident) -> frozenset[UUID]:
    """A reminder or a question that only told somebody does not count, nor a page that was called off."""
    told = _calls_since_raised(incident).exclude(state__in=(PageState.UNREACHED, PageState.CANCELLED))
    return frozenset(told.values_list("user_id", flat=True))


def _prompt(incident: Incident, rung: rules.Rung, *, now: datetime, ways: Ways) -> None:
    """Asks whoever works on it, and otherwise whoever is on call, whether the next tier is needed."""
    process = process_of(incident)
    tier = next(one for one in process.escalation_matrix if one.id == rung.prompts)
    label = f"{severity_in(incident).label} is not resolved yet: escalate to tier {tier.tier}, {tier.label.lower()}?"
    _tell(
        incident, [incident.acknowledged_by_id], rung.roles, reason=CallReason.PROMPT, label=label, ways=ways, now=now
    )


def _tell(
    incident: Incident,
    people: Sequence[UUID | None],
    else_roles: Sequence[str],
    *,
    reason: CallReason,
    label: str,
    ways: Ways,
    now: datetime,
) -> None:
    """With low urgency: these people, and where none of them can be told whoever stands behind the roles."""
    known = [user_id for user_id in people if user_id is not None]
    if can_be_told(known, urgency=Urgency.LOW, ways=ways):
        told = call_people(incident, known, reason=reason, label=label, urgency=Urgency.LOW, ways=ways, now=now)
        record([told], actor=ENGINE, now=now)
        return
    called = call_roles(
        incident,
        [Wanted(role=role, why=label) for role in else_roles],
        reason=reason,
        label=label,
        urgency=Urgency.LOW,
        ways=ways,
        now=now,
        else_fallback=False,
    )
    record(called.records, actor=ENGINE, now=now)


def remind_of_updates(timers: Sequence[DueTimer], *, now: datetime, ways: Ways, owed: OwedWords) -> None:
    """The communications lead when the short interval has passed, the commander when the long one has.

    `owed` says what is still to be told to whom.
    """
    for incident in lock_unless_held(by_subject(timers), now=now):
        process, severity = process_of(incident), severity_in(incident)
        window = rules.update_window(process, severity, since=incident.updates_count_from)
        if window is None:
            continue
        soft_at, hard_at = window
        if now < soft_at:  # an update was posted meanwhile
            set_timers([update_timer(incident.id, window)])
            continue
        late = now >= hard_at
        role, other = (
            (rules.COMMANDER, rules.COMMUNICATIONS_LEAD) if late else (rules.COMMUNICATIONS_LEAD, rules.COMMANDER)
        )
        limit = rules.update_words(severity)
        label = f"The status update is overdue: {limit}" if late else f"A status update is due: {limit}"
        words = owed(incident, now)
        label = f"{label}. Still owed: {words}"[:300] if words else label
        held = holder_ids(incident, roles=[role]) or holder_ids(incident, roles=[other])
        _tell(
            incident,
            held or [incident.acknowledged_by_id],
            [role],
            reason=CallReason.UPDATE,
            label=label,
            ways=ways,
            now=now,
        )
        again = rules.update_window(process, severity, since=now) if late else window
        due_at = again[1] if again is not None else hard_at
        set_timers([NewTimer(kind=UPDATE_DUE, subject_id=incident.id, due_at=max(due_at, now))])


def update_timer(incident_id: UUID, window: tuple[datetime, datetime]) -> NewTimer:
    return NewTimer(kind=UPDATE_DUE, subject_id=incident_id, due_at=window[0])


def go_on_unreached(timers: Sequence[DueTimer], *, now: datetime, ways: Ways) -> None:
    """People whom a call paged could not be told by any way. As long as somebody is being told, the record says so;
    otherwise the fallback is called, and what cannot reach even that is tried again later."""
    calls = {call.id: call for call in Call.objects.filter(id__in=[timer.subject_id for timer in timers])}
    waiting: dict[UUID, list[DueTimer]] = {}
    for timer in timers:
        if timer.subject_id in calls:  # the others are runs of alerts
            waiting.setdefault(calls[timer.subject_id].incident_id, []).append(timer)
    for incident in lock_unless_held(waiting, now=now):
        if is_told(incident) or standing_of(incident).restored:
            continue
        if any(calls[timer.subject_id].reason == CallReason.FALLBACK for timer in waiting[incident.id]):
            set_timers([again_timer(incident.id, tries=0, now=now)])
            continue
        because = "nobody of those who were called could be told"
        last = call_fallback(incident, because=because, ways=ways, urgency=Urgency.HIGH, now=now)
        record(last.records, actor=ENGINE, now=now)
        if last.reached_nobody:
            set_timers([again_timer(incident.id, tries=0, now=now)])


def try_again(timers: Sequence[DueTimer], *, now: datetime, ways: Ways) -> None:
    """Whom the severity names are called again, for as long as nobody was told. After 1 min, then ever more rarely.

    Once it is mitigated nobody is woken for it; if it comes back, everybody is called anew.
    """
    tries = {timer.subject_id: timer.generation for timer in timers}
    for incident in lock_unless_held(by_subject(timers), now=now):
        if is_told(incident) or standing_of(incident).restored:
            continue
        roles = severity_in(incident).pages
        called = call_roles(
            incident,
            [Wanted(role=role, why="nobody could be reached before") for role in roles],
            reason=CallReason.LADDER,
            label="Nobody could be reached before",
            ways=ways,
            now=now,
        )
        record(called.records, actor=ENGINE, now=now)
        if called.reached_nobody:
            set_timers([again_timer(incident.id, tries=tries[incident.id] + 1, now=now)])


def is_told(incident: Incident) -> bool:
    """Somebody works on it, or is being woken to. A reminder wakes nobody, and who only has to know of it works on
    nothing."""
    if standing_of(incident).acknowledged or works_on_it(incident):
        return True
    pages = _calls_since_raised(incident).filter(state=PageState.ACTIVE).values_list("run_id", "user_id")
    people = dict(Call.objects.filter(incident=incident).values_list("id", "people"))
    process = process_of(incident)
    return any(
        rules.counts_as_acknowledgement(process, people.get(run_id, {}).get(str(user_id), ()))
        for run_id, user_id in pages
    )


def _calls_since_raised(incident: Incident) -> QuerySet[Page]:
    pages = Page.objects.filter(subject_kind=SUBJECT_KIND, subject_id=incident.id, urgency=Urgency.HIGH)
    return pages.filter(created_at__gte=incident.raised_at)
