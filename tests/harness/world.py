"""The whole application in one process on a clock that the story moves. Nothing sleeps.

Real: PostgreSQL, the engine, the sender, the channels, sockets, SMTP. Leaving a world checks the invariants, and
fails when a page came that the story did not expect or an error was logged that it did not announce.
"""

import asyncio
import json
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Self

import structlog
from django.db import connection
from django.db.models import Min
from django.db.models.functions import Coalesce, Greatest
from django.utils.asyncio import async_unsafe
from structlog.testing import capture_logs

from tests.harness import database, invariants
from tests.harness.carriers import FakeHttpCarrier, FakeMailServer
from tests.harness.cast import Cast
from watchbill.channels.email import EmailChannel, SmtpSettings
from watchbill.channels.ntfy import NtfyChannel
from watchbill.channels.webhook import WebhookChannel
from watchbill.domain.alerts import actions as alerts
from watchbill.domain.alerts.models import Alert
from watchbill.domain.alerts.source_actions import open_alert
from watchbill.domain.audit.contract import Actor
from watchbill.domain.audit.models import Entry
from watchbill.domain.errands.contract import Errand
from watchbill.domain.errands.models import Errand as ErrandRow
from watchbill.domain.escalation.steps import Ways
from watchbill.domain.heartbeats.absences import note_open
from watchbill.domain.heartbeats.models import OpenDoor
from watchbill.domain.paging import contact_message_sending
from watchbill.domain.paging import store as paging_store
from watchbill.domain.paging.reads import default_rules
from watchbill.domain.services.models import Integration
from watchbill.domain.timers import store as timers_store
from watchbill.engine.compose import Instance
from watchbill.engine.errands import ErrandRunner
from watchbill.engine.following import Follower, FollowIncident
from watchbill.engine.handlers import build_handlers
from watchbill.engine.loop import Engine
from watchbill.engine.sender import Sender
from watchbill.engine.watchdog import OutsideWatcher, Watchdog
from watchbill.ground.clock import ManualClock
from watchbill.ground.http_client import HttpClient
from watchbill.ground.network_guard import parse_networks

# A Monday, 12:00 in the cast's schedules' zone: nobody hands over for a week.
START = datetime(2026, 3, 2, 11, 0, tzinfo=UTC)
_ROUNDS_MAX = 200

_carriers: tuple[FakeHttpCarrier, FakeMailServer] | None = None


def carriers() -> tuple[FakeHttpCarrier, FakeMailServer]:
    """Started once per process; each world empties them."""
    global _carriers
    if _carriers is None:
        http, mail = FakeHttpCarrier(), FakeMailServer()
        http.start()
        mail.start()
        _carriers = (http, mail)
    return _carriers


@dataclass(frozen=True)
class _BesideTheLoop:
    """In production the clock is the database's, which refuses to be asked on the event loop."""

    clock: ManualClock

    @async_unsafe
    def now(self) -> datetime:
        return self.clock.now()


@dataclass(frozen=True)
class Received:
    """One message as the carrier got it, with the story's time at which it left."""

    to: str
    by: str
    at: datetime
    alerts: tuple[str, ...]
    reason: str
    acknowledge_url: str


class World:
    def __init__(self, *, at: datetime = START) -> None:
        self.clock = ManualClock(at)
        self._stack = ExitStack()
        self._expected_logs: set[str] = set()
        self._seen = 0
        self.door_is_open = False
        self._unexpected: list[Received] = []

    def __enter__(self) -> Self:
        database.empty()
        self.http, self.mail = carriers()
        self.http.clear()
        self.mail.clear()
        self._mails_seen = len(self.mail.mails)
        self._runner = self._stack.enter_context(asyncio.Runner())
        self.logs: list[Any] = self._stack.enter_context(capture_logs())
        self.cast = Cast(self.http.url)
        self._database_thread = ThreadPoolExecutor(1, thread_name_prefix="errands")
        client = HttpClient(allowed_networks=parse_networks("127.0.0.0/8"))
        smtp = SmtpSettings(
            host=self.mail.host, port=self.mail.port, sender="Watchbill <watchbill@example.org>", security="none"
        )
        self.channels = (
            WebhookChannel(http=client),
            NtfyChannel(http=client, default_server=self.http.url),
            EmailChannel(smtp),
        )
        self.families = {channel.kind: channel.family for channel in self.channels}
        self.engine = Engine(build_handlers(self.ways))
        self.instance = Instance(base_url="http://watchbill.example.org", secret_key="for tests only")
        self.watchdog = Watchdog(watcher=OutsideWatcher(url=""), cycle_age_seconds=lambda: 0.0)
        self.sender = Sender(self.channels, instance=self.instance, clock=self.clock)
        self.errands = ErrandRunner(
            self.build_errands(client), clock=_BesideTheLoop(self.clock), database=self._beside_the_loop
        )
        self._client = client
        return self

    def __exit__(self, kind: object, *_: object) -> None:
        try:
            if kind is None:
                self._check()
        finally:
            self._database_thread.submit(lambda: connection.close()).result()
            self._database_thread.shutdown()
            self._runner.run(self._client.aclose())
            self._stack.close()
            structlog.reset_defaults()

    def build_errands(self, _http: HttpClient) -> tuple[Errand[Any], ...]:
        """A world with systems beside it says what is done with them."""
        return (FollowIncident(self.followers()),)

    def followers(self) -> tuple[Follower, ...]:
        return ()

    async def _beside_the_loop(self, work: Callable[[], Any]) -> Any:
        return await asyncio.get_running_loop().run_in_executor(self._database_thread, work)

    def ways(self) -> Ways:
        return Ways(families=self.families, defaults=default_rules())

    @property
    def now(self) -> datetime:
        return self.clock.now()

    # What happens

    def fires(
        self,
        key: str = "disk-full",
        *,
        summary: str | None = None,
        urgency: str = "high",
        integration: Integration | None = None,
    ) -> Alert:
        """An alert opens, and everything that is due at once is done."""
        alert = self.opens(key, summary=summary, urgency=urgency, integration=integration)
        self.settle()
        return alert

    def opens(
        self,
        key: str = "disk-full",
        *,
        summary: str | None = None,
        urgency: str = "high",
        integration: Integration | None = None,
    ) -> Alert:
        """As `fires`, but nothing has come of it yet."""
        return open_alert(
            integration=integration or self.cast.integration,
            dedup_key=key,
            summary=summary or key,
            severity="critical",
            urgency=urgency,
            actor=Actor(kind="source", label="monitoring", via="ingest"),
            now=self.now,
        )

    def person(self, name: str) -> Actor:
        user = self.cast.people[name]
        return Actor(kind="person", label=user.name, via="web", id=user.id)

    def acknowledges(self, name: str, alert: Alert) -> Alert:
        done = alerts.acknowledge(alert_id=alert.id, actor=self.person(name), now=self.now)
        self.settle()
        return done

    def resolves(self, name: str, alert: Alert) -> Alert:
        done = alerts.resolve(alert_id=alert.id, actor=self.person(name), now=self.now)
        self.settle()
        return done

    def passes(self, *, seconds: float = 0, minutes: float = 0, hours: float = 0, days: float = 0) -> None:
        """Time goes on from due timer to due timer; everything happens at its own instant."""
        end = self.now + timedelta(seconds=seconds, minutes=minutes, hours=hours, days=days)
        for _ in range(_ROUNDS_MAX * 100):
            due = self._next_due()
            if due is None or due > end:
                break
            self._goes_on_to(max(due, self.now))
            self.settle()
        self._goes_on_to(end)
        self.settle()

    def _goes_on_to(self, at: datetime) -> None:
        if self.door_is_open:  # the web process notes it every other second; only the last time matters
            OpenDoor.objects.update(noted_at=at)
        self.clock.move_to(at)

    def opens_its_door(self) -> None:
        """A web process is there and notes that pings can come in."""
        self.door_is_open = True
        note_open(now=self.now)

    def closes_its_door(self) -> None:
        self.door_is_open = False

    def engine_is_away(self, **duration: float) -> None:
        """Time goes on while only the engine is down; nothing is done until the next `settle`."""
        self._goes_on_to(self.now + timedelta(**duration))

    def pauses(self, **duration: float) -> None:
        """Time goes on while nothing of us runs: nothing happens until the next `settle`."""
        self.clock.move_to(self.now + timedelta(**duration))

    def settle(self) -> None:
        """Do what is due now, until nothing more is."""
        if self.door_is_open:
            note_open(now=self.now)
        for _ in range(_ROUNDS_MAX):
            handled = self.engine.tick(now=self.now)
            messages = [*self.sender.claim(now=self.now), *self.sender.claim_notes(now=self.now)]
            if messages:
                results = self._runner.run(self._send(messages))
                self.sender.record(results, now=self.now)
            run = self._runner.run(self.errands.tick())
            if not handled and not messages and not run:
                return
        raise AssertionError("the world does not come to rest: something causes itself")

    async def _send(self, messages: Sequence[Any]) -> list[Any]:
        return list(await asyncio.gather(*(self.sender.send(intent, message) for intent, message in messages)))

    def _next_due(self) -> datetime | None:
        asked = (
            timers_store.next_due_at(),
            paging_store.next_due_at(),
            contact_message_sending.next_due_at(),
            self._errand_due_at(),
        )
        known = [due for due in asked if due is not None]
        return min(known) if known else None

    def _errand_due_at(self) -> datetime | None:
        """The earliest instant at which one can be claimed."""
        claimable = Greatest("due_at", Coalesce("lease_until", "due_at"))
        found = ErrandRow.objects.filter(kind__in=self.errands.kinds).aggregate(due_at=Min(claimable))
        due_at: datetime | None = found["due_at"]
        return due_at

    # What came of it

    def received(self) -> list[Received]:
        """Every message since the last look, in the order in which it left."""
        hooks = [_from_hook(request) for request in self.http.requests[self._seen :]]
        mails = [
            _from_mail(mail)
            for mail in self.mail.mails[self._mails_seen :]
            if mail.message["X-Watchbill"] != "communication"  # letters, which are no pages
        ]
        self.has_looked()
        self._mails_seen = len(self.mail.mails)
        return sorted([*hooks, *mails], key=lambda one: (one.at, one.by, one.to))

    def has_looked(self) -> None:
        """At every request so far, as one that was no page for anybody."""
        self._seen = len(self.http.requests)

    def expects(self, *pages: tuple[str, str]) -> list[Received]:
        """Exactly these (person, kind) came since the last look."""
        came = self.received()
        assert sorted((one.to, one.by) for one in came) == sorted(pages), f"came: {came}"
        return came

    def expects_nothing(self) -> None:
        self.expects()

    def expects_log(self, event: str) -> None:
        assert any(entry["event"] == event for entry in self.logs), f"no log entry {event}: {self.logs}"
        self._expected_logs.add(event)

    def timeline(self, alert: Alert) -> list[str]:
        return list(Entry.objects.filter(subject_id=alert.id).order_by("id").values_list("action", flat=True))

    def fresh(self, alert: Alert) -> Alert:
        return Alert.objects.get(id=alert.id)

    def _check(self) -> None:
        left = self.received()
        assert not left, f"nobody expected these messages: {left}"
        errors = [
            entry
            for entry in self.logs
            if entry["log_level"] in ("error", "critical") and entry["event"] not in self._expected_logs
        ]
        assert not errors, f"nobody expected these errors: {errors}"
        invariants.check(now=self.now)


def _from_hook(request: Any) -> Received:
    data = json.loads(request.body)
    if request.path == "/":  # ntfy publishes to the root
        return Received(
            data["topic"], "ntfy", datetime.min.replace(tzinfo=UTC), (data["title"],), data["message"], data["click"]
        )
    return Received(
        to=request.path.strip("/"),
        by="webhook",
        at=datetime.fromisoformat(data["sent_at"]),
        alerts=tuple(alert["dedup_key"] for alert in data["alerts"]),
        reason=data.get("text") or data["reason"],
        acknowledge_url=data["acknowledge_url"],
    )


def _from_mail(mail: Any) -> Received:
    message = mail.message
    text = message.get_body(("plain",)).get_content()
    link = next((word for word in text.split() if "/a/" in word), "")
    return Received(
        to=mail.recipients[0].partition("@")[0],
        by="email",
        at=message["Date"].datetime.astimezone(UTC),
        alerts=(message["Subject"],),
        reason=text,
        acknowledge_url=link,
    )
