import math

import pytest

from watchbill.domain.services.check_rules import CheckDraft, check_drafts, check_healthy_when, limit_of
from watchbill.domain.services.dependency_rules import cycle_in, reached_from
from watchbill.ground.refusals import ChangeRefused


@pytest.mark.parametrize(
    ("limit", "healthy", "unhealthy"),
    [
        ("< 0.01", 0.0099, 0.01),
        ("<= 0.01", 0.01, 0.011),
        ("> 99.9", 100, 99.9),
        (">= 1", 1, 0),
        ("== 1", 1, 2),
        ("!= 0", 3, 0),
        ("> -1.5", -1, -2),
        ("< 1e3", 999, 1000),
        ("> 0", math.inf, -math.inf),
    ],
)
def test_a_number_holds_or_does_not(limit: str, healthy: float, unhealthy: float) -> None:
    assert limit_of(limit).holds(healthy)
    assert not limit_of(limit).holds(unhealthy)


@pytest.mark.parametrize("limit", ["< 1", "> 1", "== 1", "!= 1", "<= 1", ">= 1"])
def test_what_is_no_number_is_never_healthy(limit: str) -> None:
    assert not limit_of(limit).holds(math.nan)


@pytest.mark.parametrize("text", ["", "0.01", "< ", "=< 1", "< 1 %", "< NaN", "< 1e999", "< ١", "below 1", "< 1; > 2"])
def test_anything_else_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(ChangeRefused, match='like "< 0'):
        limit_of(text)


def test_a_limit_is_written_in_one_way() -> None:
    assert check_healthy_when("  <0.010 ") == "< 0.010"


@pytest.mark.parametrize(
    ("change", "field", "words"),
    [
        ({"query": "  "}, "checks[1].query", "is empty"),
        ({"query": "x" * 2001}, "checks[1].query", "recording rule"),
        ({"unit": "x" * 21}, "checks[1].unit", "at most 20"),
        ({"healthy_when": "1"}, "checks[1].healthy_when", "no limit"),
        ({"name": " "}, "checks[1].name", "empty"),
        ({"name": "errors"}, "checks[1].name", "stands twice"),
    ],
)
def test_a_mistake_names_its_place(change: dict[str, str], field: str, words: str) -> None:
    good = {"name": "latency", "query": "up", "healthy_when": "== 1"}
    first = CheckDraft(name="errors", query="up", healthy_when="== 1")
    with pytest.raises(ChangeRefused, match=words) as refused:
        check_drafts([first, CheckDraft(**good | change)])
    assert refused.value.field == field


def test_a_circle_is_found_with_its_way() -> None:
    links = {"shop": ["checkout", "search"], "checkout": ["payments"], "payments": ["ledger"], "search": ["ledger"]}
    assert cycle_in(links, start="shop") == ()
    assert cycle_in(links | {"ledger": ["shop"]}, start="shop")[0] == "shop"
    assert cycle_in(links | {"ledger": ["checkout"]}, start="checkout") == (
        "checkout",
        "payments",
        "ledger",
        "checkout",
    )
    assert cycle_in({"shop": ["shop"]}, start="shop") == ("shop", "shop")


def test_what_is_reached_comes_with_the_shortest_way() -> None:
    links = {"a": ["b", "c"], "b": ["d"], "c": ["d"], "d": ["e", "a"]}
    assert reached_from(links, ["a"]) == {
        "b": ("a", "b"),
        "c": ("a", "c"),
        "d": ("a", "b", "d"),
        "e": ("a", "b", "d", "e"),
    }
