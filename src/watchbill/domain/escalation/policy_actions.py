"""Escalation policies. A change makes a new version; alerts that are escalating keep theirs."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction

from watchbill.domain.access.models import User
from watchbill.domain.audit.actions import record
from watchbill.domain.audit.contract import Actor, Record
from watchbill.domain.audit.rules import difference
from watchbill.domain.escalation.models import Policy, PolicyVersion
from watchbill.domain.escalation.policy_rules import (
    PolicyDraft,
    TargetDraft,
    check_levels,
    definition,
    levels_of,
)
from watchbill.domain.oncall.models import Schedule
from watchbill.domain.people.models import Team
from watchbill.domain.people.rules import clean_name
from watchbill.domain.people.team_actions import check_team, team_name
from watchbill.ground.refusals import ChangeRefused, Taken, Unknown


class PolicyUnknown(Unknown):
    pass


class PolicyNameTaken(Taken):
    pass


class TargetUnknown(Unknown):
    pass


class PolicyStillNeeded(ChangeRefused):
    pass


@transaction.atomic
def create_policy(draft: PolicyDraft, *, actor: Actor, now: datetime) -> Policy:
    """A name that an archived policy holds brings that policy back, with a new version."""
    name, labels = _checked(draft)
    held = Policy.objects.select_for_update().filter(name=name).first()
    if held is not None and held.archived_at is None:
        raise PolicyNameTaken("name", f"another policy is called {name!r}; choose another name")
    policy = held or Policy.objects.create(name=name, team_id=draft.team_id)
    version = _add_version(policy, draft, labels, actor=actor, now=now)
    Policy.objects.filter(id=policy.id).update(current_version=version, team_id=draft.team_id, archived_at=None)
    details = {**difference({}, _facts(draft, name, labels)), "version": version.number}
    _tell("policy.restored" if held else "policy.created", policy, details, actor=actor, now=now)
    return policy


@transaction.atomic
def change_policy(policy_id: UUID, draft: PolicyDraft, *, actor: Actor, now: datetime) -> None:
    """A new version only when levels, repeats or time-outs changed."""
    name, labels = _checked(draft)
    policy = _locked(policy_id)
    held = draft_of(policy)
    if name != held.name and Policy.objects.filter(name=name).exists():
        raise PolicyNameTaken("name", f"another policy is or was called {name!r}; choose another name")
    details = difference(_facts(held, held.name, _labels(held, checked=False)), _facts(draft, name, labels))
    if _plan(draft) != _plan(held):
        version = _add_version(policy, draft, labels, actor=actor, now=now)
        Policy.objects.filter(id=policy_id, archived_at=None).update(current_version=version)
        details["version"] = version.number
    if (name, draft.team_id) != (held.name, held.team_id):
        Policy.objects.filter(id=policy_id, archived_at=None).update(name=name, team_id=draft.team_id)
    if details:
        _tell("policy.changed", policy, details, actor=actor, now=now)


@transaction.atomic
def archive_policy(policy_id: UUID, *, uses: Sequence[str], actor: Actor, now: datetime) -> None:
    """`uses`: the services that escalate by it (see `services.reads.uses_of_policy`); a non-empty one refuses."""
    policy = _locked(policy_id)
    if uses:
        raise PolicyStillNeeded("", f"policy {policy.name} is still needed by {'; '.join(uses)}. Change those first")
    Policy.objects.filter(id=policy_id, archived_at=None).update(archived_at=now)
    _tell("policy.archived", policy, {}, actor=actor, now=now)


def check_policy(policy_id: UUID | None) -> Policy | None:
    if policy_id is None:
        return None
    policy = Policy.objects.filter(id=policy_id, archived_at=None).first()
    if policy is None:
        raise PolicyUnknown("policy", f"no policy has the id {policy_id}; create it first")
    return policy


def draft_of(policy: Policy) -> PolicyDraft:
    if policy.current_version is None:
        raise ValueError(f"policy {policy.name} has no version")
    data = policy.current_version.definition
    seconds = data.get("acknowledgement_timeout_seconds")
    return PolicyDraft(
        name=policy.name,
        levels=levels_of(data),
        repeat=data.get("repeat", 0),
        team_id=policy.team_id,
        acknowledgement_timeout=None if seconds is None else timedelta(seconds=seconds),
    )


def _checked(draft: PolicyDraft) -> tuple[str, dict[TargetDraft, str]]:
    check_levels(draft)
    check_team(draft.team_id)
    return clean_name(draft.name), _labels(draft, checked=True)


def _labels(draft: PolicyDraft, *, checked: bool) -> dict[TargetDraft, str]:
    """What each target is called. `checked`: refuse one that cannot be paged."""
    targets = {target: index for index, level in enumerate(draft.levels) for target in level.targets}
    schedules = Schedule.objects.filter(archived_at=None).in_bulk(_ids(targets, "schedule"))
    users = User.objects.filter(is_active=True).in_bulk(_ids(targets, "user"))
    teams = Team.objects.filter(archived_at=None).in_bulk(_ids(targets, "team-lead", "team-manager"))
    names = {
        **{("schedule", row.id): row.name for row in schedules.values()},
        **{("user", row.id): row.email for row in users.values()},
        **{("team-lead", row.id): row.name for row in teams.values()},
        **{("team-manager", row.id): row.name for row in teams.values()},
    }
    for target, index in targets.items():
        if checked and (target.kind, target.id) not in names:
            what = target.kind.partition("-")[0]
            raise TargetUnknown(
                f"levels[{index}].targets",
                f"there is no {what} with the id {target.id}, or not any more; choose another",
            )
    return {target: names.get((target.kind, target.id), str(target.id)) for target in targets}


def _ids(targets: Iterable[TargetDraft], *kinds: str) -> list[UUID]:
    return [target.id for target in targets if target.kind in kinds]


def _plan(draft: PolicyDraft) -> tuple[object, ...]:
    return draft.levels, draft.repeat, draft.acknowledgement_timeout


def _add_version(
    policy: Policy, draft: PolicyDraft, labels: dict[TargetDraft, str], *, actor: Actor, now: datetime
) -> PolicyVersion:
    last = PolicyVersion.objects.filter(policy=policy).order_by("-number").values_list("number", flat=True).first()
    return PolicyVersion.objects.create(
        policy=policy,
        number=(last or 0) + 1,
        definition=definition(draft, labels),
        created_at=now,
        created_by=actor.label[:254],
    )


def _facts(draft: PolicyDraft, name: str, labels: dict[TargetDraft, str]) -> dict[str, object]:
    return {"name": name, "team": team_name(draft.team_id), **definition(draft, labels)}


def _locked(policy_id: UUID) -> Policy:
    policy = Policy.objects.select_for_update(of=("self",)).filter(id=policy_id, archived_at=None).first()
    if policy is None:
        raise PolicyUnknown("id", f"no policy has the id {policy_id}; it may have been archived")
    return policy


def _tell(action: str, policy: Policy, details: dict[str, object], *, actor: Actor, now: datetime) -> None:
    record(
        [
            Record(
                action=action, subject_kind="policy", subject_id=policy.id, subject_label=policy.name, details=details
            )
        ],
        actor=actor,
        now=now,
    )
