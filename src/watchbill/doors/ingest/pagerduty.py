"""`POST /v2/enqueue` and `POST /v2/change/enqueue`: PagerDuty's clients with nothing but another address."""

from typing import Any

from watchbill.domain.alerts.contract import PayloadRefused
from watchbill.domain.alerts.models import Disposition
from watchbill.domain.alerts.store import KeptEvent
from watchbill.domain.services.store import Route
from watchbill.doors.ingest import answers, bounds
from watchbill.doors.ingest.answers import Answer
from watchbill.doors.ingest.request import Request, events_of, headers_json, store, without_key
from watchbill.doors.ingest.state import State
from watchbill.ground.ids import new_id
from watchbill.sources import pagerduty_events_v2
from watchbill.sources.pagerduty_change_events import parse_change

_KEY_LENGTH = 32
_NOT_AN_OBJECT = "The event must be a JSON object"


async def enqueue(request: Request, state: State) -> Answer:
    payload = _payload(request)
    key, errors = _routing_key(payload)
    try:
        signals = pagerduty_events_v2.parse(payload)
    except PayloadRefused as refusal:
        return answers.invalid([*errors, *refusal.errors], message=refusal.message)
    if errors:
        return answers.invalid(errors)
    route = await _route(state, key)
    if route is None:
        return answers.invalid(["Invalid routing key"])
    request.body = without_key(request.body, key)
    events = events_of(request, route, signals)
    answer = answers.accepted(events[0].dedup_key)
    return await store(state, request, route, events, answer=answer, one_lane=False, throttled_status=429)


async def enqueue_change(request: Request, state: State) -> Answer:
    payload = _payload(request)
    key, errors = _routing_key(payload)
    try:
        change = parse_change(payload)
    except PayloadRefused as refusal:
        return answers.invalid([*errors, *refusal.errors], message=refusal.message)
    if errors:
        return answers.invalid(errors)
    route = await _route(state, key)
    if route is None:
        return answers.invalid(["Invalid routing key"])
    event = KeptEvent(
        event_id=new_id(),
        received_at=request.received_at,
        integration_id=route.integration_id,
        dedup_key="",
        action="change",
        summary=change.summary,
        body=without_key(request.body, key),
        headers=headers_json(tuple(request.raw_headers)),
    )
    await state.keep(event, disposition=Disposition.RECORDED)
    return Answer(202, b'{"status":"success","message":"Change event processed"}')


def _payload(request: Request) -> dict[str, Any]:
    payload = bounds.decode(request.body, request.headers, bytes_max=bounds.PAGERDUTY_BYTES_MAX)
    if not isinstance(payload, dict):
        raise bounds.Refused(answers.unrecognized(_NOT_AN_OBJECT))
    return payload


def _routing_key(payload: dict[str, Any]) -> tuple[str, list[str]]:
    key = payload.get("routing_key")
    if key is None or key == "":
        return "", ["'routing_key' is missing or blank"]
    if not isinstance(key, str) or len(key) != _KEY_LENGTH:
        return "", [f"Length of 'routing_key' is incorrect (should be {_KEY_LENGTH} characters)"]
    return key, []


async def _route(state: State, key: str) -> Route | None:
    route = await state.keys.route_of(key)
    return route if route is not None and route.kind == pagerduty_events_v2.kind else None
