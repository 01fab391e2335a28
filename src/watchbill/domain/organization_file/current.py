"""What is in the database, in the words of the organization file, and which row each name means."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from watchbill.domain.escalation import policy_reads
from watchbill.domain.heartbeats.models import Heartbeat
from watchbill.domain.oncall import reads as schedule_reads
from watchbill.domain.oncall.models import Schedule
from watchbill.domain.oncall.rotation_rules import RotationDraft
from watchbill.domain.oncall.rules import NOBODY, Unit
from watchbill.domain.organization_file.schema import (
    CheckEntry,
    ContactEntry,
    IntegrationEntry,
    LevelEntry,
    OrganizationEntry,
    OverrideEntry,
    PolicyEntry,
    RoleEntry,
    RotationEntry,
    RuleEntry,
    RulesEntry,
    ScheduleEntry,
    ServiceEntry,
    TeamEntry,
    UserEntry,
    WindowEntry,
)
from watchbill.domain.organization_file.values import Every, WallTime
from watchbill.domain.people import reads as people_reads
from watchbill.domain.people.contact_actions import contact_secret
from watchbill.domain.people.models import ContactMethod
from watchbill.domain.services import reads as service_reads
from watchbill.domain.services.integration_actions import key_of
from watchbill.domain.services.models import Integration, IntegrationKind
from watchbill.domain.services.role_lookup import assignments


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldOverride:
    id: UUID
    entry: OverrideEntry
    created_at: datetime

    def answers(self, wanted: OverrideEntry) -> bool:
        """One that was applied after its start began at that moment instead."""
        if (self.entry.user, self.entry.end) != (wanted.user, wanted.end):
            return False
        return self.entry.start == wanted.start or wanted.start < self.entry.start <= self.created_at


@dataclass(kw_only=True)
class State:
    """Entries by e-mail address or name, nothing left out (lists are never None), and the ids behind them."""

    organization: OrganizationEntry | None = None
    users: dict[str, UserEntry] = field(default_factory=dict)
    teams: dict[str, TeamEntry] = field(default_factory=dict)
    schedules: dict[str, ScheduleEntry] = field(default_factory=dict)
    policies: dict[str, PolicyEntry] = field(default_factory=dict)
    services: dict[str, ServiceEntry] = field(default_factory=dict)
    roles: dict[str, RoleEntry] = field(default_factory=dict)
    overrides: dict[str, list[HeldOverride]] = field(default_factory=dict)  # by schedule
    archived_schedules: frozenset[str] = frozenset()
    user_ids: dict[str, UUID] = field(default_factory=dict)
    contact_ids: dict[tuple[str, str], UUID] = field(default_factory=dict)  # (e-mail address, name)
    team_ids: dict[str, UUID] = field(default_factory=dict)
    schedule_ids: dict[str, UUID] = field(default_factory=dict)
    policy_ids: dict[str, UUID] = field(default_factory=dict)
    service_ids: dict[str, UUID] = field(default_factory=dict)
    integration_ids: dict[str, UUID] = field(default_factory=dict)  # by key


def read_state(*, secret_key: str, now: datetime) -> State:
    """Raises ground.secrets.SealBroken when the keys were sealed with another secret."""
    state = State()
    _read_people(state, secret_key=secret_key)
    emails = {user_id: email for email, user_id in state.user_ids.items()}
    _read_schedules(state, emails, now=now)
    _read_policies(state, emails)
    _read_services(state, secret_key=secret_key)
    _read_roles(state, emails)
    return state


def _read_people(state: State, *, secret_key: str) -> None:
    organization = people_reads.organization()
    if organization is not None:
        state.organization = OrganizationEntry(
            name=organization.name,
            time_zone=organization.time_zone,
            fallback=tuple(person.email for person in organization.fallback),
        )
    rows = ContactMethod.objects.filter(removed_at=None).exclude(sealed_secret="")
    secrets = {row.id: contact_secret(row, secret_key=secret_key) for row in rows}
    for detail in people_reads.people():
        email = detail.person.email
        state.user_ids[email] = detail.person.id
        state.contact_ids |= {(email, contact.name): contact.id for contact in detail.contacts}
        state.users[email] = _user(detail, secrets)
    for team in people_reads.teams():
        state.team_ids[team.name] = team.id
        state.teams[team.name] = TeamEntry(
            name=team.name,
            lead=team.lead.email if team.lead else None,
            manager=team.manager.email if team.manager else None,
            members=tuple(person.email for person in team.members),
        )


def _user(detail: people_reads.PersonDetail, secrets: dict[UUID, str]) -> UserEntry:
    rules = {
        urgency: tuple(
            RuleEntry(contact=rule.contact, after=timedelta(seconds=rule.after_seconds))
            for rule in detail.rules
            if rule.urgency == urgency
        )
        for urgency in ("high", "low")
    }
    return UserEntry(
        email=detail.person.email,
        name=detail.person.name,
        time_zone=detail.person.time_zone,
        role=detail.person.role,
        disabled=not detail.person.is_active,
        contacts=tuple(
            ContactEntry(name=contact.name, kind=contact.kind, address=contact.address, secret=secrets.get(contact.id))
            for contact in detail.contacts
        ),
        rules=RulesEntry(high=rules["high"], low=rules["low"]),
    )


def _read_schedules(state: State, emails: dict[UUID, str], *, now: datetime) -> None:
    state.archived_schedules = frozenset(
        Schedule.objects.filter(archived_at__isnull=False).values_list("name", flat=True)
    )
    for detail in schedule_reads.schedules(now=now):
        name = detail.draft.name
        held = [
            HeldOverride(
                id=line.id,
                entry=OverrideEntry(user=line.email, start=line.starts_at, end=line.ends_at),
                created_at=line.created_at,
            )
            for line in sorted(detail.overrides, key=lambda line: line.created_at)
        ]
        state.schedule_ids[name] = detail.id
        state.overrides[name] = held
        state.schedules[name] = ScheduleEntry(
            name=name,
            team=detail.team,
            time_zone=detail.draft.time_zone,
            description=detail.draft.description,
            rotations=tuple(_rotation(draft, emails) for draft in detail.rotations),
            overrides=tuple(override.entry for override in held),
        )


def _rotation(draft: RotationDraft, emails: dict[UUID, str]) -> RotationEntry:
    return RotationEntry(
        name=draft.name,
        members=tuple(emails[user_id] if user_id else NOBODY for user_id in draft.member_ids),
        every=Every(draft.every, Unit(draft.unit)),
        handoff=WallTime(draft.handoff_weekday, draft.handoff_time),
        starts=draft.starts_date,
        ends=draft.ends_at,
        per_turn=draft.per_turn,
        windows=tuple(
            WindowEntry(
                start=WallTime(window.starts_weekday, window.starts_time),
                end=WallTime(window.ends_weekday, window.ends_time),
            )
            for window in draft.windows
        ),
    )


def _names_of_targets(state: State, emails: dict[UUID, str]) -> dict[str, dict[UUID, str]]:
    teams = {team_id: name for name, team_id in state.team_ids.items()}
    schedules = {schedule_id: name for name, schedule_id in state.schedule_ids.items()}
    return {"schedule": schedules, "user": emails, "team-lead": teams, "team-manager": teams}


def _read_roles(state: State, emails: dict[UUID, str]) -> None:
    names = _names_of_targets(state, emails)
    for row in assignments():
        entry = RoleEntry(
            role=row.role,
            team=row.team.name if row.team else None,
            service=row.service.name if row.service else None,
            targets=tuple(
                f"{one['kind']}:{names[one['kind']].get(UUID(one['id']), one['label'])}" for one in row.targets
            ),
        )
        state.roles[entry.name] = entry


def _read_policies(state: State, emails: dict[UUID, str]) -> None:
    names = _names_of_targets(state, emails)
    for detail in policy_reads.policies():
        draft = detail.draft
        state.policy_ids[draft.name] = detail.id
        state.policies[draft.name] = PolicyEntry(
            name=draft.name,
            team=detail.team,
            repeat=draft.repeat,
            acknowledgement_timeout=draft.acknowledgement_timeout,
            levels=tuple(
                LevelEntry(
                    targets=tuple(
                        f"{target.kind}:{names[target.kind].get(target.id, str(target.id))}" for target in level.targets
                    ),
                    timeout=level.timeout,
                )
                for level in draft.levels
            ),
        )


def _read_services(state: State, *, secret_key: str) -> None:
    rows = Integration.objects.filter(removed_at=None, service__archived_at=None)
    sealed = {row.id: row for row in rows}
    heartbeats = {row.integration_id: row for row in Heartbeat.objects.filter(integration_id__in=sealed)}
    for detail in service_reads.services():
        draft = detail.draft
        entries = []
        for line in detail.integrations:
            key = key_of(sealed[line.id], secret_key=secret_key)
            state.integration_ids[key] = line.id
            entries.append(_integration(line, key, heartbeats.get(line.id)))
        state.service_ids[draft.name] = detail.id
        state.services[draft.name] = ServiceEntry(
            name=draft.name,
            description=draft.description,
            team=detail.team,
            policy=detail.policy,
            urgency=draft.urgency_rule,
            runbook=draft.runbook_url,
            integrations=tuple(entries),
            checks=tuple(
                CheckEntry(name=one.name, query=one.query, healthy_when=one.healthy_when, unit=one.unit)
                for one in detail.checks
            ),
            depends_on=tuple(sorted(one.name for one in detail.depends_on)),
        )


def _integration(line: service_reads.IntegrationLine, key: str, heartbeat: Heartbeat | None) -> IntegrationEntry:
    if line.kind != IntegrationKind.HEARTBEAT or heartbeat is None:
        return IntegrationEntry.model_construct(kind=line.kind, name=line.name, key=key, period=None, grace=None)
    return IntegrationEntry(
        kind=line.kind,
        name=line.name,
        key=key,
        period=timedelta(seconds=heartbeat.period_seconds),
        grace=timedelta(seconds=heartbeat.grace_seconds) or None,
    )
