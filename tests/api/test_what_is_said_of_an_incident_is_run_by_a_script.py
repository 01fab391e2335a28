"""What is owed, drafted, approved, published and subscribed to, as a script or a chat bot does it."""

from typing import Any

import pytest

from tests.harness.api import ApiCaller, caller
from tests.harness.communications_world import CommunicationsWorld
from watchbill.domain.incidents.models import Incident
from watchbill.domain.status_page import component_actions, reads
from watchbill.ground.clock import SystemClock

# The API's time is the host's: the world stands there too.
pytestmark = pytest.mark.parametrize("communications_world", ["real"], indirect=True)

CUSTOMERS = "Anna Adler <anna@customer.example>\nbert@customer.example"


def of(world: CommunicationsWorld, name: str, *, scope: str = "full") -> ApiCaller:
    return caller(world.cast.people[name], scope=scope)


def catches_up(world: CommunicationsWorld) -> None:
    world.clock.move_to(SystemClock().now())
    world.settle()


def at(incident: Incident) -> str:
    return f"/incidents/{incident.number}/communications"


def needs(plan: Any) -> dict[str, str]:
    return {one["item"]: one["need"] for one in plan["items"]}


def test_from_what_is_owed_to_what_is_published(communications_world: CommunicationsWorld) -> None:
    world = communications_world
    assert of(world, "owner").post("/customer-contacts", {"contacts": CUSTOMERS}) == {"added": 2, "known": 0}
    incident, comms = world.declares("sev1"), of(world, "comms")
    plan = comms.get(at(incident))
    assert plan["owed"] == "status page update, customer email, executive notification"

    proposal = comms.get(f"{at(incident)}/customer-email/proposal")
    assert proposal["moment"] == "first"
    assert "checkout" in proposal["subject"]
    assert "{{" not in proposal["subject"] + proposal["body"]

    drafted = comms.put(f"{at(incident)}/customer-email", {"body": "We look into it."})
    assert drafted["goes_to"] == "2 customer contacts"
    assert (drafted["statement"]["state"], drafted["statement"]["subject"]) == ("draft", proposal["subject"])
    done = comms.post(f"{at(incident)}/customer-email", {"do": "publish", "revision": 1})
    assert (done["statement"]["state"], done["statement"]["sent_to"]) == ("published", 2)
    catches_up(world)
    world.letters_go_to("anna@customer.example", "bert@customer.example")
    plan = comms.get(at(incident))
    assert plan["owed"] == "status page update, executive notification"
    assert needs(plan)["customer-email"] == "told"
    letters = of(world, "owner").get(f"{at(incident)}/customer-email")["letters"]
    assert {(one["address"], one["state"]) for one in letters} == {
        ("anna@customer.example", "sent"),
        ("bert@customer.example", "sent"),
    }
    assert comms.get(f"{at(incident)}/customer-email")["letters"] == []  # who the customers are is not for everybody
    again = comms.ask("POST", f"{at(incident)}/customer-email", {"do": "send-again"})
    assert again.status_code == 422
    world.ends(incident)


def test_the_status_page_with_its_components(communications_world: CommunicationsWorld) -> None:
    world = communications_world
    draft = component_actions.ComponentDraft(name="Checkout", service_id=world.cast.service.id)
    component = component_actions.add_component(draft, actor=world.person("owner"), now=world.now)
    incident, comms = world.declares("sev1"), of(world, "comms")
    wrong = {"components": {str(component.id): "on fire"}}
    refused = comms.put(f"{at(incident)}/status-page-update", wrong, expect=422)
    assert refused["errors"][0]["field"] == "components"
    drafted = comms.put(f"{at(incident)}/status-page-update", {"status": "identified"})
    assert drafted["statement"]["components"] == {str(component.id): "major_outage"}
    comms.post(f"{at(incident)}/status-page-update", {"do": "publish"})
    assert reads.components()[0].state == "major_outage"
    assert needs(comms.get(at(incident)))["status-page-update"] == "told"
    world.ends(incident)


def test_an_approval_by_a_token_of_whom_is_asked(communications_world: CommunicationsWorld) -> None:
    world = communications_world
    of(world, "owner").post("/customer-contacts", {"contacts": CUSTOMERS})
    of(world, "owner").put("/communication-approvals/customers", {"role": "executive-on-call"})
    incident, comms, executive = world.declares("sev1"), of(world, "comms"), of(world, "executive")
    here = f"{at(incident)}/customer-email"
    comms.put(here, {"subject": "Checkout", "body": "It is broken."})
    refused = comms.ask("POST", here, {"do": "publish"})
    assert refused.status_code in (409, 422)
    assert "has to approve this first" in refused.json()["detail"]
    assert comms.post(here, {"do": "ask"})["statement"]["state"] == "waiting"
    assert comms.ask("POST", f"{here}/decision", {"approved": True}).status_code == 422
    assert executive.ask("POST", f"{here}/decision", {"approved": False}).json()["errors"][0]["field"] == "why"
    executive.post(f"{here}/decision", {"approved": False, "why": "Say less"})
    comms.put(here, {"subject": "Checkout", "body": "We look into it."})
    stale = executive.ask("POST", f"{here}/decision", {"approved": True, "revision": 1})
    assert "changed the text meanwhile" in stale.json()["detail"]
    executive.post(f"{here}/decision", {"approved": True, "revision": 2})
    assert comms.post(here, {"do": "publish", "revision": 2})["statement"]["decided_by"].startswith("Executive")
    catches_up(world)
    assert len(world.letters()) == 2
    world.ends(incident)


def test_customers_who_were_called_are_noted(communications_world: CommunicationsWorld) -> None:
    world = communications_world
    incident, comms = world.declares("sev1"), of(world, "comms")
    here = f"{at(incident)}/customer-email/told"
    assert comms.post(here, {"how": ""}, expect=422)["errors"][0]["field"] == "how"
    noted = comms.post(here, {"how": "Called by their account manager", "at": world.now.isoformat()})["statement"]
    assert (noted["state"], noted["elsewhere"], noted["sent_to"]) == ("published", True, 0)
    assert needs(comms.get(at(incident)))["customer-email"] == "told"
    assert of(world, "comms", scope="read").ask("POST", here, {"how": "Called"}).status_code == 403
    world.ends(incident)


def test_a_customer_asks_about_a_sev3(communications_world: CommunicationsWorld) -> None:
    world = communications_world
    incident, engineer = world.declares("sev3"), of(world, "engineer")
    assert needs(engineer.get(at(incident))) == {"internal-update": "owed", "customer-reply": "not-needed"}
    plan = engineer.put(f"{at(incident)}/asked", {"who": "Ms Smith"})
    assert needs(plan)["customer-reply"] == "owed"
    engineer.put(f"{at(incident)}/customer-reply", {"subject": "Your question", "body": "We look into it."})
    engineer.post(f"{at(incident)}/customer-reply", {"do": "discard"})
    assert engineer.ask("GET", f"{at(incident)}/nothing-such").status_code == 404
    world.ends(incident)


def test_a_stakeholder_says_of_what_to_hear_and_hears_that(communications_world: CommunicationsWorld) -> None:
    world = communications_world
    onlooker, engineer = of(world, "onlooker"), of(world, "engineer")
    made = onlooker.post("/stakeholder-subscriptions", {"service": "checkout", "severity": "sev2"}, expect=201)
    assert (made["person"], made["service"], made["severity"]) == ("onlooker@example.org", "checkout", "sev2")
    changed = onlooker.post("/stakeholder-subscriptions", {"service": "checkout", "severity": "sev3"}, expect=201)
    assert changed["id"] == made["id"]
    of(world, "owner").post("/stakeholder-subscriptions", {"person": "manager@example.org"}, expect=201)
    assert [one["person"] for one in onlooker.get("/stakeholder-subscriptions")["items"]] == ["onlooker@example.org"]
    assert len(of(world, "owner").get("/stakeholder-subscriptions")["items"]) == 2

    somebody_else = {"person": "manager@example.org"}
    assert onlooker.ask("POST", "/stakeholder-subscriptions", somebody_else).status_code == 403
    assert engineer.ask("DELETE", f"/stakeholder-subscriptions/{made['id']}").status_code == 404
    assert of(world, "onlooker", scope="read").ask("POST", "/stakeholder-subscriptions", {}).status_code == 403
    wrong = onlooker.post("/stakeholder-subscriptions", {"severity": "sev9"}, expect=422)
    assert wrong["errors"][0]["field"] == "severity"

    incident = world.declares("sev3")
    engineer.put(f"{at(incident)}/internal-update", {})
    engineer.post(f"{at(incident)}/internal-update", {"do": "publish"})
    catches_up(world)
    world.letters_go_to("onlooker@example.org", "manager@example.org")
    onlooker.delete(f"/stakeholder-subscriptions/{made['id']}")
    engineer.put(f"{at(incident)}/internal-update", {})
    engineer.post(f"{at(incident)}/internal-update", {"do": "publish"})
    catches_up(world)
    world.letters_go_to("manager@example.org")
    world.ends(incident)


def test_texts_are_changed_and_taken_back(communications_world: CommunicationsWorld) -> None:
    owner, engineer = of(communications_world, "owner"), of(communications_world, "engineer")
    listed = owner.get("/communication-templates")
    assert len(listed["items"]) == 16
    assert set(listed["variables"]) >= {"title", "service", "impact", "next_update_by"}
    text = {"subject": "{{service}}", "body": "{{impact}}"}
    assert engineer.ask("PUT", "/communication-templates/public/first", text).status_code == 403
    unknown = owner.put("/communication-templates/public/first", {"subject": "{{x}}", "body": "y"}, expect=422)
    assert unknown["errors"][0]["field"] == "subject"
    changed = owner.put("/communication-templates/public/first", text)["items"]
    assert next(one for one in changed if (one["audience"], one["moment"]) == ("public", "first"))["changed_by"]
    owner.delete("/communication-templates/public/first", expect=200)
    assert owner.get("/communication-templates") == listed


def test_contacts_of_customers_are_all_or_nothing_and_not_for_everybody(
    communications_world: CommunicationsWorld,
) -> None:
    world = communications_world
    owner = of(world, "owner")
    wrong = owner.post("/customer-contacts", {"contacts": "anna@customer.example\nnobody"}, expect=422)
    assert "line 2" in wrong["detail"]
    assert owner.get("/customer-contacts")["items"] == []
    owner.post("/customer-contacts", {"contacts": CUSTOMERS, "service": "checkout"})
    held = owner.get("/customer-contacts?service=checkout")["items"]
    assert [one["address"] for one in held] == ["anna@customer.example", "bert@customer.example"]
    for name in ("engineer", "onlooker"):
        assert of(world, name).ask("GET", "/customer-contacts").status_code == 403
    owner.delete(f"/customer-contacts/{held[0]['id']}")
    assert len(owner.get("/customer-contacts")["items"]) == 1


def test_of_a_restricted_incident_nothing_is_read_or_said_by_others(communications_world: CommunicationsWorld) -> None:
    world = communications_world
    of(world, "owner").post("/customer-contacts", {"contacts": CUSTOMERS})
    of(world, "onlooker").post("/stakeholder-subscriptions", {}, expect=201)
    incident = world.declares("sev4", by="lead", title="canary-4711", restricted=True)
    lead = of(world, "lead")
    lead.put(f"{at(incident)}/internal", {"subject": "canary-4711", "body": "canary-4711"})
    for audience in ("public", "customers"):
        refused = lead.ask("PUT", f"{at(incident)}/{audience}", {"subject": "canary-4711", "body": "canary-4711"})
        assert "restricted" in refused.json()["detail"]
    others = [of(world, name) for name in ("owner", "engineer", "onlooker")]
    for other in others:
        for path in ("", "/internal", "/internal/proposal"):
            assert other.ask("GET", f"{at(incident)}{path}").status_code in (403, 404)
        assert other.ask("POST", f"{at(incident)}/internal", {"do": "publish"}).status_code in (403, 404)
        assert other.ask("POST", f"{at(incident)}/internal/decision", {"approved": True}).status_code in (403, 404)
        assert "canary-4711" not in other.ask("GET", "/audit").content.decode()
    lead.post(f"{at(incident)}/internal", {"do": "publish"})
    catches_up(world)
    world.letters_go_to()  # nobody but the lead may see it, and the lead has not subscribed
    assert reads.public_incident_of(incident.id) is None
    world.ends(incident, by="lead")
