"""The timeline as a room: answers folded under what they answer, what is new since the last look, who is mentioned."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from urllib.parse import urlencode
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db.models import QuerySet
from django.http import HttpRequest

from watchbill.domain.access.models import Role, User
from watchbill.domain.incidents.looking_actions import Looked
from watchbill.domain.incidents.models import Incident
from watchbill.domain.incidents.reads import IncidentDetail
from watchbill.domain.incidents.timeline_reads import RecordMark
from watchbill.doors.web.incident_words import IncidentLine, Said, incident_line
from watchbill.doors.web.page import viewer_id
from watchbill.ground.identity import uuid_in

_LINES_SHOWN = 100
_MENTION = re.compile(r"@([\w.+-]+)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Thread:
    """What hangs on one message. `unread`: how many of the answers are new."""

    answers: tuple[IncidentLine, ...]
    newest: IncidentLine | None
    unread: int
    open: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class RoomLine:
    """`ends_new`: the first one that was read before, so that a line stands above it."""

    line: IncidentLine
    thread: Thread
    is_new: bool
    ends_new: bool
    chosen: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Room:
    lines: list[RoomLine]
    older: int
    group: str
    new: int
    pinned: list[IncidentLine]
    moved_on: list[RoomLine]
    address: str
    mark: RecordMark


def room_of(
    request: HttpRequest, incident: Incident, lines: Sequence[IncidentLine], *, mark: RecordMark, looked: Looked
) -> Room:
    """`moved_on`: threads with new answers whose beginning is too old to be shown."""
    group, me = request.GET.get("only", ""), viewer_id(request)
    seen = looked.before
    answers = _answers(lines)
    roots = [line for line in lines if line.thread_id is None or group not in ("", "messages")]
    shown = [line for line in roots if (line.group == group if group else not line.minor)][::-1]
    opened, chosen = uuid_in(request.GET.get("thread", "")), uuid_in(request.GET.get("post", ""))
    room = [
        RoomLine(
            line=line,
            thread=_thread(line, answers, seen=seen, me=me, opened=opened),
            is_new=_is_new(line, seen=seen, me=me),
            ends_new=False,
            chosen=line.post is not None and line.post.id == chosen,
        )
        for line in shown
    ]
    cut = len(room) if "lines" in request.GET or opened is not None else _LINES_SHOWN
    return Room(
        lines=_with_line(room[:cut]),
        older=len(room[cut:]),
        group=group,
        new=sum(one.is_new + one.thread.unread for one in room),
        pinned=[line for line in lines if _is_pinned(line)],
        moved_on=[one for one in room[cut:] if one.thread.unread],
        address=_part_address(request, incident, looked.newest if seen is None else seen),
        mark=mark,
    )


def lines_of(detail: IncidentDetail, *, zone: ZoneInfo, people: Iterable[User]) -> list[IncidentLine]:
    """The same for all who read in this zone."""
    names = named(people)
    return [said(incident_line(line, zone=zone), names) for line in detail.timeline]


def responders() -> QuerySet[User]:
    rows = User.objects.filter(is_active=True).exclude(role=Role.STAKEHOLDER)
    return rows.order_by("name").only("id", "name", "email")


def named(people: Iterable[User]) -> dict[str, User]:
    """By what one types after the @: the first part of the address, or the name without blanks."""
    found: dict[str, User] = {}
    for person in people:
        found.setdefault(person.name.replace(" ", "").lower(), person)
        found.setdefault(person.email.partition("@")[0].lower(), person)
    return found


def said(line: IncidentLine, names: Mapping[str, User]) -> IncidentLine:
    """The text in pieces, each with the person it mentions if it is one. Nobody is paged by being mentioned."""
    if line.post is None:
        return line
    parts: list[Said] = []
    text, at = line.post.text, 0
    for found in _MENTION.finditer(text):
        word = found[1].rstrip(".-")
        person = names.get(word.lower())
        if person is not None:
            end = found.start() + 1 + len(word)
            parts += [Said(text=text[at : found.start()]), Said(text=f"@{person.name}", user_id=person.id)]
            at = end
    parts.append(Said(text=text[at:]))
    return replace(line, said=tuple(part for part in parts if part.text))


def _answers(lines: Sequence[IncidentLine]) -> dict[UUID, list[IncidentLine]]:
    found: dict[UUID, list[IncidentLine]] = {}
    for line in lines:
        if line.thread_id is not None and line.action == "incident.message":
            found.setdefault(line.thread_id, []).append(line)
    return found


def _thread(
    line: IncidentLine,
    answers: Mapping[UUID, Sequence[IncidentLine]],
    *,
    seen: int | None,
    me: UUID,
    opened: UUID | None,
) -> Thread:
    found = answers.get(line.post_id, ()) if line.post_id and line.action != "incident.pinned" else ()
    return Thread(
        answers=tuple(found),
        newest=found[-1] if found else None,
        unread=sum(_is_new(one, seen=seen, me=me) for one in found),
        open=line.post_id is not None and line.post_id == opened,
    )


def _is_new(line: IncidentLine, *, seen: int | None, me: UUID) -> bool:
    """To somebody who looks for the first time everything is new, so nothing is marked."""
    return seen is not None and line.entry_id > seen and line.actor_id != me and not line.minor


def _is_pinned(line: IncidentLine) -> bool:
    is_written = line.action in ("incident.message", "incident.noted", "incident.updated")
    return is_written and line.post is not None and line.post.pinned_at is not None


def _with_line(room: list[RoomLine]) -> list[RoomLine]:
    """A line below the last new one, unless everything is new."""
    new = [index for index, one in enumerate(room) if one.is_new]
    end = new[-1] + 1 if new else 0
    return [replace(one, ends_new=index == end and end > 0) for index, one in enumerate(room)]


def _part_address(request: HttpRequest, incident: Incident, seen: int) -> str:
    """What comes while the page is open is marked as new, on the first visit too."""
    kept = [(name, value) for name, value in request.GET.items() if name != "seen"]
    return f"/incidents/{incident.number}?{urlencode([*kept, ('seen', str(seen))])}"
