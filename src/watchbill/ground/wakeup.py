"""Hear NOTIFY, so that nobody waits for the next poll. Only a hint: who waits must poll as well."""

import threading
from collections.abc import Callable, Mapping
from typing import Any

import psycopg
import structlog

from watchbill.ground import pooler

log = structlog.get_logger()

_RETRY_SECONDS = 2.0
_POOLED_SECONDS = 60.0


class Wakeup(threading.Thread):
    """A connection of its own that listens. Through a pooler in transaction mode nothing is heard, so it does not try:
    LISTEN would stay behind on a session that somebody else gets.
    """

    def __init__(self, dsn: str, listeners: Mapping[str, Callable[[], None]]) -> None:
        super().__init__(name="wakeup", daemon=True)
        self._dsn = dsn
        self._listeners = listeners
        self._stopping = threading.Event()

    def stop(self) -> None:
        self._stopping.set()

    def run(self) -> None:
        while not self._stopping.is_set():
            try:
                self._listen()
            except psycopg.Error as error:
                log.warning("wakeup.lost", error=str(error))
                self._stopping.wait(_RETRY_SECONDS)

    def _listen(self) -> None:
        with psycopg.connect(self._dsn, autocommit=True, application_name="watchbill wake-up") as connection:
            if pooler.is_pooled(connection):
                log.info("wakeup.behind_pooler", remedy="WATCHBILL_DATABASE_DIRECT_URL without the pooler")
            else:
                self._hear(connection)
        self._stopping.wait(_POOLED_SECONDS)

    def _hear(self, connection: "psycopg.Connection[Any]") -> None:
        for channel in self._listeners:
            connection.execute(psycopg.sql.SQL("LISTEN {}").format(psycopg.sql.Identifier(channel)))
        for wake in self._listeners.values():  # what happened before we listened
            wake()
        while not self._stopping.is_set():
            for heard in connection.notifies(timeout=1.0):
                self._listeners[heard.channel]()
