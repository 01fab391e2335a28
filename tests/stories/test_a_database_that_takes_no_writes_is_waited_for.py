"""While another server takes over, the one that answers refuses to write: nothing ends, nothing is lost."""

import asyncio
import threading

import pytest
from django.db import OperationalError, connection

from tests.harness.takeover import takes_no_writes, wait_until
from tests.harness.world import World
from watchbill.domain.access.models import User
from watchbill.domain.paging.models import Page
from watchbill.engine.main import EngineThread, SenderLoop
from watchbill.engine.precedence import Precedence


def said(world: World, event: str) -> bool:
    return event in {line["event"] for line in world.logs}


def takes_none() -> bool:
    """Each session reads its settings again in its own time."""
    with connection.cursor() as cursor:
        cursor.execute("SHOW default_transaction_read_only")
        return cursor.fetchone() == ("on",)


def test_the_engine_waits_and_takes_its_steps_afterwards(world: World) -> None:
    alert = world.opens()
    stopping, defect = threading.Event(), threading.Event()
    engine = EngineThread(
        world.engine, clock=world.clock, precedence=Precedence(), stopping=stopping, on_defect=defect.set
    )
    with takes_no_writes():
        engine.start()
        wait_until(lambda: said(world, "engine.database.away"))
        assert engine.is_alive()
        assert not defect.is_set()
    wait_until(Page.objects.exists)
    stopping.set()
    engine.wake()
    engine.join(10)
    assert not defect.is_set()
    world.settle()
    world.expects(("primary", "webhook"))
    world.resolves("primary", alert)


def test_the_sender_waits_and_sends_afterwards(world: World) -> None:
    alert = world.opens()
    world.engine.tick(now=world.now)

    async def sends() -> None:
        stopping = asyncio.Event()
        loop = SenderLoop(world.sender, clock=world.clock, precedence=Precedence())
        with takes_no_writes():
            running = asyncio.create_task(loop.run(stopping))
            await asyncio.to_thread(wait_until, lambda: said(world, "sender.database.away"))
            assert not running.done()
        await asyncio.to_thread(wait_until, lambda: bool(world.http.requests))
        stopping.set()
        await running
        for threads in (loop._claiming, loop._recording):
            threads.submit(lambda: connection.close()).result()
            threads.shutdown()

    world._runner.run(sends())
    world.expects(("primary", "webhook"))
    world.resolves("primary", alert)


def test_a_connection_that_was_refused_a_write_is_given_up(world: World) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        before = cursor.fetchone()
    with takes_no_writes():
        wait_until(takes_none)
        with pytest.raises(OperationalError, match="read-only"):
            User.objects.update(name="Nobody")
    connection.close_if_unusable_or_obsolete()
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        assert cursor.fetchone() != before
