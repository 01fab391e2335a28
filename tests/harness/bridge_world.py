"""A world whose incidents get bridges: from the pool, or made by the API of a host."""

from collections.abc import Callable
from typing import Any, Self

from tests.harness.incident_world import IncidentWorld
from watchbill.domain.audit.models import Entry
from watchbill.domain.bridges.actions import Choice, GiveBridge, change
from watchbill.domain.bridges.contract import BridgeMaker
from watchbill.domain.bridges.making import MakeBridge
from watchbill.domain.bridges.models import Bridge
from watchbill.domain.bridges.pool_actions import add_bridge
from watchbill.domain.bridges.reads import IncidentBridge, bridge_of
from watchbill.domain.bridges.rules import BridgeDraft
from watchbill.domain.errands.contract import Errand
from watchbill.domain.incidents.models import Incident
from watchbill.engine.following import Follower
from watchbill.ground.http_client import HttpClient


class BridgeWorld(IncidentWorld):
    """`maker` builds who makes meetings; without, there is only the pool."""

    def __init__(self, maker: Callable[[HttpClient], BridgeMaker] | None = None) -> None:
        super().__init__()
        self._make = maker
        self.maker: BridgeMaker | None = None

    def __enter__(self) -> Self:
        super().__enter__()
        return self

    def build_errands(self, http: HttpClient) -> tuple[Errand[Any], ...]:
        self.maker = self._make(http) if self._make else None
        made = (MakeBridge(self.maker),) if self.maker else ()
        return (*super().build_errands(http), *made)

    def followers(self) -> tuple[Follower, ...]:
        return (GiveBridge(makes=self.maker.kind if self.maker else ""),)

    def keeps(self, name: str, **draft: Any) -> Bridge:
        given = {"kind": "zoom", "url": f"https://zoom.us/j/{name.replace(' ', '-')}", **draft}
        return add_bridge(BridgeDraft(name=name, **given), actor=self.person("manager"), now=self.now)

    def keeps_a_phone(self, name: str = "Conference", **draft: Any) -> Bridge:
        return self.keeps(name, kind="phone", url="", phone="+49 30 1234567", pin="4711", **draft)

    def bridge(self, incident: Incident) -> IncidentBridge:
        return bridge_of(incident.id)

    def names(self, incident: Incident) -> tuple[str, str]:
        """The voice bridge and the phone bridge, by name."""
        held = self.bridge(incident)
        return held.voice.name if held.voice else "", held.backup.name if held.backup else ""

    def changes(self, incident: Incident, *, by: str = "engineer", reason: str = "no sound", **choice: Any) -> None:
        change(incident_id=incident.id, choice=Choice(**choice), reason=reason, actor=self.person(by), now=self.now)
        self.settle()

    def bridge_entries(self, incident: Incident) -> list[tuple[str, str]]:
        rows = Entry.objects.filter(subject_id=incident.id, action__startswith="incident.bridge").order_by("id")
        return [(row.action.removeprefix("incident.bridge_"), row.details.get("why", "")) for row in rows]
