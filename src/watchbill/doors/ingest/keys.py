"""Integration keys, looked up by digest: what is cached is at most two seconds old, a new key works at once."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any

from watchbill.domain.services.store import Route
from watchbill.doors.ingest.database_away import AWAY
from watchbill.ground.secrets import digest

FRESH_SECONDS = 1.0
STALE_SECONDS = 2.0
_KEYS_MAX = 20_000

Load = Callable[[Sequence[str]], Awaitable[dict[str, Route]]]


@dataclass(frozen=True, slots=True)
class _Reading:
    route: Route
    read_at: float


class Keys:
    """Hashing first means that no comparison's duration tells anything about a key.

    A key in use is read again in the background every second; one that was not used for two seconds, and one
    that nobody knows, is read before it is answered. Many waiting at once share one query.
    """

    def __init__(self, load: Load) -> None:
        self._load = load
        self._readings: dict[str, _Reading] = {}
        # Of keys that are good, so that no stranger decides what is kept; hashing each event's key anew costs more.
        self._digests: dict[str, str] = {}
        self._wanted: dict[str, asyncio.Future[Route | None]] = {}
        self._loading: asyncio.Task[None] | None = None

    async def route_of(self, key: str) -> Route | None:
        """None for a key that no living integration has. Raises what the database raises."""
        return self.fresh(key) or await asyncio.shield(self._want(digest(key)))

    def fresh(self, key: str) -> Route | None:
        """As `route_of` when that would not have to wait, else None."""
        name = self._digests.get(key) or digest(key)
        reading = self._readings.get(name)
        if reading is None:
            return None
        self._digests[key] = name
        age = asyncio.get_running_loop().time() - reading.read_at
        if age >= STALE_SECONDS:
            return None
        if age >= FRESH_SECONDS:
            self._want(name)
        return reading.route

    def _want(self, name: str) -> asyncio.Future[Route | None]:
        future = self._wanted.get(name)
        if future is None:
            future = self._wanted[name] = asyncio.get_running_loop().create_future()
            future.add_done_callback(_looked_at)
        if self._loading is None or self._loading.done():
            self._loading = asyncio.create_task(self._load_wanted())
        return future

    async def _load_wanted(self) -> None:
        while self._wanted:
            wanted, self._wanted = self._wanted, {}
            read_at = asyncio.get_running_loop().time()
            try:
                found = await self._load(list(wanted))
            except AWAY as error:
                for future in wanted.values():
                    future.set_exception(error)
                continue
            self._note(wanted, found, read_at)

    def _note(self, wanted: dict[str, Any], found: dict[str, Route], read_at: float) -> None:
        if len(self._readings) > _KEYS_MAX:
            self._readings.clear()
            self._digests.clear()
        for name, future in wanted.items():
            route = found.get(name)
            if route is None:
                self._readings.pop(name, None)
            else:
                self._readings[name] = _Reading(route, read_at)
            future.set_result(route)


def _looked_at(future: asyncio.Future[Route | None]) -> None:
    """A reading in the background has nobody waiting; its error shows at the next request."""
    if not future.cancelled():
        future.exception()
