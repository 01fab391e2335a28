"""A world with a status page: its files in a folder of their own, its subscribers by real mail and real HTTP."""

import json
import tempfile
from pathlib import Path
from typing import Any
from uuid import UUID

from tests.harness.incident_world import IncidentWorld
from watchbill.channels.email import SmtpSettings
from watchbill.channels.subscriber_mail import SubscriberMailer
from watchbill.channels.subscriber_webhook import SubscriberHooks
from watchbill.domain.errands.contract import Errand
from watchbill.domain.incidents.models import Incident
from watchbill.domain.status_page import actions, component_actions
from watchbill.domain.status_page.component_actions import ComponentDraft
from watchbill.domain.status_page.document import PageDocument
from watchbill.domain.status_page.models import Component, ComponentState, PublicIncident, PublicStatus, PublicUpdate
from watchbill.doors.status_page.site import files
from watchbill.engine.publishing import WriteStatusPage
from watchbill.engine.telling import TellSubscriber
from watchbill.ground.http_client import HttpClient

BASE_URL = "http://watchbill.example.org"
SECRET_KEY = "for tests only"


class StatusPageWorld(IncidentWorld):
    """Customers see the components Checkout and Search."""

    def __enter__(self) -> "StatusPageWorld":
        self._folder = tempfile.TemporaryDirectory()
        self.directory = Path(self._folder.name) / "status-page"
        super().__enter__()
        self.components: dict[str, UUID] = {}
        self.adds("Checkout", service_id=self.cast.service.id)
        self.adds("Search")
        return self

    def __exit__(self, kind: object, *rest: object) -> None:
        try:
            super().__exit__(kind, *rest)
        finally:
            self._folder.cleanup()

    def build_errands(self, http: HttpClient) -> tuple[Errand[Any], ...]:
        smtp = SmtpSettings(
            host=self.mail.host, port=self.mail.port, sender="Watchbill <watchbill@example.org>", security="none"
        )
        return (
            *super().build_errands(http),
            WriteStatusPage(render=self.render, directory=self.directory, base_url=BASE_URL),
            TellSubscriber(
                mailer=SubscriberMailer(smtp),
                hooks=SubscriberHooks(http=http),
                base_url=BASE_URL,
                secret_key=SECRET_KEY,
            ),
        )

    def render(self, page: PageDocument) -> dict[str, bytes]:
        return files(page, base_url=BASE_URL)

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

    # What the public sees

    def text(self, path: str) -> str:
        return (self.directory / "current" / path).read_text(encoding="utf-8")

    def document(self, path: str) -> Any:
        return json.loads(self.text(f"api/v2/{path}.json"))

    def everything(self) -> dict[str, bytes]:
        current = self.directory / "current"
        return {
            path.relative_to(current).as_posix(): path.read_bytes() for path in current.rglob("*") if path.is_file()
        }
