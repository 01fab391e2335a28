"""Debian's Prometheus scrapes an exporter whose numbers the test says; the whole way from Verify to the step."""

import math
from collections.abc import Iterator

import pytest

from tests.harness.real_prometheus import Exporter, RealPrometheus
from tests.harness.verify_world import VerifyWorld
from watchbill.domain.verification.models import CheckResult

pytestmark = [pytest.mark.lab, pytest.mark.django_db(transaction=True)]

HEALTHY = 'errors_ratio{pod="a"} 0.001\nerrors_ratio{pod="b"} 0.002\nqueue_length 3\n'
SICK = 'errors_ratio{pod="a"} 0.001\nerrors_ratio{pod="b"} 0.2\nqueue_length NaN\n'


@pytest.fixture(scope="module")
def prometheus(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RealPrometheus]:
    with Exporter() as exporter, RealPrometheus(tmp_path_factory.mktemp("prometheus"), exporter) as started:
        yield started


def test_from_sick_to_healthy(prometheus: RealPrometheus) -> None:
    with VerifyWorld(url=prometheus.url) as world:
        incident = world.declares("sev3")
        world.came()
        world.is_healthy_when(
            world.cast.service,
            errors="100 * errors_ratio|< 1|%",
            queue="sum(queue_length)|<= 10",
            up='up{job="shop"}|== 1',
            constant="scalar(queue_length) * 0|== 0",
            silent="nothing_of_the_kind|== 0",
            broken="sum(|== 0",
            text='"hello"|== 0',
            range="up[5m]|== 1",
        )
        prometheus.measures(SICK, until='errors_ratio{pod="b"} == 0.2')
        done = world.verifies(incident)
        assert done.state == "unhealthy"
        found = {one.name: (one.verdict, one.words) for one in done.results.all()}
        assert found["errors"] == (
            "unhealthy",
            '1 of 2 series: {instance="' + _target(done.results.get(name="up")) + ('", job="shop", pod="b"} 20 %'),
        )
        assert found["queue"] == ("unhealthy", "no number")
        assert found["up"] == ("healthy", "1")
        assert found["constant"] == ("unhealthy", "no number")
        assert found["silent"][0] == "no-data"
        assert found["broken"][0] == "refused"
        assert "parse error" in found["broken"][1]
        assert found["text"] == ("refused", "the query answers a text; write an expression that answers numbers")
        assert found["range"][0] == "refused"
        assert "rate()" in found["range"][1]

        world.is_healthy_when(
            world.cast.service, errors="100 * errors_ratio|< 1|%", queue="sum(queue_length)|<= 10", up="up|== 1"
        )
        prometheus.measures(HEALTHY, until='errors_ratio{pod="b"} == 0.002')
        healthy = world.verifies(incident)
        assert healthy.state == "healthy"
        step = world.step_of(incident)
        assert step is not None
        assert step.evidence == (
            "checkout errors: 2 series, 0.1 % to 0.2 % (healthy when < 1); checkout queue: 3 (healthy when <= 10); "
            "checkout up: 1 (healthy when == 1)"
        )
        curves = CheckResult.objects.get(verification=healthy, name="errors").curves
        assert [labels.count("pod=") for labels, _ in curves] == [1, 1]
        assert all(points and math.isfinite(points[-1][1]) for _, points in curves)
        world.ends(incident)


def _target(result: CheckResult) -> str:
    labels: str = result.series[0][0]
    return labels.partition('instance="')[2].partition('"')[0]
