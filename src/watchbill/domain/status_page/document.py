"""All that is public at a moment, and nothing else: what files, feeds and documents are made from."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID, uuid5
from zoneinfo import ZoneInfo

from watchbill.domain.status_page import history_rules, reads
from watchbill.domain.status_page.history_rules import Day
from watchbill.domain.status_page.maintenance_rules import MaintenanceStatus, end_of, status_of
from watchbill.domain.status_page.models import (
    Component,
    ComponentState,
    PublicIncident,
    PublicMaintenance,
    PublicUpdate,
)
from watchbill.domain.status_page.rules import Standing, indicator_of, standing_after, worst

INCIDENTS_MAX = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class ComponentPart:
    """`state` with the maintenance that is under way."""

    id: UUID
    name: str
    description: str
    group_id: UUID | None
    position: int
    state: ComponentState
    created_at: datetime
    updated_at: datetime
    days: Sequence[Day]
    uptime: float


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupPart:
    id: UUID
    name: str
    position: int
    created_at: datetime
    updated_at: datetime
    components: Sequence[ComponentPart]


@dataclass(frozen=True, slots=True, kw_only=True)
class Touched:
    component_id: UUID
    name: str
    old: str
    new: str


@dataclass(frozen=True, slots=True, kw_only=True)
class UpdatePart:
    id: UUID
    status: str
    body: str
    at: datetime
    corrected_at: datetime | None
    touched: Sequence[Touched]


@dataclass(frozen=True, slots=True, kw_only=True)
class IncidentPart:
    """`updates`: the latest first. `components`: those it ever named, as they are now."""

    id: UUID
    title: str
    standing: Standing
    started_at: datetime
    created_at: datetime
    updated_at: datetime
    updates: Sequence[UpdatePart]
    components: Sequence[ComponentPart]


@dataclass(frozen=True, slots=True, kw_only=True)
class MaintenancePart:
    id: UUID
    title: str
    status: MaintenanceStatus
    starts_at: datetime
    ends_at: datetime
    created_at: datetime
    updated_at: datetime
    updates: Sequence[UpdatePart]
    components: Sequence[ComponentPart]


@dataclass(frozen=True, slots=True, kw_only=True)
class PageDocument:
    """`changes` tells which state of the page it shows. Incidents and maintenance: the latest first."""

    id: UUID
    name: str
    address: str
    support_url: str
    time_zone: ZoneInfo
    accent_light: str
    accent_dark: str
    logo: bytes
    logo_type: str
    changes: int
    made_at: datetime
    updated_at: datetime
    indicator: str
    description: str
    groups: Sequence[GroupPart]
    components: Sequence[ComponentPart]
    incidents: Sequence[IncidentPart]
    maintenances: Sequence[MaintenancePart]

    @property
    def unresolved(self) -> list[IncidentPart]:
        return [one for one in self.incidents if one.standing.resolved_at is None]


def page_document(*, base_url: str, now: datetime) -> PageDocument | None:
    """None when there is no page yet."""
    page = reads.page()
    if page is None:
        return None
    zone = reads.public_zone()
    rows = [one for one in reads.components() if one.shown]
    incidents = reads.public_incidents(limit=INCIDENTS_MAX)
    updates = reads.updates_of(one.id for one in incidents)
    planned = reads.maintenances()
    components = {row.id: _component(row, list(updates.values()), planned, zone=zone, now=now) for row in rows}
    shown = [_incident(one, updates[one.id], components) for one in incidents if updates[one.id]]
    open_statuses = [one.standing.status for one in shown if one.standing.resolved_at is None]
    indicator, description = indicator_of([one.state for one in components.values()], open_statuses)
    announced = [_maintenance(one, components, now=now) for one in planned]
    return PageDocument(
        id=page.id,
        name=page.name,
        address=page.address or f"{base_url}/status",
        support_url=page.support_url,
        time_zone=zone,
        accent_light=page.accent_light,
        accent_dark=page.accent_dark,
        logo=bytes(page.logo or b""),
        logo_type=page.logo_type,
        changes=page.changes,
        made_at=now,
        updated_at=max([page.updated_at, *(one.updated_at for one in announced)]),
        indicator=indicator,
        description=description,
        groups=_groups(rows, components),
        components=list(components.values()),
        incidents=shown,
        maintenances=announced,
    )


def _component(
    row: Component,
    histories: Sequence[Sequence[PublicUpdate]],
    planned: Sequence[PublicMaintenance],
    *,
    zone: ZoneInfo,
    now: datetime,
) -> ComponentPart:
    under_way = any(
        status_of(one, now=now) == MaintenanceStatus.IN_PROGRESS and row in one.components.all() for one in planned
    )
    spans = history_rules.spans_of(str(row.id), histories, until=now)
    days = history_rules.days_of(spans, since=row.created_at, now=now, zone=zone)
    return ComponentPart(
        id=row.id,
        name=row.name,
        description=row.description,
        group_id=row.group_id,
        position=row.position,
        state=worst([row.state, ComponentState.UNDER_MAINTENANCE] if under_way else [row.state]),
        created_at=row.created_at,
        updated_at=row.updated_at,
        days=days,
        uptime=history_rules.uptime(days, since=row.created_at, now=now, zone=zone),
    )


def _groups(rows: Sequence[Component], components: Mapping[UUID, ComponentPart]) -> list[GroupPart]:
    groups = {row.group.id: row.group for row in rows if row.group is not None}
    return [
        GroupPart(
            id=group.id,
            name=group.name,
            position=group.position,
            created_at=group.created_at,
            updated_at=group.updated_at,
            components=[components[row.id] for row in rows if row.group_id == group.id],
        )
        for group in groups.values()
    ]


def _incident(
    row: PublicIncident, updates: Sequence[PublicUpdate], components: Mapping[UUID, ComponentPart]
) -> IncidentPart:
    return IncidentPart(
        id=row.id,
        title=row.title,
        standing=standing_after(updates),
        started_at=row.started_at,
        created_at=row.created_at,
        updated_at=row.updated_at,
        updates=_updates(updates, components)[::-1],
        components=[one for key, one in components.items() if any(str(key) in update.changes for update in updates)],
    )


def _updates(updates: Sequence[PublicUpdate], components: Mapping[UUID, ComponentPart]) -> list[UpdatePart]:
    """Old states are told anew, because an update in between may have been taken back."""
    held: dict[str, str] = {}
    found = []
    for one in updates:
        touched = [
            Touched(
                component_id=component.id,
                name=component.name,
                old=held.get(str(key), str(ComponentState.OPERATIONAL)),
                new=one.changes[str(key)]["new"],
            )
            for key, component in components.items()
            if str(key) in one.changes
        ]
        held |= {key: change["new"] for key, change in one.changes.items()}
        found.append(
            UpdatePart(
                id=one.id, status=one.status, body=one.body, at=one.at, corrected_at=one.corrected_at, touched=touched
            )
        )
    return found


def _maintenance(row: PublicMaintenance, components: Mapping[UUID, ComponentPart], *, now: datetime) -> MaintenancePart:
    status, ends_at = status_of(row, now=now), end_of(row)
    said = [(MaintenanceStatus.SCHEDULED, row.body, row.created_at)]
    if status != MaintenanceStatus.SCHEDULED:
        said.append((MaintenanceStatus.IN_PROGRESS, "The maintenance has begun.", row.starts_at))
    if status == MaintenanceStatus.COMPLETED:
        said.append((MaintenanceStatus.COMPLETED, "The maintenance is completed.", ends_at))
    ids = {one.id for one in row.components.all()}
    return MaintenancePart(
        id=row.id,
        title=row.title,
        status=status,
        starts_at=row.starts_at,
        ends_at=ends_at,
        created_at=row.created_at,
        updated_at=max(said[-1][2], row.updated_at),
        updates=[
            UpdatePart(id=uuid5(row.id, state), status=state, body=body, at=at, corrected_at=None, touched=())
            for state, body, at in reversed(said)
        ],
        components=[one for key, one in components.items() if key in ids],
    )
