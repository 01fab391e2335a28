"""Verify asks every check of the incident's services; only when all are healthy the step is done, with the numbers."""

import math

import pytest

from tests.harness.carriers import Answer
from tests.harness.fake_prometheus import BAD_QUERY
from tests.harness.verify_world import VerifyWorld
from watchbill.domain.errands.models import Errand
from watchbill.domain.incidents import ending_actions, workflow_actions
from watchbill.domain.incidents.assess_actions import set_affected
from watchbill.domain.incidents.models import Incident, IncidentState
from watchbill.domain.verification.actions import verify
from watchbill.domain.verification.models import CheckResult, Verification
from watchbill.domain.verification.reads import standing_of
from watchbill.ground.refusals import ChangeRefused

pytestmark = pytest.mark.django_db(transaction=True)


def begun(world: VerifyWorld, **checks: str) -> Incident:
    """With these checks of its service."""
    incident = world.declares("sev3")
    world.came()
    world.is_healthy_when(world.cast.service, **(checks or {"errors": "errors|< 1|%", "up": "up|== 1"}))
    return incident


def over(world: VerifyWorld, incident: Incident) -> None:
    world.ends(incident)


def verdicts(verification: Verification) -> dict[str, tuple[str, str]]:
    return {one.name: (one.verdict, one.words) for one in verification.results.order_by("position")}


def test_all_healthy_does_the_step_with_the_numbers_as_evidence() -> None:
    with VerifyWorld() as world:
        incident = begun(world)
        world.prometheus.knows = {"errors": [({}, 0.25)], "up": [({"pod": "a"}, 1.0), ({"pod": "b"}, 1.0)]}
        done = world.verifies(incident)
        assert done.state == "healthy"
        assert verdicts(done) == {"errors": ("healthy", "0.25 %"), "up": ("healthy", "2 series, 1 to 1")}
        step = world.step_of(incident)
        assert step is not None
        assert (step.done_by, step.overridden) == ("Watchbill", False)
        assert step.evidence == (
            "checkout errors: 0.25 % (healthy when < 1); checkout up: 2 series, 1 to 1 (healthy when == 1)"
        )
        assert world.happened(incident)[-3:] == [
            "incident.verification_asked",
            "incident.verified",
            "incident.step_done",
        ]
        workflow_actions.tick_step(
            incident_id=incident.id, step="resolve/confirm", done=True, actor=world.person("engineer"), now=world.now
        )
        resolved = ending_actions.resolve(incident_id=incident.id, actor=world.person("engineer"), now=world.now)
        assert resolved.state == IncidentState.RESOLVED
        world.settle()
        world.received()


@pytest.mark.parametrize(
    ("value", "verdict", "words"),
    [
        ([({}, 2.5)], "unhealthy", "2.5 %"),
        ([({}, math.nan)], "unhealthy", "no number %"),
        ([({}, math.inf)], "unhealthy", "inf %"),
        ([], "no-data", "there is no data; is the query right, and is the service watched?"),
        (
            [({"pod": "a"}, 0.1), ({"pod": "b"}, 3.0)],
            "unhealthy",
            '1 of 2 series: {pod="b"} 3 %',
        ),
        (
            [({"pod": str(number)}, 3.0) for number in range(5)],
            "unhealthy",
            '5 of 5 series: {pod="0"} 3 %; {pod="1"} 3 %; {pod="2"} 3 %; and 2 more',
        ),
        (None, "refused", BAD_QUERY),
    ],
)
def test_anything_else_leaves_the_step_open_and_says_which(value: object, verdict: str, words: str) -> None:
    with VerifyWorld() as world:
        incident = begun(world)
        world.prometheus.knows = {"up": [({}, 1.0)]} | ({} if value is None else {"errors": value})  # type: ignore[dict-item]
        done = world.verifies(incident)
        assert done.state == "unhealthy"
        assert verdicts(done) == {"errors": (verdict, words), "up": ("healthy", "1")}
        assert world.step_of(incident) is None
        assert world.happened(incident)[-1] == "incident.not_verified"
        with pytest.raises(ending_actions.GateShut, match="monitoring shows healthy"):
            ending_actions.resolve(incident_id=incident.id, actor=world.person("engineer"), now=world.now)
        over(world, incident)


def test_affected_services_are_asked_too() -> None:
    with VerifyWorld() as world:
        incident = begun(world, up="up|== 1")
        search = world.another_service("search")
        silent = world.another_service("silent")
        world.is_healthy_when(search, queue="queue|< 10")
        set_affected(
            incident_id=incident.id, service_ids={search.id, silent.id}, actor=world.person("engineer"), now=world.now
        )
        world.prometheus.knows = {"up": [({}, 1.0)], "queue": [({}, 12.0)]}
        done = world.verifies(incident)
        assert [(one.service, one.verdict) for one in done.results.order_by("position")] == [
            ("checkout", "healthy"),
            ("search", "unhealthy"),
        ]
        assert [one.name for one in standing_of(incident).unwatched] == ["silent"]
        over(world, incident)


@pytest.mark.parametrize("broken", [Answer.hang(), Answer.drop(), Answer(status=500), Answer(body=b"<html>")])
def test_a_prometheus_that_breaks_is_told_and_asked_again(broken: Answer) -> None:
    with VerifyWorld() as world:
        incident = begun(world)
        world.prometheus.breaks_with = broken
        done = world.verifies(incident)
        assert done.state == "unanswered"
        assert {one.verdict for one in done.results.all()} == {"unanswered"}
        assert len(world.prometheus.asked()) == 1  # the rest need not wait for it too
        assert not Errand.objects.exists()
        assert world.step_of(incident) is None
        world.prometheus.breaks_with = None
        world.prometheus.knows = {"errors": [({}, 0.0)], "up": [({}, 1.0)]}
        assert world.verifies(incident).state == "healthy"
        assert world.step_of(incident) is not None
        over(world, incident)


def test_while_prometheus_hangs_alerts_page_and_the_incident_is_resolved_by_stated_evidence() -> None:
    with VerifyWorld() as world:
        incident = begun(world)
        world.verifies_only(incident)
        alert = world.opens("errors")
        world.engine.tick(now=world.now)
        for step in ("confirm", "verify"):
            workflow_actions.tick_step(
                incident_id=incident.id,
                step=f"resolve/{step}",
                done=True,
                evidence="orders come in",
                actor=world.person("engineer"),
                now=world.now,
            )
        ending_actions.resolve(incident_id=incident.id, actor=world.person("engineer"), now=world.now)
        world.prometheus.breaks_with = Answer.hang()
        world.settle()
        assert [one.to for one in world.received()] == ["primary"]
        step = world.step_of(incident)
        assert step is not None
        assert step.done_by == "Engineer"  # what a person said, a person takes back
        world.resolves("primary", alert)


def test_asking_twice_is_asking_once() -> None:
    with VerifyWorld() as world:
        incident = begun(world)
        world.prometheus.knows = {"errors": [({}, 0.0)], "up": [({}, 1.0)]}
        first = world.verifies_only(incident)
        assert world.verifies_only(incident, by="lead").id == first.id
        world.settle()
        assert len(world.prometheus.asked()) == 2
        assert world.verifies(incident).id != first.id
        over(world, incident)


def test_what_watchbill_found_healthy_is_taken_back_when_it_is_not_any_more() -> None:
    with VerifyWorld() as world:
        incident = begun(world)
        world.prometheus.knows = {"errors": [({}, 0.0)], "up": [({}, 1.0)]}
        world.verifies(incident)
        assert world.step_of(incident) is not None
        world.prometheus.knows["up"] = [({}, 0.0)]
        world.verifies(incident)
        assert world.step_of(incident) is None
        assert world.happened(incident)[-2:] == ["incident.not_verified", "incident.step_undone"]
        over(world, incident)


def test_a_check_counts_as_it_was_when_it_was_asked() -> None:
    with VerifyWorld() as world:
        incident = begun(world, up="up|== 1")
        world.verifies_only(incident)
        world.is_healthy_when(world.cast.service, up="other|== 0")
        world.prometheus.knows = {"up": [({}, 1.0)], "other": [({}, 1.0)]}
        world.settle()
        assert Verification.objects.get().state == "healthy"
        assert world.prometheus.asked() == ["up"]
        over(world, incident)


def test_the_last_hour_is_kept_for_the_chart() -> None:
    with VerifyWorld() as world:
        incident = begun(world, up="up|== 1")
        world.prometheus.knows = {"up": [({"pod": str(number)}, 1.0) for number in range(7)]}
        world.verifies(incident)
        result = CheckResult.objects.get()
        assert len(result.series) == 7
        assert [len(points) for _, points in result.curves] == [61] * 5
        over(world, incident)


def test_without_a_source_or_checks_it_says_what_to_do() -> None:
    with VerifyWorld() as world:
        incident = world.declares("sev3")
        world.came()
        with pytest.raises(ChangeRefused, match=r"no service of this incident has a check: .* or state what shows it"):
            world.verifies_only(incident)
        world.is_healthy_when(world.cast.service, up="up|== 1")
        with pytest.raises(ChangeRefused, match="set WATCHBILL_PROMETHEUS_URL to your Prometheus, or state"):
            verify(incident_id=incident.id, has_source=False, actor=world.person("engineer"), now=world.now)
        over(world, incident)
        with pytest.raises(ChangeRefused, match="is cancelled; reopen it first"):
            world.verifies_only(incident)
        assert not Verification.objects.exists()


def test_alerts_that_still_fire_stand_beside_it() -> None:
    with VerifyWorld() as world:
        incident = begun(world)
        alert = world.fires("errors")
        world.received()
        elsewhere = standing_of(world.declares("sev4", service=world.another_service("search")))
        assert elsewhere.firing_count == 0
        assert [one.number for one in standing_of(incident).firing] == [alert.number]
        world.resolves("primary", alert)
        assert standing_of(incident).firing_count == 0
        world.received()
        over(world, incident)
