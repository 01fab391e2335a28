"""The engine's part of an incident: climb the ladder, remind of updates, and go on when nobody could be reached."""

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta
from uuid import UUID

from watchbill.domain.audit.contract import ENGINE, Actor
from watchbill.domain.escalation.steps import Ways
from watchbill.domain.incidents import rules
from watchbill.domain.incidents.calling import Wanted, call_fallback, call_people, call_roles, holder_ids
from watchbill.domain.incidents.models import SUBJECT_KIND, UNRESOLVED, Call, CallReason, Incident
from watchbill.domain.incidents.process_followed import process_of, severity_in, standing_of
from watchbill.domain.incidents.records import entry, record
from watchbill.domain.incidents.role_actions import offer_open_roles
from watchbill.domain.incidents.timer_kinds import LADDER, TRY_AGAIN, UPDATE_DUE
from watchbill.domain.paging.models import Page, PageState
from watchbill.domain.people.models import Urgency
from watchbill.domain.timers.actions import NewTimer, put_back, set_timers
from watchbill.domain.timers.store import DueTimer

# Of an incident at a time: what is still to be told to whom, in words; empty when nothing is.
OwedWords = Callable[[Incident, datetime], str]

_BLINK = timedelta(milliseconds=50)
_AGAIN_FIRST, _AGAIN_MAX = timedelta(minutes=1), timedelta(minutes=30)


def climb_ladders(timers: Sequence[DueTimer], *, now: datetime, ways: Ways) -> None:
    """Whoever is due now is called, and the timer of the next rung is set. In the caller's transaction."""
    generations = {timer.subject_id: timer.generation for timer in timers}
    for incident in _locked(timers, now=now):
        if incident.generation == generations[incident.id]:
            _climb(incident, now=now, ways=ways)


def _climb(incident: Incident, *, now: datetime, ways: Ways) -> None:
    process, severity = process_of(incident), severity_in(incident)
    rungs = rules.ladder(process, severity, declared_at=incident.declared_at)
    foot = incident.next_rung == 0
    replanned = foot and incident.generation > 1
    due = rules.climb(
        rungs,
        next_rung=incident.next_rung,
        called=incident.called,
        replanned=replanned,
        standing=standing_of(incident),
        now=now,
    )
    timers = []
    if due.roles:
        called = call_roles(
            incident,
            [Wanted(role=role, why=rung.label) for role, rung in due.roles],
            reason=CallReason.LADDER,
            label="; ".join(dict.fromkeys(rung.label for _, rung in due.roles)),
            ways=ways,
            now=now,
            here=_at_work(incident) | ({incident.declared_by_id} if foot and not replanned else set()),
            paged_before=_paged_before(incident) if replanned else frozenset(),
            again=due.again,
        )
        record(called.records, actor=ENGINE, now=now)
        if called.reached_nobody:
            timers.append(_again(incident, tries=0, now=now))
        if incident.declared_by_id in called.here and incident.acknowledged_at is None:
            _take_declaration_as_answer(incident, called.here[incident.declared_by_id], now=now)
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


def _take_declaration_as_answer(incident: Incident, roles: Sequence[str], *, now: datetime) -> None:
    """Whoever declares an incident and would be called to work on it works on it already."""
    if not rules.counts_as_acknowledgement(process_of(incident), roles):
        return
    incident.acknowledged_at = now
    incident.acknowledged_by, incident.acknowledged_by_id = incident.declared_by, incident.declared_by_id
    incident.save(update_fields=["acknowledged_at", "acknowledged_by", "acknowledged_by_id"])
    actor = Actor(kind="person", label=incident.declared_by, via="engine", id=incident.declared_by_id)
    record([entry(incident, "incident.acknowledged", why="declared it and is on call")], actor=actor, now=now)


def _at_work(incident: Incident) -> set[UUID | None]:
    return {incident.acknowledged_by_id, *holder_ids(incident)}


def _paged_before(incident: Incident) -> frozenset[UUID]:
    """A reminder or a question that only told somebody does not count."""
    pages = Page.objects.filter(subject_kind=SUBJECT_KIND, subject_id=incident.id, urgency=Urgency.HIGH)
    return frozenset(pages.exclude(state=PageState.UNREACHED).values_list("user_id", flat=True))


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
    """With low urgency: these people, and where there are none whoever stands behind the roles."""
    known = [user_id for user_id in people if user_id is not None]
    if known:
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
    for incident in _locked(timers, now=now):
        process, severity = process_of(incident), severity_in(incident)
        window = rules.update_window(process, severity, since=incident.updated_at or incident.declared_at)
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
        interval = hard_at - (incident.updated_at or incident.declared_at)
        due_at = now + interval if late else max(hard_at, now)
        set_timers([NewTimer(kind=UPDATE_DUE, subject_id=incident.id, due_at=due_at)])


def update_timer(incident_id: UUID, window: tuple[datetime, datetime]) -> NewTimer:
    return NewTimer(kind=UPDATE_DUE, subject_id=incident_id, due_at=window[0])


def go_on_unreached(timers: Sequence[DueTimer], *, now: datetime, ways: Ways) -> None:
    """People whom a call paged could not be told by any way. As long as somebody is being told, the record says so;
    otherwise the fallback is called, and what cannot reach even that is tried again later."""
    calls = {call.id: call for call in Call.objects.filter(id__in=[timer.subject_id for timer in timers])}
    by_incident = {call.incident_id: call for call in calls.values()}
    for incident in _lock(by_incident):
        if _is_told(incident):
            continue
        if by_incident[incident.id].reason == CallReason.FALLBACK:
            set_timers([_again(incident, tries=0, now=now)])
            continue
        because = "nobody of those who were called could be told"
        last = call_fallback(incident, because=because, ways=ways, urgency=Urgency.HIGH, now=now)
        record(last.records, actor=ENGINE, now=now)
        if last.reached_nobody:
            set_timers([_again(incident, tries=0, now=now)])


def try_again(timers: Sequence[DueTimer], *, now: datetime, ways: Ways) -> None:
    """Whom the severity names are called again, for as long as nobody was told. After 1 min, then ever more rarely."""
    tries = {timer.subject_id: timer.generation for timer in timers}
    for incident in _locked(timers, now=now):
        if _is_told(incident) or incident.acknowledged_at is not None:
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
            set_timers([_again(incident, tries=tries[incident.id] + 1, now=now)])


def _again(incident: Incident, *, tries: int, now: datetime) -> NewTimer:
    wait = min(_AGAIN_FIRST * 2 ** min(tries, 10), _AGAIN_MAX)
    return NewTimer(kind=TRY_AGAIN, subject_id=incident.id, generation=tries, due_at=now + wait)


def _is_told(incident: Incident) -> bool:
    """Somebody is being told, or was and answered."""
    pages = Page.objects.filter(subject_kind=SUBJECT_KIND, subject_id=incident.id)
    return pages.filter(state__in=(PageState.ACTIVE, PageState.ANSWERED)).exists()


def _locked(timers: Sequence[DueTimer], *, now: datetime) -> list[Incident]:
    """Those that are not resolved. The timer of one that somebody changes at this moment is put back for a blink:
    waiting for its row here, while he waits for the timer, would be a deadlock."""
    wanted = {timer.subject_id: timer for timer in timers}
    found = _lock(wanted)
    held = wanted.keys() - {incident.id for incident in found}
    live = Incident.objects.filter(id__in=held, state__in=UNRESOLVED).values_list("id", flat=True)
    put_back((wanted[identity] for identity in live), due_at=now + _BLINK)
    return found


def _lock(ids: Iterable[UUID]) -> list[Incident]:
    rows = Incident.objects.select_for_update(skip_locked=True, of=("self",))
    return list(
        rows.select_related("service__policy__current_version", "service__team")
        .filter(id__in=list(ids), state__in=UNRESOLVED)
        .order_by("id")
    )
