"""What each kind of timer does: the engine's contents page."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Protocol

from watchbill.domain.alerts.actions import ACKNOWLEDGEMENT_EXPIRES, MAINTENANCE_ENDS, SNOOZE_ENDS
from watchbill.domain.alerts.time_actions import end_maintenance, end_snoozes, expire_acknowledgements
from watchbill.domain.communications.reads import owed_words
from watchbill.domain.escalation.actions import STEP, TRY_AGAIN, UNREACHED
from watchbill.domain.escalation.last_resort_actions import give_up
from watchbill.domain.escalation.steps import Ways, take_steps
from watchbill.domain.escalation.unreached_actions import go_on_unreached, try_again
from watchbill.domain.heartbeats.actions import fall_silent
from watchbill.domain.heartbeats.settings_actions import SILENT
from watchbill.domain.incidents import ladder_actions as ladders
from watchbill.domain.incidents import repair_actions
from watchbill.domain.incidents import timer_kinds as incident
from watchbill.domain.incidents.role_actions import expire_offers
from watchbill.domain.timers.store import DueTimer


class Handler(Protocol):
    """Handles timers of one kind, inside one transaction with everything it writes."""

    def __call__(self, timers: Sequence[DueTimer], *, now: datetime) -> None: ...


def build_handlers(ways: Callable[[], Ways]) -> Mapping[str, Handler]:
    """`ways` is asked at each batch of steps: a new process document holds from the next page on."""

    def go_on(timers: Sequence[DueTimer], *, now: datetime) -> None:
        """What is not the run of an alert is the call of an incident."""
        go_on_unreached(timers, now=now)
        ladders.go_on_unreached(timers, now=now, ways=ways())

    def remind(timers: Sequence[DueTimer], *, now: datetime) -> None:
        """Which also says what is owed to whom; that is known above the incident."""
        ladders.remind_of_updates(timers, now=now, ways=ways(), owed=lambda one, at: owed_words(one, now=at))

    def with_ways(handle: Callable[..., None]) -> Handler:
        return lambda timers, *, now: handle(timers, now=now, ways=ways())

    return {
        STEP: with_ways(take_steps),
        UNREACHED: go_on,
        TRY_AGAIN: try_again,
        ACKNOWLEDGEMENT_EXPIRES: expire_acknowledgements,
        SNOOZE_ENDS: end_snoozes,
        MAINTENANCE_ENDS: end_maintenance,
        SILENT: fall_silent,
        incident.LADDER: with_ways(ladders.climb_ladders),
        incident.UPDATE_DUE: remind,
        incident.TRY_AGAIN: with_ways(ladders.try_again),
        incident.OFFER_EXPIRES: with_ways(expire_offers),
    }


def abandon_step(timer: DueTimer, *, now: datetime) -> None:
    give_up(timer.subject_id, now=now)


def abandon_ladder(timer: DueTimer, *, now: datetime) -> None:
    repair_actions.give_up(timer.subject_id, now=now)


# What happens, once, when a timer has failed too often and goes into quarantine. The other kinds only wait there,
# which the watchdog reports each minute.
LAST_RESORTS: Mapping[str, Callable[..., None]] = {STEP: abandon_step, incident.LADDER: abandon_ladder}
