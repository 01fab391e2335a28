"""One alert with everything that was done for it, and what comes next."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from watchbill.domain.alerts.actions import ACKNOWLEDGEMENT_EXPIRES, MAINTENANCE_ENDS, SNOOZE_ENDS
from watchbill.domain.alerts.models import SUBJECT_KIND, Alert, AlertState, Event
from watchbill.domain.audit.models import Entry
from watchbill.domain.escalation.explain import ExplainedStep
from watchbill.domain.escalation.models import RunState
from watchbill.domain.escalation.reads import RunView, run_view
from watchbill.domain.escalation.rules import REASSIGNED
from watchbill.domain.escalation.steps import Ways
from watchbill.domain.paging.models import AttemptedDelivery, Delivery, DeliveryState, Page, PageState
from watchbill.domain.timers.models import Timer

EVENTS_SHOWN = 20
TIMELINE_SHOWN = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class AttemptLine:
    """`pages_count` over 1: this message stood for so many pages."""

    id: UUID
    kind: str
    contact: str
    state: str
    started_at: datetime
    finished_at: datetime | None
    reference: str
    error: str
    pages_count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryLine:
    id: UUID
    contact: str
    kind: str
    rule: str
    due_at: datetime
    state: str
    finished_at: datetime | None
    error: str
    attempts: tuple[AttemptLine, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class PageLine:
    """`level` counts from 1; 0 is the fallback."""

    id: UUID
    person_id: UUID
    person: str
    email: str
    reason: str
    cycle: int
    level: int
    state: str
    created_at: datetime
    closed_at: datetime | None
    closed_reason: str
    closed_by_id: UUID | None
    deliveries: tuple[DeliveryLine, ...]

    @property
    def is_answered(self) -> bool:
        """By the person who was paged; when somebody else answered the alert, this person did not."""
        return self.state == PageState.ANSWERED and self.closed_by_id == self.person_id

    @property
    def sent_to(self) -> tuple[str, ...]:
        """Contacts whose provider took a message: no proof that anybody saw it."""
        return tuple(delivery.contact for delivery in self.deliveries if delivery.state == DeliveryState.SENT)


@dataclass(frozen=True, slots=True, kw_only=True)
class NextStep:
    """`kind`: escalation, acknowledgement_expires, snooze_ends, maintenance_ends, try_again or none.

    `words` is a sentence.
    """

    kind: str
    due_at: datetime | None
    words: str
    steps: tuple[ExplainedStep, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertDetail:
    """`if_escalated`: who "escalate now" would page, in words; empty when it cannot."""

    alert: Alert
    policy: str
    pages: tuple[PageLine, ...]
    timeline: tuple[Entry, ...]
    timeline_left: int
    next_step: NextStep
    if_escalated: str
    events: tuple[Event, ...]


def alert_detail(alert_id: UUID, *, ways: Ways, now: datetime) -> AlertDetail | None:
    alert = (
        Alert.objects.select_related("service__team", "service__policy", "integration", "suppressed_by")
        .filter(id=alert_id)
        .first()
    )
    if alert is None:
        return None
    run = run_view(subject_kind=SUBJECT_KIND, subject_id=alert.id, ways=ways, now=now)
    entries = Entry.objects.filter(subject_id=alert.id)
    return AlertDetail(
        alert=alert,
        policy=run.policy if run else "",
        pages=pages_of(alert.id),
        timeline=tuple(entries.order_by("-at", "-id")[:TIMELINE_SHOWN])[::-1],
        timeline_left=max(0, entries.count() - TIMELINE_SHOWN),
        next_step=_next_step(alert, run),
        if_escalated=_if_escalated(run),
        events=events_of(alert.id),
    )


def events_of(alert_id: UUID) -> tuple[Event, ...]:
    """The newest, as they were received."""
    return tuple(Event.objects.filter(alert_id=alert_id).order_by("-received_at")[:EVENTS_SHOWN])


def _next_step(alert: Alert, run: RunView | None) -> NextStep:
    if alert.state == AlertState.RESOLVED:
        return NextStep(kind="none", due_at=None, words="Resolved. Nothing further happens.")
    due = dict(
        Timer.objects.filter(
            subject_id=alert.id, kind__in=[ACKNOWLEDGEMENT_EXPIRES, SNOOZE_ENDS, MAINTENANCE_ENDS]
        ).values_list("kind", "due_at")
    )
    if alert.suppressed_by_id is not None and alert.state == AlertState.TRIGGERED:
        until = due.get(MAINTENANCE_ENDS)
        return NextStep(
            kind="maintenance_ends",
            due_at=until,
            words="Under maintenance. If still open when it ends, people are paged.",
        )
    if alert.state == AlertState.ACKNOWLEDGED:
        return _after_acknowledgement(alert, due)
    if run is not None and run.tries_again_at is not None:
        words = (
            "Every level was tried, and nobody of the fallback could be reached. "
            "It is tried again then: acknowledge or reassign it."
        )
        return NextStep(kind="try_again", due_at=run.tries_again_at, words=words)
    if run is None or not run.steps:
        return NextStep(kind="none", due_at=None, words=_end_words(run))
    return NextStep(kind="escalation", due_at=run.due_at, words=_step_words(run.steps[0]), steps=run.steps)


def _end_words(run: RunView | None) -> str:
    if run is None or run.state not in (RunState.EXHAUSTED, RunState.NOTIFIED):
        return "Nothing further happens by itself."
    if run.state == RunState.NOTIFIED:
        return "Low urgency: people were told, it does not escalate."
    if run.fallback:
        return (
            f"Every level was tried and the fallback was paged: {', '.join(run.fallback)}. "
            "Nobody further is paged: acknowledge or reassign it."
        )
    return (
        "Every level was tried, and there is no fallback who can be reached. "
        "Nobody is paged any more: acknowledge or reassign it."
    )


def _after_acknowledgement(alert: Alert, due: Mapping[str, datetime]) -> NextStep:
    if alert.snoozed_until is not None:
        return NextStep(
            kind="snooze_ends", due_at=due.get(SNOOZE_ENDS), words="Snoozed. Pages again when the snooze ends."
        )
    expires = due.get(ACKNOWLEDGEMENT_EXPIRES)
    if expires is None:
        return NextStep(kind="none", due_at=None, words=f"{alert.acknowledged_by} has it.")
    return NextStep(
        kind="acknowledgement_expires",
        due_at=expires,
        words=f"{alert.acknowledged_by} has it. Unless it is resolved by then, it pages again from the top.",
    )


def _step_words(step: ExplainedStep) -> str:
    who = _names(step) or "nobody, so it goes on at once"
    if step.level == 0:
        return f"Then the fallback is paged: {who}."
    are = "are" if step.level == REASSIGNED else "is"
    return f"Then {step.place} {are} paged: {who}."


def _if_escalated(run: RunView | None) -> str:
    if run is None:
        return "the first level"  # under maintenance nothing has begun
    step = run.if_escalated
    if step is None:
        return ""
    who = _names(step) or "nobody who can be reached"
    return f"{who} (fallback)" if step.level == 0 else f"{who} ({step.place})"


def _names(step: ExplainedStep) -> str:
    return ", ".join(person.name for target in step.targets for person in target.people)


def pages_of(alert_id: UUID) -> tuple[PageLine, ...]:
    pages = list(
        Page.objects.filter(subject_kind=SUBJECT_KIND, subject_id=alert_id)
        .select_related("user")
        .order_by("created_at", "id")
    )
    attempts: dict[UUID, list[AttemptLine]] = defaultdict(list)
    carried = AttemptedDelivery.objects.filter(
        delivery__page__subject_kind=SUBJECT_KIND, delivery__page__subject_id=alert_id
    ).select_related("attempt__contact")
    for row in carried.order_by("attempt__started_at"):
        attempts[row.delivery_id].append(
            AttemptLine(
                id=row.attempt.id,
                kind=row.attempt.kind,
                contact=row.attempt.contact.name,
                state=row.attempt.state,
                started_at=row.attempt.started_at,
                finished_at=row.attempt.finished_at,
                reference=row.attempt.reference,
                error=row.attempt.error,
                pages_count=row.attempt.pages_count,
            )
        )
    deliveries: dict[UUID, list[DeliveryLine]] = defaultdict(list)
    for delivery in (
        Delivery.objects.filter(page__subject_kind=SUBJECT_KIND, page__subject_id=alert_id)
        .select_related("contact")
        .order_by("position")
    ):
        deliveries[delivery.page_id].append(_delivery(delivery, tuple(attempts[delivery.id])))
    return tuple(_page(page, tuple(deliveries[page.id])) for page in pages)


def _delivery(row: Delivery, attempts: tuple[AttemptLine, ...]) -> DeliveryLine:
    return DeliveryLine(
        id=row.id,
        contact=row.contact.name,
        kind=row.contact.kind,
        rule=row.rule,
        due_at=row.due_at,
        state=row.state,
        finished_at=row.finished_at,
        error=row.error,
        attempts=attempts,
    )


def _page(row: Page, deliveries: tuple[DeliveryLine, ...]) -> PageLine:
    return PageLine(
        id=row.id,
        person_id=row.user_id,
        person=row.user.name,
        email=row.user.email,
        reason=row.reason,
        cycle=row.cycle,
        level=row.level,
        state=row.state,
        created_at=row.created_at,
        closed_at=row.closed_at,
        closed_reason=row.closed_reason,
        closed_by_id=row.closed_by_id,
        deliveries=deliveries,
    )


def alerts_of_attempt(attempt_id: UUID, *, user_id: UUID) -> list[Alert]:
    """What an acknowledge link stands for: the alerts its message carried, if it was sent to that person."""
    subjects = AttemptedDelivery.objects.filter(
        attempt_id=attempt_id, delivery__page__user_id=user_id, delivery__page__subject_kind=SUBJECT_KIND
    ).values_list("delivery__page__subject_id", flat=True)
    return list(Alert.objects.filter(id__in=list(subjects)).select_related("service").order_by("opened_at"))


def latest_pages(alerts: Sequence[Alert]) -> dict[UUID, list[Page]]:
    """The newest page of each person, by alert, in the order in which they were paged."""
    rows = Page.objects.filter(subject_kind=SUBJECT_KIND, subject_id__in=[alert.id for alert in alerts])
    found: dict[UUID, dict[UUID, Page]] = {alert.id: {} for alert in alerts}
    for page in rows.select_related("user").order_by("created_at", "id"):
        found[page.subject_id][page.user_id] = page
    return {alert_id: list(pages.values()) for alert_id, pages in found.items()}


def pages_again_at(alerts: Iterable[Alert]) -> dict[UUID, datetime]:
    """When each acknowledged alert pages again unless it is resolved before; absent where nothing is set for it."""
    waiting = [alert.id for alert in alerts if alert.state == AlertState.ACKNOWLEDGED]
    timers = Timer.objects.filter(subject_id__in=waiting, kind__in=[ACKNOWLEDGEMENT_EXPIRES, SNOOZE_ENDS])
    return dict(timers.values_list("subject_id", "due_at"))
