"""Whatever JSON arrives, a source answers with signals or with a refusal that names field and remedy."""

import math
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from watchbill.domain.alerts.contract import DEDUP_KEY_MAX, SUMMARY_MAX, PayloadRefused, Signal, Source
from watchbill.ground.json_text import JsonRefused, read_json
from watchbill.sources.pagerduty_change_events import parse_change
from watchbill.sources.register import BY_KIND, SOURCES

_WORDS = st.sampled_from(
    [
        "summary",
        "source",
        "severity",
        "status",
        "alerts",
        "labels",
        "annotations",
        "payload",
        "event_action",
        "trigger",
        "resolve",
        "dedup_key",
        "fingerprint",
        "links",
        "href",
        "details",
        "custom_details",
        "startsAt",
        "timestamp",
        "firing",
        "resolved",
        "critical",
        "0001-01-01T00:00:00Z",
    ]
)
_TEXTS = st.one_of(_WORDS, st.text(max_size=40), st.text(min_size=1100, max_size=1200))
_SCALARS = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), _TEXTS)
_JSON = st.recursive(
    _SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.one_of(_WORDS, _TEXTS), inner, max_size=5),
    max_leaves=25,
)
_PAGERDUTY = st.fixed_dictionaries(
    {"event_action": st.sampled_from(["trigger", "resolve", "acknowledge"])},
    optional={
        "dedup_key": _SCALARS,
        "payload": st.dictionaries(_WORDS, _JSON, max_size=8),
        "links": _JSON,
        "images": _JSON,
        "client": _JSON,
    },
)
_ALERTMANAGER = st.fixed_dictionaries({"alerts": st.lists(st.dictionaries(_WORDS, _JSON) | _JSON, max_size=4)})
_GENERIC = st.fixed_dictionaries({"summary": _JSON}, optional={"links": _JSON, "status": _JSON, "dedup_key": _JSON})


def _storable(signal: Signal) -> None:
    assert len(signal.summary) <= SUMMARY_MAX
    assert signal.summary
    assert len(signal.dedup_key) <= DEDUP_KEY_MAX
    assert len(signal.source) <= 500
    assert signal.severity in ("critical", "error", "warning", "info")
    assert all(link["href"].lower().startswith(("http://", "https://")) for link in signal.links)


@pytest.mark.parametrize("source", SOURCES, ids=lambda source: source.kind)
@given(payload=st.one_of(_JSON, _PAGERDUTY, _ALERTMANAGER, _GENERIC))
def test_anything_is_parsed_or_refused_with_a_reason(source: Source, payload: Any) -> None:
    try:
        signals = source.parse(payload)
    except PayloadRefused as refusal:
        assert refusal.message
        assert refusal.errors
        assert all(isinstance(error, str) and error for error in refusal.errors)
    else:
        assert signals
        for signal in signals:
            _storable(signal)


@given(payload=_JSON)
def test_a_change_event_is_parsed_or_refused(payload: Any) -> None:
    try:
        assert parse_change(payload).summary
    except PayloadRefused as refusal:
        assert refusal.errors


@given(body=st.one_of(st.binary(max_size=200), _JSON.map(lambda value: str(value).encode("utf-8", "replace"))))
def test_any_bytes_are_read_or_refused(body: bytes) -> None:
    try:
        value = read_json(body, depth_max=32, keys_max=1000)
    except JsonRefused as refusal:
        assert str(refusal)
    else:
        orjson.dumps(value)


@pytest.mark.parametrize(
    ("body", "meaning"),
    [
        (rb'{"summary": "a\u0000b"}', {"summary": "a\ufffdb"}),
        (rb'{"summary": "half an emoji \ud83d"}', {"summary": "half an emoji \ufffd"}),
        (rb'{"\ud83d\u0000": 1}', {"\ufffd\ufffd": 1}),
        (b'{"summary": "caf\xe9"}', {"summary": "caf\ufffd"}),
        (b"\xef\xbb\xbf" + b'{"summary": "mark"}', {"summary": "mark"}),
        ('{"summary": "wide"}'.encode("utf-16"), {"summary": "wide"}),
        (b'{"value": NaN, "other": -Infinity}', {"value": "NaN", "other": "-Infinity"}),
    ],
)
def test_what_postgresql_cannot_hold_is_replaced_not_refused(body: bytes, meaning: Any) -> None:
    assert read_json(body, depth_max=32, keys_max=1000) == meaning


def test_numbers_stay_finite() -> None:
    value = read_json(b'{"a": 1e999, "b": ' + b"9" * 400 + b"}", depth_max=32, keys_max=1000)
    assert not [number for number in value.values() if isinstance(number, float) and not math.isfinite(number)]
    orjson.dumps(value)


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"[" * 33 + b"]" * 33, "deeper than 32"),
        (b"[" * 100_000 + b"]" * 100_000, "nested"),
        (orjson.dumps({str(number): number for number in range(1001)}), "more than 1000 keys"),
        (b"", "JSON parse error"),
        (b"summary: text", "JSON parse error"),
        (b"9" * 5000 + b"x", "JSON parse error"),
    ],
)
def test_bombs_are_refused(body: bytes, reason: str) -> None:
    with pytest.raises(JsonRefused, match=reason):
        read_json(body, depth_max=32, keys_max=1000)


def test_brackets_and_colons_inside_text_are_no_structure() -> None:
    body = orjson.dumps({"summary": "{[" * 500 + ":" * 2000})
    assert read_json(body, depth_max=32, keys_max=1000)["summary"].startswith("{[{[")


def test_the_register_names_each_kind_once() -> None:
    assert len(BY_KIND) == len(SOURCES)
