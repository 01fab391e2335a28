"""The errand that brings rooms in chat tools to what they should be."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, assert_never
from uuid import UUID

from watchbill.domain.errands.actions import ask
from watchbill.domain.errands.contract import Errand, Later
from watchbill.domain.warrooms.actions import CHAT, CHAT_AGAIN
from watchbill.domain.warrooms.contract import Busy, ChatHost, Refused
from watchbill.domain.warrooms.models import ChatRoom
from watchbill.domain.warrooms.next_steps import next_step
from watchbill.domain.warrooms.outcomes import REFUSED_RESTS, write_outcome
from watchbill.domain.warrooms.steps import (
    Archive,
    Invite,
    MakeRoom,
    Pin,
    PostMessage,
    Reopen,
    SetTopic,
    Step,
    UpdateMessage,
)


def chat_errands(hosts: Sequence[ChatHost], *, base_url: str) -> tuple[Errand[Any], ...]:
    """All that the worker runs for rooms in chat tools. `hosts`: the tools that are set up."""
    return (ChatErrand(hosts, base_url=base_url), ChatAgain())


class ChatErrand:
    """The room of a tool that is not set up any more rests as it is."""

    kind = CHAT

    def __init__(self, hosts: Sequence[ChatHost], *, base_url: str) -> None:
        self._hosts = {one.kind: one for one in hosts}
        self._base_url = base_url

    def next_step(self, subject_id: UUID, *, now: datetime) -> Step | None:
        host_kind = ChatRoom.objects.filter(id=subject_id).values_list("host", flat=True).first()
        host = self._hosts.get(host_kind or "")
        if host is None:
            return None
        return next_step(subject_id, limits=host.limits, base_url=self._base_url, now=now)

    async def act(self, step: Step, *, now: datetime) -> object:
        outcome = await self._ask(self._hosts[step.at.host], step, now=now)
        if isinstance(step, MakeRoom):  # without a room nothing else can be done
            if isinstance(outcome, Busy):
                return Later(why=outcome.why, after=outcome.after)
            if isinstance(outcome, Refused) and not outcome.for_good:
                return Later(why=outcome.why, after=REFUSED_RESTS)
        return outcome

    async def _ask(self, host: ChatHost, step: Step, *, now: datetime) -> object:
        there = step.at.external_id
        match step:
            case MakeRoom():
                return await host.create_room(step.wanted, now=now)
            case Invite():
                return await host.invite(there, [person for _, person in step.people], now=now)
            case SetTopic():
                return await host.set_topic(there, step.topic, now=now)
            case PostMessage():
                return await host.post(there, step.wanted, now=now)
            case UpdateMessage():
                return await host.update(there, step.ref, step.message, now=now)
            case Pin():
                return await host.pin(there, step.ref, now=now)
            case Archive():
                return await host.archive(there, now=now)
            case Reopen():
                return await host.reopen(there, now=now)
            case _:
                assert_never(step)

    def record(self, step: Step, outcome: object, *, now: datetime) -> None:
        write_outcome(step, outcome, now=now)


class ChatAgain:
    """It has no step of its own: its time is the step."""

    kind = CHAT_AGAIN

    def next_step(self, subject_id: UUID, *, now: datetime) -> None:
        ask(CHAT, [subject_id], due_at=now)

    async def act(self, step: object, *, now: datetime) -> object:
        raise NotImplementedError("it has no step outside of the database")

    def record(self, step: object, outcome: object, *, now: datetime) -> None:
        raise NotImplementedError("it has no step outside of the database")
