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
from watchbill.domain.warrooms.inbox_actions import HEARD, begin_next, finish, incoming_of
from watchbill.domain.warrooms.link_actions import link
from watchbill.domain.warrooms.models import ChatRequest, ChatRoom
from watchbill.domain.warrooms.people_actions import chat_person, is_known, note_profile
from watchbill.doors.callbacks import chat_commands
from watchbill.doors.callbacks.chat_commands import Answer, Asked
from watchbill.doors.callers import Caller, Forbidden
from watchbill.ground.identity import uuid_in
from watchbill.ground.refusals import ChangeRefused

log = structlog.get_logger()

_LOOK_UPS_MAX = 3
_AGAIN = timedelta(seconds=60)
# Words are written down however old they are; what was to be done so long ago is not meant any more.
_MEANT_FOR = timedelta(days=7)
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
        while (request_id := begin_next(subject_id, hosts=list(self._hosts), now=now)) is not None:
            with transaction.atomic():
                step = self._step(ChatRequest.objects.select_for_update().get(id=request_id), now=now)
            if step is not None:
                return step
        return None

    def _step(self, request: ChatRequest, *, now: datetime) -> Step | None:
        """None when the request is done with."""
        incoming = incoming_of(request)
        if request.set_aside_at is not None:
            text = self._say_set_aside(incoming)
            return SayBack(request_id=request.id, host=request.host, to=incoming, text=text, aloud=False)
        if request.done_at is None:
            if request.tries < _LOOK_UPS_MAX and not is_known(request.host, incoming.person, now=now):
                request.tries, request.begun = request.tries + 1, 0
                request.save(update_fields=["tries", "begun"])
                return LookUp(host=request.host, person=incoming.person)
            answer = self._handle(request, incoming, now=now)
            request.answer, request.carried_out = answer.text, answer.carried_out
            request.done_at, request.begun = now, 0
            request.save(update_fields=["done_at", "answer", "carried_out", "begun"])
            if answer.by_form:
                return AskText(request_id=request.id, host=request.host, to=incoming)
        if request.answer and request.done_at > now - _ANSWERED_WITHIN:
            aloud = _is_about_its_room(request.host, incoming)
            return SayBack(request_id=request.id, host=request.host, to=incoming, text=request.answer, aloud=aloud)
        finish(request.id, now=now)
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
            finish(step.request_id, now=now)

    def _handle(self, request: ChatRequest, incoming: Incoming, *, now: datetime) -> Answer:
        host = self._hosts[request.host]
        if incoming.kind in (IncomingKind.MESSAGE, IncomingKind.EDIT):
            take = hear if incoming.kind is IncomingKind.MESSAGE else hear_edit
            take(host.kind, host.label, incoming, now=now)
            return Answer("")
        if request.at < now - _MEANT_FOR:
            late = "Watchbill hears of this only now, so it was not done. Ask again if it is still wanted."
            return Answer(late, carried_out=False)
        if incoming.kind is IncomingKind.COMMAND and (code := chat_commands.link_code_in(incoming.text)):
            return _link(host, incoming, code, now=now)
        name, user = chat_person(host.kind, incoming.person)
        if user is None:
            return Answer(self._say_who_is_not_known(host, incoming, name, now=now), carried_out=False)
        asked = self._asked(host, incoming, user, now=now)
        if incoming.kind is IncomingKind.COMMAND:
            return _once(request, incoming, now=now) or chat_commands.answer(incoming.text, asked)
        return _by_button(incoming, asked)

    def _say_who_is_not_known(self, host: ChatHost, incoming: Incoming, name: str, *, now: datetime) -> str:
        if not is_known(host.kind, incoming.person, now=now):
            return f"{host.label} does not say just now who you are, so nothing was done. Try again in a minute."
        return (
            f"Watchbill does not know whose account this is: it knows nobody by the address of {name} in {host.label}, "
            f"so nothing was done. Sign in at {self._base_url}/me/chat-accounts, get a code, and write here: "
            f"{host.command} link <code>. Who has no account in Watchbill gets one from an admin."
        )

    def _say_set_aside(self, incoming: Incoming) -> str:
        """It was rolled back each time, so that nothing of it was done."""
        why = "Watchbill failed at it several times, by a defect of its own that its log tells"
        if incoming.kind in (IncomingKind.MESSAGE, IncomingKind.EDIT):
            return f"What you wrote is not in the incident's record: {why}. Write it at {self._base_url}/incidents."
        return f"This was not done: {why}. Do it at {self._base_url}/incidents."

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


def _link(host: ChatHost, incoming: Incoming, code: str, *, now: datetime) -> Answer:
    try:
        user = link(host.kind, incoming.person, code, now=now)
    except ChangeRefused as refused:
        return chat_commands.not_done(refused)
    return Answer(f"From now on you are {user} here, and act with the rights of that account.")


def _by_button(incoming: Incoming, asked: Asked) -> Answer:
    identity, _, role = incoming.value.partition("/")
    incident_id = uuid_in(identity)
    if incident_id is None:
        return _OF_ANOTHER_VERSION
    try:
        asked.caller.check("incident.respond")
        if incoming.kind is IncomingKind.FORM:
            return Answer(chat_commands.post_update(asked, incident_id, incoming.text))
        if incoming.action == ButtonAction.POST_UPDATE:
            return _write_it(asked.command)
        if incoming.action == ButtonAction.ACKNOWLEDGE:
            return Answer(chat_commands.acknowledge(asked, incident_id))
        if incoming.action == ButtonAction.TAKE_ROLE:
            return Answer(chat_commands.take_role(asked, incident_id, role))
    except (Forbidden, ChangeRefused) as refused:
        return chat_commands.not_done(refused)
    return _OF_ANOTHER_VERSION


_OF_ANOTHER_VERSION = Answer("This button is of another version; use the link to the incident.", carried_out=False)


def _write_it(command: str) -> Answer:
    """By a form; the words are said where none can be opened."""
    return Answer(f"Write the update as: {command} update <text>", by_form=True)


def _once(request: ChatRequest, incoming: Incoming, *, now: datetime) -> Answer | None:
    """The answer to the same words of the same person a moment ago, for what must not be done twice by mistake."""
    verb, _ = chat_commands.verb_in(incoming.text)
    if verb is None or not verb.once:
        return None
    earlier = ChatRequest.objects.filter(
        host=request.host, same_as=request.same_as, at__gt=now - _AGAIN, done_at__isnull=False
    ).exclude(id=request.id)
    found = earlier.exclude(carried_out=False).order_by("-at").first()
    return Answer(f"You asked for the same a moment ago. {found.answer}") if found is not None else None
