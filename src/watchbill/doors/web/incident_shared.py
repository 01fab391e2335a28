"""What all who look at one incident are shown: read once for all of them, and each line of its timeline drawn once.

When something happens, everybody who has the page open asks at the same moment. What a person may see is asked
before, for each.
"""

import threading
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from django import template
from django.template.loader import render_to_string
from django.utils.html import format_html
from django.utils.safestring import SafeString

from watchbill.domain.incidents.models import UNRESOLVED, ChangeState, Incident
from watchbill.domain.incidents.reads import IncidentDetail
from watchbill.domain.incidents.timeline_reads import RecordMark, actions_between
from watchbill.doors.web.components import Context
from watchbill.doors.web.incident_room import RoomLine, lines_of, responders
from watchbill.doors.web.incident_words import IncidentLine

register = template.Library()

# Who is on call may change without an entry of the incident's: what is shown of it is never older than this.
_HELD_FOR = timedelta(seconds=2)
_INCIDENTS_HELD, _LINES_HELD, _SPANS_HELD = 50, 3000, 100


class Shown:
    """What was read of an incident at one moment."""

    def __init__(self, detail: IncidentDetail) -> None:
        self.detail = detail
        self._lock = threading.Lock()
        self._lines: dict[str, list[IncidentLine]] = {}

    def lines(self, zone: ZoneInfo) -> list[IncidentLine]:
        with self._lock:
            if zone.key not in self._lines:
                self._lines[zone.key] = lines_of(self.detail, zone=zone, people=responders())
            return self._lines[zone.key]


@dataclass(eq=False)
class _Held:
    """One reads, the others wait for it."""

    lock: threading.Lock = field(default_factory=threading.Lock)
    mark: RecordMark | None = None
    read_at: datetime | None = None
    shown: Shown | None = None
    actions: dict[tuple[RecordMark, RecordMark], frozenset[str] | None] = field(default_factory=dict)


class SharedDetails:
    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._held: dict[UUID, _Held] = {}

    def shown(
        self, incident_id: UUID, mark: RecordMark, read: Callable[[], IncidentDetail | None], *, now: datetime
    ) -> Shown | None:
        """As the record stood at the mark, or newer; what `read` gives unless somebody asked for the same just now."""
        held = self._of(incident_id)
        with held.lock:
            is_fresh = held.read_at is not None and abs(now - held.read_at) < _HELD_FOR
            if held.shown is None or held.mark != mark or not is_fresh:
                detail = read()
                held.shown, held.mark, held.read_at = Shown(detail) if detail else None, mark, now
            return held.shown

    def actions(self, incident_id: UUID, before: RecordMark, mark: RecordMark) -> frozenset[str] | None:
        """What was done between the marks, as `actions_between` says it."""
        held = self._of(incident_id)
        with held.lock:
            if (before, mark) not in held.actions:
                if len(held.actions) >= _SPANS_HELD:
                    held.actions.clear()
                held.actions[before, mark] = actions_between(incident_id, before, mark)
            return held.actions[before, mark]

    def _of(self, incident_id: UUID) -> _Held:
        with self._lock:
            if incident_id not in self._held and len(self._held) >= _INCIDENTS_HELD:
                self._held.clear()
            return self._held.setdefault(incident_id, _Held())


SHARED = SharedDetails()
_lines: dict[Hashable, SafeString] = {}


@register.simple_tag
def changes_waiting(incident: Incident) -> int:
    """How many changes to production wait for whoever is in charge."""
    return incident.changes.filter(state=ChangeState.PROPOSED).count() if incident.state in UNRESOLVED else 0


@register.simple_tag(takes_context=True)
def room_lines(context: Context, lines: Sequence[RoomLine]) -> SafeString:
    zone = context["zone"]
    reader = (
        context["incident"].id,
        bool(context.get("may_respond")),
        zone.key,
        context["now"].astimezone(zone).date(),
    )
    return format_html("{}" * len(lines), *(_drawn_once(context, one, reader) for one in lines))


def _drawn_once(context: Context, one: RoomLine, reader: Hashable) -> SafeString:
    """A line with a form or a thread in it is a person's own and drawn anew."""
    if one.chosen or one.thread.answers or one.thread.open:
        return _drawn(context, one)
    key = (reader, _looks(one))
    drawn = _lines.get(key)
    if drawn is None:
        if len(_lines) >= _LINES_HELD:
            _lines.clear()
        drawn = _lines[key] = _drawn(context, one)
    return drawn


def _drawn(context: Context, one: RoomLine) -> SafeString:
    values = {name: context.get(name) for name in _NEEDED}
    return render_to_string("incidents/_line.html", values | {"one": one})


_NEEDED = ("incident", "may_respond", "viewer", "zone", "now", "csrf_token", "prefix", "refused_verb", "typed")


def _looks(one: RoomLine) -> Hashable:
    """All that differs between the drawings of it; an entry and what is attached to it never change."""
    line = one.line
    return (line.entry_id, line.post.id if line.post else None, line.said, line.people, one.is_new, one.ends_new)
