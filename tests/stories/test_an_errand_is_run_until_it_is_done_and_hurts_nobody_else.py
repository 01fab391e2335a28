"""Work with other people's systems may be late, is never forgotten, and is told when it is."""

import asyncio
import threading
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.db import connection, transaction

from tests.harness.world import World
from watchbill.domain.errands import actions, reads, store
from watchbill.domain.errands.contract import Errand, Later, NotYet
from watchbill.domain.errands.models import Errand as Row
from watchbill.engine.errands import ErrandLoop
from watchbill.ground.http_client import HttpClient

pytestmark = pytest.mark.django_db(transaction=True)


@dataclass
class Notes:
    """Writes down one word after another, as far as the other side lets it."""

    kind: str = "notes"
    wanted: dict[UUID, list[str]] = field(default_factory=dict)
    written: list[str] = field(default_factory=list)
    answers: list[object] = field(default_factory=list)
    after_the_last_look: Any = None

    def next_step(self, subject_id: UUID, *, now: datetime) -> str | None:
        step = next((word for word in self.wanted[subject_id] if word not in self.written), None)
        if step is None and self.after_the_last_look is not None:
            self.after_the_last_look()
        return step

    async def act(self, step: str, *, now: datetime) -> object:
        answer = self.answers.pop(0) if self.answers else step
        if isinstance(answer, Exception):
            raise answer
        return answer

    def record(self, step: str, outcome: object, *, now: datetime) -> None:
        self.written.append(str(outcome))


class NotesWorld(World):
    def __init__(self) -> None:
        super().__init__()
        self.notes, self.other = Notes(), Notes(kind="other")

    def build_errands(self, _http: HttpClient) -> tuple[Errand[Any], ...]:
        return (self.notes, self.other)

    def asks(self, *words: str, kind: str = "notes", settle: bool = True) -> UUID:
        subject = uuid4()
        (self.notes if kind == "notes" else self.other).wanted[subject] = list(words)
        with transaction.atomic():
            actions.ask(kind, [subject], due_at=self.now)
        if settle:
            self.settle()
        return subject


def test_it_goes_step_by_step_and_is_gone_when_nothing_is_left() -> None:
    with NotesWorld() as world:
        world.asks("one", "two", "three")
        assert world.notes.written == ["one", "two", "three"]
        assert not Row.objects.exists()


def test_one_with_more_steps_than_a_turn_has_gives_way_and_goes_on_until_nothing_is_left() -> None:
    with NotesWorld() as world:
        words = [f"word {number}" for number in range(201)]
        subject = world.asks(*words, settle=False)
        [held] = store.claim(now=world.now, kinds=["notes"], limit=10)
        world._runner.run(world.errands.run_one(held))
        assert len(world.notes.written) == 200
        left = Row.objects.get(subject_id=subject)
        assert (left.due_at, left.failures, left.lease_until) == (world.now, 0, None)
        world.settle()
        assert world.notes.written == words
        assert not Row.objects.exists()


def test_what_fails_waits_longer_each_time_and_says_why() -> None:
    with NotesWorld() as world:
        world.notes.answers = [Later(why="no answer"), Later(why="still none")]
        subject = world.asks("one")
        assert world.notes.written == []
        assert reads.troubles("notes", [subject])[subject].last_error == "no answer"
        world.passes(seconds=1.9)
        assert len(world.notes.answers) == 1
        world.passes(seconds=0.1)
        assert reads.troubles("notes", [subject])[subject].last_error == "still none"
        world.passes(seconds=3.9)
        assert world.notes.written == []
        world.passes(seconds=0.1)
        assert world.notes.written == ["one"]


def test_what_only_waits_for_its_time_is_not_late_and_comes_at_its_time() -> None:
    with NotesWorld() as world:
        world.notes.answers = [Later(why="no answer"), *[NotYet(why="its turn", after=timedelta(seconds=5))] * 20]
        subject = world.asks("one")
        world.passes(seconds=2)
        for _ in range(20):
            assert not reads.troubles("notes", [subject])
            assert Row.objects.get().last_error == "its turn"
            assert world.notes.written == []
            world.passes(seconds=5)
        assert world.notes.written == ["one"]
        assert [one["why"] for one in world.logs if one["event"] == "errand.later"] == ["no answer"]


def test_the_other_side_may_ask_for_more_time_and_gets_it_although_it_is_asked_again() -> None:
    with NotesWorld() as world:
        world.notes.answers = [Later(why="too many requests", after=timedelta(seconds=30))]
        subject = world.asks("one")
        actions.ask("notes", [subject], due_at=world.now)
        world.passes(seconds=29)
        assert world.notes.written == []
        world.passes(seconds=1)
        assert world.notes.written == ["one"]


def test_whoever_mended_the_cause_need_not_wait() -> None:
    with NotesWorld() as world:
        world.notes.answers = [Later(why="no such token", after=timedelta(hours=1))]
        subject = world.asks("one")
        actions.try_now("notes", subject, now=world.now)
        world.settle()
        assert world.notes.written == ["one"]


def test_what_is_asked_while_it_runs_is_looked_at_again() -> None:
    with NotesWorld() as world:
        subject = world.asks("one", settle=False)

        def more() -> None:
            world.notes.after_the_last_look = None
            world.notes.wanted[subject].append("two")
            actions.ask("notes", [subject], due_at=world.now)

        world.notes.after_the_last_look = more
        world.settle()
        assert world.notes.written == ["one", "two"]
        assert not Row.objects.exists()


def test_a_defect_in_one_kind_leaves_the_others_alone() -> None:
    with NotesWorld() as world:
        world.other.answers = [RuntimeError("a defect")]
        broken = world.asks("bad", kind="other", settle=False)
        world.asks("good")
        assert world.notes.written == ["good"]
        assert "defect" in reads.troubles("other", [broken])[broken].last_error
        world.expects_log("errand.failed")


def test_one_that_cannot_even_be_put_away_is_told_and_tried_again() -> None:
    with NotesWorld() as world:
        world.other.answers = [Later(why="not now", after=timedelta.max)]  # a defect: there is no such time
        world.asks("bad", kind="other", settle=False)
        world.asks("good")
        assert (world.notes.written, world.other.written) == (["good"], [])
        world.expects_log("errand.put_away.failed")
        world.passes(seconds=store.LEASE.total_seconds())
        assert world.other.written == ["bad"]


def test_whatever_the_other_side_says_is_kept_as_why_it_is_late() -> None:
    with NotesWorld() as world:
        world.notes.answers = [Later(why="no\x00 such \ud800 thing")]
        subject = world.asks("one")
        assert "such" in reads.troubles("notes", [subject])[subject].last_error
        world.passes(seconds=2)
        assert world.notes.written == ["one"]


def test_what_failed_and_what_nobody_takes_up_is_counted_as_late() -> None:
    with NotesWorld() as world:
        world.notes.answers = [Later(why="no answer", after=timedelta(hours=1))]
        world.asks("one")
        world.notes.answers = [NotYet(why="its turn", after=timedelta(hours=1))]
        world.asks("two")
        assert reads.late_count(now=world.now) == 1
        world.asks("three", settle=False)
        world.pauses(seconds=59)
        assert reads.late_count(now=world.now) == 1
        [held] = store.claim(now=world.now, kinds=["notes"], limit=1)
        world.pauses(seconds=2)
        assert reads.late_count(now=world.now) == 1  # under way
        world.pauses(minutes=5)
        assert reads.late_count(now=world.now) == 2  # its worker died
        store.finish(held, now=world.now)
        world.watchdog.check(now=world.now)


def test_what_a_dead_worker_held_is_taken_over_and_a_late_one_does_nothing() -> None:
    with NotesWorld() as world:
        subject = world.asks("one", settle=False)
        [held] = store.claim(now=world.now, kinds=["notes"], limit=10)
        world.settle()
        assert world.notes.written == []
        world.passes(seconds=store.LEASE.total_seconds())
        assert world.notes.written == ["one"]
        world.notes.wanted[subject].append("two")
        actions.ask("notes", [subject], due_at=world.now)
        assert not store.renew(held, now=world.now)
        store.finish(held, now=world.now)
        assert Row.objects.count() == 1
        world.settle()
        assert world.notes.written == ["one", "two"]


@dataclass
class Slow:
    """Each of them takes until it is let go."""

    kind: str
    begun: list[UUID] = field(default_factory=list)
    is_begun: asyncio.Event = field(default_factory=asyncio.Event)
    go_on: asyncio.Event = field(default_factory=asyncio.Event)

    def next_step(self, subject_id: UUID, *, now: datetime) -> UUID | None:
        return None if subject_id in self.begun else subject_id

    async def act(self, step: UUID, *, now: datetime) -> object:
        self.begun.append(step)
        self.is_begun.set()
        await self.go_on.wait()
        return step

    def record(self, step: UUID, outcome: object, *, now: datetime) -> None:
        pass


def test_many_of_one_kind_leave_places_to_the_others() -> None:
    with NotesWorld() as world:
        flood, other = Slow("letters"), Slow("rooms")
        actions.ask("letters", [uuid4() for _ in range(40)], due_at=world.now)
        actions.ask("rooms", [uuid4()], due_at=world.now + timedelta(seconds=1))
        world.pauses(seconds=2)

        loop = ErrandLoop((flood, other), clock=world.clock)

        async def until_the_other_is_begun() -> None:
            stopping = asyncio.Event()
            running = asyncio.create_task(loop.run(stopping))
            async with asyncio.timeout(20):
                await other.is_begun.wait()
            assert 0 < len(flood.begun) < 10
            stopping.set()
            for one in (flood, other):
                one.go_on.set()
            await running

        world._runner.run(until_the_other_is_begun())
        assert not Row.objects.filter(kind="rooms").exists()
        assert Row.objects.filter(kind="letters").count() == 40 - len(flood.begun)
        _close_connections(loop)


def _close_connections(loop: ErrandLoop) -> None:
    """Each of its threads has one of its own."""
    threads = loop._pool._max_workers
    all_are_here = threading.Barrier(threads)

    def close() -> None:
        all_are_here.wait(timeout=10)
        connection.close()

    for done in [loop._pool.submit(close) for _ in range(threads)]:
        done.result()
    loop._pool.shutdown()
