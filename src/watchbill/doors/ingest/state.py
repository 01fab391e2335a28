"""What lives as long as the ingest door: connections, keys, lanes."""

import asyncio
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from watchbill.domain.alerts.store import SESSION, KeptEvent, keep_event
from watchbill.domain.services.store import Route, load_routes
from watchbill.doors.ingest.batcher import REQUESTS_MAX, Batcher
from watchbill.doors.ingest.keys import Keys
from watchbill.doors.ingest.throttled import Throttled
from watchbill.ground import pooler
from watchbill.ground.clock import Clock
from watchbill.ground.network_guard import Network

_CONNECT_SECONDS = 5.0
_COMMAND_SECONDS = 10.0
_THREADS = 4


class State:
    """Made inside the running loop. The database may be away when it starts: nothing is connected before it is used."""

    def __init__(
        self, *, database_url: str, clock: Clock, trusted: tuple[Network, ...], requests_max: int = REQUESTS_MAX
    ) -> None:
        self.clock = clock
        self.trusted = trusted
        self._database_url = database_url
        self.threads = ThreadPoolExecutor(_THREADS, thread_name_prefix="ingest")
        self.keys = Keys(self._load_routes)
        self.batcher = Batcher(connect=self._connect, threads=self.threads, clock=clock, requests_max=requests_max)
        self.throttled = Throttled(clock=clock)
        self._shared: Any = None
        self._turn = asyncio.Lock()

    def start(self) -> None:
        self.batcher.start()

    async def stop(self) -> None:
        await self.batcher.stop()
        await self.throttled.stop()
        if self._shared is not None:
            self._shared.terminate()
        self.threads.shutdown(wait=True)

    async def keep(self, event: KeptEvent, *, disposition: str) -> None:
        async with self._turn:
            await keep_event(await self._connected(), event, disposition=disposition)

    async def _load_routes(self, digests: Sequence[str]) -> dict[str, Route]:
        async with self._turn:
            return await load_routes(await self._connected(), digests, now=self.clock.now())

    async def _connected(self) -> Any:
        if self._shared is None or self._shared.is_closed():
            self._shared = await self._connect()
        return self._shared

    async def _connect(self) -> Any:
        return await pooler.connect(
            self._database_url,
            name="watchbill ingest",
            settings=SESSION,
            connect_seconds=_CONNECT_SECONDS,
            command_seconds=_COMMAND_SECONDS,
        )
