"""Which rung is next: the first to come whose condition holds as things are; what did not happen is not called done."""

from datetime import timedelta

import pytest

from tests.web.stage import at
from watchbill.domain.incidents.rules import If, Rung, Standing, rung_states

_DECLARED_AT = at("2026-11-25T03:00+00:00")


def _rung(minutes: int, condition: If, label: str, prompts: str = "") -> Rung:
    return Rung(
        at=_DECLARED_AT + timedelta(minutes=minutes),
        condition=condition,
        roles=("on-call-engineer",),
        label=label,
        prompts=prompts,
    )


LADDER = (
    _rung(0, If.ALWAYS, "declared"),
    _rung(5, If.UNACKNOWLEDGED, "no ack"),
    _rung(10, If.UNACKNOWLEDGED, "still no ack"),
    _rung(30, If.UNRESOLVED, "tier?", prompts="tier-2"),
    _rung(60, If.UNRESOLVED, "not resolved"),
)
NOBODY = Standing(acknowledged=False, restored=False)
SOMEBODY = Standing(acknowledged=True, restored=False)
MITIGATED = Standing(acknowledged=True, restored=True)


@pytest.mark.parametrize(
    ("standing", "next_rung", "called_for", "expected"),
    [
        (NOBODY, 1, {"declared"}, ("done", "next", "later", "later", "later")),
        (SOMEBODY, 1, {"declared"}, ("done", "skipped", "skipped", "next", "later")),
        (SOMEBODY, 2, {"declared", "no ack"}, ("done", "done", "skipped", "next", "later")),
        (SOMEBODY, 3, {"declared", "no ack"}, ("done", "done", "skipped", "next", "later")),
        (SOMEBODY, 4, {"declared"}, ("done", "skipped", "skipped", "done", "next")),
        (MITIGATED, 3, {"declared"}, ("done", "skipped", "skipped", "skipped", "skipped")),
    ],
)
def test_the_next_one_is_the_first_that_holds(
    standing: Standing, next_rung: int, called_for: set[str], expected: tuple[str, ...]
) -> None:
    found = rung_states(LADDER, next_rung=next_rung, standing=standing, called_for=called_for, is_over=False)
    assert found == expected


def test_when_it_is_over_nothing_comes() -> None:
    found = rung_states(LADDER, next_rung=1, standing=NOBODY, called_for={"declared"}, is_over=True)
    assert found == ("done", "skipped", "skipped", "skipped", "skipped")
