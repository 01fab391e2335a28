"""What each kind of timer does: the engine's contents page."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Protocol

from watchbill.domain.alerts.actions import ACKNOWLEDGEMENT_EXPIRES, MAINTENANCE_ENDS, SNOOZE_ENDS
from watchbill.domain.alerts.time_actions import end_maintenance, end_snoozes, expire_acknowledgements
from watchbill.domain.escalation.actions import STEP, TRY_AGAIN, UNREACHED
from watchbill.domain.escalation.last_resort_actions import give_up
from watchbill.domain.escalation.steps import Ways, take_steps
from watchbill.domain.escalation.unreached_actions import go_on_unreached, try_again
from watchbill.domain.heartbeats.actions import fall_silent
from watchbill.domain.heartbeats.settings_actions import SILENT
from watchbill.domain.timers.store import DueTimer


class Handler(Protocol):
    """Handles timers of one kind, inside one transaction with everything it writes."""

    def __call__(self, timers: Sequence[DueTimer], *, now: datetime) -> None: ...


def build_handlers(ways: Callable[[], Ways]) -> Mapping[str, Handler]:
    """`ways` is asked at each batch of steps: a new process document holds from the next page on."""

    def escalate(timers: Sequence[DueTimer], *, now: datetime) -> None:
        take_steps(timers, now=now, ways=ways())

    return {
        STEP: escalate,
        UNREACHED: go_on_unreached,
        TRY_AGAIN: try_again,
        ACKNOWLEDGEMENT_EXPIRES: expire_acknowledgements,
        SNOOZE_ENDS: end_snoozes,
        MAINTENANCE_ENDS: end_maintenance,
        SILENT: fall_silent,
    }


def abandon_step(timer: DueTimer, *, now: datetime) -> None:
    give_up(timer.subject_id, now=now)


# What happens, once, when a timer has failed too often and goes into quarantine. The other kinds only wait there,
# which the watchdog reports each minute.
LAST_RESORTS: Mapping[str, Callable[..., None]] = {STEP: abandon_step}
