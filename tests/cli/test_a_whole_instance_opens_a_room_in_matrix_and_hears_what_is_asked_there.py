"""`watchbill up` with a Matrix homeserver: the worker makes the room, and acts on what is written in it."""

from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from tests.harness.instances import Instance, wait_for
from tests.harness.matrix_world import CLIENT, said
from tests.harness.synapse import Synapse, is_installed, synapse

pytestmark = [
    pytest.mark.lab,
    pytest.mark.skipif(not is_installed(), reason="Synapse is not installed: make lab"),
]

_ORGANIZATION = """
organization: {name: Example, time_zone: Europe/Berlin, fallback: [lead@example.org]}
users:
  - email: lead@example.org
    name: Team Lead
    time_zone: Europe/Madrid
    role: owner
    contacts: [{name: mail, kind: email, address: lead@example.org}]
roles:
  - {role: incident-commander, targets: ["user:lead@example.org"]}
"""


class Somebody:
    """With a client of their own."""

    def __init__(self, server: Synapse, user_id: str) -> None:
        self.server, self.user_id, self.token = server, user_id, server.signs_in(user_id)

    def invited_to(self, *, by: str) -> str:
        for room_id, room in self.server.rooms_of(self.token).get("invite", {}).items():
            if any(one["sender"] == by for one in room["invite_state"]["events"]):
                return str(room_id)
        return ""

    def joins(self, room_id: str) -> None:
        self._asks("POST", f"/join/{quote(room_id)}", {})

    def says(self, room_id: str, text: str) -> None:
        self._asks("POST", f"/rooms/{quote(room_id)}/send/m.room.message", said(text))

    def sees(self, room_id: str) -> str:
        chunk = self._asks("GET", f"/rooms/{quote(room_id)}/messages?dir=b&limit=100")["chunk"]
        return "\n".join(str(one["content"].get("body")) for one in chunk)

    def _asks(self, method: str, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
        return self.server.asks(method, f"{CLIENT}{path}", self.token, body)


def test_from_the_declaration_to_the_answer(tmp_path: Path) -> None:
    server = synapse()
    server.forgets_aliases()
    account, token = server.new_account()
    lead = Somebody(server, server.has("lead", "lead@example.org"))
    settings = {
        "WATCHBILL_MATRIX_URL": server.url,
        "WATCHBILL_MATRIX_ACCESS_TOKEN": token,
        "WATCHBILL_MATRIX_MAIL_DOMAIN": "example.org",
        "WATCHBILL_OUTBOUND_ALLOW": "127.0.0.0/8",
    }
    organization = tmp_path / "organization.yaml"
    organization.write_text(_ORGANIZATION)
    with Instance(tmp_path / "data", "--apply", str(organization), **settings) as instance:
        made = instance.run("incident", "declare", "Checkout is down", "--severity", "sev1")
        assert made.returncode == 0, made.stderr
        taken = instance.run("incident", "role", "1", "incident-commander", "take", "--as", "lead@example.org")
        assert taken.returncode == 0, taken.stderr
        room_id = wait_for("the invitation", lambda: lead.invited_to(by=account))
        lead.joins(room_id)
        lead.says(room_id, "I look at the database")
        lead.says(room_id, "!watchbill ack")
        wait_for("the answer", lambda: "Noted: you know of it" in lead.sees(room_id))
        record = instance.run("incident", "export", "1").stdout
        assert "I look at the database" in record
        assert "Team Lead | knows of it" in record  # who leads works on no system
