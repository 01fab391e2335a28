"""Who is paged for alerts at this moment and what comes next; and which alerts page nobody any more."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import Exists, OuterRef, Q, QuerySet

from watchbill.domain.access.models import Role, User
from watchbill.domain.alerts.actions import MAINTENANCE_ENDS
from watchbill.domain.alerts.models import SUBJECT_KIND, Alert, AlertState
from watchbill.domain.escalation.actions import STEP, runs_of
from watchbill.domain.escalation.models import Run, RunState
from watchbill.domain.paging.models import Delivery, DeliveryState, Page, PageState
from watchbill.domain.people.models import Membership
from watchbill.domain.timers.models import Timer


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """`kind`: pages, told (low urgency does not escalate), waits (maintenance) or stranded (nothing further happens).

    `people`: id and name of those whose answer is waited for; `next_at`: when it goes on.
    """

    kind: str
    people: tuple[tuple[UUID, str], ...]
    next_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """Triggered alerts by what happens with them."""

    pages: int
    told: int
    waits: int
    stranded: int


def stranded() -> QuerySet[Alert]:
    """Triggered alerts that nothing and nobody moves on: every level was tried and no message is left to send."""
    return Alert.objects.filter(state=AlertState.TRIGGERED, suppressed_by=None).filter(
        Q(Exists(_runs(RunState.EXHAUSTED)), ~Exists(_messages_to_come()))
        | Q(Exists(_runs(RunState.NOTIFIED)), ~Exists(_pages_to_answer()))
    )


def concerns(user_id: UUID, alerts: Iterable[Alert]) -> list[Alert]:
    """Those that this person must put right: any for owners and admins, else those of their own teams."""
    alerts = list(alerts)
    if User.objects.filter(id=user_id, role__in=(Role.OWNER, Role.ADMIN)).exists():
        return alerts
    mine = set(Membership.objects.filter(user_id=user_id).values_list("team_id", flat=True))
    return [
        alert
        for alert in alerts
        if (team := alert.service.team) and (team.id in mine or user_id in (team.lead_id, team.manager_id))
    ]


def paging_others(*, than: Iterable[Alert], limit: int) -> list[Alert]:
    """Triggered alerts that page or told somebody, newest first, without those named."""
    rows = Alert.objects.filter(state=AlertState.TRIGGERED, suppressed_by=None)
    rows = rows.exclude(id__in=stranded().values("id")).exclude(id__in=[alert.id for alert in than])
    return list(rows.select_related("service").defer("details").order_by("-opened_at", "-id")[:limit])


def tally() -> Tally:
    triggered = Alert.objects.filter(state=AlertState.TRIGGERED)
    waits = triggered.exclude(suppressed_by=None).count()
    told = triggered.filter(Exists(_runs(RunState.NOTIFIED)), Exists(_pages_to_answer()), suppressed_by=None).count()
    left_alone = stranded().count()
    return Tally(pages=triggered.count() - waits - told - left_alone, told=told, waits=waits, stranded=left_alone)


def standings(alerts: Iterable[Alert]) -> dict[UUID, Standing]:
    """By alert, for those that are triggered. Five queries whatever their number."""
    rows = {alert.id: alert for alert in alerts if alert.state == AlertState.TRIGGERED}
    left_alone = set(stranded().filter(id__in=list(rows)).values_list("id", flat=True))
    runs = {run.subject_id: run for run in runs_of(SUBJECT_KIND, list(rows))}
    due = _due_at([*rows, *(run.id for run in runs.values())])
    people: dict[UUID, dict[UUID, str]] = defaultdict(dict)
    waiting = Page.objects.filter(
        subject_kind=SUBJECT_KIND, subject_id__in=list(rows), state=PageState.ACTIVE
    ).select_related("user")
    for page in waiting.order_by("created_at"):
        people[page.subject_id][page.user_id] = str(page.user)
    return {
        identity: Standing(
            kind=_kind(alert, runs.get(identity), is_stranded=identity in left_alone),
            people=tuple(people[identity].items()),
            next_at=due.get(runs[identity].id if identity in runs and alert.suppressed_by_id is None else identity),
        )
        for identity, alert in rows.items()
    }


def _kind(alert: Alert, run: Run | None, *, is_stranded: bool) -> str:
    if alert.suppressed_by_id is not None:
        return "waits"
    if is_stranded:
        return "stranded"
    return "told" if run and run.state == RunState.NOTIFIED else "pages"


def _due_at(subject_ids: Iterable[UUID]) -> dict[UUID, datetime]:
    timers = Timer.objects.filter(kind__in=(STEP, MAINTENANCE_ENDS), subject_id__in=list(subject_ids))
    return dict(timers.values_list("subject_id", "due_at"))


def _runs(state: RunState) -> QuerySet[Run]:
    return Run.objects.filter(subject_kind=SUBJECT_KIND, subject_id=OuterRef("pk"), state=state)


def _messages_to_come() -> QuerySet[Delivery]:
    return Delivery.objects.filter(
        page__subject_kind=SUBJECT_KIND,
        page__subject_id=OuterRef("pk"),
        state__in=(DeliveryState.QUEUED, DeliveryState.SENDING),
    )


def _pages_to_answer() -> QuerySet[Page]:
    return Page.objects.filter(subject_kind=SUBJECT_KIND, subject_id=OuterRef("pk"), state=PageState.ACTIVE)
