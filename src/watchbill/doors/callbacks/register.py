"""How we hear from each chat tool by a connection that we open. One that calls us has an address in `urls.py`."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Sequence

from watchbill.chat.matrix import MatrixHost
from watchbill.chat.matrix_hearing import MatrixHearing
from watchbill.chat.slack import SlackHost
from watchbill.domain.warrooms.contract import ChatHost
from watchbill.doors.callbacks.listening import Database
from watchbill.doors.callbacks.matrix_sync import MatrixSync
from watchbill.doors.callbacks.slack_socket import Connect, SlackSocket
from watchbill.ground.clock import Clock

Listen = Callable[[asyncio.Event], Awaitable[None]]


def chat_listeners(
    hosts: Sequence[ChatHost], *, clock: Clock, database: Database, connect: Connect
) -> tuple[Listen, ...]:
    """Each runs until it is told to stop. `connect` opens a websocket."""
    return tuple(_listeners(hosts, clock=clock, database=database, connect=connect))


def _listeners(hosts: Sequence[ChatHost], *, clock: Clock, database: Database, connect: Connect) -> Iterator[Listen]:
    for host in hosts:
        if isinstance(host, SlackHost) and host.settings.app_token:
            yield SlackSocket(host, clock=clock, database=database, connect=connect).run
        if isinstance(host, MatrixHost):
            yield MatrixSync(MatrixHearing(host), clock=clock, database=database).run
