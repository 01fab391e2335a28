"""The timeline as Markdown, CSV and JSON: complete, in UTC; nothing that was written becomes markup or a formula."""

import csv
import io
import json

from django.test import Client

from tests.harness.api import caller
from tests.harness.incident_world import IncidentWorld
from watchbill.domain.incidents import room_actions

HOSTILE = '=HYPERLINK("http://evil") | <b>*bold*</b>\n# second line'


def test_all_three_say_the_same(incident_world: IncidentWorld) -> None:
    world = incident_world
    incident = world.declares("sev2", title="Checkout | down", drill=True)
    room_actions.write(incident_id=incident.id, text=HOSTILE, actor=world.person("primary"), now=world.now)
    lead = caller(world.cast.people["lead"])
    texts = {kind: lead.get(f"/incidents/1/export?as={kind}")["text"] for kind in ("markdown", "csv", "json")}

    rows = list(csv.DictReader(io.StringIO(texts["csv"])))
    lines = json.loads(texts["json"])["timeline"]
    assert [row["who"] for row in rows] == [line["who"] for line in lines]
    assert [row["at"] for row in rows] == [line["at"] for line in lines] == sorted(row["at"] for row in rows)
    assert not [value for row in rows for value in row.values() if value.startswith(("=", "+", "-", "@"))]
    text = texts["markdown"]
    assert text.startswith("# Incident 1: Checkout \\| down\n\nDRILL\n")
    assert "<b>" not in text
    assert text.count("\n| 2026-03-02T11:00:00Z |") == len(rows)
    world.ends(incident)


def test_the_screen_gives_it_as_a_file_and_only_to_those_who_may_see_it(incident_world: IncidentWorld) -> None:
    world = incident_world
    incident = world.declares("sev4", restricted=True, by="lead")
    for name, status in (("lead", 200), ("engineer", 404)):
        browser = Client()
        browser.force_login(world.cast.people[name])
        answer = browser.get("/incidents/1/export?as=csv")
        assert answer.status_code == status
    browser.force_login(world.cast.people["lead"])
    answer = browser.get("/incidents/1/export?as=csv")
    assert answer["Content-Disposition"] == 'attachment; filename="incident-1.csv"'
    world.ends(incident)
