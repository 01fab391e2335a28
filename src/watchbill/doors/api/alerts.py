"""Alerts: look, and do what a person on call does."""

from typing import Annotated, Any, Literal
from uuid import UUID

from django.http import HttpRequest
from ninja import Query, Router
from pydantic import Field

from watchbill.domain.alerts import actions
from watchbill.domain.alerts.listing import AlertFilter, alert_id_of, list_alerts
from watchbill.domain.alerts.models import Alert, Severity
from watchbill.domain.alerts.reads import AlertDetail, alert_detail, events_of
from watchbill.domain.escalation.target_words import targets_of
from watchbill.doors.api.auth import caller, requires
from watchbill.doors.api.ladder import StepOut, step_out
from watchbill.doors.api.names import service_id
from watchbill.doors.api.pages import LIMIT, Cursor, Limit, Page
from watchbill.doors.api.problems import NotFound
from watchbill.doors.api.values import Duration, Input, Instant, InstantOut, Name, Output, Text
from watchbill.doors.moment import now_of
from watchbill.doors.web.wiring import wired

router = Router(tags=["alerts"])

Status = Literal["all", "open", "triggered", "acknowledged", "resolved"]
BODY_SHOWN = 64_000


class AlertOut(Output):
    id: UUID
    number: int
    status: str
    summary: str
    severity: str
    urgency: str
    service_id: UUID
    service: str
    integration_id: UUID
    source: str
    dedup_key: str
    links: Any
    opened_at: InstantOut
    acknowledged_at: InstantOut | None
    acknowledged_by: str | None
    resolved_at: InstantOut | None
    resolved_by: str | None
    snoozed_until: InstantOut | None
    suppressed_by: UUID | None
    events_count: int
    last_event_at: InstantOut


class DeliveryOut(Output):
    id: UUID
    contact: str
    kind: str
    rule: str
    due_at: InstantOut
    state: str
    finished_at: InstantOut | None
    error: str


class PageOut(Output):
    """`level` counts from 1; 0 is the fallback. `reason` says why this person was paged."""

    id: UUID
    person_id: UUID
    person: str
    email: str
    reason: str
    cycle: int
    level: int
    state: str
    created_at: InstantOut
    closed_at: InstantOut | None
    closed_reason: str
    deliveries: list[DeliveryOut]


class AttemptOut(Output):
    """One message to one contact. `pages_count` over 1: it stood for so many pages."""

    id: UUID
    page_id: UUID
    delivery_id: UUID
    person: str
    email: str
    contact: str
    kind: str
    state: str
    started_at: InstantOut
    finished_at: InstantOut | None
    reference: str
    error: str
    pages_count: int


class TimelineOut(Output):
    at: InstantOut
    action: str
    actor_kind: str
    actor: str
    via: str
    details: Any


class NextStepOut(Output):
    """`kind`: escalation, acknowledgement_expires, snooze_ends, maintenance_ends, try_again or none."""

    kind: str
    due_at: InstantOut | None
    words: str
    steps: list[StepOut]


class AlertDetailOut(AlertOut):
    """`timeline` has the newest entries; `timeline_left` more stand before them."""

    details: Any
    policy: str
    pages: list[PageOut]
    attempts: list[AttemptOut]
    timeline: list[TimelineOut]
    timeline_left: int
    next_step: NextStepOut


class EventOut(Output):
    """`body` is what was received, bytes that are no text replaced, cut when long."""

    id: UUID
    received_at: InstantOut
    action: str
    disposition: str
    summary: str
    body: str


class SnoozeIn(Input):
    """Either of the two."""

    until: Instant | None = None
    duration: Duration | None = None


class ReassignIn(Input):
    targets: Annotated[
        list[Text],
        Field(min_length=1, max_length=20, description="user:EMAIL, schedule:NAME, team-lead:NAME, team-manager:NAME"),
    ]


class AlertQuery(Input):
    """`q` searches summary, key, source and service; `#12` or `12` is the alert's number as well."""

    status: Status = "all"
    service: Text = ""
    urgency: Literal["", "high", "low"] = ""
    severity: Literal["", *Severity.values] = ""  # type: ignore[valid-type]  # the values are known when it is imported
    q: Annotated[Text, Field(max_length=200)] = ""
    cursor: Cursor = ""
    limit: Limit = LIMIT


@router.get("", response=Page[AlertOut], summary="List and search alerts")
@requires("alert.read")
def listing(request: HttpRequest, asked: Query[AlertQuery]) -> Page[AlertOut]:
    wanted = AlertFilter(
        status=asked.status,
        service=service_id(asked.service, field="service") if asked.service else None,
        urgency=asked.urgency,
        severity=asked.severity,
        query=asked.q.strip(),
    )
    found = list_alerts(wanted, after=asked.cursor, limit=asked.limit)
    return Page(items=[alert_out(alert) for alert in found.alerts], next=found.next_cursor or None)


@router.get("/{alert}", response=AlertDetailOut, summary="Read one alert: pages, attempts, timeline, next step")
@requires("alert.read")
def one(request: HttpRequest, alert: Name) -> AlertDetailOut:
    return _detail_out(_detail(request, _id(alert)))


@router.get("/{alert}/events", response=list[EventOut], summary="Read what came in for an alert")
@requires("alert.read")
def events(request: HttpRequest, alert: Name) -> list[EventOut]:
    return [
        EventOut(
            id=row.id,
            received_at=row.received_at,
            action=row.action,
            disposition=row.disposition,
            summary=row.summary,
            body=bytes(row.body)[:BODY_SHOWN].decode("utf-8", "replace"),
        )
        for row in events_of(_id(alert))
    ]


@router.post("/{alert}/acknowledge", response=AlertDetailOut, summary="Acknowledge an alert")
@requires("alert.acknowledge")
def acknowledge(request: HttpRequest, alert: Name) -> AlertDetailOut:
    """Paging stops. When somebody has it already nothing changes: `acknowledged_by` says who."""
    done = actions.acknowledge(alert_id=_id(alert), actor=caller(request).actor, now=now_of(request))
    return _detail_out(_detail(request, done.id))


@router.post("/{alert}/resolve", response=AlertDetailOut, summary="Resolve an alert")
@requires("alert.resolve")
def resolve(request: HttpRequest, alert: Name) -> AlertDetailOut:
    done = actions.resolve(alert_id=_id(alert), actor=caller(request).actor, now=now_of(request))
    return _detail_out(_detail(request, done.id))


@router.post("/{alert}/snooze", response=AlertDetailOut, summary="Snooze an alert until a time")
@requires("alert.snooze")
def snooze(request: HttpRequest, alert: Name, body: SnoozeIn) -> AlertDetailOut:
    now = now_of(request)
    if body.until is not None and body.duration is None:
        until = body.until
    elif body.duration is not None and body.until is None:
        until = now + min(body.duration, actions.SNOOZE_MAX * 2)
    else:
        raise actions.SnoozeRefused("until: give either until or duration")
    done = actions.snooze(alert_id=_id(alert), until=until, actor=caller(request).actor, now=now)
    return _detail_out(_detail(request, done.id))


@router.post("/{alert}/escalate", response=AlertDetailOut, summary="Page the next level of an alert now")
@requires("alert.escalate")
def escalate(request: HttpRequest, alert: Name) -> AlertDetailOut:
    """The next level is paged now."""
    done = actions.escalate(alert_id=_id(alert), actor=caller(request).actor, now=now_of(request))
    return _detail_out(_detail(request, done.id))


@router.post("/{alert}/reassign", response=AlertDetailOut, summary="Page others for an alert now")
@requires("alert.reassign")
def reassign(request: HttpRequest, alert: Name, body: ReassignIn) -> AlertDetailOut:
    """Those named are paged now; if they do not answer, the policy starts from its top."""
    alert_id, targets = _id(alert), targets_of(body.targets)
    done = actions.reassign(alert_id=alert_id, targets=targets, actor=caller(request).actor, now=now_of(request))
    return _detail_out(_detail(request, done.id))


def _id(text: str) -> UUID:
    found = alert_id_of(text)
    if found is None:
        raise NotFound(f"There is no alert {text!r}. Name it by its id or number.")
    return found


def _detail(request: HttpRequest, alert_id: UUID) -> AlertDetail:
    detail = alert_detail(alert_id, ways=wired().ways(), now=now_of(request))
    if detail is None:
        raise NotFound(f"There is no alert {alert_id}.")
    return detail


def alert_out(alert: Alert) -> AlertOut:
    return AlertOut(**_facts(alert))


def _facts(alert: Alert) -> dict[str, Any]:
    return {
        "id": alert.id,
        "number": alert.number,
        "status": str(alert.state),
        "summary": alert.summary,
        "severity": str(alert.severity),
        "urgency": str(alert.urgency),
        "service_id": alert.service_id,
        "service": alert.service.name,
        "integration_id": alert.integration_id,
        "source": alert.source,
        "dedup_key": alert.dedup_key,
        "links": alert.links,
        "opened_at": alert.opened_at,
        "acknowledged_at": alert.acknowledged_at,
        "acknowledged_by": alert.acknowledged_by or None,
        "resolved_at": alert.resolved_at,
        "resolved_by": alert.resolved_by or None,
        "snoozed_until": alert.snoozed_until,
        "suppressed_by": alert.suppressed_by_id,
        "events_count": alert.events_count,
        "last_event_at": alert.last_event_at,
    }


def _detail_out(detail: AlertDetail) -> AlertDetailOut:
    step = detail.next_step
    return AlertDetailOut(
        **_facts(detail.alert),
        details=detail.alert.details,
        policy=detail.policy,
        pages=[
            PageOut(
                **{name: getattr(page, name) for name in PageOut.model_fields if name != "deliveries"},
                deliveries=[
                    DeliveryOut(**{name: getattr(delivery, name) for name in DeliveryOut.model_fields})
                    for delivery in page.deliveries
                ],
            )
            for page in detail.pages
        ],
        attempts=_attempts(detail),
        timeline=[
            TimelineOut(
                at=entry.at,
                action=entry.action,
                actor_kind=entry.actor_kind,
                actor=entry.actor_label,
                via=entry.via,
                details=entry.details,
            )
            for entry in detail.timeline
        ],
        timeline_left=detail.timeline_left,
        next_step=NextStepOut(
            kind=step.kind, due_at=step.due_at, words=step.words, steps=[step_out(one) for one in step.steps]
        ),
    )


def _attempts(detail: AlertDetail) -> list[AttemptOut]:
    found = [
        AttemptOut(
            id=attempt.id,
            page_id=page.id,
            delivery_id=delivery.id,
            person=page.person,
            email=page.email,
            contact=attempt.contact,
            kind=attempt.kind,
            state=attempt.state,
            started_at=attempt.started_at,
            finished_at=attempt.finished_at,
            reference=attempt.reference,
            error=attempt.error,
            pages_count=attempt.pages_count,
        )
        for page in detail.pages
        for delivery in page.deliveries
        for attempt in delivery.attempts
    ]
    return sorted(found, key=lambda attempt: (attempt.started_at, attempt.id))
