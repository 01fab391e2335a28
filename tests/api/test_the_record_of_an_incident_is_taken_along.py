"""The timeline as Markdown, CSV and JSON: complete, in UTC; nothing that was written becomes markup or a formula."""

import csv
import io
import json

from django.test import Client

from tests.harness.api import caller
from tests.harness.incident_world import IncidentWorld
from watchbill.domain.incidents import assess_actions, change_actions, ending_actions, follow_up_actions, room_actions
from watchbill.domain.incidents.assess_actions import ImpactDraft
from watchbill.domain.incidents.change_actions import ChangeDraft

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


def test_the_document_can_be_handed_on(incident_world: IncidentWorld) -> None:
    """Its head, the summary, reasons, answers behind what they answer, changes with their fate, what is left to do."""
    world = incident_world
    incident = world.declares("sev2", title="Checkout is down")
    world.takes("commander", "incident-commander", incident)
    impact = ImpactDraft(customer_impact="Orders *fail*", customers_affected="about half", customer_facing=True)
    assess_actions.set_impact(incident_id=incident.id, draft=impact, actor=world.person("primary"), now=world.now)
    first = room_actions.write(
        incident_id=incident.id, text="Who deployed?", actor=world.person("primary"), now=world.now
    )
    room_actions.write(incident_id=incident.id, text="Unrelated", actor=world.person("primary"), now=world.now)
    room_actions.write(
        incident_id=incident.id, text="I did", thread=first.id, actor=world.person("secondary"), now=world.now
    )
    change_actions.propose(
        incident_id=incident.id,
        draft=ChangeDraft(what="Roll back 41", where="shop", rollback="Deploy 41"),
        actor=world.person("commander"),
        ways=world.ways(),
        now=world.now,
    )
    follow_up_actions.add_follow_up(
        incident_id=incident.id,
        text="Test the roll back",
        owner_id=world.cast.people["lead"].id,
        due=None,
        actor=world.person("commander"),
        now=world.now,
    )
    world.passes(minutes=3)
    ending_actions.mitigate(incident_id=incident.id, actor=world.person("primary"), now=world.now)
    world.passes(minutes=2)
    ending_actions.resolve(incident_id=incident.id, pass_over="test", actor=world.person("commander"), now=world.now)
    lead = caller(world.cast.people["lead"])
    text = lead.get("/incidents/1/export?as=markdown")["text"]
    for said in (
        "- Impact: Orders \\*fail\\*\n- Customers see it: yes\n- Customers: about half\n",
        "- Duration: 0 h 5 min 0 s (2026-03-02T11:00:00Z to 2026-03-02T11:05:00Z)",
        "- Harm to customers: 0 h 3 min 0 s",
        "\n| Incident commander | Commander | 2026-03-02T11:00:00Z | ",
        "## Summary\n",
        "| 1 | Roll back 41 | shop | Deploy 41 | Approved: proposed by Commander",
        "| Action item | Test the roll back | Lead |  | Open |",
        "| passed over: ",
    ):
        assert said in text, said
    rows = [row for row in text.splitlines() if "Who deployed" in row or "I did" in row or "Unrelated" in row]
    assert ["↳" in row for row in rows] == [False, True, False]
    assert " | test |" in text  # why a step was passed over
    lines = json.loads(lead.get("/incidents/1/export?as=json")["text"])["timeline"]
    [answer] = [line for line in lines if line["answers"]]
    assert answer["answers"] == str(first.id)
    assert "test" in {line["why"] for line in lines}
    world.settle()
    world.received()
