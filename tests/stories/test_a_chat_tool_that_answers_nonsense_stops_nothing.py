"""An answer without what the protocol promises is trouble like any other: said, tried again, and nothing ends."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
import pytest
import structlog

from watchbill.chat.matrix import MatrixHost
from watchbill.chat.matrix_events import parse
from watchbill.chat.matrix_hearing import Heard, MatrixHearing
from watchbill.chat.matrix_settings import MatrixSettings
from watchbill.chat.slack import SlackHost, SlackSettings
from watchbill.doors.callbacks.listening import FAILURES, listen_on
from watchbill.doors.callbacks.matrix_sync import MatrixSync
from watchbill.doors.callbacks.slack_socket import SlackSocket
from watchbill.ground.clock import ManualClock
from watchbill.ground.http_client import HttpClient
from watchbill.ground.network_guard import parse_networks
from watchbill.ground.websocket import connect

NOW = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
ME = {"user_id": "@wb:example.org"}
NONSENSE: list[Any] = [{}, [], {"next_batch": 7}, {"next_batch": None, "rooms": []}]
HALF_NONSENSE: list[Any] = [
    {"next_batch": "s2", "rooms": 7},
    {"next_batch": "s2", "rooms": {"join": [], "invite": "x"}},
    {"next_batch": "s2", "rooms": {"join": {"!a:b": []}, "invite": {"!a:b": {"invite_state": {"events": 1}}}}},
    {"next_batch": "s2", "rooms": {"join": {"!a:b": {"timeline": {"events": [None, 3, {"sender": {}}]}}}}},
]


class Tool:
    """Answers by the last part of the path, 200 each time, and counts."""

    def __init__(self, **answers: Any) -> None:
        self.answers = answers
        self.asked = 0
        self.asked_enough = asyncio.Event()
        self.url = ""

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        length = next((int(line[16:]) for line in head if line.lower().startswith("content-length:")), 0)
        await reader.readexactly(length)
        name = head[0].split(" ")[1].partition("?")[0].rpartition("/")[2]
        self.asked += 1
        if self.asked >= 4:
            self.asked_enough.set()
        body = orjson.dumps(self.answers[name.replace(".", "_")])
        writer.write(b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: %d\r\n\r\n" % len(body) + body)
        await writer.drain()
        writer.close()
        await writer.wait_closed()


@asynccontextmanager
async def speaking(tool: Tool) -> AsyncIterator[HttpClient]:
    server = await asyncio.start_server(tool.serve, "127.0.0.1", 0)
    tool.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    async with HttpClient(allowed_networks=parse_networks("127.0.0.0/8")) as http:
        yield http
    server.close()
    await server.wait_closed()


async def at_the_beginning(_work: Callable[[], Any]) -> Any:
    return ""


def hearing(tool: Tool, http: HttpClient) -> MatrixHearing:
    return MatrixHearing(MatrixHost(http=http, settings=MatrixSettings(url=tool.url, access_token="t")))


async def goes_on(run: Callable[[asyncio.Event], Awaitable[None]], tool: Tool) -> None:
    """It comes back until it is told to stop, and ends then without a word."""
    stopping = asyncio.Event()
    running = asyncio.ensure_future(run(stopping))
    async with asyncio.timeout(30):
        enough = asyncio.ensure_future(tool.asked_enough.wait())
        await asyncio.wait((enough, running), return_when=asyncio.FIRST_COMPLETED)
        enough.cancel()
    stopping.set()
    await running
    assert tool.asked >= 4


@pytest.mark.parametrize("answer", NONSENSE)
@pytest.mark.parametrize("whoami", [ME, {}])
def test_the_worker_goes_on_asking_a_homeserver_that_says_no_position(answer: Any, whoami: Any) -> None:
    async def story() -> None:
        async with speaking(tool := Tool(whoami=whoami, sync=answer)) as http:
            sync = MatrixSync(hearing(tool, http), clock=ManualClock(NOW), database=at_the_beginning, first_pause=0.001)
            await goes_on(sync.run, tool)

    with structlog.testing.capture_logs() as logs:
        asyncio.run(story())
    assert {one["event"] for one in logs} == {"matrix.sync.away"}


@pytest.mark.parametrize("answer", HALF_NONSENSE)
def test_what_a_homeserver_says_that_cannot_be_read_is_passed_over(answer: Any) -> None:
    async def story() -> None:
        async with speaking(tool := Tool(whoami=ME, sync=answer, leave={})) as http:
            heard = await hearing(tool, http).since("s1", now=NOW, waits=timedelta())
            assert isinstance(heard, Heard)
            assert (heard.position, heard.incoming) == ("s2", ())

    asyncio.run(story())


@pytest.mark.parametrize("kind", [[], {}, 7, None])
def test_whoever_writes_in_a_room_stops_no_hearing(kind: Any) -> None:
    strange = {"sender": "@eve:elsewhere.org", "event_id": "$1", "type": "m.room.message", "content": {"msgtype": kind}}
    edit = {**strange, "content": {"m.relates_to": {"rel_type": "m.replace"}, "m.new_content": {"msgtype": kind}}}
    assert parse(strange, "!a:b", me="@wb:b", link_url="") is None
    assert parse(edit, "!a:b", me="@wb:b", link_url="") is None


@pytest.mark.parametrize("answer", [{"ok": True}, {"ok": True, "url": None}, {}, []])
def test_the_worker_goes_on_asking_a_slack_that_says_no_address(answer: Any) -> None:
    async def story() -> None:
        async with speaking(tool := Tool(apps_connections_open=answer, auth_test={"ok": True})) as http:
            host = SlackHost(http=http, settings=SlackSettings(bot_token="xoxb-", app_token="xapp-", api_url=tool.url))
            socket = SlackSocket(
                host, clock=ManualClock(NOW), database=at_the_beginning, connect=connect, first_pause=0.001
            )
            await goes_on(socket.run, tool)
            assert (await host.profile("U1", now=NOW)).why == "Slack does not say whose bot token this is"  # type: ignore[union-attr]

    with structlog.testing.capture_logs() as logs:
        asyncio.run(story())
    assert {one["event"] for one in logs} == {"slack.socket.away"}


def test_a_defect_while_hearing_is_logged_and_counted_and_the_hearing_goes_on() -> None:
    stopping = asyncio.Event()
    tries = []

    async def listen() -> str | None:
        tries.append(1)
        if len(tries) == 3:
            stopping.set()
        raise KeyError("next_batch")

    before = FAILURES.labels("tool")._value.get()
    with structlog.testing.capture_logs() as logs:
        asyncio.run(_on(listen, stopping))
    assert len(tries) == 3
    assert FAILURES.labels("tool")._value.get() - before >= 2
    assert [one["event"] for one in logs][:2] == ["listening.failed", "tool.away"]


async def _on(listen: Callable[[], Awaitable[str | None]], stopping: asyncio.Event) -> None:
    async with asyncio.timeout(10):
        await listen_on(listen, stopping, away="tool.away", first_pause=0.001)
