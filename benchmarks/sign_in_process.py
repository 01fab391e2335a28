"""Fails to sign in in this process, in every way there is; prints {which: [milliseconds]} as JSON."""

import json
import sys
import time
from collections import defaultdict
from ipaddress import IPv4Address

from django.test import Client

import watchbill.bootstrap  # noqa: F401 - makes Django ready before tables are imported
from benchmarks.sign_in import STRANGER
from watchbill import upgrade
from watchbill.domain.access.models import User
from watchbill.ground.clock import SystemClock

PASSWORD = "seven quiet lighthouses"
KINDS = {
    STRANGER: ("nobody@example.org", PASSWORD),
    "wrong password": ("responder@example.org", "seven loud lighthouses"),
    "disabled person": ("former@example.org", PASSWORD),
    "person without a password": ("invited@example.org", PASSWORD),
}


def main(tries: int) -> None:
    upgrade.migrate(say=lambda words: None)
    _people()
    client = Client()
    taken: dict[str, list[float]] = defaultdict(list)
    kinds = list(KINDS)
    for number in range(-2, tries):
        # Turned round by round, so that what changes with time falls on all alike; the first rounds load the code.
        for place in range(len(kinds)):
            kind = kinds[(number + place) % len(kinds)]
            milliseconds = _milliseconds(client, *KINDS[kind], network=(number + 2) * len(kinds) + place)
            if number >= 0:
                taken[kind].append(milliseconds)
    print(json.dumps(taken))


def _milliseconds(client: Client, email: str, password: str, *, network: int) -> float:
    """Each from a network of its own, so that nobody is stopped for trying too often."""
    address = str(IPv4Address("20.0.0.1") + network * 256)
    began = time.perf_counter()
    answer = client.post("/sign-in", {"login": email, "password": password}, REMOTE_ADDR=address)
    took = (time.perf_counter() - began) * 1000
    assert answer.status_code == 200, answer.status_code
    assert b"do not fit together" in answer.content
    return took


def _people() -> None:
    now = SystemClock().now()
    for name in ("responder", "former", "invited"):
        user = User(email=f"{name}@example.org", name=name, role="responder", created_at=now)
        if name == "invited":
            user.set_unusable_password()
        else:
            user.set_password(PASSWORD)
        if name == "former":
            user.is_active, user.disabled_at = False, now
        user.save()


if __name__ == "__main__":
    main(int(sys.argv[1]))
