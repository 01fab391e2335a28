"""While Prometheus holds its answer, people are paged, answer, look and resolve; what it says is text, and no more."""

import asyncio
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client

from tests.harness.api import caller
from tests.harness.carriers import Answer
from tests.harness.fake_prometheus import CLOCK, FakePrometheus, said, success
from tests.harness.verify_world import VerifyWorld
from watchbill.domain.audit.sealing import Sealer
from watchbill.domain.audit.verification import verify
from watchbill.domain.incidents import ending_actions, room_actions, workflow_actions
from watchbill.domain.incidents.models import Incident, IncidentState
from watchbill.domain.verification.asking import VerifyIncident
from watchbill.domain.verification.models import Verification
from watchbill.engine.errands import ErrandRunner
from watchbill.ground.http_client import HttpClient
from watchbill.ground.network_guard import parse_networks
from watchbill.monitoring.prometheus import PrometheusSource

pytestmark = pytest.mark.django_db(transaction=True)

HOSTILE = "</code><script>alert(1)</script>\x00\ud800\u202e"


def begun(world: VerifyWorld) -> Incident:
    incident = world.declares("sev3")
    world.came()
    world.is_healthy_when(world.cast.service, errors="errors|< 1|%")
    return incident


@contextmanager
def worker_asks(world: VerifyWorld, url: str) -> Iterator[threading.Thread]:
    """A worker of its own runs what is due, beside everything else."""

    async def round_of_errands(pool: ThreadPoolExecutor) -> None:
        async def database(work: Callable[[], Any]) -> Any:
            return await asyncio.get_running_loop().run_in_executor(pool, work)

        async with HttpClient(allowed_networks=parse_networks("127.0.0.0/8")) as http:
            source = PrometheusSource(url, http=http, patience=timedelta(seconds=25))
            await ErrandRunner([VerifyIncident(source)], clock=world.clock, database=database).tick()

    with ThreadPoolExecutor(1) as pool:
        thread = threading.Thread(target=lambda: asyncio.run(round_of_errands(pool)))
        thread.start()
        yield thread
        thread.join(timeout=30)
        pool.submit(lambda: connection.close()).result()


def page_of(world: VerifyWorld, incident: Incident) -> str:
    browser = Client()
    browser.force_login(world.cast.people["engineer"])
    answer = browser.get(f"/incidents/{incident.number}")
    assert answer.status_code == 200
    return answer.content.decode()


def chain_is_whole(world: VerifyWorld) -> bool:
    Sealer().seal(now=world.now)
    return verify(now=world.now).finding is None


def test_while_it_holds_its_answer_everything_else_goes_on() -> None:
    with VerifyWorld() as world:
        incident = begun(world)
        asked = world.verifies_only(incident)
        slow = FakePrometheus()
        slow.breaks_with = Answer.hang()
        slow.start()
        with worker_asks(world, slow.url) as worker:
            try:
                slow.wait_for(1)
                alert = world.fires("errors")
                world.expects(("primary", "webhook"))
                world.acknowledges("primary", alert)
                shown = page_of(world, incident)
                assert "Asking monitoring since" in shown
                assert "1 alert of its services is still open" in shown
                resolved = states_it_and_resolves(world, incident)
                assert resolved.state == IncidentState.RESOLVED
                assert worker.is_alive(), "it held nothing while all this was done"
            finally:
                slow.stop()
        assert Verification.objects.get(id=asked.id).state == "unanswered"
        assert "monitoring gave no answer" in page_of(world, incident)
        step_done = world.step_of(incident)
        assert step_done is not None
        assert step_done.evidence == "orders come in"
        assert chain_is_whole(world)
        world.settle()
        world.resolves("primary", alert)
        world.received()


def states_it_and_resolves(world: VerifyWorld, incident: Incident) -> Incident:
    engineer = world.person("engineer")
    room_actions.write(incident_id=incident.id, text="Rolled back", actor=engineer, now=world.now)
    for step in ("resolve/confirm", "resolve/verify"):
        workflow_actions.tick_step(
            incident_id=incident.id, step=step, done=True, evidence="orders come in", actor=engineer, now=world.now
        )
    return ending_actions.resolve(incident_id=incident.id, actor=engineer, now=world.now)


def vector(labels: dict[str, str], *values: str) -> Answer:
    return success("vector", [{"metric": labels, "value": [CLOCK, value]} for value in values])


LIES = {
    "labels that are markup and controls": (vector({"pod": HOSTILE, HOSTILE: "x" * 5_000}, "5", "6"), "unhealthy"),
    "as many series as are read": (vector({"pod": "x" * 400}, *["5"] * 100), "unhealthy"),
    "numbers beyond every scale": (vector({}, "1e308", "-1e308"), "unhealthy"),
    "an error that is markup": (
        said({"status": "error", "errorType": "bad_data", "error": HOSTILE * 50}, status=400),
        "refused",
    ),
    "trouble that is markup": (said({"status": "error", "error": HOSTILE * 50}, status=503), "unanswered"),
    "another kind of page": (Answer(body=HOSTILE.encode("utf-8", "replace") * 100), "unanswered"),
    "more than is read": (Answer(body=b"[" * 200_000), "refused"),
    "a header and nothing else": (Answer(raw=b"HTTP/1.1 200 OK\r\n"), "unanswered"),
}


@pytest.mark.parametrize("name", LIES)
def test_whatever_it_says_is_shown_as_text_and_pages_nobody_less(name: str) -> None:
    lie, verdict = LIES[name]
    with VerifyWorld() as world:
        incident = begun(world)
        world.prometheus.breaks_with = lie
        done = world.verifies(incident)
        result = done.results.get()
        assert result.verdict == verdict
        shown = page_of(world, incident)
        assert "<script>alert" not in shown
        assert not {"\x00", "\u202e"} & set(shown)
        assert len(shown) < 150_000
        read = caller(world.cast.people["engineer"]).get(f"/incidents/{incident.number}/verification")
        assert read["results"][0]["verdict"] == verdict
        assert world.step_of(incident) is None
        assert chain_is_whole(world)
        alert = world.fires("errors")
        world.expects(("primary", "webhook"))
        world.resolves("primary", alert)
        world.received()
        world.ends(incident)


def test_curves_beyond_every_scale_are_drawn_as_well_as_can_be() -> None:
    with VerifyWorld() as world:
        incident = begun(world)
        world.prometheus.knows = {"errors": [({}, 0.5)]}
        points = [[CLOCK - 60, "1.7e308"], [CLOCK - 30, "NaN"], [0, "-1.7e308"], [CLOCK, "+Inf"], [9.9e10, "5e-324"]]
        world.prometheus.breaks_with = success("matrix", [{"metric": {"pod": HOSTILE}, "values": points}])
        world.prometheus.breaks_at = "/query_range"
        assert world.verifies(incident).state == "healthy"
        shown = page_of(world, incident)
        drawn = shown.partition('class="chart"')[2].partition("</svg>")[0]
        assert drawn
        assert "nan" not in drawn
        assert "inf" not in drawn
        world.ends(incident)
