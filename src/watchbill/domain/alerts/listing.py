"""Lists of alerts, newest first, by pages that stay in place while new alerts come in."""

import base64
import binascii
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TypeVar
from uuid import UUID

from django.db.models import Count, Model, Q, QuerySet

from watchbill.domain.alerts import search_store
from watchbill.domain.alerts.models import SUBJECT_KIND, Alert, AlertState, SearchText
from watchbill.domain.alerts.search_reads import OPEN_STATES, Word, in_alerts, in_texts, texts_of_resolved, words_in
from watchbill.domain.paging.models import Page, PageState
from watchbill.ground.identity import uuid_in

PAGE_SIZE = 50
# Open alerts are few and have an index of their own: a search among them reads the alerts themselves.
_BEYOND_THE_OPEN = ("all", AlertState.RESOLVED)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

M = TypeVar("M", bound=Model)
Place = tuple[datetime, UUID]


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
    place = _read_cursor(after) if after else None
    words = words_in(wanted.query)
    if words and wanted.status in _BEYOND_THE_OPEN:
        rows = Alert.objects.filter(id__in=_searched(wanted, words, place=place, limit=limit + 1))
    else:
        rows = _behind(_matching(wanted, words), place, "id")
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
    rows = Alert.objects.filter(state__in=OPEN_STATES).values_list("state").annotate(count=Count("id"))
    return {str(state): 0 for state in OPEN_STATES} | dict(rows)


def open_by_service() -> dict[UUID, int]:
    rows = Alert.objects.filter(state__in=OPEN_STATES).values_list("service_id").annotate(count=Count("id"))
    return dict(rows)


def paged_to(user_id: UUID, *, limit: int = PAGE_SIZE) -> list[Alert]:
    """Unanswered alerts that this person was paged for: what needs them, oldest first."""
    pages = Page.objects.filter(
        user_id=user_id, subject_kind=SUBJECT_KIND, state__in=(PageState.ACTIVE, PageState.UNREACHED)
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


def _matching(wanted: AlertFilter, words: Sequence[Word]) -> QuerySet[Alert]:
    rows = _of_kind(_in_state(wanted), wanted)
    if words:
        asked = in_alerts(words)
        number = _number_in(wanted.query)
        rows = rows.filter(asked if number is None else asked | Q(number=number))
    return rows


def _searched(wanted: AlertFilter, words: Sequence[Word], *, place: Place | None, limit: int) -> list[UUID]:
    """The newest `limit` of what was taken in for searching, of what is too new for that, and of that number."""
    mark = search_store.mark()  # asked first: an alert that is taken in meanwhile is found twice, never missed
    alerts = _of_kind(_in_state(wanted), wanted)
    beside = [alerts.filter(in_alerts(words), number__gt=mark.number)]
    number = _number_in(wanted.query)
    if number is not None:
        beside.append(alerts.filter(number=number))
    texts = texts_of_resolved() if wanted.status == AlertState.RESOLVED else SearchText.objects.all()
    texts = _of_kind(texts, wanted).filter(in_texts(words))

    def newest(texts: QuerySet[SearchText]) -> list[Place]:
        parts = [_places(rows, place, "id")[:limit] for rows in beside]
        return sorted(_places(texts, place, "alert_id")[:limit].union(*parts), reverse=True)[:limit]

    # Most words that somebody types occur often enough to fill a page with what is newest.
    found = [] if mark.near_at is None else newest(texts.filter(opened_at__gte=mark.near_at))
    if mark.near_at is None or len(found) < limit or found[-1][0] < mark.near_at:
        found = newest(texts)
    return [alert_id for _, alert_id in found]


def _in_state(wanted: AlertFilter) -> QuerySet[Alert]:
    if wanted.status == "open":
        return Alert.objects.filter(state__in=OPEN_STATES)
    return Alert.objects.all() if wanted.status == "all" else Alert.objects.filter(state=wanted.status)


def _of_kind(rows: QuerySet[M], wanted: AlertFilter) -> QuerySet[M]:
    """For alerts and for their search texts, which share these columns."""
    if wanted.service:
        rows = rows.filter(service_id=wanted.service)
    if wanted.urgency:
        rows = rows.filter(urgency=wanted.urgency)
    if wanted.severity:
        rows = rows.filter(severity=wanted.severity)
    return rows


def _places(rows: QuerySet[M], place: Place | None, identity: str) -> QuerySet[M, Place]:
    return _behind(rows, place, identity).order_by("-opened_at", f"-{identity}").values_list("opened_at", identity)


def _behind(rows: QuerySet[M], place: Place | None, identity: str) -> QuerySet[M]:
    if place is None:
        return rows
    opened_at, alert_id = place
    earlier = Q(opened_at__lt=opened_at) | Q(opened_at=opened_at, **{f"{identity}__lt": alert_id})
    return rows.filter(earlier, opened_at__lte=opened_at)  # the second is what an index can begin at


def _number_in(text: str) -> int | None:
    digits = text.removeprefix("#")
    return int(digits) if digits.isascii() and digits.isdigit() and len(digits) < 18 else None


def _cursor(alert: Alert) -> str:
    microseconds = (alert.opened_at - _EPOCH) // timedelta(microseconds=1)
    return base64.urlsafe_b64encode(microseconds.to_bytes(8, "big") + alert.id.bytes).decode().rstrip("=")


def _read_cursor(text: str) -> Place:
    try:
        raw = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
        opened_at = _EPOCH + timedelta(microseconds=int.from_bytes(raw[:8], "big"))
        return opened_at, UUID(bytes=raw[8:])
    except (binascii.Error, ValueError, OverflowError) as error:
        raise CursorRefused("The cursor is not one of this list. Start from the first page.") from error
