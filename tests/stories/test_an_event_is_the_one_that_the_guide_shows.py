"""Who writes a receiver copies the example of the guide, its list of events and its check of the signature."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from django.urls import resolve

from tests.harness.event_world import EventWorld
from watchbill.domain.event_hooks.rules import EVENTS

pytestmark = pytest.mark.django_db(transaction=True)

GUIDE = Path(__file__).parents[2] / "docs/how-to/receive-events.md"
TEXT = GUIDE.read_text(encoding="utf-8")


def example() -> Any:
    [block] = re.findall(r"```json\n(.*?)```", TEXT, re.DOTALL)
    return json.loads(block)


def shape(value: Any) -> Any:
    """The names, and behind each whether it is a yes or no."""
    return {name: shape(one) for name, one in value.items()} if isinstance(value, dict) else isinstance(value, bool)


def test_the_example_has_the_shape_of_what_leaves() -> None:
    shown = example()
    with EventWorld() as world:
        _, secret = world.listens()
        incident = world.declares("sev3")
        world.becomes("sev2", incident)
        sent = world.told("hub", secret)[-1].body
        assert shape(sent) == shape(shown)
        assert (sent["event"], sent["details"]) == (shown["event"], shown["details"])
        assert [sent["incident"][name] for name in ("severity", "severity_label", "status")] == ["sev2", "SEV2", "open"]
        world.ends(incident)


def test_each_event_is_told_of_and_no_other() -> None:
    assert set(re.findall(r"`(incident\.[a-z_]+)`", TEXT)) == set(EVENTS)


def test_its_address_leads_to_a_screen() -> None:
    assert resolve(example()["url"].removeprefix("https://watchbill.example.org"))
