"""A server that takes no writes, as while another one takes over: sessions that are open notice it too."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import psycopg

from tests.harness import postgres

_LOOKS = 2000


@contextmanager
def takes_no_writes() -> Iterator[None]:
    with psycopg.connect(postgres.server().url(), autocommit=True) as operator:
        _set(operator, "on")
        try:
            yield
        finally:
            _set(operator, "off")


def _set(operator: "psycopg.Connection[tuple[str]]", value: str) -> None:
    operator.execute(f"ALTER SYSTEM SET default_transaction_read_only = {value}".encode())
    operator.execute("SELECT pg_reload_conf()")
    wait_until(lambda: operator.execute("SHOW default_transaction_read_only").fetchone() == (value,))


def wait_until(is_so: Callable[[], bool]) -> None:
    pause = threading.Event()
    for _ in range(_LOOKS):
        if is_so():
            return
        pause.wait(0.005)
    raise AssertionError("it did not come about")
