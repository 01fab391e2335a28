"""Prometheus, and whatever speaks its HTTP API: Thanos, Mimir, VictoriaMetrics.

Its own clock says what "now" is, so that it does not matter whether ours agrees with it.
"""

import math
import re
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from watchbill.domain.verification.contract import (
    CHART_SPAN,
    CHART_STEP,
    CURVES_MAX,
    SERIES_MAX,
    Answer,
    Answered,
    Curve,
    Measured,
    QuestionRefused,
    Unanswered,
)
from watchbill.ground.http_client import HttpClient, OutboundFailed, OutboundRefused
from watchbill.ground.http_connection import ANSWER_BYTES_MAX, HttpAnswer
from watchbill.ground.json_text import JsonRefused, read_json
from watchbill.ground.text import cut_characters, one_line

PATIENCE = timedelta(seconds=8)
_DEPTH_MAX, _KEYS_MAX = 8, 20_000
_LABELS_MAX, _WORDS_MAX = 200, 300
_NUMBER = re.compile(r"[+-]?(\d+(\.\d+)?([eE][+-]?\d+)?|Inf)|NaN", re.ASCII)
_QUESTION_AT_FAULT = frozenset({"bad_data", "execution"})
_RESULTS = {
    "matrix": "answers a range of time; put it into a function like rate() or last_over_time()",
    "string": "answers a text; write an expression that answers numbers",
}


class _Garbled(Exception):
    """The answer is not what the API promises."""


class _QuestionAtFault(Exception):
    """The answer is good, but not one that a check can be made of."""


class PrometheusSource:
    """`url` is the address under which `/api/v1/query` is found; `token` is sent as a bearer token."""

    def __init__(self, url: str, *, http: HttpClient, token: str = "", patience: timedelta = PATIENCE) -> None:
        self._url = url.rstrip("/")
        self._http = http
        self._patience = patience
        self._headers = {"Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json"}
        if token:
            self._headers["Authorization"] = f"Bearer {token}"

    async def ask(self, query: str) -> Answer:
        data = await self._data("query", {"query": query})
        if isinstance(data, QuestionRefused | Unanswered):
            return data
        try:
            measured = _now(data)
        except _QuestionAtFault as error:
            return QuestionRefused(str(error))
        except _Garbled as error:
            return _not_understood(error)
        if not measured:
            return Answered(series=())
        return await self._with_chart(query, measured[0][0], tuple(series for _, series in measured))

    async def _with_chart(self, query: str, at: datetime, series: tuple[Measured, ...]) -> Answered:
        """The numbers count without it: whatever goes wrong here is said beside them."""
        asked = {
            "query": query,
            "start": f"{(at - CHART_SPAN).timestamp():.3f}",
            "end": f"{at.timestamp():.3f}",
            "step": f"{CHART_STEP.total_seconds():.0f}",
        }
        data = await self._data("query_range", asked)
        if isinstance(data, QuestionRefused | Unanswered):
            return Answered(series=series, no_chart=data.why)
        try:
            return Answered(series=series, curves=_curves(data))
        except _Garbled as error:
            return Answered(series=series, no_chart=_not_understood(error).why)

    async def _data(self, what: str, asked: dict[str, str]) -> Any:
        body = urlencode({**asked, "timeout": f"{self._patience.total_seconds():g}"}).encode()
        url = f"{self._url}/api/v1/{what}"
        try:
            answer = await self._http.request(
                "POST", url, content=body, headers=self._headers, total_timeout=self._patience
            )
        except (OutboundRefused, OutboundFailed) as error:
            return Unanswered(str(error))
        return _data_of(answer)


def _data_of(answer: HttpAnswer) -> Any:
    """What `data` holds, or why there is none."""
    if answer.status in (401, 403):
        return Unanswered(f"it does not let us in (status {answer.status}); set WATCHBILL_PROMETHEUS_TOKEN")
    if answer.status == 404:
        return Unanswered("there is no Prometheus API at that address (status 404); correct WATCHBILL_PROMETHEUS_URL")
    if 300 <= answer.status < 400:
        return Unanswered(f"it redirects (status {answer.status}); set WATCHBILL_PROMETHEUS_URL to the final address")
    if not answer.complete:
        if len(answer.body) >= ANSWER_BYTES_MAX:
            return QuestionRefused(f"answers more than {ANSWER_BYTES_MAX // 1024} KiB; aggregate with sum or max")
        return Unanswered(f"it broke off in the middle of its answer (status {answer.status})")
    try:
        read = read_json(answer.body, depth_max=_DEPTH_MAX, keys_max=_KEYS_MAX)
    except JsonRefused:
        read = None
    if isinstance(read, dict) and read.get("status") == "error":
        return _told(read, answer.status)
    if answer.status != 200:
        return Unanswered(f"it answered with status {answer.status}; look at its log")
    if not isinstance(read, dict) or read.get("status") != "success" or not isinstance(read.get("data"), dict):
        return _not_understood(_Garbled("it is not the JSON of a Prometheus"))
    return read["data"]


def _told(read: dict[str, Any], status: int) -> QuestionRefused | Unanswered:
    words = cut_characters(one_line(str(read.get("error", "no reason given"))), _WORDS_MAX)
    if read.get("errorType") in _QUESTION_AT_FAULT:
        return QuestionRefused(words)
    return Unanswered(f"it answered with status {status}: {words}")


def _not_understood(error: _Garbled) -> Unanswered:
    return Unanswered(f"its answer was not understood: {error}; is WATCHBILL_PROMETHEUS_URL right?")


def _now(data: dict[str, Any]) -> list[tuple[datetime, Measured]]:
    kind, result = data.get("resultType"), data.get("result")
    if isinstance(kind, str) and kind in _RESULTS:
        raise _QuestionAtFault(_RESULTS[kind])
    if kind == "scalar":
        at, value = _point(result)
        return [(at, Measured(labels="", value=value))]
    if kind != "vector" or not isinstance(result, list):
        raise _Garbled("its result is of no kind that we know")
    if len(result) > SERIES_MAX:
        raise _QuestionAtFault(f"answers {len(result)} series; use at most {SERIES_MAX}: aggregate with sum or max")
    return [_measured(one) for one in result]


def _measured(one: Any) -> tuple[datetime, Measured]:
    if not isinstance(one, dict):
        raise _Garbled("a series is no object")
    if "histogram" in one and "value" not in one:
        raise _QuestionAtFault("answers a histogram; write an expression that answers numbers")
    at, value = _point(one.get("value"))
    return at, Measured(labels=_labels(one.get("metric")), value=value)


def _curves(data: dict[str, Any]) -> tuple[Curve, ...]:
    result = data.get("result")
    if data.get("resultType") != "matrix" or not isinstance(result, list):
        raise _Garbled("its result is of no kind that we know")
    points_max = int(CHART_SPAN / CHART_STEP) + 1
    found = []
    for one in result[:CURVES_MAX]:
        values = one.get("values") if isinstance(one, dict) else None
        if not isinstance(values, list) or len(values) > points_max:
            raise _Garbled("a series has no values, or more than were asked for")
        points = (_point(value) for value in values)
        finite = tuple((at, value) for at, value in points if math.isfinite(value))
        found.append(Curve(labels=_labels(one.get("metric")), points=finite))
    return tuple(found)


def _point(given: Any) -> tuple[datetime, float]:
    """`[1700000000.123, "0.5"]`"""
    if not isinstance(given, list) or len(given) != 2:
        raise _Garbled("a value is no pair of time and number")
    at, value = given
    if isinstance(at, bool) or not isinstance(at, int | float) or not 0 <= at < 1e11:
        raise _Garbled("a value has no time")
    if not isinstance(value, str) or len(value) > 60 or not _NUMBER.fullmatch(value):
        raise _Garbled("a value is no number")
    return datetime.fromtimestamp(at, UTC), float(value)


def _labels(given: Any) -> str:
    """As PromQL writes them, without the quotes' escapes: `{instance="a:9100", job="node"}`."""
    if not isinstance(given, dict) or not all(isinstance(value, str) for value in given.values()):
        raise _Garbled("a series has no labels")
    name = one_line(given.get("__name__", ""))
    rest = ", ".join(f'{key}="{value}"' for key, value in sorted(given.items()) if key != "__name__")
    return cut_characters(one_line(name + (f"{{{rest}}}" if rest else "")), _LABELS_MAX)
