"""A shell or a web process may be set up differently from the engine; whom a page reaches is the engine's to say."""

from datetime import timedelta

import pytest

from tests.harness.world import World
from watchbill import composition
from watchbill.config import config
from watchbill.doctor.examine import examine
from watchbill.domain.paging.models import RunningSender
from watchbill.domain.paging.senders import forget_sender, note_sender, sendable_kinds
from watchbill.ground.clock import SystemClock


def kinds() -> set[str]:
    return set(composition.ways().families)


def test_what_the_running_engine_says_counts_and_otherwise_what_this_process_is_set_up_for(world: World) -> None:
    own = set(composition.own_ways().families)
    assert not config().smtp_host
    assert "email" not in own
    assert kinds() == own
    now = SystemClock().now()
    note_sender("a host 12", kinds=["email", "webhook"], now=now)
    assert kinds() == {"email", "webhook"}
    note_sender("another host 7", kinds=["ntfy"], now=now)
    assert kinds() == {"email", "ntfy", "webhook"}
    forget_sender("another host 7")
    assert kinds() == {"email", "webhook"}
    RunningSender.objects.update(seen_at=now - timedelta(minutes=4))
    assert kinds() == own


def test_an_engine_that_has_been_gone_for_a_day_is_forgotten(world: World) -> None:
    note_sender("long ago", kinds=["email"], now=world.now - timedelta(days=2))
    note_sender("a host 12", kinds=["webhook"], now=world.now)
    assert list(RunningSender.objects.values_list("name", flat=True)) == ["a host 12"]
    assert sendable_kinds(now=world.now) == {"webhook"}


@pytest.mark.parametrize("engine_mails", [True, False])
def test_the_doctor_looks_at_what_the_engine_sends_by(world: World, *, engine_mails: bool) -> None:
    kinds = ["email", "ntfy", "webhook"] if engine_mails else ["ntfy", "webhook"]
    note_sender("a host 12", kinds=kinds, now=SystemClock().now())
    found = {finding.what for finding in examine()}
    silent = [what for what in found if "cannot send to them" in what and "kind email" in what]
    elsewhere = [what for what in found if "other settings than the engine" in what]
    untried = [what for what in found if what.startswith("contacts that were never tried: ") and "mail of" in what]
    assert (bool(silent), bool(elsewhere), bool(untried)) == (not engine_mails, engine_mails, engine_mails)
