"""Events sent with a token, for programs that have one and no key; a token of scope `ingest` is good for this alone."""

from typing import Any
from uuid import UUID

from django.http import HttpRequest
from ninja import Router, Status

from watchbill.domain.alerts.contract import PayloadRefused
from watchbill.domain.alerts.sent_event_actions import take_event
from watchbill.doors.api.auth import caller, requires
from watchbill.doors.api.names import service_id
from watchbill.doors.api.problems import Invalid
from watchbill.doors.api.values import Name, Output
from watchbill.doors.ingest.bounds import DEPTH_MAX, KEYS_MAX
from watchbill.doors.moment import now_of
from watchbill.ground.json_text import JsonRefused, read_json
from watchbill.sources import generic

router = Router(tags=["events"])

_BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            "application/json": {
                "schema": {
                    "type": "object",
                    "required": ["summary"],
                    "properties": {
                        "summary": {"type": "string", "minLength": 1},
                        "dedup_key": {"type": "string", "maxLength": 512},
                        "status": {"type": "string", "enum": ["triggered", "acknowledged", "resolved"]},
                        "severity": {"type": "string", "enum": ["critical", "error", "warning", "info"]},
                        "source": {"type": "string"},
                        "details": {"type": "object"},
                        "links": {"type": "array", "items": {"type": "string", "format": "uri"}},
                        "occurred_at": {"type": "string", "format": "date-time"},
                    },
                }
            }
        },
    }
}


class TakenOut(Output):
    """`disposition`: new, deduped, suppressed, acknowledged, resolved, or dropped when no alert was open."""

    event_id: UUID
    dedup_key: str
    disposition: str
    alert: UUID | None


@router.post("/{name}/events", response={202: TakenOut}, summary="Send an event to a service", openapi_extra=_BODY)
@requires("event.send")
def send(request: HttpRequest, name: Name) -> Status[TakenOut]:
    """Generic JSON, as for `/in/generic/KEY`: it opens an alert, or belongs to the open one with its `dedup_key`.

    Stored when this is answered. The service needs an integration of kind generic.
    """
    wanted = service_id(name)
    try:
        [signal] = generic.parse(read_json(request.body, depth_max=DEPTH_MAX, keys_max=KEYS_MAX))
    except JsonRefused as refused:
        raise Invalid([("", str(refused))]) from refused
    except PayloadRefused as refused:
        raise Invalid([("", error) for error in refused.errors]) from refused
    headers = {"User-Agent": request.headers["User-Agent"][:1000]} if "User-Agent" in request.headers else {}
    taken = take_event(
        wanted, signal, body=request.body, headers=headers, sender=caller(request).actor, now=now_of(request)
    )
    return Status(
        202,
        TakenOut(
            event_id=taken.event_id,
            dedup_key=taken.dedup_key,
            disposition=taken.disposition.value,
            alert=taken.alert_id,
        ),
    )
