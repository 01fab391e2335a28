"""The errand that makes a meeting for an incident: never two of them, and never in the way of a bridge of the pool."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction

from watchbill.domain.audit.contract import ENGINE
from watchbill.domain.bridges import rules
from watchbill.domain.bridges.actions import MAKE, meeting_takes_over
from watchbill.domain.bridges.contract import BridgeMaker, Made, NotMade, NotThere, Outcome, Unknown, Wanted
from watchbill.domain.bridges.models import BridgeUse, Meeting, MeetingState, Part
from watchbill.domain.errands.contract import NotYet
from watchbill.domain.errands.rules import pause_after
from watchbill.domain.incidents.models import UNRESOLVED, Incident
from watchbill.domain.incidents.records import entry, record
from watchbill.ground.text import cut_characters, one_line

_TITLE_MAX = 120


@dataclass(frozen=True, slots=True, kw_only=True)
class MeetingStep:
    """`do`: make, look or wait. `wait`: how long, because of what happened last."""

    incident_id: UUID
    do: str
    wanted: Wanted
    wait: timedelta | None = None
    why: str = ""


class MakeBridge:
    kind = MAKE

    def __init__(self, maker: BridgeMaker) -> None:
        self._maker = maker

    @transaction.atomic
    def next_step(self, subject_id: UUID, *, now: datetime) -> MeetingStep | None:
        meeting = _locked(subject_id)
        if meeting is None or meeting.state != MeetingState.WANTED:
            return None
        incident = meeting.incident
        if incident.state not in UNRESOLVED:
            _settle(meeting, MeetingState.NOT_NEEDED)
            return None
        has_voice = BridgeUse.objects.filter(incident=incident, part=Part.VOICE, freed_at=None).exists()
        if not rules.still_welcome(meeting.state, wanted_at=meeting.wanted_at, has_voice=has_voice, now=now):
            _fail(meeting, meeting.error or "it took more than a minute", now=now)
            return None
        title = cut_characters(one_line(incident.title), _TITLE_MAX)
        wanted = Wanted(topic=f"#{incident.number} {title} [{meeting.marker}]", marker=meeting.marker)
        if meeting.try_at is not None and meeting.try_at > now:
            wait = meeting.try_at - now
            return MeetingStep(incident_id=subject_id, do="wait", wanted=wanted, wait=wait, why=meeting.error)
        if meeting.asked_at is not None:
            return MeetingStep(incident_id=subject_id, do="look", wanted=wanted)
        meeting.asked_at, meeting.tries = now, meeting.tries + 1
        meeting.save(update_fields=["asked_at", "tries"])
        return MeetingStep(incident_id=subject_id, do="make", wanted=wanted)

    async def act(self, step: MeetingStep, *, now: datetime) -> Outcome | NotThere | NotYet:
        match step.do:
            case "wait":
                return NotYet(why=step.why, after=step.wait or timedelta())
            case "make":
                return await self._maker.make(step.wanted, now=now)
        if not self._maker.can_look:
            why = f"the answer was lost, and {self._maker.kind} cannot be asked whether it made one"
            return NotMade(why=why, for_good=True)
        return await self._maker.look(step.wanted, now=now)

    @transaction.atomic
    def record(self, step: MeetingStep, outcome: object, *, now: datetime) -> None:
        meeting = _locked(step.incident_id)
        if meeting is None or meeting.state in (MeetingState.MADE, MeetingState.FAILED):
            return
        if meeting.incident.state not in UNRESOLVED and meeting.state == MeetingState.WANTED:
            _settle(meeting, MeetingState.NOT_NEEDED)
        if meeting.state == MeetingState.NOT_NEEDED and not isinstance(outcome, Made):
            return  # that it could not be made is no news any more
        match outcome:
            case Made():
                _made(meeting, outcome, now=now)
            case NotMade(why=why, for_good=True):
                _fail(meeting, why, now=now)
            case NotMade(why=why, after=after):
                pause = pause_after(meeting.tries, asked_for=after)
                _put_off(meeting, why, until=now + pause, asked_at=None)
            case NotThere():
                asked_at = meeting.asked_at or now
                is_sure = now - asked_at >= rules.LOST_FOR
                _put_off(
                    meeting,
                    meeting.error or "the answer was lost",
                    until=now if is_sure else asked_at + rules.LOST_FOR,
                    asked_at=None if is_sure else meeting.asked_at,
                )
            case Unknown(why=why):
                pause = pause_after(meeting.tries, asked_for=None)
                _put_off(meeting, why, until=now + pause, asked_at=meeting.asked_at)


def _locked(incident_id: UUID) -> Meeting | None:
    """With its incident, which whoever gives or changes a bridge locks first."""
    incident = Incident.objects.select_for_update(no_key=True).filter(id=incident_id).first()
    meeting = Meeting.objects.select_for_update(no_key=True).filter(incident_id=incident_id).first()
    if incident is not None and meeting is not None:
        meeting.incident = incident
    return meeting


def _made(meeting: Meeting, made: Made, *, now: datetime) -> None:
    """Whoever chose another one meanwhile keeps it; the meeting is remembered, and stays empty."""
    is_wanted = meeting.state == MeetingState.WANTED and meeting.incident.state in UNRESOLVED
    meeting.url, meeting.reference, meeting.passcode = made.url, made.reference, made.passcode
    meeting.made_at, meeting.error = now, ""
    if is_wanted:
        meeting.state = MeetingState.MADE
    meeting.save(update_fields=["url", "reference", "passcode", "made_at", "error", "state"])
    if is_wanted:
        meeting_takes_over(meeting.incident_id, now=now)


def _put_off(meeting: Meeting, why: str, *, until: datetime, asked_at: datetime | None) -> None:
    meeting.error, meeting.try_at, meeting.asked_at = why[:500], until, asked_at
    meeting.save(update_fields=["error", "try_at", "asked_at"])


def _fail(meeting: Meeting, why: str, *, now: datetime) -> None:
    meeting.error = why[:500]
    _settle(meeting, MeetingState.FAILED)
    details = {"kind": meeting.get_kind_display(), "why": meeting.error}
    record([entry(meeting.incident, "incident.bridge_not_made", **details)], actor=ENGINE, now=now)


def _settle(meeting: Meeting, state: MeetingState) -> None:
    meeting.state = state
    meeting.save(update_fields=["state", "error"])
