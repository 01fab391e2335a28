"""A Prometheus at the wire: it knows the answers that it was given, and looks closely at how it is asked."""

import json
import math
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import parse_qs

from tests.harness.carriers import Answer, FakeHttpCarrier, Request

# Its own clock: nobody may take ours for it.
CLOCK = 1_772_449_000.25
Series = Sequence[tuple[Mapping[str, str], float]]


class FakePrometheus(FakeHttpCarrier):
    """`knows` by query. `token`: whoever does not bring it is turned away. Scripted answers go before."""

    def __init__(self, *, token: str = "") -> None:
        super().__init__()
        self.token = token
        self.knows: dict[str, Series] = {}
        self.wrong: list[str] = []
        self.breaks_with: Answer | None = None
        self.breaks_at = ""

    def asked(self) -> list[str]:
        return [parse_qs(one.body.decode())["query"][0] for one in self.to("/api/v1/query")]

    def __exit__(self, *given: object) -> None:
        super().__exit__(*given)
        assert self.wrong == []

    def answer_to(self, request: Request) -> Answer:
        asked = {name: values[0] for name, values in parse_qs(request.body.decode(), strict_parsing=True).items()}
        self._look_at(request, asked)
        if self.breaks_with is not None and request.path.endswith(self.breaks_at):
            return self.breaks_with
        if self.token and request.headers.get("authorization") != f"Bearer {self.token}":
            return Answer(status=401, body=b"Unauthorized")
        series = self.knows.get(asked["query"])
        if series is None:
            return said({"status": "error", "errorType": "bad_data", "error": BAD_QUERY}, status=400)
        if request.path == "/api/v1/query":
            rows = [{"metric": dict(labels), "value": [CLOCK, number(value)]} for labels, value in series]
            return success("vector", rows)
        start, end = float(asked["start"]), float(asked["end"])
        points = [start + 60 * minute for minute in range(int((end - start) / 60) + 1)]
        matrix = [
            {"metric": dict(labels), "values": [[at, number(value)] for at in points]} for labels, value in series
        ]
        return success("matrix", matrix)

    def _look_at(self, request: Request, asked: Mapping[str, str]) -> None:
        kind = request.headers.get("content-type")
        expected = {"/api/v1/query": {"query", "timeout"}}.get(
            request.path, {"query", "timeout", "start", "end", "step"}
        )
        if request.method != "POST" or kind != "application/x-www-form-urlencoded" or set(asked) != expected:
            self.wrong.append(f"{request.method} {request.path} {kind} {sorted(asked)}")
        if request.path == "/api/v1/query_range":
            span = (float(asked["start"]), float(asked["end"]), asked["step"])
            if span != (CLOCK - 3600, CLOCK, "60"):
                self.wrong.append(f"asked for {span}")
        elif request.path != "/api/v1/query":
            self.wrong.append(request.path)


BAD_QUERY = 'invalid parameter "query": 1:5: parse error: unclosed left parenthesis'


def success(kind: str, result: Any) -> Answer:
    return said({"status": "success", "data": {"resultType": kind, "result": result}})


def said(body: Any, *, status: int = 200) -> Answer:
    return Answer(status=status, body=json.dumps(body).encode(), headers={"Content-Type": "application/json"})


def number(value: float) -> str:
    """As Go writes it."""
    if math.isnan(value):
        return "NaN"
    return ("+Inf" if value > 0 else "-Inf") if math.isinf(value) else repr(value)
