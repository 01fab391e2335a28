"""Lists of alerts, newest first, by pages that stay in place while new alerts come in."""

import base64
import binascii
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

from django.db.models import Count, Q, QuerySet

from watchbill.domain.alerts.models import Alert, AlertState
from watchbill.domain.paging.models import Page, PageState
from watchbill.domain.services.models import Service
from watchbill.ground.identity import uuid_in

PAGE_SIZE = 50
WORDS_MAX = 8
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class CursorRefused(Exception):
    """The cursor was not made by this list. The remedy: start from the first page."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertFilter:
    """Empty means: any. `status`: open, triggered, acknowledged, resolved or all. `service` is a service's id."""

    status: str = "open"
    service: UUID | None = None
    urgency: str = ""
    severity: str = ""
    query: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """`next_cursor` is empty on the last page."""

    alerts: list[Alert]
    next_cursor: str


def list_alerts(wanted: AlertFilter, *, after: str = "", limit: int = PAGE_SIZE) -> Listing:
    """Raises CursorRefused."""
    rows = _matching(wanted)
    if after:
        opened_at, alert_id = _read_cursor(after)
        rows = rows.filter(Q(opened_at__lt=opened_at) | Q(opened_at=opened_at, id__lt=alert_id))
    found = list(rows.select_related("service").defer("details").order_by("-opened_at", "-id")[: limit + 1])
    shown = found[:limit]
    return Listing(alerts=shown, next_cursor=_cursor(shown[-1]) if len(found) > limit else "")


def alert_id_of(number_or_id: str) -> UUID | None:
    """By id, or by number with or without the `#`."""
    identity = uuid_in(number_or_id)
    if identity is not None:
        return Alert.objects.filter(id=identity).values_list("id", flat=True).first()
    number = _number_in(number_or_id)
    return None if number is None else Alert.objects.filter(number=number).values_list("id", flat=True).first()


def count_open() -> dict[str, int]:
    """How many are triggered and how many acknowledged."""
    open_states = (AlertState.TRIGGERED, AlertState.ACKNOWLEDGED)
    rows = Alert.objects.filter(state__in=open_states).values_list("state").annotate(count=Count("id"))
    return {str(state): 0 for state in open_states} | dict(rows)


def open_by_service() -> dict[UUID, int]:
    open_states = (AlertState.TRIGGERED, AlertState.ACKNOWLEDGED)
    rows = Alert.objects.filter(state__in=open_states).values_list("service_id").annotate(count=Count("id"))
    return dict(rows)


def paged_to(user_id: UUID, *, limit: int = PAGE_SIZE) -> list[Alert]:
    """Unanswered alerts that this person was paged for: what needs them, oldest first."""
    pages = Page.objects.filter(
        user_id=user_id, subject_kind="alert", state__in=(PageState.ACTIVE, PageState.UNREACHED)
    )
    return list(
        Alert.objects.filter(state=AlertState.TRIGGERED, id__in=pages.values("subject_id"))
        .select_related("service")
        .defer("details")
        .order_by("opened_at", "id")[:limit]
    )


def held_by(user_id: UUID, *, limit: int = PAGE_SIZE) -> list[Alert]:
    """Acknowledged by this person and not resolved: what they are working on."""
    return list(
        Alert.objects.filter(state=AlertState.ACKNOWLEDGED, acknowledged_by_id=user_id)
        .select_related("service")
        .defer("details")
        .order_by("opened_at", "id")[:limit]
    )


def _matching(wanted: AlertFilter) -> QuerySet[Alert]:
    rows = Alert.objects.all()
    if wanted.status == "open":
        rows = rows.filter(state__in=(AlertState.TRIGGERED, AlertState.ACKNOWLEDGED))
    elif wanted.status != "all":
        rows = rows.filter(state=wanted.status)
    if wanted.service:
        rows = rows.filter(service_id=wanted.service)
    if wanted.urgency:
        rows = rows.filter(urgency=wanted.urgency)
    if wanted.severity:
        rows = rows.filter(severity=wanted.severity)
    if wanted.query:
        asked = _holds_every_word(wanted.query.split()[:WORDS_MAX])
        number = _number_in(wanted.query)
        rows = rows.filter(asked if number is None else asked | Q(number=number))
    return rows


def _holds_every_word(words: Sequence[str]) -> Q:
    """Each word stands somewhere in the alert's summary, key or source, or in the name of its service."""
    asked = Q()
    for word in words:
        services = Service.objects.filter(name__icontains=word).values("id")
        asked &= (
            Q(summary__icontains=word)
            | Q(dedup_key__icontains=word)
            | Q(source__icontains=word)
            | Q(service_id__in=services)
        )
    return asked


def _number_in(text: str) -> int | None:
    digits = text.removeprefix("#")
    return int(digits) if digits.isascii() and digits.isdigit() and len(digits) < 18 else None


def _cursor(alert: Alert) -> str:
    microseconds = (alert.opened_at - _EPOCH) // timedelta(microseconds=1)
    return base64.urlsafe_b64encode(microseconds.to_bytes(8, "big") + alert.id.bytes).decode().rstrip("=")


def _read_cursor(text: str) -> tuple[datetime, UUID]:
    try:
        raw = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
        opened_at = _EPOCH + timedelta(microseconds=int.from_bytes(raw[:8], "big"))
        return opened_at, UUID(bytes=raw[8:])
    except (binascii.Error, ValueError, OverflowError) as error:
        raise CursorRefused("The cursor is not one of this list. Start from the first page.") from error
