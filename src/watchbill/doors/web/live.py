"""Server-sent events that say which part of a screen is stale; the screen fetches that part again.

One thread per process reads the audit sequence and tells all viewers of that process; a viewer costs a socket and a few
objects, never a database connection. Raw ASGI, because Django would hold a thread for each open stream.
"""

import asyncio
import threading
from collections import deque
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.cookies import CookieError, SimpleCookie
from typing import Any
from urllib.parse import parse_qs
from uuid import UUID

import structlog
from django.conf import settings
from django.contrib.auth import HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.models import Session
from django.db import Error, close_old_connections, connection

from watchbill.domain.access.models import User
from watchbill.domain.alerts.models import SUBJECT_KIND as ALERT
from watchbill.domain.incidents.looking_actions import note_gone, note_present
from watchbill.domain.incidents.looking_reads import Seen, allowed
from watchbill.domain.incidents.models import SUBJECT_KIND as INCIDENT
from watchbill.ground.clock import SystemClock
from watchbill.ground.secrets import same

POLL_SECONDS = 0.25
HEARTBEAT_SECONDS = 15.0
SESSION_CHECK_SECONDS = 5.0
# Entries become visible in another order than they are numbered; a number missing this long was rolled back.
GAP_LASTS = timedelta(seconds=10)
# What a page may have been rendered before, on a host whose clock is a little ahead.
_CLOCK_MARGIN = timedelta(seconds=2)
_REMEMBERED = 2_000
_BATCH_MAX = 20_000
_PEOPLE_NOTED, _PEOPLE_COMPARED = timedelta(seconds=15), timedelta(seconds=2)

Scope = dict[str, Any]
Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]

_clock = SystemClock()
_log = structlog.get_logger("live")


def stamp_of(now: datetime) -> str:
    """What a page writes into its stream's address: everything that changed after this is stale for it."""
    return str(int(now.timestamp() * 1000))


@dataclass(eq=False)
class Viewer:
    """`incidents`: whose pages it has open, of those that this person may see."""

    session_key: str
    topics: frozenset[str]
    loop: asyncio.AbstractEventLoop
    user_id: UUID
    incidents: frozenset[UUID]
    wake: asyncio.Event = field(default_factory=asyncio.Event)
    stale: set[str] = field(default_factory=set)
    has_ended: bool = False

    def tell(self, topics: Iterable[str]) -> None:
        self.stale.update(topics)
        self.wake.set()

    def end(self) -> None:
        self.has_ended = True
        self.wake.set()


class EntryReader:
    """Reads each audit entry once, in spite of entries that become visible late."""

    def __init__(self) -> None:
        self._low = 0
        self._seen: set[int] = set()
        self._gap_since: datetime | None = None

    def start(self) -> None:
        with connection.cursor() as cursor:
            cursor.execute("SELECT coalesce(max(id), 0) FROM audit_entry")
            row = cursor.fetchone()
        self._low = row[0] if row else 0

    def changed_topics(self, *, now: datetime) -> set[str]:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT id, subject_kind, subject_id FROM audit_entry WHERE id > %s ORDER BY id LIMIT %s",
                [self._low, _BATCH_MAX],
            )
            rows = [row for row in cursor.fetchall() if row[0] not in self._seen]
        self._seen.update(row[0] for row in rows)
        self._advance(now)
        topics: set[str] = set()
        for _, kind, subject_id in rows:
            if kind == ALERT:
                topics.update(("alerts", f"alert-{subject_id}"))
            elif kind == INCIDENT:
                topics.update(("incidents", f"incident-{subject_id}"))
            else:
                topics.add("setup")
        return topics

    def _advance(self, now: datetime) -> None:
        while self._low + 1 in self._seen:
            self._low += 1
            self._seen.remove(self._low)
            self._gap_since = None
        if not self._seen:
            self._gap_since = None
        elif self._gap_since is None:
            self._gap_since = now
        elif now - self._gap_since > GAP_LASTS:
            self._low = min(self._seen) - 1
            self._gap_since = None


class People:
    """Who has the page of an incident open: noted in one statement each 15 s, and told when somebody comes or goes.

    Many who come at once are told of together, and who only loads the page again neither came nor went.
    """

    def __init__(self) -> None:
        self._known: set[Seen] = set()
        self._noted_at = self._compared_at = datetime.fromtimestamp(0, UTC)

    def topics_after(self, here: set[Seen], *, now: datetime) -> set[str]:
        if now - self._compared_at < _PEOPLE_COMPARED:
            return set()
        self._compared_at = now
        came, gone, self._known = here - self._known, self._known - here, here
        if here and now - self._noted_at >= _PEOPLE_NOTED:
            self._noted_at = now
            note_present(here, now=now)
        elif came:
            note_present(came, now=now)
        note_gone(gone)
        return {f"people-{incident}" for _, incident in came | gone}


class Feed:
    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._viewers: set[Viewer] = set()
        self._recent: deque[tuple[datetime, frozenset[str]]] = deque(maxlen=_REMEMBERED)
        self._reads_since: datetime | None = None
        self._thread: threading.Thread | None = None
        self._people = People()
        self._stopping = threading.Event()

    def join(self, viewer: Viewer, *, since: datetime) -> None:
        """What changed after `since` is told at once; all of the viewer's topics when that is not known any more."""
        with self._lock:
            self._viewers.add(viewer)
            self._start()
            oldest = self._recent[0][0] if len(self._recent) == _REMEMBERED else self._reads_since
            if oldest is None or since < oldest:
                missed = viewer.topics
            else:
                cut = since - _CLOCK_MARGIN
                missed = frozenset().union(*(topics for at, topics in self._recent if at >= cut)) & viewer.topics
        if missed:
            viewer.tell(missed)

    def leave(self, viewer: Viewer) -> None:
        with self._lock:
            self._viewers.discard(viewer)

    def stop(self) -> None:
        with self._lock:
            self._stopping.set()
            running = self._thread
        if running is not None:
            running.join(timeout=5)

    def _start(self) -> None:
        if self._thread is None or not self._thread.is_alive():
            self._stopping.clear()
            self._thread = threading.Thread(target=self._run, name="live", daemon=True)
            self._thread.start()

    def _run(self) -> None:
        sequence = EntryReader()
        sessions_checked_at = _clock.now()
        try:
            while not self._stopping.wait(POLL_SECONDS if self._reads_since else 0):
                now = _clock.now()
                try:
                    if self._reads_since is None:
                        sequence.start()
                        self._reads_since = now
                    self._publish(sequence.changed_topics(now=now), now=now)
                    self._publish(self._people.topics_after(self._here(), now=now), now=now)
                    if (now - sessions_checked_at).total_seconds() >= SESSION_CHECK_SECONDS:
                        sessions_checked_at = now
                        self._end_signed_out(now=now)
                except Error as error:
                    _log.warning("live.read.failed", error=str(error))
                    close_old_connections()
                    self._stopping.wait(1)
        finally:
            self._reads_since = None
            connection.close()

    def _publish(self, topics: set[str], *, now: datetime) -> None:
        if not topics:
            return
        with self._lock:
            self._recent.append((now, frozenset(topics)))
            told = [(viewer, viewer.topics & topics) for viewer in self._viewers]
        for viewer, stale in told:
            if stale:
                viewer.loop.call_soon_threadsafe(viewer.tell, stale)

    def _here(self) -> set[Seen]:
        with self._lock:
            return {(viewer.user_id, incident) for viewer in self._viewers for incident in viewer.incidents}

    def _end_signed_out(self, *, now: datetime) -> None:
        with self._lock:
            viewers = list(self._viewers)
        signed_in = signed_in_among({viewer.session_key for viewer in viewers}, now=now)
        for viewer in viewers:
            if viewer.session_key not in signed_in:
                viewer.loop.call_soon_threadsafe(viewer.end)


FEED = Feed()


def signed_in_among(session_keys: Iterable[str], *, now: datetime) -> dict[str, UUID]:
    """Those of the sessions that still stand for an active person with an unchanged password, and whom. Two queries."""
    sessions = {row.session_key: row.get_decoded() for row in _live_sessions(session_keys, now)}
    wanted = {identity for data in sessions.values() if (identity := _uuid(data.get(SESSION_KEY, "")))}
    users = {str(user.id): user for user in User.objects.filter(id__in=wanted, is_active=True)}
    found = {}
    for key, data in sessions.items():
        user = users.get(str(data.get(SESSION_KEY)))
        if user is not None and same(str(data.get(HASH_SESSION_KEY, "")), user.get_session_auth_hash()):
            found[key] = user.id
    return found


def is_asked(scope: Scope) -> bool:
    return bool(scope["type"] == "http" and scope["path"] == "/live")


async def application(scope: Scope, receive: Receive, send: Send) -> None:
    """`GET /live?since=STAMP&alert=ID&incident=ID`, until the session ends.

    Events named `alerts`, `incidents`, `setup`, `alert-ID`, `incident-ID` and, when somebody opens or leaves the
    page of that incident, `people-ID`. Of an incident that the person may not see there are none.
    """
    key = _session_key(scope)
    now = _clock.now()
    asked = parse_qs(scope.get("query_string", b"").decode("latin-1"))
    incidents = {found for text in asked.get("incident", [])[:5] if (found := _uuid(text))}
    admitted = await asyncio.to_thread(_admitted, key, incidents, now) if key else None
    if admitted is None:
        await send({"type": "http.response.start", "status": 204, "headers": []})
        await send({"type": "http.response.body", "body": b""})
        return
    user_id, visible = admitted
    single = {f"alert-{found}" for text in asked.get("alert", [])[:5] if (found := _uuid(text))}
    single |= {f"{kind}-{one}" for one in visible for kind in ("incident", "people")}
    viewer = Viewer(
        session_key=key,
        topics=frozenset({"alerts", "incidents", "setup"} | single),
        loop=asyncio.get_running_loop(),
        user_id=user_id,
        incidents=visible,
    )
    gone = asyncio.ensure_future(_until_disconnected(receive))
    FEED.join(viewer, since=_since(asked.get("since", [""])[0]))
    try:
        await send({"type": "http.response.start", "status": 200, "headers": _HEADERS})
        await _write(viewer, gone, send)
    finally:
        FEED.leave(viewer)
        gone.cancel()


_HEADERS = [
    (b"content-type", b"text/event-stream; charset=utf-8"),
    (b"cache-control", b"no-store"),
    (b"x-accel-buffering", b"no"),
    (b"x-content-type-options", b"nosniff"),
]


async def _write(viewer: Viewer, gone: "asyncio.Future[None]", send: Send) -> None:
    await send({"type": "http.response.body", "body": b"retry: 2000\n\n", "more_body": True})
    while not viewer.has_ended:
        waiting: asyncio.Future[bool] = asyncio.ensure_future(viewer.wake.wait())
        both: set[asyncio.Future[Any]] = {waiting, gone}
        await asyncio.wait(both, timeout=HEARTBEAT_SECONDS, return_when=asyncio.FIRST_COMPLETED)
        waiting.cancel()
        if gone.done():
            return
        viewer.wake.clear()
        stale, viewer.stale = sorted(viewer.stale), set()
        body = "".join(f"event: {topic}\ndata: stale\n\n" for topic in stale) or ": still here\n\n"
        await send({"type": "http.response.body", "body": body.encode(), "more_body": True})
    await send({"type": "http.response.body", "body": b"event: ended\ndata: signed out\n\n", "more_body": False})


async def _until_disconnected(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


def _admitted(key: str, incidents: set[UUID], now: datetime) -> tuple[UUID, frozenset[UUID]] | None:
    """Who it is, and which of the incidents that person may see."""
    try:
        user_id = signed_in_among({key}, now=now).get(key)
        if user_id is None:
            return None
        return user_id, frozenset(one for _, one in allowed({(user_id, one) for one in incidents}))
    finally:
        connection.close()


def _live_sessions(session_keys: Iterable[str], now: datetime) -> Iterable[Session]:
    return Session.objects.filter(session_key__in=list(session_keys), expire_date__gt=now)


def _session_key(scope: Scope) -> str:
    for name, value in scope.get("headers", []):
        if name == b"cookie":
            try:
                found = SimpleCookie(value.decode("latin-1")).get(settings.SESSION_COOKIE_NAME)
            except CookieError:
                return ""
            return found.value if found else ""
    return ""


def _since(text: str) -> datetime:
    if text.isascii() and text.isdigit() and len(text) < 15:
        return datetime.fromtimestamp(int(text) / 1000, UTC)
    return datetime.fromtimestamp(0, UTC)


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(str(text))
    except ValueError:
        return None
