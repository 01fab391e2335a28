"""Who comes first when there is more to do than time: due timers, then messages, then seals, then the search.

They share one process and so one processor. A timer that is due decides who else must be woken, and it waits for
nobody; messages then keep a share, so that the first ones leave while thousands of steps are still being taken. New
alerts are made quick to search only while no timer is behind.
"""

from watchbill.engine.loop import BATCH

# The seals' promise is a second in ordinary times; they fall behind by no more than so many rounds of a second.
_SEALING_ROUNDS_PASSED_MAX = 10


class Precedence:
    """Told by the engine's thread after each tick, asked by the others. Holds flags only, so it needs no lock."""

    def __init__(self) -> None:
        self._timers_are_behind = False
        self._rounds_passed = 0

    def note_tick(self, *, handled: int) -> None:
        """A full batch means that more is due already."""
        self._timers_are_behind = handled >= BATCH

    @property
    def timers_are_behind(self) -> bool:
        return self._timers_are_behind

    def sealing_may_go_on(self) -> bool:
        """Asked once a round, by the one thread that seals."""
        if self._timers_are_behind and self._rounds_passed < _SEALING_ROUNDS_PASSED_MAX:
            self._rounds_passed += 1
            return False
        self._rounds_passed = 0
        return True
