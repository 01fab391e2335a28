"""Hearing from Matrix: the worker asks the homeserver what is new, which answers as soon as there is something.

What came and the position after it are written down together, so that nothing is passed over, whatever fails.
"""

import asyncio
from datetime import timedelta

from django.db import InterfaceError, OperationalError
from prometheus_client import Counter, Gauge

from watchbill.chat.matrix_hearing import Heard, MatrixHearing
from watchbill.domain.warrooms.inbox_actions import take_in_up_to
from watchbill.domain.warrooms.reads import position_in
from watchbill.doors.callbacks.listening import FIRST_PAUSE, Database, listen_on
from watchbill.ground.clock import Clock

CONNECTED = Gauge("watchbill_matrix_connected", "1 while the worker hears from the Matrix homeserver.")
HEARD = Counter("watchbill_matrix_events_total", "What people did in Matrix rooms, by kind.", ["kind"])
_KIND = "matrix"
_WAITS = timedelta(seconds=30)


class MatrixSync:
    """`database` runs short work in the database, in a thread beside the event loop."""

    def __init__(
        self,
        hearing: MatrixHearing,
        *,
        clock: Clock,
        database: Database,
        waits: timedelta = _WAITS,
        first_pause: float = FIRST_PAUSE,
    ) -> None:
        self._hearing = hearing
        self._clock = clock
        self._database = database
        self._waits = waits
        self._first_pause = first_pause

    async def run(self, stopping: asyncio.Event) -> None:
        await listen_on(self.listen, stopping, away="matrix.sync.away", first_pause=self._first_pause)

    async def listen(self) -> str | None:
        """One look; what went wrong with it."""
        is_connected = False
        try:
            position = await self._database(lambda: position_in(_KIND))
            heard = await self._hearing.since(position, now=self._clock.now(), waits=self._waits)
            if not isinstance(heard, Heard):
                return heard.why
            is_connected = True
            if heard.position != position:
                now = self._clock.now()
                await self._database(lambda: take_in_up_to(_KIND, heard.incoming, heard.position, now=now))
        except (OperationalError, InterfaceError) as error:
            return f"the database is away: {str(error).strip()}"  # the position stays, so it is heard again
        finally:
            CONNECTED.set(is_connected)
        for one in heard.incoming:
            HEARD.labels(one.kind.value).inc()
        return None
