"""Every address there is, with every method: whoever is not inside finds no restricted incident, and nothing of it.

The addresses come from Django and the bodies from the API's own description, so a new route is asked by itself. The
owner asks, who has every right: only who may see the incident is in question.
"""

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import pytest
from django.db import connection, transaction
from django.http import HttpResponseBase
from django.test import Client
from django.test.client import BOUNDARY, MULTIPART_CONTENT, encode_multipart

from tests.harness import pictures
from tests.harness.addresses import METHODS, Address, addresses, least_body, operations
from tests.harness.communications_world import CommunicationsWorld
from watchbill.domain.access.models import User
from watchbill.domain.audit.models import Entry
from watchbill.domain.bridges.actions import Choice, change
from watchbill.domain.communications.statement_actions import Text
from watchbill.domain.incidents import assess_actions, change_actions, follow_up_actions, room_actions
from watchbill.domain.incidents.attachment_rules import Limits, NewFile
from watchbill.domain.incidents.models import Incident
from watchbill.domain.incidents.room_actions import Files
from watchbill.domain.warrooms.models import ChatRoom
from watchbill.doors import limits

pytestmark = pytest.mark.parametrize("communications_world", ["real"], indirect=True)

CANARY = "canary-4711"
NUMBER, NOWHERE = "471147", "999999"
OF_THE_MOMENT = re.compile(r'name="csrfmiddlewaretoken" value="\w+"|data-now="\d+"')
OF_AN_INCIDENT = ("/incidents/<int:number>", "/api/v1/incidents/<incident>")
# What every other parameter names. None of it belongs to an incident alone.
OF_OTHERS = """
account account_id address alert alert_id audience bridge_id component component_id contact contact_id delivery
delivery_id hook hook_id integration integration_id maintenance maintenance_id moment name number override
override_id person_id pk policy_id provider_id public public_id role schedule_id secret service_id subscriber
subscriber_id subscription subscription_id team_id token token_id update update_id urgency window window_id
"""


@dataclass(frozen=True)
class Kept:
    """A restricted incident with something of everything in it, and what the parameters of its addresses stand for.

    `named`: what bodies name that has to be there.
    """

    incident: Incident
    parts: dict[str, object]
    named: dict[str, object]


def keeps_a_secret(world: CommunicationsWorld) -> Kept:
    with connection.cursor() as cursor:  # a number that stands nowhere else in an answer
        cursor.execute(f"ALTER SEQUENCE incidents_incident_number RESTART WITH {NUMBER}")
    alert = world.fires("errors")
    who, now = world.person("lead"), world.now
    incident = world.declares("sev4", by="lead", title=CANARY, alerts=[alert], restricted=True)
    of, by = {"incident_id": incident.id}, {"actor": who, "now": now}
    picture = Files(
        new=[NewFile(name=f"{CANARY}.png", content=pictures.png())], limits=Limits(file=1000, incident=1000)
    )
    post = room_actions.write(**of, text=CANARY, files=picture, **by)
    thought = assess_actions.think(**of, text=CANARY, **by)
    item = follow_up_actions.add_follow_up(**of, text=CANARY, owner_id=None, due=None, **by)
    draft = change_actions.ChangeDraft(what=CANARY, where=CANARY, rollback=CANARY)
    proposed = change_actions.propose(**of, draft=draft, ways=world.ways(), **by)
    change(**of, choice=Choice(url=f"https://{CANARY}.example.org/"), reason=CANARY, **by)
    said = world.drafts(incident, "internal", by="lead", text=Text(subject=CANARY, body=CANARY))
    ChatRoom.objects.create(incident=incident, host="slack", external_id="C1", name=CANARY, wanted_at=now)
    another = world.declares("sev4")
    world.received()
    parts = {
        "incident": NUMBER,
        "number": proposed.number,
        "entry": post.id,
        "attachment": post.attachments.get().id,
        "attachment_id": post.attachments.get().id,
        "hypothesis": thought.id,
        "follow_up": item.id,
        "item": "internal",
        "statement_id": said.id,
        "alert": alert.number,
        "alert_id": alert.id,
        "service_id": world.cast.service.id,
        "name": world.cast.service.name,
        "person_id": world.cast.people["lead"].id,
        "team_id": world.cast.team.id,
    }
    return Kept(incident, parts, named={"into": str(another.number)})


# Of what is restricted no public page is ever drawn, for insiders neither.
NOTHING_PUBLIC = ("/incidents/<int:number>/communication/<uuid:statement_id>/page",)


def of_incidents() -> list[Address]:
    return [one for one in addresses() if one.route.startswith(OF_AN_INCIDENT)]


def address_in(one: Address, kept: Kept, *, number: object) -> str:
    """In a screen's address `number` is the incident's; in one of the API it counts what is in the incident."""
    return one.filled(kept.parts | ({"incident": number} if one.is_api else {"number": number}))


def signed_in(who: User) -> Client:
    client = Client()
    client.force_login(who)
    return client


def asks(client: Client, method: str, one: Address, at: str, kept: Kept) -> HttpResponseBase:
    """As a signed-in browser, with a body that is understood. A person asks less often in so short a time."""
    for buckets in limits.EVERYTHING:
        buckets.empty()
    operation = operations(one).get(method, {}) if one.is_api else {}
    query = {one["name"]: "x" for one in operation.get("parameters", ()) if one["in"] == "query" and one["required"]}
    content_type, body = least_body(operation, kept.named) if one.is_api else ("multipart/form-data", form(kept))
    if content_type == "application/json":
        data = json.dumps(body).encode() if body is not None else b""
    else:
        content_type, data = MULTIPART_CONTENT, encode_multipart(BOUNDARY, body)
    if method in ("GET", "HEAD"):
        content_type, data = "application/octet-stream", b""
    return client.generic(method, at, data, content_type=content_type, query_params=query or None)


def form(kept: Kept) -> dict[str, object]:
    """What any button of an incident may send along."""
    known = {name: str(kept.parts[name]) for name in ("hypothesis", "follow_up")}
    words = dict.fromkeys(("text", "reason", "why", "what", "where", "rollback", "how"), "x")
    return {**words, **known, "post": str(kept.parts["entry"]), "severity": "sev1", "tier": "2", "moment": "started_at"}


def whole(answer: HttpResponseBase) -> str:
    """Without what is another in each answer."""
    content = b"".join(answer.streaming_content) if answer.streaming else answer.content
    return f"{dict(answer.headers)} {OF_THE_MOMENT.sub('', content.decode(errors='replace'))}"


def is_no_method_of_it(method: str, answer: HttpResponseBase) -> bool:
    """Looking at what a button sends to leads back to the page the button is on, which says that there is none."""
    return answer.status_code == 405 or (method in ("GET", "HEAD") and answer.status_code == 302)


def test_to_an_outsider_it_is_as_if_there_were_no_such_incident(communications_world: CommunicationsWorld) -> None:
    kept = keeps_a_secret(communications_world)
    owner = signed_in(communications_world.cast.people["owner"])
    written = Entry.objects.count()
    for one in of_incidents():
        taken = set(operations(one)) if one.is_api else set()
        found = set()
        for method in METHODS:
            where = f"{method} {one.route}"
            answer = asks(owner, method, one, address_in(one, kept, number=NUMBER), kept)
            assert answer.status_code == 404 or (method not in taken and is_no_method_of_it(method, answer)), (
                f"{where} answers an outsider {answer.status_code}: {whole(answer)[:1500]}"
            )
            assert CANARY not in whole(answer), where
            nothing = asks(owner, method, one, address_in(one, kept, number=NOWHERE), kept)
            assert (nothing.status_code, whole(nothing).replace(NOWHERE, NUMBER)) == (
                answer.status_code,
                whole(answer),
            ), f"{where} tells an outsider that there is such an incident"
            found.add(answer.status_code)
        assert 404 in found, f"no method is taken at {one.route}"
    assert Entry.objects.count() == written
    communications_world.ends(kept.incident, by="lead")


def test_an_insider_finds_all_of_it_there(communications_world: CommunicationsWorld) -> None:
    """Otherwise the story above might only show that its addresses lead nowhere."""
    kept = keeps_a_secret(communications_world)
    lead = signed_in(communications_world.cast.people["lead"])
    for one in of_incidents():
        found = set()
        for method in METHODS:
            with undone():
                answer = asks(lead, method, one, address_in(one, kept, number=NUMBER), kept)
                found.add(answer.status_code)
                if one.is_api and method in operations(one):
                    assert answer.status_code != 404, f"{method} {one.route}: {whole(answer)[:1500]}"
        assert found - {404, 405} or one.route in NOTHING_PUBLIC, (
            f"{one.route} leads nowhere even for an insider: fill in what its parts stand for"
        )
    communications_world.ends(kept.incident, by="lead")


@contextmanager
def undone() -> Iterator[None]:
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


def test_no_other_address_has_anything_of_it(communications_world: CommunicationsWorld) -> None:
    kept = keeps_a_secret(communications_world)
    owner = signed_in(communications_world.cast.people["owner"])
    others = [one for one in addresses() if not one.route.startswith(OF_AN_INCIDENT)]
    named = {parameter for one in others for parameter in one.parameters}
    assert named == set(OF_OTHERS.split()), (
        "an address of something in an incident begins with the incident's; name here what is none"
    )
    named_there = {name: value for name, value in kept.parts.items() if name != "number"}
    for one in others:
        for more in ("", "?status=all", "?status=ended", "?wall") if not one.parameters else ("",):
            answer = asks(owner, "GET", one, one.filled(named_there) + more, kept)
            assert answer.status_code < 500, one.route
            assert CANARY not in whole(answer), f"{one.route}{more}"
    communications_world.ends(kept.incident, by="lead")
