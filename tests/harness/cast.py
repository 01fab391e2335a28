"""The fixed cast of the stories: who is asked, who is on call, and how they are reached."""

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time
from typing import Any

from watchbill.domain.access.models import Role, User
from watchbill.domain.escalation.models import Policy, PolicyVersion
from watchbill.domain.oncall.models import Override, Rotation, RotationMember, Schedule
from watchbill.domain.people.models import (
    ContactMethod,
    FallbackRecipient,
    Membership,
    NotificationRule,
    Organization,
    Team,
)
from watchbill.domain.services.models import Integration, Service
from watchbill.ground.secrets import digest, hint

LONG_AGO = datetime(2025, 1, 1, tzinfo=UTC)
KEY = "R0123456789abcdef0123456789abcde"


@dataclass
class Cast:
    """Primary and secondary alternate weekly on two schedules; the manager is the team's; the owner is the fallback."""

    hooks_url: str
    people: dict[str, User] = field(default_factory=dict)
    contacts: dict[tuple[str, str], ContactMethod] = field(default_factory=dict)

    def __post_init__(self) -> None:
        Organization.objects.create(name="Example", time_zone="UTC")
        for name, role in (
            ("owner", Role.OWNER),
            ("primary", Role.RESPONDER),
            ("secondary", Role.RESPONDER),
            ("manager", Role.ADMIN),
        ):
            self.person(name, role=role)
        FallbackRecipient.objects.create(user=self.people["owner"], position=0)
        self.team = Team.objects.create(name="payments", lead=self.people["manager"], manager=self.people["manager"])
        for position, name in enumerate(("primary", "secondary")):
            Membership.objects.create(team=self.team, user=self.people[name], position=position)
        self.first = self.schedule("payments-primary", ["primary"])
        self.second = self.schedule("payments-secondary", ["secondary"])
        self.policy = self.make_policy(
            "payments",
            [
                ([_target("schedule", self.first)], 300),
                ([_target("schedule", self.second)], 600),
                ([_target("team-manager", self.team)], 900),
            ],
        )
        self.service = Service.objects.create(name="checkout", team=self.team, policy=self.policy, created_at=LONG_AGO)
        self.integration = self.add_integration(self.service, KEY)

    def person(self, name: str, *, role: Role = Role.RESPONDER, contacts: bool = True) -> User:
        user = User.objects.create(
            email=f"{name}@example.org", name=name.title(), role=role, time_zone="UTC", created_at=LONG_AGO
        )
        self.people[name] = user
        if contacts:
            hook = self.contact(name, "hook", "webhook", f"{self.hooks_url}/{name}")
            mail = self.contact(name, "mail", "email", user.email, position=1)
            self.rules(name, "high", [(hook, 0), (mail, 60)])
            self.rules(name, "low", [(mail, 0)])
        return user

    def contact(self, person: str, name: str, kind: str, address: str, *, position: int = 0) -> ContactMethod:
        made = ContactMethod.objects.create(
            user=self.people[person],
            name=name,
            kind=kind,
            address=address,
            position=position,
            created_at=LONG_AGO,
            verified_at=LONG_AGO,
        )
        self.contacts[person, name] = made
        return made

    def rules(self, person: str, urgency: str, rules: list[tuple[ContactMethod, int]]) -> None:
        NotificationRule.objects.filter(user=self.people[person], urgency=urgency).delete()
        for position, (contact, after) in enumerate(rules):
            NotificationRule.objects.create(
                user=self.people[person], urgency=urgency, position=position, contact=contact, after_seconds=after
            )

    def schedule(self, name: str, members: list[str | None], **changes: Any) -> Schedule:
        made = Schedule.objects.create(name=name, team=self.team, time_zone="Europe/Berlin", created_at=LONG_AGO)
        if members:
            rotation = Rotation.objects.create(
                schedule=made,
                name="weekly",
                position=0,
                every=1,
                unit="weeks",
                handoff_weekday=0,
                handoff_time=time(10),
                starts_date=date(2025, 1, 6),
                **changes,
            )
            for position, member in enumerate(members):
                RotationMember.objects.create(
                    rotation=rotation, position=position, user=self.people[member] if member else None
                )
        return made

    def override(self, schedule: Schedule, person: str, starts_at: datetime, ends_at: datetime) -> Override:
        return Override.objects.create(
            schedule=schedule,
            user=self.people[person],
            starts_at=starts_at,
            ends_at=ends_at,
            created_at=starts_at,
        )

    def make_policy(
        self,
        name: str,
        levels: list[tuple[list[dict[str, str]], int]],
        *,
        repeat: int = 0,
        acknowledged: int | None = None,
    ) -> Policy:
        policy = Policy.objects.create(name=name, team=self.team)
        return self.change_policy(policy, levels, repeat=repeat, acknowledged=acknowledged)

    def change_policy(
        self,
        policy: Policy,
        levels: list[tuple[list[dict[str, str]], int]],
        *,
        repeat: int = 0,
        acknowledged: int | None = None,
    ) -> Policy:
        policy.current_version = PolicyVersion.objects.create(
            policy=policy,
            number=policy.versions.count() + 1,
            created_at=LONG_AGO,
            definition={
                "levels": [{"targets": targets, "timeout_seconds": seconds} for targets, seconds in levels],
                "repeat": repeat,
                "acknowledgement_timeout_seconds": acknowledged,
            },
        )
        policy.save()
        return policy

    def target(self, kind: str, thing: Any) -> dict[str, str]:
        return _target(kind, thing)

    def add_integration(self, service: Service, key: str, kind: str = "pagerduty-events-v2") -> Integration:
        return Integration.objects.create(
            service=service, kind=kind, digest=digest(key), hint=hint(key), sealed_key="", created_at=LONG_AGO
        )


def _target(kind: str, thing: Any) -> dict[str, str]:
    return {"kind": kind, "id": str(thing.id), "label": thing.name}
