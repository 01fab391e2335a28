"""Who would be paged under maintenance: the screen, the API and the command line say the same."""

import json
from datetime import timedelta

from django.test import Client
from typer.testing import CliRunner

from tests.harness.api import caller
from tests.harness.cast import Cast
from watchbill.cli.main import root
from watchbill.domain.services.models import MaintenanceWindow
from watchbill.ground.clock import SystemClock


def test_the_ladder_begins_when_the_maintenance_is_over(cast: Cast) -> None:
    now = SystemClock().now().replace(microsecond=0)
    ends = (now + timedelta(hours=3)).replace(second=0)
    MaintenanceWindow.objects.create(
        service=cast.service, starts_at=now, ends_at=ends, reason="new disks", created_by="Manager", created_at=now
    )
    browser = Client()
    browser.force_login(cast.people["primary"])

    screen = browser.get("/explain", {"service": str(cast.service.id), "at": f"{now:%Y-%m-%dT%H:%M:%S}"})
    api = caller(cast.people["primary"]).get(f"/services/checkout/explain?at={now:%Y-%m-%dT%H:%M:%SZ}")
    said = CliRunner().invoke(root(), ["explain", "checkout", "--at", f"{now:%Y-%m-%dT%H:%M:%SZ}", "--json"])
    line = json.loads(said.output)

    assert api["maintenance_until"] == line["maintenance_until"] == f"{ends:%Y-%m-%dT%H:%M:%SZ}"
    shown = screen.content.decode()
    assert "Under maintenance" in shown
    assert [step["at"] for step in api["steps"]] == [step["at"] for step in line["steps"]]
    assert screen.context["maintenance_until"] == ends
    rows = [row for one in screen.context["rounds"] for row in one["steps"]]
    assert [f"{row['step'].at:%Y-%m-%dT%H:%M:%SZ}" for row in rows] == [step["at"] for step in api["steps"]]
