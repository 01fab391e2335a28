"""The audit record shows what came by one way alone: by a screen, by a program, by any chat tool that there is."""

import pytest
from django.test import Client

from tests.web.people_who_sign_in import person
from watchbill.chat.register import KINDS
from watchbill.domain.audit.actions import record
from watchbill.domain.audit.contract import VIAS, Actor, Record
from watchbill.ground.clock import SystemClock

pytestmark = pytest.mark.django_db


def test_each_way_can_be_asked_for() -> None:
    assert "matrix" in KINDS
    ways = (*VIAS, *KINDS)
    for via in ways:
        told = Record(action="team.renamed", subject_kind="team", subject_id=None, subject_label=f"came by {via}.")
        record([told], actor=Actor(kind="person", label="Somebody", via=via), now=SystemClock().now())
    client = Client()
    client.force_login(person("owner@example.org", role="owner"))
    for via in ways:
        shown = client.get("/admin/audit", {"via": via, "action": "team."}).content.decode()
        assert [one for one in ways if f"came by {one}." in shown] == [via]
