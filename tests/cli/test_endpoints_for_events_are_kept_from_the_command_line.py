"""On the host: an endpoint is added, looked after and removed, and doctor says when it takes nothing."""

import json

import pytest
from typer.testing import CliRunner

from tests.harness.carriers import Answer
from tests.harness.event_world import PATH, EventWorld
from watchbill.cli.main import root
from watchbill.composition import contact_kinds
from watchbill.config import config
from watchbill.doctor.event_hooks import deaf_endpoints
from watchbill.doctor.finding import Finding, Patient
from watchbill.domain.audit.models import Entry
from watchbill.domain.event_hooks.models import EventHook
from watchbill.ground.clock import SystemClock
from watchbill.ground.refusals import ChangeRefused, Unknown

pytestmark = pytest.mark.django_db(transaction=True)


def run(*words: str) -> str:
    result = CliRunner().invoke(root(), list(words), env={"COLUMNS": "200"})
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    assert result.exit_code == 0, result.output
    return result.output


def test_one_is_added_changed_paused_and_removed() -> None:
    with EventWorld(at=SystemClock().now()):
        secret = run("event-hook", "add", "hub", "https://hub.example.org/in?key=k-1234", "--severity", "SEV1")
        assert secret.startswith("whs_")
        assert secret.count("\n") == 1
        listed = run("event-hook", "list")
        assert "https://hub.example.org" in listed
        assert "k-1234" not in listed
        run("event-hook", "change", "hub", "--event", "incident.resolved", "--restricted")
        hook = EventHook.objects.get()
        assert (hook.events, hook.severities, hook.restricted) == (["incident.resolved"], ["sev1"], True)
        assert run("event-hook", "secret", "hub") != secret
        run("event-hook", "pause", "hub")
        [told] = json.loads(run("event-hook", "list", "--json"))
        assert told["paused_at"]
        run("event-hook", "resume", str(hook.id))
        run("event-hook", "remove", "hub")
        assert "Nobody is told" in run("event-hook", "list")
        with pytest.raises((Unknown, ChangeRefused)):
            run("event-hook", "pause", "hub")
        assert set(Entry.objects.filter(subject_id=hook.id).values_list("via", flat=True)) == {"cli"}


def test_what_was_sent_is_shown_and_sent_once_more() -> None:
    with EventWorld(at=SystemClock().now()) as world:
        _, secret = world.listens()
        incident = world.declares("sev4")
        [came] = world.told("hub", secret)
        shown = run("event-hook", "deliveries", "hub")
        assert came.id in shown
        assert "delivered" in shown
        run("event-hook", "redeliver", "hub", came.id)
        world.clock.move_to(SystemClock().now())
        world.settle()
        assert [one.id for one in world.told("hub", secret)] == [came.id, came.id]
        world.ends(incident)


def test_doctor_says_which_takes_nothing_and_that_no_page_is_concerned() -> None:
    with EventWorld() as world:
        world.listens()
        world.http.always(Answer(status=503), path=f"{PATH}hub")
        incident = world.declares("sev4")
        assert found(world) == []
        world.passes(hours=2)
        [finding] = found(world)
        assert "hub takes nothing since" in finding.what
        assert not finding.serious
        world.http.always(Answer(), path=f"{PATH}hub")
        world.passes(hours=2)
        assert found(world) == []
        world.ends(incident)


def found(world: EventWorld) -> list[Finding]:
    return list(deaf_endpoints(Patient(now=world.now, settings=config(), ways=world.ways(), kinds=contact_kinds())))
