"""A world with a status page: two components that customers see, one that they do not."""

from uuid import UUID

from tests.harness.incident_world import IncidentWorld
from watchbill.domain.incidents.models import Incident
from watchbill.domain.status_page import actions, component_actions
from watchbill.domain.status_page.component_actions import ComponentDraft
from watchbill.domain.status_page.models import Component, ComponentState, PublicIncident, PublicStatus, PublicUpdate


class StatusPageWorld(IncidentWorld):
    def __enter__(self) -> "StatusPageWorld":
        super().__enter__()
        self.components: dict[str, UUID] = {}
        self.adds("Checkout", service_id=self.cast.service.id)
        self.adds("Search")
        return self

    def adds(self, name: str, **more: object) -> Component:
        draft = ComponentDraft(name=name, **more)  # type: ignore[arg-type]
        made = component_actions.add_component(draft, actor=self.person("comms"), now=self.now)
        self.components[name] = made.id
        return made

    def publishes(
        self,
        status: str,
        body: str = "We are looking into it.",
        *,
        incident: Incident | None = None,
        title: str = "Payments fail",
        settle: bool = True,
        **states: str,
    ) -> PublicUpdate:
        """`states`: by the name of the component."""
        made = actions.publish(
            incident_id=incident.id if incident else None,
            title=title,
            status=PublicStatus(status),
            body=body,
            components={self.components[name]: ComponentState(state) for name, state in states.items()},
            actor=self.person("comms"),
            now=self.now,
        )
        if settle:
            self.settle()
        return made

    def goes_on(self, public: PublicIncident, status: str, body: str = "It goes on.", **states: str) -> PublicUpdate:
        made = actions.publish_update(
            public_id=public.id,
            status=PublicStatus(status),
            body=body,
            components={self.components[name]: ComponentState(state) for name, state in states.items()},
            actor=self.person("comms"),
            now=self.now,
        )
        self.settle()
        return made

    def state_of(self, name: str) -> str:
        return Component.objects.get(id=self.components[name]).state
