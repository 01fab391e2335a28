"""Rooms in chat tools: can they be made, and does what people do there come back?"""

import asyncio
from collections.abc import Iterator, Sequence
from datetime import timedelta

from watchbill.chat.register import incomplete
from watchbill.composition import chat_given, chat_hosts
from watchbill.doctor.finding import Finding, Patient
from watchbill.domain.incidents.reads import EVERYTHING
from watchbill.domain.warrooms.contract import ChatHost
from watchbill.domain.warrooms.reads import rooms_in_trouble, set_aside

_SECONDS_MAX = 8.0
_SET_ASIDE_TOLD = timedelta(days=7)


def chat_settings(_patient: Patient) -> Iterator[Finding]:
    for lack, page in incomplete(chat_given()):
        yield _finding(lack, remedy=f"{page} says how")


def chat_tools(patient: Patient) -> Iterator[Finding]:
    """Asks each one that is set up what it lets us do; nothing is made there."""
    for host in chat_hosts():
        for complaint in asyncio.run(_complaints(host, patient)):
            yield _finding(f"{host.label}: {complaint}", remedy="then `watchbill doctor` again")


def rooms_not_as_they_should_be(_patient: Patient) -> Iterator[Finding]:
    for number, trouble in rooms_in_trouble(viewer=EVERYTHING)[:5]:
        remedy = f"mend it, then `watchbill incident chat {number} --try-now`; it is tried again by itself too"
        yield _finding(f"the room of #{number}: {trouble}", remedy=remedy)


def requests_set_aside(patient: Patient) -> Iterator[Finding]:
    if count := set_aside(since=patient.now - _SET_ASIDE_TOLD):
        things = "thing that somebody" if count == 1 else "things that people"
        yield Finding(
            check="chat",
            serious=False,
            what=f"{count} {things} wrote or asked for in a chat tool in the last week could not be handled",
            why="it was not done, and a message is not in its incident's record; whoever wrote it was told so",
            remedy="look for chat.request.set_aside in the worker's log, and report the errors before it",
        )


async def _complaints(host: ChatHost, patient: Patient) -> Sequence[str]:
    try:
        async with asyncio.timeout(_SECONDS_MAX):
            return await host.complaints(now=patient.now)
    except TimeoutError:
        return (f"no answer within {_SECONDS_MAX:.0f} s",)


def _finding(what: str, *, remedy: str) -> Finding:
    why = "incidents have no room in the chat tool, or not a whole one; paging and the built-in room go on"
    return Finding(check="chat", serious=False, what=what, why=why, remedy=remedy)
