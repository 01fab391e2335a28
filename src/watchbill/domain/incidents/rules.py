"""The decisions about an incident: its ladder, its clocks, its phases. Pure; the process document is passed in."""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum

from watchbill.domain.process.calendars import add_business_time, due_at, next_business_moment
from watchbill.domain.process.schema import ProcessDocument
from watchbill.domain.process.schema.business_calendar import BusinessCalendar
from watchbill.domain.process.schema.severities import Severity
from watchbill.domain.process.schema.values import Deadline
from watchbill.ground.refusals import ChangeRefused

ON_CALL = "on-call-engineer"
COMMANDER = "incident-commander"
COMMUNICATIONS_LEAD = "communications-lead"
TECHNICAL_LEAD = "technical-lead"
# The tiers whose people work on an incident; those above decide and are told.
_HANDS_ON_TIERS = 2
_SOON_MAX = timedelta(minutes=15)


class If(Enum):
    """What has to hold when a rung's time comes, or it is passed over."""

    ALWAYS = "always"
    UNACKNOWLEDGED = "unacknowledged"
    UNRESOLVED = "unresolved"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rung:
    """One step of a severity's ladder. `prompts`: whoever works on it is asked to go to that tier; nobody is called."""

    at: datetime
    condition: If
    roles: tuple[str, ...]
    label: str
    prompts: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """What the conditions of the ladder ask about an incident."""

    acknowledged: bool
    restored: bool


def severity_of(process: ProcessDocument, severity_id: str, *, field: str = "severity") -> Severity:
    """Raises ChangeRefused that lists the severities there are."""
    for one in process.severities:
        if severity_id.lower() in (one.id, one.label.lower()):
            return one
    known = ", ".join(one.id for one in process.severities)
    raise ChangeRefused(field, f"{severity_id!r} is no severity of the process; use {known}")


def as_severe_as(process: ProcessDocument, severity: Severity) -> Severity:
    """The severity of this process that stands for one of another: of the same id, otherwise of its rank, or worse."""
    ranked = sorted(process.severities, key=lambda one: one.rank)
    same = next((one for one in ranked if one.id == severity.id), None)
    return same or next((one for one in reversed(ranked) if one.rank <= severity.rank), ranked[0])


def ladder(
    process: ProcessDocument,
    severity: Severity,
    *,
    raised_at: datetime,
    unresolved_since: datetime,
    raised: str = "Declared",
) -> tuple[Rung, ...]:
    """All rungs in order of time, whenever it got this severity. The first calls whom the severity names, when its
    calendar is open.

    What asks for an answer counts from `raised_at`, what asks whether it is over from `unresolved_since`: the two
    differ for what was mitigated and is back. `raised`: what those who are called first read, before the severity.
    """
    since = {If.ALWAYS: raised_at, If.UNACKNOWLEDGED: raised_at, If.UNRESOLVED: unresolved_since}
    rungs = []
    if severity.pages:
        calendar = _calendar(process, severity)
        at = raised_at if calendar is None else next_business_moment(raised_at, calendar)
        rungs.append(Rung(at=at, condition=If.ALWAYS, roles=severity.pages, label=f"{raised} {severity.label}"))
    for one in process.time_based_escalation:
        if one.severity == severity.id:
            rungs += [
                Rung(
                    at=since[If(step.if_still)] + step.after,
                    condition=If(step.if_still),
                    roles=step.pages,
                    label=step.label,
                )
                for step in one.steps
            ]
    for tier in process.escalation_matrix:
        for duty in tier.responsibilities:
            if duty.escalates_to_tier and duty.after is not None and severity.id in duty.severities:
                rungs.append(
                    Rung(
                        at=unresolved_since + duty.after,
                        condition=If.UNRESOLVED,
                        roles=tier.roles,
                        label=duty.label,
                        prompts=duty.escalates_to_tier,
                    )
                )
    return tuple(sorted(rungs, key=lambda rung: rung.at))


def holds(rung: Rung, standing: Standing) -> bool:
    if rung.condition is If.UNACKNOWLEDGED:
        return not standing.acknowledged and not standing.restored
    return rung.condition is If.ALWAYS or not standing.restored


def rung_states(
    rungs: Sequence[Rung], *, next_rung: int, standing: Standing, called_for: Collection[str], is_over: bool
) -> tuple[str, ...]:
    """Of each rung: done, skipped, next or later. The next is the first to come whose condition holds as things are.

    `called_for`: labels of those that called somebody. One that is behind is done if it did, whatever holds by now.
    """
    states = []
    for index, rung in enumerate(rungs):
        behind, holds_now = index < next_rung, holds(rung, standing)
        if behind:
            did = rung.condition is If.ALWAYS or rung.label in called_for or (bool(rung.prompts) and holds_now)
            states.append("done" if did else "skipped")
        elif is_over or not holds_now:
            states.append("skipped")
        else:
            states.append("later" if "next" in states else "next")
    return tuple(states)


@dataclass(frozen=True, slots=True, kw_only=True)
class Due:
    """What a walk up the ladder comes to. `roles`: those to call now, each once, with the rung that names it last.

    `again`: those of them that were called before. `prompts`: rungs that ask to go to a tier. `called`: how often each
    role has been called afterwards.
    """

    roles: tuple[tuple[str, Rung], ...]
    again: frozenset[str]
    prompts: tuple[Rung, ...]
    called: dict[str, int]
    next_rung: int


def climb(
    rungs: Sequence[Rung],
    *,
    next_rung: int,
    called: Mapping[str, int],
    from_foot: bool,
    standing: Standing,
    now: datetime,
) -> Due:
    """The rungs from `next_rung` on whose time has come, all of them at once.

    `from_foot`: the ladder is walked anew, because the severity changed or what was mitigated is back. Then a role is
    called only when the rungs that are due name it more often than it was called: what was done is not done again.
    """
    asked: Counter[str] = Counter()
    newest: dict[str, Rung] = {}
    prompts = []
    reached = next_rung
    for index, rung in enumerate(rungs[next_rung:], start=next_rung):
        if rung.at > now:
            break
        reached = index + 1
        if not holds(rung, standing):
            continue
        names = (prompt_name(rung),) if rung.prompts else rung.roles
        if rung.prompts and not called.get(prompt_name(rung)):
            prompts.append(rung)
        for name in names:
            asked[name] += 1
            if not rung.prompts:
                newest[name] = rung
    due = tuple((role, rung) for role, rung in newest.items() if not from_foot or asked[role] > called.get(role, 0))
    done = dict(called)
    for name, times in asked.items():
        done[name] = max(times, done.get(name, 0)) if from_foot else done.get(name, 0) + 1
    return Due(
        roles=due,
        again=frozenset(role for role, _ in due if called.get(role, 0)),
        prompts=tuple(prompts),
        called=done,
        next_rung=reached,
    )


def prompt_name(rung: Rung) -> str:
    """What a prompt is counted as, among the roles."""
    return f"prompt {rung.prompts}"


def counts_as_acknowledgement(process: ProcessDocument, roles: Iterable[str]) -> bool:
    """Whether the answer of somebody who was called as these says that somebody works on it.

    A manager or an executive who answers knows of it, and whoever leads, informs or writes down works on no system: the
    ladder still waits for somebody who does (decision 26).
    """
    only_told = {role for tier in process.escalation_matrix if tier.tier > _HANDS_ON_TIERS for role in tier.roles}
    only_told |= {one.role for one in process.war_room.roles} - {TECHNICAL_LEAD}
    named = set(roles)
    return not named or not named <= only_told


def opens_room(process: ProcessDocument, severity: Severity, *, mode: str = "automatic") -> bool:
    return any(one.severity == severity.id and one.mode == mode for one in process.war_room.activation)


class ClockTone(Enum):
    MET = "met"
    GREEN = "green"
    DUE = "due"
    OVERDUE = "overdue"
    MISSED = "missed"


@dataclass(frozen=True, slots=True, kw_only=True)
class IncidentClock:
    """One promise of the severity. `due_at` None: it depends on planning. `soft_at`: from when on it is due.

    `since`: from when on it counts.
    """

    id: str
    label: str
    limit: str
    due_at: datetime | None
    soft_at: datetime | None
    met_at: datetime | None
    tone: ClockTone
    since: datetime

    @property
    def met_after(self) -> timedelta | None:
        """What was answered before it was declared was answered at once."""
        return None if self.met_at is None else max(self.met_at - self.since, timedelta())


@dataclass(frozen=True, slots=True, kw_only=True)
class Moments:
    """When what happened, None where it has not. Answers and updates count from `raised_at`, harm to customers from
    the declaration."""

    declared_at: datetime
    raised_at: datetime
    acknowledged_at: datetime | None
    mitigated_at: datetime | None
    resolved_at: datetime | None
    updated_at: datetime | None
    ended: bool


def clocks(
    process: ProcessDocument, severity: Severity, moments: Moments, *, now: datetime
) -> tuple[IncidentClock, ...]:
    respond = due_at(severity.respond, moments.raised_at, process.calendars)
    restore = due_at(severity.resolve, moments.declared_at, process.calendars)
    restored_at = (
        moments.mitigated_at or moments.resolved_at if severity.resolved_means == "mitigated" else moments.resolved_at
    )
    found = [
        _clock(
            "respond",
            "Response",
            deadline_words(process, severity.respond),
            start=moments.raised_at,
            due=respond,
            met_at=moments.acknowledged_at,
            now=now,
        ),
        _clock(
            "restore",
            restore_words(severity),
            deadline_words(process, severity.resolve),
            start=moments.declared_at,
            due=restore,
            met_at=restored_at,
            now=now,
        ),
    ]
    updates_since = max(moments.updated_at or moments.raised_at, moments.raised_at)
    window = update_window(process, severity, since=updates_since)
    if window is not None and not moments.ended:
        soft_at, hard_at = window
        tone = ClockTone.OVERDUE if now > hard_at else ClockTone.DUE if now >= soft_at else ClockTone.GREEN
        found.insert(
            1,
            IncidentClock(
                id="update",
                label="Next update",
                limit=update_words(severity),
                due_at=hard_at,
                soft_at=soft_at,
                met_at=None,
                tone=tone,
                since=updates_since,
            ),
        )
    return tuple(found)


def update_window(process: ProcessDocument, severity: Severity, *, since: datetime) -> tuple[datetime, datetime] | None:
    """Between which instants the next status update is due; None where updates come as needed."""
    every = severity.updates.every
    if every is None:
        return None
    calendar = _calendar(process, severity)
    if calendar is None:
        return since + every.min, since + every.max
    return add_business_time(since, every.min, calendar), add_business_time(since, every.max, calendar)


def _clock(
    identity: str,
    label: str,
    limit: str,
    *,
    start: datetime,
    due: datetime | None,
    met_at: datetime | None,
    now: datetime,
) -> IncidentClock:
    """Due from the last quarter of an hour on, or from half of a time that is shorter than half an hour."""
    if met_at is not None:
        tone = ClockTone.MISSED if due is not None and met_at > due else ClockTone.MET
    elif due is None:
        tone = ClockTone.GREEN
    else:
        soon = due - min(_SOON_MAX, (due - start) / 2)
        tone = ClockTone.OVERDUE if now > due else ClockTone.DUE if now >= soon else ClockTone.GREEN
    return IncidentClock(
        id=identity, label=label, limit=limit, due_at=due, soft_at=None, met_at=met_at, tone=tone, since=start
    )


def deadline_words(process: ProcessDocument, deadline: Deadline) -> str:
    """The limit as people say it: `within 5 min`, `within 1 h during business hours`."""
    calendar = next((one.label.lower() for one in process.calendars if one.id == deadline.calendar), "")
    of = f" during {calendar}" if calendar else ""
    if deadline.within is not None:
        return f"within {_span(deadline.within)}{of}"
    if deadline.below is not None:
        return f"in less than {_span(deadline.below)}{of}"
    if deadline.below_business_days is not None:
        days = deadline.below_business_days
        return f"in less than {days} business day{'s' if days != 1 else ''}"
    return "by the end of the next business day" if deadline.by else "within the sprint planning cycle"


def restore_words(severity: Severity) -> str:
    return "Mitigate" if severity.resolved_means == "mitigated" else "Resolve"


def update_words(severity: Severity) -> str:
    every = severity.updates.every
    return "as needed" if every is None else f"every {_span(every.min)} to {_span(every.max)}"


def _span(length: timedelta) -> str:
    minutes = int(length.total_seconds() // 60)
    if minutes and minutes % 60 == 0:
        return f"{minutes // 60} h"
    return f"{minutes} min" if minutes else f"{int(length.total_seconds())} s"


def _calendar(process: ProcessDocument, severity: Severity) -> BusinessCalendar | None:
    """Whose open hours count for this severity: those of its response."""
    return next((one for one in process.calendars if one.id == severity.respond.calendar), None)


# By phase and step. Resolving asks for the first; a reopened incident has the steps of these phases before it again.
BEFORE_RESOLVING = ("resolve/confirm", "resolve/verify")
UNDONE_BY_REOPENING = ("resolve", "follow-up")


def before_closing(process: ProcessDocument, severity: Severity) -> tuple[str, ...]:
    """What the severity requires before an incident of it is closed."""
    wanted = []
    if any(one.audience in ("public", "customers") and one.only_if is None for one in severity.communication):
        wanted.append("resolve/final-update")
    review = next((one for one in process.review.scheduling if one.severity == severity.id), None)
    if review is not None and review.requirement == "required":
        wanted.append("follow-up/schedule-review")
    if severity.pages:
        wanted.append("follow-up/internal-summary")
    return tuple(wanted)
