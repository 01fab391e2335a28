"""Incidents as the board, their own page, the API and the command line show them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import Enum, auto
from uuid import UUID

from django.db.models import Q, QuerySet

from watchbill.domain.access.models import User
from watchbill.domain.alerts.models import Alert
from watchbill.domain.audit.models import Entry
from watchbill.domain.escalation.steps import Ways
from watchbill.domain.incidents import rules
from watchbill.domain.incidents.charge import InCharge, in_charge
from watchbill.domain.incidents.models import (
    SUBJECT_KIND,
    UNRESOLVED,
    Call,
    CallReason,
    FollowUp,
    Hypothesis,
    Incident,
    IncidentState,
    Insider,
    ProductionChange,
    Seat,
    SeatState,
    StepDone,
)
from watchbill.domain.incidents.process_followed import ladder_of, process_of, role_label, severity_in, standing_of
from watchbill.domain.incidents.room_rules import prefix_for
from watchbill.domain.incidents.timeline_reads import TimelineLine, timeline_of
from watchbill.domain.paging.models import AttemptedDelivery, Page, PageState
from watchbill.domain.process.reads import running
from watchbill.domain.process.schema.severities import EscalationTier
from watchbill.domain.process.schema.severities import Severity as ProcessSeverity
from watchbill.domain.services.models import Service
from watchbill.domain.services.role_lookup import RoleFound, RoleLookup
from watchbill.ground.identity import uuid_in

LISTED_MAX = 200
TIMELINE_SHOWN = 1000
_ENDED = (IncidentState.RESOLVED, IncidentState.CLOSED, IncidentState.CANCELLED, IncidentState.MERGED)


@dataclass(frozen=True, slots=True, kw_only=True)
class IncidentFilter:
    """`status`: open, ended or all."""

    status: str = "open"
    severity: str = ""
    service: UUID | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LadderLine:
    """One rung. `state`: done, skipped (its condition did not hold, or does not hold as things are), next or later.

    `next` is what will really happen next if nothing changes. `roles`: whom it calls.
    """

    at: datetime
    label: str
    condition: str
    state: str
    prompts: str
    roles: tuple[RoleFound, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class SeatLine:
    """One role of the war room: who has it, or who is asked for it until when."""

    role: str
    label: str
    responsibilities: tuple[str, ...]
    selected_from: tuple[str, ...]
    held: Seat | None
    offered: Seat | None


@dataclass(frozen=True, slots=True, kw_only=True)
class StepLine:
    phase: str
    id: str
    label: str
    done: StepDone | None

    @property
    def name(self) -> str:
        return f"{self.phase}/{self.id}"


@dataclass(frozen=True, slots=True, kw_only=True)
class PhaseLine:
    id: str
    label: str
    steps: tuple[StepLine, ...]
    current: bool

    @property
    def done(self) -> int:
        return sum(step.done is not None for step in self.steps)


@dataclass(frozen=True, slots=True, kw_only=True)
class IncidentDetail:
    incident: Incident
    severity: ProcessSeverity
    clocks: tuple[rules.IncidentClock, ...]
    ladder: tuple[LadderLine, ...]
    tiers: tuple[EscalationTier, ...]
    seats: tuple[SeatLine, ...]
    phases: tuple[PhaseLine, ...]
    affected: tuple[Service, ...]
    hypotheses: tuple[Hypothesis, ...]
    changes: tuple[ProductionChange, ...]
    follow_ups: tuple[FollowUp, ...]
    in_charge: InCharge
    alerts: tuple[Alert, ...]
    pages: tuple[Page, ...]
    timeline: tuple[TimelineLine, ...]
    timeline_left: int
    present: tuple[User, ...]

    def prefix_of(self, user_id: UUID) -> str:
        """What a message of this person begins with, by the role they have."""
        held = [line.role for line in self.seats if line.held is not None and line.held.user_id == user_id]
        return prefix_for(held, process_of(self.incident))


class Everything(Enum):
    """The viewer that sees all: the command line on the host, the engine."""

    EVERYTHING = auto()


EVERYTHING = Everything.EVERYTHING
Viewer = UUID | Everything


def visible_to(viewer: Viewer) -> QuerySet[Incident]:
    """A restricted incident is there only for those who are named or were called for it."""
    rows = Incident.objects.select_related("service__team", "merged_into")
    if isinstance(viewer, Everything):
        return rows
    inside = Insider.objects.filter(user_id=viewer).values("incident_id")
    return rows.filter(Q(restricted=False) | Q(id__in=inside))


def hidden_ids(viewer: Viewer) -> frozenset[UUID]:
    """The restricted incidents that this viewer must not see anything of, in the audit record neither."""
    hidden = Incident.objects.filter(restricted=True).exclude(id__in=visible_to(viewer).values("id"))
    return frozenset(hidden.values_list("id", flat=True))


def list_incidents(wanted: IncidentFilter, *, viewer: Viewer, limit: int = LISTED_MAX) -> list[Incident]:
    """The open ones by severity and age, then those that are over, the newest first."""
    rows = visible_to(viewer)
    if wanted.status == "open":
        rows = rows.filter(state__in=UNRESOLVED)
    elif wanted.status == "ended":
        rows = rows.filter(state__in=_ENDED)
    if wanted.severity:
        rows = rows.filter(severity=wanted.severity)
    if wanted.service:
        rows = rows.filter(service_id=wanted.service)
    return list(rows.order_by("-declared_at")[:limit])


def incident_id_of(number_or_id: str, *, viewer: Viewer) -> UUID | None:
    """By id, or by number with or without the `#`."""
    identity = uuid_in(number_or_id)
    digits = number_or_id.removeprefix("#")
    rows = visible_to(viewer)
    if identity is not None:
        return rows.filter(id=identity).values_list("id", flat=True).first()
    if not (digits.isascii() and digits.isdigit() and len(digits) < 18):
        return None
    return rows.filter(number=int(digits)).values_list("id", flat=True).first()


def incident_detail(incident_id: UUID, *, viewer: Viewer, ways: Ways, now: datetime) -> IncidentDetail | None:
    rows = visible_to(viewer).select_related("service__policy__current_version")
    incident = rows.filter(id=incident_id).first()
    if incident is None:
        return None
    process = process_of(incident)
    entries = Entry.objects.filter(subject_id=incident.id)
    newest = tuple(entries.order_by("-at", "-id")[:TIMELINE_SHOWN])[::-1]
    pages = Page.objects.filter(subject_kind=SUBJECT_KIND, subject_id=incident.id).select_related("user")
    links = incident.alert_links.select_related("alert__service").order_by("alert__number")
    seats = _seats(incident)
    return IncidentDetail(
        incident=incident,
        severity=severity_in(incident),
        clocks=clocks_of(incident, now=now),
        ladder=_ladder(incident, ways=ways, now=now),
        tiers=process.escalation_matrix,
        seats=seats,
        phases=_phases(incident),
        affected=tuple(Service.objects.filter(id__in=incident.affected.values("service_id")).order_by("name")),
        hypotheses=tuple(incident.hypotheses.order_by("thought_at")),
        changes=tuple(incident.changes.order_by("number")),
        follow_ups=tuple(incident.follow_ups.select_related("owner").order_by("made_at", "id")),
        in_charge=in_charge(incident),
        alerts=tuple(link.alert for link in links),
        pages=tuple(pages.order_by("created_at", "id")),
        timeline=timeline_of(incident, newest),
        timeline_left=max(0, entries.count() - TIMELINE_SHOWN),
        present=tuple(line.held.user for line in seats if line.held is not None),
    )


def clocks_of(incident: Incident, *, now: datetime) -> tuple[rules.IncidentClock, ...]:
    moments = rules.Moments(
        declared_at=incident.declared_at,
        raised_at=incident.raised_at,
        acknowledged_at=incident.acknowledged_at,
        mitigated_at=incident.mitigated_at,
        resolved_at=incident.resolved_at,
        updated_at=incident.updated_at,
        ended=incident.state not in UNRESOLVED,
    )
    return rules.clocks(process_of(incident), severity_in(incident), moments, now=now)


def incidents_of_attempt(attempt_id: UUID, *, user_id: UUID) -> list[Incident]:
    """What the link in a message stands for: the incidents it carried, if it was sent to that person."""
    carried = AttemptedDelivery.objects.filter(
        attempt_id=attempt_id, delivery__page__user_id=user_id, delivery__page__subject_kind=SUBJECT_KIND
    )
    ids = list(carried.values_list("delivery__page__subject_id", flat=True))
    return list(Incident.objects.filter(id__in=ids).select_related("service").order_by("declared_at"))


def waiting_for(user_id: UUID, incidents: Sequence[Incident]) -> set[UUID]:
    """Those of the incidents for which this person was paged and has not answered yet."""
    pages = Page.objects.filter(subject_kind=SUBJECT_KIND, subject_id__in=[one.id for one in incidents])
    return set(pages.filter(user_id=user_id, state=PageState.ACTIVE).values_list("subject_id", flat=True))


def offers_to(user_id: UUID, incidents: Sequence[Incident]) -> dict[UUID, list[Seat]]:
    """The roles that this person is asked to take, by incident."""
    found: dict[UUID, list[Seat]] = {}
    rows = Seat.objects.filter(incident__in=[one.id for one in incidents], user_id=user_id, state=SeatState.OFFERED)
    for seat in rows:
        found.setdefault(seat.incident_id, []).append(seat)
    return found


def insiders_of(incident: Incident) -> list[User]:
    """Who may see it; nobody is named for one that everybody may see."""
    if not incident.restricted:
        return []
    inside = Insider.objects.filter(incident=incident).values("user_id")
    return list(User.objects.filter(id__in=inside, is_active=True).order_by("name", "email"))


def incidents_about(alert_id: UUID, *, viewer: Viewer) -> list[Incident]:
    """The newest first."""
    return list(visible_to(viewer).filter(alert_links__alert_id=alert_id).order_by("-declared_at"))


def holders_of(incidents: Sequence[Incident], *, role: str) -> dict[UUID, str]:
    """Who has the role in each of them, by name."""
    seats = Seat.objects.filter(incident__in=[one.id for one in incidents], role=role, state=SeatState.HELD)
    return dict(seats.values_list("incident_id", "user__name"))


def explain_severity(
    service: Service, severity: ProcessSeverity, *, at: datetime, ways: Ways
) -> tuple[LadderLine, ...]:
    """What the ladder of a severity of the running process would do for an incident of the service declared then."""
    process = running()
    rungs = rules.ladder(process, severity, raised_at=at, unresolved_since=at)
    lookup = RoleLookup(_roles_of(rungs), process=process, service=service, ways=ways)
    return tuple(_line(rung, lookup, state="later", at=rung.at) for rung in rungs)


def _ladder(incident: Incident, *, ways: Ways, now: datetime) -> tuple[LadderLine, ...]:
    process = process_of(incident)
    rungs = ladder_of(incident)
    lookup = RoleLookup(_roles_of(rungs), process=process, service=incident.service, ways=ways)
    states = rules.rung_states(
        rungs,
        next_rung=incident.next_rung,
        standing=standing_of(incident),
        called_for=_called_for(incident),
        is_over=incident.state not in UNRESOLVED,
    )
    return tuple(
        _line(rung, lookup, state=state, at=max(rung.at, now)) for rung, state in zip(rungs, states, strict=True)
    )


def _called_for(incident: Incident) -> frozenset[str]:
    """The rungs that called somebody since it is unresolved, by their label."""
    calls = Call.objects.filter(
        incident=incident, reason=CallReason.LADDER, called_at__gte=incident.unresolved_since
    ).values_list("label", flat=True)
    return frozenset(part for label in calls for part in label.split("; "))


def _roles_of(rungs: Iterable[rules.Rung]) -> set[str]:
    return {role for rung in rungs for role in rung.roles}


def _line(rung: rules.Rung, lookup: RoleLookup, *, state: str, at: datetime) -> LadderLine:
    return LadderLine(
        at=rung.at,
        label=rung.label,
        condition=rung.condition.value,
        state=state,
        prompts=rung.prompts,
        roles=tuple(lookup.find(role, urgency="high", at=at) for role in rung.roles),
    )


def _seats(incident: Incident) -> tuple[SeatLine, ...]:
    rows = Seat.objects.filter(incident=incident, state__in=(SeatState.HELD, SeatState.OFFERED)).select_related("user")
    held = {row.role: row for row in rows if row.state == SeatState.HELD}
    offered = {row.role: row for row in rows if row.state == SeatState.OFFERED}
    return tuple(
        SeatLine(
            role=one.role,
            label=role_label(incident, one.role),
            responsibilities=tuple(duty.label for duty in one.responsibilities),
            selected_from=tuple(source.label for source in one.selected_from),
            held=held.get(one.role),
            offered=offered.get(one.role),
        )
        for one in process_of(incident).war_room.roles
    )


def _phases(incident: Incident) -> tuple[PhaseLine, ...]:
    done = {(row.phase, row.step): row for row in StepDone.objects.filter(incident=incident)}
    return tuple(
        PhaseLine(
            id=phase.id,
            label=phase.label,
            current=phase.id == incident.phase,
            steps=tuple(
                StepLine(phase=phase.id, id=one.id, label=one.label, done=done.get((phase.id, one.id)))
                for one in phase.steps
            ),
        )
        for phase in process_of(incident).war_room.workflow
    )
