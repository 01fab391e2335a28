"""Declares an incident in the database of an instance that runs, with an hour of talk, and signs its people in.

Prints {"number", "identity", "cookies", "token"} as JSON.
"""

import json
import sys
from datetime import timedelta

from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore

import watchbill.bootstrap  # noqa: F401 - makes Django ready before tables are imported
from watchbill.domain.access.actions import add_token
from watchbill.domain.access.models import User
from watchbill.domain.audit.contract import Actor
from watchbill.domain.incidents.actions import Declaration, declare
from watchbill.domain.incidents.room_actions import write
from watchbill.domain.services.models import Service
from watchbill.ground.clock import SystemClock

_MESSAGES = 100


def main(people: int) -> None:
    users = list(User.objects.order_by("email")[:people])
    now = SystemClock().now()
    actors = [Actor(kind="person", label=user.name, via="web", id=user.id) for user in users]
    began = now - timedelta(hours=1)
    service = Service.objects.get(name="direct-0")
    # SEV4 pages nobody: what is measured is the room.
    draft = Declaration(title="Checkout answers with errors", severity="sev4", service_id=service.id)
    incident = declare(draft, actor=actors[0], now=began).incident
    for number in range(_MESSAGES):
        text = f"Pod {number} of the payment service has been restarted; errors are at {number} per second now."
        at = began + timedelta(seconds=30 * number)
        write(incident_id=incident.id, text=text, actor=actors[number % len(actors)], now=at)
    token = add_token(users[0].id, name="room", scope="full", lifetime=timedelta(days=1), now=now)
    found = {
        "number": incident.number,
        "identity": str(incident.id),
        "cookies": [_signed_in(user) for user in users],
        "token": token.secret,
    }
    print(json.dumps(found))


def _signed_in(user: User) -> str:
    session = SessionStore()
    session[SESSION_KEY] = str(user.pk)
    session[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[0]
    session[HASH_SESSION_KEY] = user.get_session_auth_hash()
    session.create()
    return f"{settings.SESSION_COOKIE_NAME}={session.session_key}"


if __name__ == "__main__":
    main(int(sys.argv[1]))
