import asyncio
import math
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from tests.harness.carriers import Answer
from tests.harness.fake_prometheus import BAD_QUERY, CLOCK, FakePrometheus, said, success
from watchbill.domain.verification.contract import Answer as Answered_
from watchbill.domain.verification.contract import Answered, QuestionRefused, Unanswered
from watchbill.ground.http_client import HttpClient
from watchbill.ground.network_guard import parse_networks
from watchbill.monitoring.prometheus import PrometheusSource


@pytest.fixture
def prometheus() -> Iterator[FakePrometheus]:
    with FakePrometheus() as started:
        yield started


def ask(
    at: FakePrometheus | str, query: str = "up", *, token: str = "", patience: float = 5, allowed: str = "127.0.0.0/8"
) -> Answered_:
    async def asking() -> Answered_:
        async with HttpClient(allowed_networks=parse_networks(allowed)) as http:
            url = at if isinstance(at, str) else f"{at.url}/"
            source = PrometheusSource(url, http=http, token=token, patience=timedelta(seconds=patience))
            return await source.ask(query)

    return asyncio.run(asking())


def instant(kind: str, result: Any) -> Answer:
    return success(kind, result)


def test_numbers_and_their_last_hour(prometheus: FakePrometheus) -> None:
    prometheus.knows["up"] = [({"__name__": "up", "job": "b", "instance": "a:1"}, 0.25), ({}, -2.0)]
    answer = ask(prometheus)
    assert isinstance(answer, Answered)
    assert [(one.labels, one.value) for one in answer.series] == [
        ('up{instance="a:1", job="b"}', 0.25),
        ("", -2.0),
    ]
    assert [len(curve.points) for curve in answer.curves] == [61, 61]
    assert answer.curves[0].points[-1][0].timestamp() == CLOCK
    assert answer.no_chart == ""


def test_a_scalar_is_one_series(prometheus: FakePrometheus) -> None:
    prometheus.breaks_with, prometheus.breaks_at = instant("scalar", [CLOCK, "7"]), "/query"
    answer = ask(prometheus)
    assert isinstance(answer, Answered)
    assert [(one.labels, one.value) for one in answer.series] == [("", 7.0)]


@pytest.mark.parametrize(("text", "value"), [("NaN", math.nan), ("+Inf", math.inf), ("-Inf", -math.inf)])
def test_what_is_no_number_comes_as_it_is_and_is_not_drawn(prometheus: FakePrometheus, text: str, value: float) -> None:
    prometheus.knows["up"] = [({}, value)]
    answer = ask(prometheus)
    assert isinstance(answer, Answered)
    assert repr(answer.series[0].value) == repr(value)
    assert answer.curves[0].points == ()


def test_no_data_is_an_answer(prometheus: FakePrometheus) -> None:
    prometheus.knows["up"] = []
    assert ask(prometheus) == Answered(series=())
    assert not prometheus.to("/api/v1/query_range")


def test_a_bad_query_is_told_in_the_words_of_prometheus(prometheus: FakePrometheus) -> None:
    assert ask(prometheus, "sum(") == QuestionRefused(BAD_QUERY)


def test_a_token_opens_the_door(prometheus: FakePrometheus) -> None:
    prometheus.token, prometheus.knows["up"] = "secret", [({}, 1.0)]
    assert isinstance(ask(prometheus, token="secret"), Answered)
    refused = ask(prometheus, token="other")
    assert refused == Unanswered("it does not let us in (status 401); set WATCHBILL_PROMETHEUS_TOKEN")


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (success("matrix", []), "answers a range of time"),
        (success("string", [CLOCK, "x"]), "answers a text"),
        (success("vector", [{"metric": {}, "histogram": [CLOCK, {}]}]), "answers a histogram"),
        (success("vector", [{"metric": {}, "value": [CLOCK, "1"]}] * 101), "answers 101 series; use at most 100"),
        (Answer(body=b'{"status":"success","data":' + b" " * 70_000), "answers more than 64 KiB"),
        (said({"status": "error", "errorType": "execution", "error": "many-to-many"}, status=422), "many-to-many"),
        (
            said({"status": "error", "errorType": "bad_data", "error": "a\nb\u202e" + "c" * 999}, status=400),
            "a b<U+202E>",
        ),
    ],
)
def test_a_question_at_fault(prometheus: FakePrometheus, answer: Answer, words: str) -> None:
    prometheus.breaks_with = answer
    refused = ask(prometheus)
    assert isinstance(refused, QuestionRefused)
    assert words in refused.why
    assert len(refused.why) <= 300


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (Answer(status=500, body=b"oh"), "status 500"),
        (said({"status": "error", "errorType": "timeout", "error": "query timed out"}, status=503), "query timed out"),
        (Answer(status=404, body=b"no"), "correct WATCHBILL_PROMETHEUS_URL"),
        (Answer(status=302, headers={"Location": "/x"}), "redirects"),
        (Answer(body=b"<html>welcome</html>"), "is not the JSON of a Prometheus"),
        (Answer(body=b"[]"), "is not the JSON of a Prometheus"),
        (said({"status": "success"}), "is not the JSON of a Prometheus"),
        (said({"status": "success", "data": {}}), "no kind that we know"),
        (success("vector", {}), "no kind that we know"),
        (success("vector", ["x"]), "a series is no object"),
        (success("vector", [{"metric": {}, "value": [CLOCK, 1]}]), "a value is no number"),
        (success("vector", [{"metric": {}, "value": [CLOCK, "0x10"]}]), "a value is no number"),
        (success("vector", [{"metric": {}, "value": [CLOCK, "1_000"]}]), "a value is no number"),
        (success("vector", [{"metric": {}, "value": ["now", "1"]}]), "a value has no time"),
        (success("vector", [{"metric": {}, "value": [1e300, "1"]}]), "a value has no time"),
        (success("vector", [{"metric": {}, "value": [CLOCK]}]), "no pair of time and number"),
        (success("vector", [{"metric": {"a": 1}, "value": [CLOCK, "1"]}]), "a series has no labels"),
        (Answer(body=b"[" * 5000), "is not the JSON of a Prometheus"),
        (Answer(raw=b"garbage\r\n\r\n"), "broke off"),
        (Answer.drop(), "broke off"),
    ],
)
def test_a_source_at_fault(prometheus: FakePrometheus, answer: Answer, words: str) -> None:
    prometheus.breaks_with = answer
    told = ask(prometheus)
    assert isinstance(told, Unanswered)
    assert words in told.why


@pytest.mark.parametrize("answer", [Answer.hang(), Answer.drip()])
def test_a_slow_source_is_not_waited_for(prometheus: FakePrometheus, answer: Answer) -> None:
    prometheus.breaks_with = answer
    told = ask(prometheus, patience=0.3)
    assert isinstance(told, Unanswered)


def test_a_source_that_is_away_or_private(prometheus: FakePrometheus) -> None:
    told = ask("http://127.0.0.1:1")
    assert isinstance(told, Unanswered)
    assert told.why.startswith("no connection to http://127.0.0.1:1: ")
    told = ask(prometheus, allowed="")
    assert isinstance(told, Unanswered)
    assert "WATCHBILL_OUTBOUND_ALLOW" in told.why
    told = ask("prometheus.example.org")
    assert isinstance(told, Unanswered)
    assert "URL" in told.why


@pytest.mark.parametrize(
    "answer",
    [
        Answer(status=500),
        success("vector", []),
        success("matrix", [{"metric": {}, "values": [[CLOCK, "1"]] * 62}]),
        success("matrix", [{"metric": {}}]),
        Answer(body=b"x" * 70_000),
    ],
)
def test_without_its_last_hour_a_number_still_counts(prometheus: FakePrometheus, answer: Answer) -> None:
    prometheus.knows["up"] = [({}, 1.0)]
    prometheus.breaks_with, prometheus.breaks_at = answer, "/query_range"
    told = ask(prometheus)
    assert isinstance(told, Answered)
    assert [one.value for one in told.series] == [1.0]
    assert told.curves == ()
    assert told.no_chart
