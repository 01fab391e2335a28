"""A world with everybody whom the process names: what the stories of incidents begin with."""

from collections.abc import Sequence
from datetime import datetime

from tests.harness.cast import LONG_AGO
from tests.harness.world import START, World
from watchbill.domain.access.models import Role
from watchbill.domain.alerts.models import Alert
from watchbill.domain.audit.contract import Actor
from watchbill.domain.audit.models import Entry
from watchbill.domain.incidents import actions, ending_actions, role_actions
from watchbill.domain.incidents.charge import in_charge
from watchbill.domain.incidents.models import Incident, Seat
from watchbill.domain.people.models import Membership
from watchbill.domain.services.models import RoleAssignment, Service


class IncidentWorld(World):
    """On call are `primary` and `secondary` of the service checkout; its team payments has a lead and a manager.

    `commander`, `comms` and `executive` are named for the organization by schedules of their own.
    """

    def __init__(self, *, at: datetime = START) -> None:
        super().__init__(at=at)

    def __enter__(self) -> "IncidentWorld":
        super().__enter__()
        cast = self.cast
        for name in ("lead", "commander", "comms", "executive", "engineer"):
            cast.person(name)
        cast.person("onlooker", role=Role.STAKEHOLDER)
        cast.team.lead = cast.people["lead"]
        cast.team.save()
        Membership.objects.create(team=cast.team, user=cast.people["engineer"], position=9)
        for role, person in (
            ("incident-commander", "commander"),
            ("communications-lead", "comms"),
            ("executive-on-call", "executive"),
        ):
            schedule = cast.schedule(f"{person}s", [person])
            RoleAssignment.objects.create(role=role, targets=[cast.target("schedule", schedule)])
        self.low_rules_by_hook()
        return self

    def low_rules_by_hook(self) -> None:
        """So that what is told and what wakes come by the same way, and stories need not tell them apart."""
        for name in self.cast.people:
            hook = self.cast.contacts[name, "hook"]
            self.cast.rules(name, "high", [(hook, 0)])
            self.cast.rules(name, "low", [(hook, 0)])

    def declares(
        self,
        severity: str,
        *,
        by: str = "engineer",
        title: str = "Checkout is down",
        service: Service | None = None,
        alerts: Sequence[Alert] = (),
        **more: object,
    ) -> Incident:
        """Declared, and everybody who is called at once has been called."""
        made = self.declares_only(severity, by=by, title=title, service=service, alerts=alerts, **more)
        self.settle()
        return self.again(made)

    def declares_only(
        self,
        severity: str,
        *,
        by: str = "engineer",
        title: str = "Checkout is down",
        service: Service | None = None,
        alerts: Sequence[Alert] = (),
        **more: object,
    ) -> Incident:
        wanted = actions.Declaration(
            title=title,
            severity=severity,
            service_id=None if alerts and service is None else (service or self.cast.service).id,
            alert_ids=tuple(alert.id for alert in alerts),
            **more,  # type: ignore[arg-type]
        )
        return actions.declare(wanted, actor=self.person(by), now=self.now).incident

    def answers(self, name: str, incident: Incident) -> Incident:
        actions.acknowledge(incident_id=incident.id, actor=self.person(name), now=self.now)
        self.settle()
        return self.again(incident)

    def becomes(self, severity: str, incident: Incident, *, by: str = "engineer") -> Incident:
        actions.change_severity(
            incident_id=incident.id, severity=severity, reason="more is known", actor=self.person(by), now=self.now
        )
        self.settle()
        return self.again(incident)

    def takes(self, name: str, role: str, incident: Incident) -> Seat:
        seat = role_actions.take(incident_id=incident.id, role=role, actor=self.person(name), now=self.now)
        self.settle()
        return seat

    def ends(self, incident: Incident, *, by: str = "") -> None:
        """So that a story may stop anywhere. By whoever is in charge, unless it says by whom."""
        charge = in_charge(self.again(incident))
        actor = self.person(by) if by else Actor(kind="person", id=charge.user_id, label=charge.name, via="web")
        ending_actions.cancel(incident_id=incident.id, reason="the story is over", actor=actor, now=self.now)
        self.settle()
        self.received()

    def again(self, incident: Incident) -> Incident:
        return Incident.objects.select_related("service").get(id=incident.id)

    def came(self) -> dict[str, str]:
        """Who was paged since the last look, each with the reason; nobody twice."""
        received = self.received()
        found = {one.to: one.reason for one in received}
        assert len(found) == len(received), f"somebody was paged twice: {received}"
        return found

    def happened(self, incident: Incident) -> list[str]:
        return list(Entry.objects.filter(subject_id=incident.id).order_by("id").values_list("action", flat=True))

    def another_service(self, name: str, **changes: object) -> Service:
        return Service.objects.create(name=name, created_at=LONG_AGO, **changes)
