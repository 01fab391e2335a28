"""The name of a room says which incident it is, within what the tool allows, whatever the title holds."""

import re
from datetime import date

from hypothesis import given
from hypothesis import strategies as st

from watchbill.domain.process.default_document import default_document
from watchbill.domain.warrooms import rules
from watchbill.domain.warrooms.contract import Limits

LIMITS = Limits(name_max=80, name_characters="a-z0-9_-", topic_max=250, private_rooms=True)
ON = date(2026, 3, 2)


def _name(title: str, *, number: int = 12, discreet: bool = False, taken: int = 0, limits: Limits = LIMITS) -> str:
    pattern = rules.name_pattern(default_document().war_room)
    return rules.room_name(pattern, on=ON, title=title, number=number, discreet=discreet, taken=taken, limits=limits)


def test_date_and_title_in_lower_case() -> None:
    assert _name("Checkout: Crédit cards fail!") == "incident-2026-03-02-checkout-credit-cards-fail"


def test_a_name_that_is_taken_gets_a_number() -> None:
    assert _name("Checkout", taken=1) == "incident-2026-03-02-checkout-2"
    assert _name("Checkout", taken=2) == "incident-2026-03-02-checkout-3"


def test_a_title_of_which_nothing_is_left_is_replaced_by_the_number_of_the_incident() -> None:
    assert _name("支払いが失敗") == "incident-2026-03-02-12"


def test_a_restricted_incident_keeps_its_title_out_of_the_name() -> None:
    assert _name("Breach of the vault", discreet=True) == "incident-2026-03-02-12"


@given(title=st.text(max_size=300), taken=st.integers(0, 49), longest=st.integers(40, 80))
def test_any_title_makes_a_name_that_the_tool_takes(title: str, taken: int, longest: int) -> None:
    limits = Limits(name_max=longest, name_characters="a-z0-9_-", topic_max=250, private_rooms=True)
    name = _name(title, taken=taken, limits=limits)
    assert re.fullmatch(r"[a-z0-9][a-z0-9_-]*[a-z0-9]", name)
    assert len(name) <= longest
    assert not taken or name.endswith(f"-{taken + 1}")


def test_the_tools_that_the_process_names_come_first() -> None:
    war_room = default_document().war_room
    assert rules.host_order(war_room, ["matrix", "slack"]) == ["slack", "matrix"]
    assert rules.host_order(war_room, ["matrix"]) == ["matrix"]
