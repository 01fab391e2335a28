"""Fifty people look at one incident: what they fetch again is little, read once for all, and each one's own."""

import re
from datetime import timedelta

import pytest
from django.db import connection
from django.http import HttpResponse
from django.test import Client
from django.test.utils import CaptureQueriesContext

from tests.web.organization import Stage
from watchbill.domain.access.models import User
from watchbill.domain.audit.contract import Actor
from watchbill.domain.audit.models import Entry
from watchbill.domain.incidents import role_actions, room_actions
from watchbill.domain.incidents.models import Incident
from watchbill.domain.incidents.timeline_reads import RecordMark, actions_between, mark_of
from watchbill.ground.clock import SystemClock

# Whoever asks is asked who it is, what may be seen, and how far it was read; the incident itself is read for all.
QUERIES_OF_ONE_MORE = 13


@pytest.fixture
def incident(organization_on_stage: Stage) -> Incident:
    return organization_on_stage.incident


def viewer(who: User) -> Client:
    client = Client()
    client.force_login(who)
    return client


def mark_on(text: str) -> str:
    [mark] = re.findall(r'data-mark="([0-9.]+)"', text)
    return str(mark)


def again(client: Client, incident: Incident, have: str, **asked: str) -> HttpResponse:
    headers = {"HX-Request": "true", "X-In-View": "yes", "X-Have": have}
    return client.get(f"/incidents/{incident.number}", asked, headers=headers)


def writes(incident: Incident, who: User, text: str) -> None:
    actor = Actor(kind="person", label=who.name, via="web", id=who.id)
    room_actions.write(incident_id=incident.id, text=text, actor=actor, now=SystemClock().now())


def test_after_a_message_the_timeline_alone_is_sent_and_after_more_all_parts(
    organization_on_stage: Stage, incident: Incident
) -> None:
    people = organization_on_stage.people
    client = viewer(people["second"])
    have = mark_on(client.get(f"/incidents/{incident.number}").content.decode())
    writes(incident, people["lead"], "It is the index")
    text = again(client, incident, have).content.decode()
    assert "It is the index" in text
    assert 'id="incident-timeline"' in text
    assert 'id="incident-head"' not in text
    have = mark_on(text)
    assert 'id="incident-head"' not in again(client, incident, have).content.decode()
    first = people["first"]
    actor = Actor(kind="person", label=first.name, via="web", id=first.id)
    role_actions.take(incident_id=incident.id, role="technical-lead", actor=actor, now=SystemClock().now())
    text = again(client, incident, have).content.decode()
    for part in ("incident-head", "incident-roles", "workflow", "incident-timeline"):
        assert f'id="{part}"' in text


@pytest.mark.parametrize("have", ["", "1", "1.", ".1", "-1.2", "1.2.3", "\u0661.1", "9" * 40 + ".1", "<b>.1", "0.0"])
def test_a_mark_that_is_none_gets_the_whole(organization_on_stage: Stage, incident: Incident, have: str) -> None:
    answer = again(viewer(organization_on_stage.me), incident, have.encode("utf-8").decode("latin-1"))
    assert answer.status_code == 200
    assert 'id="incident-head"' in answer.content.decode()


def test_an_entry_that_becomes_visible_late_is_not_missed(incident: Incident) -> None:
    now = mark_of(incident.id)
    ids = list(Entry.objects.filter(subject_id=incident.id).order_by("id").values_list("id", flat=True))
    assert actions_between(incident.id, RecordMark(newest=ids[-2], count=len(ids) - 1), now) is not None
    # All had been seen but one that lies before the newest.
    assert actions_between(incident.id, RecordMark(newest=ids[-1], count=len(ids) - 1), now) is None
    assert actions_between(incident.id, now, now) == frozenset()


def test_the_incident_is_read_once_and_each_sees_what_is_new_to_him_in_his_zone(
    organization_on_stage: Stage, incident: Incident
) -> None:
    people = organization_on_stage.people
    clients = {name: viewer(people[name]) for name in ("lead", "second", "long")}
    haves = {
        name: mark_on(client.get(f"/incidents/{incident.number}").content.decode()) for name, client in clients.items()
    }
    seen = Entry.objects.filter(subject_id=incident.id).order_by("-id").values_list("id", flat=True)[0]
    writes(incident, people["lead"], "Written by the lead")
    texts, asked = {}, {}
    for name, client in clients.items():
        with CaptureQueriesContext(connection) as queries:
            texts[name] = again(client, incident, haves[name], seen=str(seen)).content.decode()
        asked[name] = len(queries)
    assert asked["second"] < asked["lead"]
    assert max(asked["second"], asked["long"]) <= QUERIES_OF_ONE_MORE
    newest = {name: text.partition("Written by the lead")[0] for name, text in texts.items()}
    assert "chip new" not in newest["lead"]  # one's own is not new
    assert "chip new" in newest["second"]
    assert "CET" in texts["lead"] or "CEST" in texts["lead"]
    assert "-03" in texts["second"]


def test_what_is_drawn_once_is_drawn_anew_when_it_was_corrected(
    organization_on_stage: Stage, incident: Incident
) -> None:
    lead = organization_on_stage.people["lead"]
    client = viewer(organization_on_stage.people["second"])
    actor = Actor(kind="person", label=lead.name, via="web", id=lead.id)
    now = SystemClock().now()
    first = room_actions.write(incident_id=incident.id, text="It is the databse", actor=actor, now=now)
    assert "It is the databse" in client.get(f"/incidents/{incident.number}").content.decode()
    have = mark_on(client.get(f"/incidents/{incident.number}").content.decode())
    room_actions.correct(
        incident_id=incident.id,
        post_id=first.id,
        text="It is the database",
        actor=actor,
        now=now + timedelta(seconds=1),
    )
    text = again(client, incident, have).content.decode()
    assert "It is the database" in text
    assert "It is the databse" not in text
