"""Two who want the same row at the same moment, arranged so that the outcome is the same each time."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from uuid import UUID

from django.db import connection, transaction
from django.db.models import Model

_LOOKS = 2000


@contextmanager
def somebody_holds(model: type[Model], identity: UUID) -> Iterator[None]:
    """Another connection has locked the row, as verbs do for a moment, and changes nothing."""
    held, let_go = threading.Event(), threading.Event()

    def hold() -> None:
        with transaction.atomic():
            model._base_manager.select_for_update().get(pk=identity)
            held.set()
            let_go.wait(20)

    other = in_another_thread(hold)
    assert held.wait(10)
    try:
        yield
    finally:
        let_go.set()
        other.join(20)


def in_another_thread(work: Callable[[], object]) -> threading.Thread:
    def run() -> None:
        try:
            work()
        finally:
            connection.close()

    other = threading.Thread(target=run)
    other.start()
    return other


def wait_until_somebody_waits_for_a_lock(*, how_many: int = 1) -> None:
    pause = threading.Event()
    with connection.cursor() as cursor:
        for _ in range(_LOOKS):
            cursor.execute("SELECT count(*) FROM pg_locks WHERE NOT granted")
            if cursor.fetchone()[0] >= how_many:
                return
            pause.wait(0.005)
    raise AssertionError("nobody waits for a lock")
