"""What waits for an instant must not wait ten minutes more because the database's clock was set back by ten."""

from datetime import UTC, datetime, timedelta

from structlog.testing import capture_logs

from watchbill.ground.clock import DatabaseClock

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)


class ScriptedClock(DatabaseClock):
    def __init__(self, *readings: datetime) -> None:
        super().__init__()
        self._readings = list(readings)

    def _read(self) -> datetime:
        return self._readings.pop(0)


def test_time_goes_on_from_where_it_was_and_the_log_says_so() -> None:
    clock = ScriptedClock(NOON, NOON - timedelta(minutes=10), NOON - timedelta(minutes=9))
    with capture_logs() as logs:
        first, second, third = clock.now(), clock.now(), clock.now()
    assert first == NOON
    assert timedelta() <= second - first < timedelta(seconds=1)
    assert timedelta(seconds=59) < third - second < timedelta(seconds=61)
    assert [entry["event"] for entry in logs] == ["clock.set_back"]
    assert logs[0]["seconds"] == 600


def test_a_step_forward_is_believed_and_a_trifle_is_not_a_step() -> None:
    clock = ScriptedClock(NOON, NOON + timedelta(minutes=5), NOON + timedelta(minutes=5, seconds=-1))
    with capture_logs() as logs:
        assert [clock.now() for _ in range(3)] == [
            NOON,
            NOON + timedelta(minutes=5),
            NOON + timedelta(minutes=5, seconds=-1),
        ]
    assert logs == []
