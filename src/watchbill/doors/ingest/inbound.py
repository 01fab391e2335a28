"""`POST /in/{kind}/{key}`: every other source, with its key in the address."""

from watchbill.domain.alerts.contract import PayloadRefused
from watchbill.doors.ingest import answers, bounds
from watchbill.doors.ingest.answers import Answer
from watchbill.doors.ingest.request import Request, events_of, store
from watchbill.doors.ingest.state import State
from watchbill.sources.register import BY_KIND

_THROTTLED = 503  # Alertmanager's plain webhook tries again after 5xx only


async def receive(request: Request, state: State, *, kind: str, key: str) -> Answer:
    source = BY_KIND.get(kind)
    if source is None:
        known = ", ".join(BY_KIND)
        return answers.refused(404, "not found", "There is no such kind of source.", [f"Use one of: {known}."])
    route = await state.keys.route_of(key)
    if route is None or route.kind != kind:
        error = f"The key in the address belongs to no {kind} integration. Copy the address from the service's page."
        return answers.refused(404, "invalid key", "The event was not accepted.", [error])
    keys_max = bounds.NOTIFICATION_KEYS_MAX if source.many_keys else bounds.KEYS_MAX
    payload = bounds.decode(request.body, request.headers, bytes_max=bounds.BODY_BYTES_MAX, keys_max=keys_max)
    try:
        signals = source.parse(payload)
    except PayloadRefused as refusal:
        return answers.invalid(refusal.errors, message=refusal.message)
    events = events_of(request, route, signals)
    if len(events) == 1:
        answer = answers.accepted_with(dedup_key=events[0].dedup_key, event_id=str(events[0].event_id))
    else:
        answer = answers.accepted_with(events=len(events), event_id=str(events[0].event_id))
    return await store(
        state, request, route, events, answer=answer, one_lane=source.many_keys, throttled_status=_THROTTLED
    )
