"""Who writes a receiver copies the example of the guide: it is what leaves, word for word but for the identifiers."""

import json
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from django.urls import resolve

from tests.harness.world import World
from watchbill.domain.access.models import User

GUIDE = Path(__file__).parents[2] / "docs/how-to/receive-pages-by-webhook.md"


def example() -> Any:
    [block] = re.findall(r"```json\n(.*?)```", GUIDE.read_text(encoding="utf-8"), re.DOTALL)
    return json.loads(block)


def test_the_example_is_what_leaves(world: World) -> None:
    shown = example()
    User.objects.filter(email="primary@example.org").update(**shown["recipient"])
    world.clock.move_to(datetime(2026, 3, 29, 1, 30, tzinfo=UTC))
    alert = world.fires("checkout/latency", summary="Checkout answers slowly")
    world.expects(("primary", "webhook"))
    sent = world.http.requests[-1].body.decode()
    attempt_id = json.loads(sent)["id"]
    token = json.loads(sent)["acknowledge_url"].rpartition("/")[2]

    said = (
        sent.replace(str(alert.id), shown["alerts"][0]["id"])
        .replace(attempt_id, shown["id"])
        .replace(token, "TOKEN")
        .replace(world.instance.base_url, "https://watchbill.example.org")
    )

    assert json.loads(said) == shown


def test_its_addresses_lead_to_screens() -> None:
    shown = example()

    for address in (shown["acknowledge_url"], shown["url"], shown["alerts"][0]["url"]):
        assert resolve(address.removeprefix("https://watchbill.example.org"))
