"""Buckets: a burst at once, then a steady rate; one caller's flood takes nothing from another."""

from watchbill.doors.limits import Buckets, Rate


def test_a_burst_goes_through_and_then_the_rate_holds() -> None:
    buckets = Buckets(Rate(burst=3, per_second=0.5))
    assert [buckets.take("one", at=10) for _ in range(3)] == [0, 0, 0]
    assert buckets.take("one", at=10) == 2
    assert buckets.take("one", at=11) == 1
    assert buckets.take("one", at=12) == 0
    assert buckets.take("one", at=12) == 2
    assert buckets.take("another", at=12) == 0


def test_a_refused_request_takes_nothing_and_a_pause_fills_no_more_than_the_burst() -> None:
    buckets = Buckets(Rate(burst=2, per_second=1))
    for _ in range(50):
        buckets.take("one", at=0)
    assert buckets.take("one", at=1) == 0
    assert [buckets.take("one", at=1000) == 0 for _ in range(4)] == [True, True, False, False]
