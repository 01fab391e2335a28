from collections.abc import Iterator

import pytest

from tests.harness.carriers import Answer
from tests.harness.fake_prometheus import FakePrometheus
from watchbill.config import config
from watchbill.doctor.finding import Finding, Patient
from watchbill.doctor.monitoring import metrics
from watchbill.domain.escalation.steps import Ways
from watchbill.ground.clock import SystemClock


@pytest.fixture
def prometheus(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakePrometheus]:
    with FakePrometheus(token="secret") as started:
        monkeypatch.setenv("WATCHBILL_PROMETHEUS_URL", started.url)
        monkeypatch.setenv("WATCHBILL_PROMETHEUS_TOKEN", "secret")
        monkeypatch.setenv("WATCHBILL_OUTBOUND_ALLOW", "127.0.0.0/8")
        config.cache_clear()
        started.knows = {"vector(1)": [({}, 1.0)]}
        yield started
    monkeypatch.undo()
    config.cache_clear()


def findings() -> list[Finding]:
    ways = Ways(families={}, defaults={})
    return list(metrics(Patient(now=SystemClock().now(), settings=config(), ways=ways, kinds={})))


def test_one_that_answers_is_no_finding(prometheus: FakePrometheus) -> None:
    assert findings() == []


@pytest.mark.parametrize(
    ("broken", "words"),
    [
        (Answer(status=500), "it answered with status 500"),
        (Answer(body=b"<html>"), "is not the JSON of a Prometheus"),
    ],
)
def test_one_that_does_not_is_told_with_the_settings(prometheus: FakePrometheus, broken: Answer, words: str) -> None:
    prometheus.breaks_with = broken
    [finding] = findings()
    assert words in finding.what
    assert prometheus.url in finding.what
    assert not finding.serious
    assert "WATCHBILL_PROMETHEUS_TOKEN" in finding.remedy


def test_a_private_address_that_is_not_allowed(prometheus: FakePrometheus, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("WATCHBILL_OUTBOUND_ALLOW")
    config.cache_clear()
    [finding] = findings()
    assert "WATCHBILL_OUTBOUND_ALLOW" in finding.what


def test_a_wrong_token(prometheus: FakePrometheus) -> None:
    prometheus.token = "another"
    [finding] = findings()
    assert "does not let us in" in finding.what


def test_without_one_there_is_nothing_to_say(monkeypatch: pytest.MonkeyPatch) -> None:
    assert not config().prometheus_url
    assert findings() == []
