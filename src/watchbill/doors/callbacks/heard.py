"""The errand that handles what people did in a chat tool: in order, once, by whom the tool says it was."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

import structlog
from django.db import transaction

from watchbill.domain.access.models import User
from watchbill.domain.access.rules import Person
from watchbill.domain.audit.contract import Actor
from watchbill.domain.escalation.steps import Ways
from watchbill.domain.people.reads import team_ids_of
from watchbill.domain.warrooms.contract import ButtonAction, ChatHost, Done, Incoming, IncomingKind, Profile
from watchbill.domain.warrooms.inbound_actions import hear, hear_edit
from watchbill.domain.warrooms.inbox_actions import HEARD, incoming_of
from watchbill.domain.warrooms.link_actions import link
from watchbill.domain.warrooms.models import ChatRequest, ChatRoom
from watchbill.domain.warrooms.people_actions import chat_person, is_known, note_profile
from watchbill.doors.callbacks import chat_commands
from watchbill.doors.callbacks.chat_commands import Asked
from watchbill.doors.callers import Caller, Forbidden
from watchbill.ground.identity import uuid_in
from watchbill.ground.refusals import ChangeRefused

log = structlog.get_logger()

_LOOK_UPS_MAX = 3
_AGAIN = timedelta(seconds=60)
# The tools take an answer for half an hour; a later one says nothing that is still true.
_ANSWERED_WITHIN = timedelta(minutes=15)


@dataclass(frozen=True, slots=True, kw_only=True)
class LookUp:
    host: str
    person: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SayBack:
    request_id: UUID
    host: str
    to: Incoming
    text: str
    aloud: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class AskText:
    request_id: UUID
    host: str
    to: Incoming


Step = LookUp | SayBack | AskText


class ChatHeard:
    kind = HEARD

    def __init__(self, hosts: Sequence[ChatHost], *, ways: Callable[[], Ways], base_url: str) -> None:
        self._hosts = {one.kind: one for one in hosts}
        self._ways = ways
        self._base_url = base_url

    def next_step(self, subject_id: UUID, *, now: datetime) -> Step | None:
        while True:
            with transaction.atomic():
                rows = ChatRequest.objects.select_for_update().filter(lane=subject_id, answered_at=None)
                request = rows.filter(host__in=self._hosts).order_by("id").first()
                if request is None:
                    return None
                step = self._step(request, now=now)
                if step is not None:
                    return step

    def _step(self, request: ChatRequest, *, now: datetime) -> Step | None:
        """None when the request is done with."""
        incoming = incoming_of(request)
        if request.done_at is None:
            if request.tries < _LOOK_UPS_MAX and not is_known(request.host, incoming.person, now=now):
                request.tries += 1
                request.save(update_fields=["tries"])
                return LookUp(host=request.host, person=incoming.person)
            request.done_at, request.answer = now, self._handle(request, incoming, now=now)
            request.save(update_fields=["done_at", "answer"])
            if request.answer == _write_it(self._hosts[request.host].command):
                return AskText(request_id=request.id, host=request.host, to=incoming)
        if request.answer and request.done_at > now - _ANSWERED_WITHIN:
            aloud = _is_about_its_room(request.host, incoming)
            return SayBack(request_id=request.id, host=request.host, to=incoming, text=request.answer, aloud=aloud)
        _finish(request.id, now=now)
        return None

    async def act(self, step: Step, *, now: datetime) -> object:
        host = self._hosts[step.host]
        if isinstance(step, LookUp):
            return await host.profile(step.person, now=now)
        if isinstance(step, AskText):
            return await host.ask_text(step.to, title="Status update", label="What is known, what is done", now=now)
        outcome = await host.answer(step.to, step.text, aloud=step.aloud, now=now)
        if not isinstance(outcome, Done):
            log.warning("chat.answer.failed", host=step.host, why=outcome.why)
        # What was asked is done either way; an answer that cannot be given holds nothing up.
        return Done()

    def record(self, step: Step, outcome: object, *, now: datetime) -> None:
        if isinstance(step, LookUp):
            if isinstance(outcome, Profile):
                note_profile(step.host, outcome, now=now)
        elif isinstance(step, SayBack) or isinstance(outcome, Done):
            _finish(step.request_id, now=now)

    def _handle(self, request: ChatRequest, incoming: Incoming, *, now: datetime) -> str:
        host = self._hosts[request.host]
        if incoming.kind in (IncomingKind.MESSAGE, IncomingKind.EDIT):
            take = hear if incoming.kind is IncomingKind.MESSAGE else hear_edit
            take(host.kind, host.label, incoming, now=now)
            return ""
        if incoming.kind is IncomingKind.COMMAND and (code := chat_commands.link_code_in(incoming.text)):
            return _link(host, incoming, code, now=now)
        name, user = chat_person(host.kind, incoming.person)
        if user is None and not is_known(host.kind, incoming.person, now=now):
            return f"{host.label} does not say just now who you are, so nothing was done. Try again in a minute."
        if user is None:
            return self._say_how_to_link(host, name)
        asked = self._asked(host, incoming, user, now=now)
        if incoming.kind is IncomingKind.COMMAND:
            return _once(request, incoming, now=now) or chat_commands.answer(incoming.text, asked)
        return _by_button(incoming, asked)

    def _say_how_to_link(self, host: ChatHost, name: str) -> str:
        return (
            f"Watchbill does not know whose account this is: it knows nobody by the address of {name} in {host.label}, "
            f"so nothing was done. Sign in at {self._base_url}/me/chat-accounts, get a code, and write here: "
            f"{host.command} link <code>. Who has no account in Watchbill gets one from an admin."
        )

    def _asked(self, host: ChatHost, incoming: Incoming, user: User, *, now: datetime) -> Asked:
        person = Person(id=user.id, role=user.role, team_ids=team_ids_of(user.id))
        actor = Actor(kind="person", id=user.id, label=str(user), via=host.kind)
        rooms = ChatRoom.objects.filter(host=host.kind, external_id=incoming.room) if incoming.room else None
        return Asked(
            caller=Caller(user=user, person=person, actor=actor),
            command=host.command,
            incident_id=rooms.values_list("incident_id", flat=True).first() if rooms is not None else None,
            rest="",
            ways=self._ways(),
            base_url=self._base_url,
            now=now,
        )


def _is_about_its_room(host: str, incoming: Incoming) -> bool:
    """Asked for by somebody we know, about the incident of the room alone: whoever is in it may hear the answer."""
    if not chat_commands.is_of_the_room(incoming.text) or chat_person(host, incoming.person)[1] is None:
        return False
    return ChatRoom.objects.filter(host=host, external_id=incoming.room).exists()


def _link(host: ChatHost, incoming: Incoming, code: str, *, now: datetime) -> str:
    try:
        user = link(host.kind, incoming.person, code, now=now)
    except ChangeRefused as refused:
        return f"That was not done: {refused.reason}."
    return f"From now on you are {user} here, and act with the rights of that account."


def _by_button(incoming: Incoming, asked: Asked) -> str:
    identity, _, role = incoming.value.partition("/")
    incident_id = uuid_in(identity)
    if incident_id is None:
        return "This button is of another version; use the link to the incident."
    try:
        asked.caller.check("incident.respond")
        if incoming.kind is IncomingKind.FORM:
            return chat_commands.post_update(asked, incident_id, incoming.text)
        if incoming.action == ButtonAction.POST_UPDATE:
            return _write_it(asked.command)
        if incoming.action == ButtonAction.ACKNOWLEDGE:
            return chat_commands.acknowledge(asked, incident_id)
        if incoming.action == ButtonAction.TAKE_ROLE:
            return chat_commands.take_role(asked, incident_id, role)
    except Forbidden as refused:
        return str(refused)
    except ChangeRefused as refused:
        return f"That was not done: {refused.reason}."
    return "This button is of another version; use the link to the incident."


def _write_it(command: str) -> str:
    """Said where no form can be opened."""
    return f"Write the update as: {command} update <text>"


def _once(request: ChatRequest, incoming: Incoming, *, now: datetime) -> str:
    """The answer to the same words of the same person a moment ago, for what must not be done twice by mistake."""
    verb, _ = chat_commands.verb_in(incoming.text)
    if verb is None or not verb.once:
        return ""
    earlier = ChatRequest.objects.filter(
        host=request.host, same_as=request.same_as, at__gt=now - _AGAIN, done_at__isnull=False
    ).exclude(id=request.id)
    found = earlier.order_by("-at").first()
    return f"You asked for the same a moment ago. {found.answer}" if found is not None else ""


def _finish(request_id: UUID, *, now: datetime) -> None:
    """What was said and by which secret address it is answered need not be kept."""
    ChatRequest.objects.filter(id=request_id).update(answered_at=now, payload={})
