"""When more timers are due than one batch holds, they go first; the others keep a share and are never forgotten."""

from watchbill.engine.loop import BATCH
from watchbill.engine.precedence import Precedence


def test_a_full_batch_means_that_timers_are_behind_and_a_smaller_one_that_they_are_not() -> None:
    precedence = Precedence()
    assert not precedence.timers_are_behind

    precedence.note_tick(handled=BATCH)
    assert precedence.timers_are_behind

    precedence.note_tick(handled=BATCH - 1)
    assert not precedence.timers_are_behind


def test_sealing_waits_for_timers_that_are_behind_but_only_so_long() -> None:
    precedence = Precedence()
    assert precedence.sealing_may_go_on()

    precedence.note_tick(handled=BATCH)
    rounds = [precedence.sealing_may_go_on() for _ in range(22)]

    assert rounds == [False] * 10 + [True] + [False] * 10 + [True]


def test_sealing_goes_on_as_soon_as_the_timers_have_caught_up() -> None:
    precedence = Precedence()
    precedence.note_tick(handled=BATCH)
    assert not precedence.sealing_may_go_on()

    precedence.note_tick(handled=0)

    assert precedence.sealing_may_go_on()
