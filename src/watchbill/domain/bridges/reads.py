"""Bridges as screens, API and command line show them."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from uuid import UUID

from watchbill.domain.bridges.models import Bridge, BridgeKind, BridgeUse, Meeting, MeetingState, Part
from watchbill.domain.bridges.rules import tel
from watchbill.domain.incidents.models import UNRESOLVED, Incident, StepDone
from watchbill.domain.incidents.reads import Viewer, visible_to
from watchbill.ground.identity import uuid_in


@dataclass(frozen=True, slots=True, kw_only=True)
class JoinBy:
    """One way in. `tel` dials number and PIN at one tap; empty where there is no number."""

    name: str
    kind: str
    kind_label: str
    url: str
    phone: str
    pin: str
    tel: str


@dataclass(frozen=True, slots=True, kw_only=True)
class IncidentBridge:
    """`trouble`: why no meeting could be made, as far as one was to be; `is_making`: one still may come."""

    voice: JoinBy | None = None
    backup: JoinBy | None = None
    is_making: bool = False
    trouble: str = ""

    @property
    def ways(self) -> tuple[JoinBy, ...]:
        return tuple(one for one in (self.voice, self.backup) if one is not None)


@dataclass(frozen=True, slots=True, kw_only=True)
class PoolLine:
    """`users`: numbers of the incidents that have it now, as far as the viewer may see them; `in_use` tells all."""

    bridge: Bridge
    users: tuple[int, ...] = field(default=())
    in_use: bool = False


def has_open_room(incident: Incident) -> bool:
    return StepDone.objects.filter(incident=incident, phase="declare", step="open-room").exists()


def used_by(bridge_ids: Collection[UUID]) -> dict[UUID, Incident]:
    """Which incident has each of them now; those that any number may have are left out."""
    rows = BridgeUse.objects.filter(bridge_id__in=bridge_ids, freed_at=None, shared=False).select_related("incident")
    return {row.bridge_id: row.incident for row in rows if row.bridge_id is not None}


def bridge_of(incident_id: UUID) -> IncidentBridge:
    """For whoever was let to the incident already."""
    return bridges_of([incident_id])[incident_id]


def bridges_of(incident_ids: Iterable[UUID]) -> dict[UUID, IncidentBridge]:
    ids = list(incident_ids)
    uses = {(use.incident_id, use.part): use for use in BridgeUse.objects.filter(incident__in=ids, freed_at=None)}
    meetings = Meeting.objects.in_bulk(ids)
    return {one: _of(uses.get((one, Part.VOICE)), uses.get((one, Part.BACKUP)), meetings.get(one)) for one in ids}


def pool(*, viewer: Viewer) -> list[PoolLine]:
    rows = list(Bridge.objects.filter(removed_at=None).select_related("team").order_by("order", "name", "id"))
    uses = BridgeUse.objects.filter(bridge__in=rows, freed_at=None).values_list("bridge_id", "incident_id")
    numbers = dict(visible_to(viewer).filter(id__in=[one for _, one in uses]).values_list("id", "number"))
    by_bridge: dict[UUID, list[UUID]] = {}
    for bridge_id, incident_id in uses:
        by_bridge.setdefault(bridge_id, []).append(incident_id)
    return [_pool_line(row, by_bridge.get(row.id, []), numbers) for row in rows]


def bridge_id_of(text: str) -> UUID | None:
    """By id or name."""
    rows = Bridge.objects.filter(removed_at=None)
    identity = uuid_in(text)
    found = rows.filter(id=identity) if identity is not None else rows.filter(name=text)
    return found.values_list("id", flat=True).first()


def failed_meetings() -> list[Meeting]:
    """Of incidents that are under way, the newest first."""
    rows = Meeting.objects.filter(state=MeetingState.FAILED, incident__state__in=UNRESOLVED)
    return list(rows.select_related("incident").order_by("-wanted_at"))


def _pool_line(bridge: Bridge, incident_ids: list[UUID], numbers: dict[UUID, int]) -> PoolLine:
    shown = tuple(sorted(numbers[one] for one in incident_ids if one in numbers))
    return PoolLine(bridge=bridge, users=shown, in_use=bool(incident_ids))


def _of(voice: BridgeUse | None, backup: BridgeUse | None, meeting: Meeting | None) -> IncidentBridge:
    is_wanted = meeting is not None and meeting.state == MeetingState.WANTED
    is_failed = meeting is not None and meeting.state == MeetingState.FAILED
    return IncidentBridge(
        voice=_join(voice) if voice else None,
        backup=_join(backup) if backup else None,
        is_making=is_wanted,
        trouble=meeting.error if meeting is not None and (is_wanted or is_failed) else "",
    )


def _join(use: BridgeUse) -> JoinBy:
    return JoinBy(
        name=use.name,
        kind=use.kind,
        kind_label=BridgeKind(use.kind).label,
        url=use.url,
        phone=use.phone,
        pin=use.pin,
        tel=tel(use.phone, use.pin) if use.phone else "",
    )
