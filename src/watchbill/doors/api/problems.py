"""Errors as RFC 9457 wants them: one shape everywhere, with the field at fault and the remedy."""

from collections.abc import Mapping, Sequence
from typing import Any

import structlog
from django.core.exceptions import RequestDataTooBig, SuspiciousOperation
from django.db import InterfaceError, OperationalError
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from ninja import NinjaAPI
from ninja.errors import HttpError, Throttled, ValidationError
from pydantic import BaseModel

from watchbill.domain.alerts.actions import AlertResolvedAlready, AlertUnknown, ReassignmentRefused, SnoozeRefused
from watchbill.domain.alerts.listing import CursorRefused
from watchbill.domain.communications.publishing import ApprovalMissing
from watchbill.domain.communications.statement_actions import DraftChanged, StatementOver
from watchbill.domain.escalation.actions import RunCannotEscalate
from watchbill.domain.escalation.policy_actions import PolicyStillNeeded
from watchbill.domain.incidents.actions import IncidentOver
from watchbill.domain.incidents.ending_actions import GateShut
from watchbill.domain.incidents.role_actions import SeatTaken
from watchbill.domain.oncall.actions import ScheduleStillNeeded
from watchbill.domain.oncall.override_actions import OverrideOver
from watchbill.domain.paging.contact_messages import TooManyMessages
from watchbill.domain.people.actions import LastOwner, PersonStillNeeded
from watchbill.domain.people.team_actions import TeamStillNeeded
from watchbill.domain.services.maintenance_actions import MaintenanceOver
from watchbill.doors.callers import Forbidden
from watchbill.ground.refusals import ChangeRefused, Taken, Unknown
from watchbill.ground.text import storable

MEDIA_TYPE = "application/problem+json"
# The kind of a problem is its status, and no more than that (RFC 9457, 4.2.1).
_TYPE = "about:blank"

_log = structlog.get_logger()

_TITLES = {
    400: "Bad request",
    401: "Not signed in",
    403: "Not allowed",
    404: "Not found",
    405: "Method not allowed",
    409: "Conflict",
    413: "Too large",
    422: "Not valid",
    429: "Too many requests",
    500: "Internal error",
    503: "Not available",
}
# What cannot be done in the state in which the thing is, although nothing is wrong with the request itself.
_CONFLICTS = (
    Taken,
    LastOwner,
    PersonStillNeeded,
    TeamStillNeeded,
    ScheduleStillNeeded,
    PolicyStillNeeded,
    OverrideOver,
    MaintenanceOver,
    IncidentOver,
    GateShut,
    SeatTaken,
    DraftChanged,
    StatementOver,
    ApprovalMissing,
)


class FieldError(BaseModel):
    """`field` is the path of the input ("" for the request as a whole); `reason` says what to do."""

    field: str
    reason: str


class Problem(BaseModel):
    type: str
    title: str
    status: int
    detail: str
    errors: list[FieldError]


class NotFound(Exception):
    """What was asked for is not there, or is none of the caller's business."""


class Conflict(Exception):
    """Somebody else was faster."""


class Invalid(Exception):
    """(field, reason) for everything that is wrong with the request."""

    def __init__(self, errors: Sequence[tuple[str, str]]) -> None:
        super().__init__("; ".join(f"{field}: {reason}" if field else reason for field, reason in errors))
        self.errors = errors


def problem(
    status: int,
    detail: str,
    *,
    errors: Sequence[tuple[str, str]] = (),
    headers: Mapping[str, str] | None = None,
) -> HttpResponse:
    body = {
        "type": _TYPE,
        "title": _TITLES.get(status, "Refused"),
        "status": status,
        "detail": storable(detail),
        "errors": [{"field": storable(field), "reason": storable(reason)} for field, reason in errors],
    }
    return JsonResponse(body, status=status, content_type=MEDIA_TYPE, headers=dict(headers or {}))


def answer_errors(api: NinjaAPI) -> None:
    """The one table from what can go wrong to what is answered."""

    def on(kind: type[Exception], handler: Any) -> None:
        api.add_exception_handler(kind, handler)

    on(ValidationError, _not_valid)
    on(ChangeRefused, _refused)
    on(Forbidden, lambda request, error: problem(403, str(error)))
    on(HttpError, _of_the_framework)
    for kind in (NotFound, AlertUnknown):
        on(kind, lambda request, error: problem(404, str(error)))
    on(Http404, lambda request, error: problem(404, "There is no such address."))
    on(Invalid, lambda request, error: problem(422, str(error), errors=error.errors))
    for conflict in (AlertResolvedAlready, RunCannotEscalate, Conflict):
        on(conflict, lambda request, error: problem(409, str(error)))
    for refusal, field in ((SnoozeRefused, "until"), (ReassignmentRefused, "targets"), (CursorRefused, "cursor")):
        on(refusal, _about(field))
    on(RequestDataTooBig, lambda request, error: problem(413, "Send a smaller body."))
    on(SuspiciousOperation, lambda request, error: problem(400, str(error)))
    for outage in (OperationalError, InterfaceError):
        on(outage, _database_away)
    on(Exception, _failed)


def _not_valid(request: HttpRequest, error: ValidationError) -> HttpResponse:
    errors = [(_path(row["loc"]), _reason(row)) for row in error.errors]
    return problem(422, "; ".join(f"{field}: {reason}" if field else reason for field, reason in errors), errors=errors)


def _refused(request: HttpRequest, error: ChangeRefused) -> HttpResponse:
    if isinstance(error, Unknown) and error.field in ("", "id"):
        return problem(404, error.reason)
    if isinstance(error, TooManyMessages):
        headers = {"Retry-After": str(int(error.wait.total_seconds()) + 1)}
        return problem(429, error.reason, headers=headers)
    status = 409 if isinstance(error, _CONFLICTS) else 422
    return problem(status, str(error), errors=[(error.field, error.reason)])


def _about(field: str) -> Any:
    def handler(request: HttpRequest, error: Exception) -> HttpResponse:
        reason = str(error).removeprefix(f"{field}: ")
        return problem(422, f"{field}: {reason}", errors=[(field, reason)])

    return handler


def _of_the_framework(request: HttpRequest, error: HttpError) -> HttpResponse:
    if error.status_code == 401:
        words = "Send a token: `Authorization: Bearer wb_…`. It may be missing, wrong, expired or revoked."
        return problem(401, words, headers={"WWW-Authenticate": 'Bearer realm="watchbill"'})
    if error.status_code == 403:
        return problem(403, "The form token (CSRF) is missing or old: load the page again, or use an API token.")
    if isinstance(error, Throttled):
        headers = {"Retry-After": str(max(1, int(error.wait or 0)))}
        return problem(429, "Too many requests: wait as long as Retry-After says.", headers=headers)
    if error.status_code == 400:
        return problem(400, "The body is no JSON that can be read: send UTF-8 JSON, not too deep.")
    return problem(error.status_code, str(error))


def _database_away(request: HttpRequest, error: Exception) -> HttpResponse:
    _log.error("api.database_away", path=request.path, error=type(error).__name__)
    return problem(503, "The database does not answer. Try again.", headers={"Retry-After": "1"})


def _failed(request: HttpRequest, error: Exception) -> HttpResponse:
    _log.error("api.failed", method=request.method, path=request.path, exc_info=error)
    return problem(500, "Something went wrong inside. The log of the web process says what.")


def _path(place: Sequence[str | int]) -> str:
    """`levels[0].timeout`: without where it came from ("body", "query") and our own parameter's name."""
    parts = list(place[2:] if place[:1] == ("body",) else place[1:])
    text = ""
    for part in parts:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else str(part)
    return text


def _reason(row: Mapping[str, Any]) -> str:
    if row["type"] == "extra_forbidden":
        return "is no field of this request; leave it out"
    if row["type"] == "missing":
        return "is missing; give it"
    if row["type"] == "timezone_aware":
        return "has no UTC offset; write it like 2026-12-24T18:00:00Z"
    if row["type"].startswith("datetime"):
        return "is no instant; write it like 2026-12-24T18:00:00Z"
    message = str(row["msg"]).removeprefix("Value error, ")
    return message[:1].lower() + message[1:]
