"""Fifty people with the page of one incident open: until each has what one of them wrote, and what it costs the server.

The viewers do what a browser does: they hold the stream, wait as long as the page says, and fetch the parts it names.
"""

import asyncio
import html
import json
import os
import re
import statistics
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks import carrier as carriers
from benchmarks import instance as instances
from benchmarks.figures import Figure, at_most
from benchmarks.instance import Instance
from benchmarks.organization import PEOPLE, Organization

# As many as a browser opens to one host.
_CONNECTIONS = 6
_IDLE_SECONDS = 5
_PAUSE_SECONDS = 1.5
_SEEN_SECONDS_MAX = 20
_TICKS = os.sysconf("SC_CLK_TCK")
_PART = re.compile(r"hx-get=\"([^\"]+)\"[^<]*?hx-trigger=\"([^\"]+)\"")
_MARK = re.compile(r"data-mark=\"([0-9.]+)\"")
_DELAY = re.compile(r"delay:(\d+)ms")


def measure(*, short: bool = False) -> list[Figure]:
    updates = 3 if short else 10
    with carriers.running(instances.free_port()) as carrier, instances.running(Organization(carrier)) as instance:
        stage = _prepared(instance)
        return asyncio.run(_measured(instance, stage, updates))


@dataclass(frozen=True)
class _Stage:
    """`cookies`: one for each person."""

    number: int
    identity: str
    cookies: list[str]
    token: str


@dataclass
class _Viewer:
    port: int
    cookie: str
    stage: _Stage
    parts: dict[str, float] = field(default_factory=dict)
    mark: str = ""
    fetched: int = 0
    bytes: int = 0

    async def open(self) -> asyncio.Task[None]:
        """With the page loaded, its stream is followed until the task is cancelled."""
        page = (await _ask(self.port, f"/incidents/{self.stage.number}", self.cookie)).decode()
        topic = f"sse:incident-{self.stage.identity}"
        for address, trigger in _PART.findall(page):
            for one in trigger.split(","):
                if topic in one:
                    delay = _DELAY.search(one)
                    # What a browser asks for twice at once it asks for twice.
                    self.parts[f"{len(self.parts)} {html.unescape(address)}"] = int(delay[1]) / 1000 if delay else 0
        assert self.parts, "nothing of the page listens"
        self._note(page)
        since = re.search(r"/live\?since=(\d+)", page)
        assert since is not None
        return asyncio.create_task(self._follow(f"/live?since={since[1]}&incident={self.stage.identity}"))

    async def _follow(self, address: str) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        writer.write(_head(address, self.cookie, ""))
        try:
            async for line in reader:
                if line.startswith(b"event: incident-"):
                    await self._fetch()
        finally:
            writer.close()

    def _note(self, page: str) -> None:
        """How far the record on the page goes, which the page's script tells when it asks again."""
        if found := _MARK.search(page):
            self.mark = found[1]

    async def _fetch(self) -> None:
        at_once = asyncio.Semaphore(_CONNECTIONS)
        more = f"HX-Request: true\r\nX-In-View: yes\r\nX-Have: {self.mark}\r\n"

        async def one(address: str, delay: float) -> None:
            await asyncio.sleep(delay)
            async with at_once:
                body = await _ask(self.port, address, self.cookie, more=more)
            self._note(body.decode())
            self.fetched, self.bytes = self.fetched + 1, self.bytes + len(body)
            for text in re.findall(rb"measured update \d+", body):
                _SEEN.setdefault(text.decode(), {}).setdefault(self.cookie, time.monotonic())

        await asyncio.gather(*(one(key.partition(" ")[2], delay) for key, delay in self.parts.items()))


# What was written, and when it was there for whom.
_SEEN: dict[str, dict[str, float]] = {}


async def _measured(instance: Instance, stage: _Stage, updates: int) -> list[Figure]:
    viewers = [_Viewer(instance.port, cookie, stage) for cookie in stage.cookies]
    streams = [await viewer.open() for viewer in viewers]
    await _written(instance, stage, 0)
    await asyncio.sleep(_PAUSE_SECONDS)
    idle = await _cost(instance, lambda: asyncio.sleep(_IDLE_SECONDS))
    waits: list[list[float]] = []

    async def all_updates() -> None:
        for number in range(1, updates + 1):
            waits.append(await _written(instance, stage, number))
            await asyncio.sleep(_PAUSE_SECONDS)

    fetched, sent = sum(one.fetched for one in viewers), sum(one.bytes for one in viewers)
    busy = await _cost(instance, all_updates)
    fetched, sent = sum(one.fetched for one in viewers) - fetched, sum(one.bytes for one in viewers) - sent
    for stream in streams:
        stream.cancel()
    await asyncio.gather(*streams, return_exceptions=True)
    every = [wait for run in waits for wait in run]
    name = f"room: {len(viewers)} viewers"
    return [
        Figure(f"{name}, update written to seen, median", statistics.median(every), "s"),
        at_most(f"{name}, update written to seen by the last", max(every), "s", 1.0, [max(run) for run in waits]),
        Figure(f"{name}, CPU of web for one update", busy["web"] / updates, "s"),
        Figure(f"{name}, CPU of the database for one update", busy["postgres"] / updates, "s"),
        Figure(f"{name}, requests of one viewer for one update", fetched / updates / len(viewers), ""),
        Figure(f"{name}, sent to one viewer for one update", sent / updates / len(viewers) / 1024, "kB"),
        Figure(f"{name}, CPU of web while nothing happens", idle["web"] / _IDLE_SECONDS * 100, "%"),
        Figure(f"{name}, CPU of the database while nothing happens", idle["postgres"] / _IDLE_SECONDS * 100, "%"),
    ]


async def _written(instance: Instance, stage: _Stage, number: int) -> list[float]:
    """Seconds until each viewer had it."""
    text = f"measured update {number}"
    began = time.monotonic()
    body = json.dumps({"text": text}).encode()
    more = f"Authorization: Bearer {stage.token}\r\nContent-Type: application/json\r\n"
    await _ask(instance.port, f"/api/v1/incidents/{stage.number}/timeline", "", more=more, body=body)
    while len(_SEEN.get(text, {})) < len(stage.cookies):
        if time.monotonic() - began > _SEEN_SECONDS_MAX:
            raise RuntimeError(f"after {_SEEN_SECONDS_MAX} s {len(_SEEN.get(text, {}))} viewers had the update")
        await asyncio.sleep(0.01)
    return [at - began for at in _SEEN[text].values()]


async def _cost(instance: Instance, work: Callable[[], Awaitable[None]]) -> dict[str, float]:
    """Seconds of processor time while it ran."""
    before = _processor_seconds(instance)
    await work()
    after = _processor_seconds(instance)
    return {name: after[name] - before[name] for name in after}


def _processor_seconds(instance: Instance) -> dict[str, float]:
    """Of the web process and of the database, those of its processes that ended meanwhile included."""
    spent = {"web": 0.0, "postgres": 0.0}
    for pid, name in instance.processes().items():
        which = "web" if name.startswith("web") else "postgres" if name.startswith("postgres") else ""
        try:
            fields = (Path("/proc") / str(pid) / "stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if which:
            own, ended = fields[11:13], fields[13:15] if name == "postgres" else []
            spent[which] += sum(int(ticks) for ticks in [*own, *ended]) / _TICKS
    return spent


async def _ask(port: int, address: str, cookie: str, *, more: str = "", body: bytes = b"") -> bytes:
    """The body of the answer, which must be a good one."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        writer.write(_head(address, cookie, more + "Connection: close\r\n", body=body) + body)
        answer = await reader.read()
    finally:
        writer.close()
    head, _, rest = answer.partition(b"\r\n\r\n")
    status = int(head.split(b" ", 2)[1]) if head else 0
    if not 200 <= status < 300:
        raise RuntimeError(f"{address} answered {status}: {rest[:300]!r}")
    return rest


def _head(address: str, cookie: str, more: str, *, body: bytes = b"") -> bytes:
    method = "POST" if body else "GET"
    signed_in = f"Cookie: {cookie}\r\n" if cookie else ""
    length = f"Content-Length: {len(body)}\r\n" if body else ""
    return f"{method} {address} HTTP/1.1\r\nHost: 127.0.0.1\r\n{signed_in}{length}{more}\r\n".encode()


def _prepared(instance: Instance) -> _Stage:
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.room_process", str(PEOPLE)],
        # In a process of its own, because the settings are read once per process.
        env={**os.environ, "WATCHBILL_DATA_DIR": str(instance.data_dir)},
        check=True,
        stdout=subprocess.PIPE,
        text=True,
    )
    return _Stage(**json.loads(done.stdout))
