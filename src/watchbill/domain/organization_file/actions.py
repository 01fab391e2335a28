"""Apply: the plan, carried out by the rooms' own verbs, all in one transaction or not at all."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction

from watchbill.domain.audit.contract import Actor
from watchbill.domain.bridges import pool_actions as bridges
from watchbill.domain.bridges.rules import BridgeDraft
from watchbill.domain.escalation import policy_actions
from watchbill.domain.escalation.policy_rules import LevelDraft, PolicyDraft, TargetDraft
from watchbill.domain.escalation.target_words import targets_of
from watchbill.domain.heartbeats import settings_actions as heartbeats
from watchbill.domain.oncall import actions as schedules
from watchbill.domain.oncall import override_actions
from watchbill.domain.oncall.rotation_rules import ScheduleDraft
from watchbill.domain.organization_file.current import State, read_state
from watchbill.domain.organization_file.plan import Change, Section, plan
from watchbill.domain.organization_file.problems import FilesRefused, Problem
from watchbill.domain.organization_file.references import reference_problems
from watchbill.domain.organization_file.rules import Document, inner_place, parse_files, rotation_draft
from watchbill.domain.paging import contact_changes
from watchbill.domain.paging.contact_changes import Setting
from watchbill.domain.paging.contract import ContactKind
from watchbill.domain.people import actions as people
from watchbill.domain.people import contact_actions, team_actions
from watchbill.domain.people.rules import ContactDraft, PersonDraft, TeamDraft
from watchbill.domain.services import actions as services
from watchbill.domain.services import check_actions, dependency_actions, integration_actions
from watchbill.domain.services import reads as service_reads
from watchbill.domain.services.assignment_actions import Where, assign_role
from watchbill.domain.services.check_rules import CheckDraft
from watchbill.domain.services.models import IntegrationKind
from watchbill.domain.services.rules import IntegrationDraft, ServiceDraft
from watchbill.ground.refusals import ChangeRefused

NO_GRACE = timedelta(0)


@dataclass(frozen=True, kw_only=True)
class Applied:
    """`made`: what was generated because the files did not give it, in words; to be shown once."""

    changes: tuple[Change, ...]
    made: tuple[str, ...]


def apply_files(
    files: Sequence[tuple[str, str]],
    *,
    kinds: Mapping[str, ContactKind],
    secret_key: str,
    actor: Actor,
    now: datetime,
    prune: bool = False,
    dry_run: bool = False,
) -> Applied:
    """Raises FilesRefused, and then nothing has changed. A dry run does everything and takes it back."""
    document = parse_files(files, kinds=kinds)
    with transaction.atomic():
        applied = _apply(document, kinds=kinds, secret_key=secret_key, actor=actor, now=now, prune=prune)
        if dry_run:
            transaction.set_rollback(True)
    return applied


def _apply(
    document: Document, *, kinds: Mapping[str, ContactKind], secret_key: str, actor: Actor, now: datetime, prune: bool
) -> Applied:
    state = read_state(secret_key=secret_key, now=now)
    if problems := reference_problems(document, state, prune=prune):
        raise FilesRefused(problems)
    changes = plan(document, state, now=now, prune=prune)
    hand = _Hand(state=state, setting=Setting(kinds=kinds, secret_key=secret_key), actor=actor, now=now)
    for change in changes:
        try:
            _VERBS[change.section](hand, change)
        except ChangeRefused as refused:
            raise FilesRefused([_problem(change, refused)]) from refused
    return Applied(changes=tuple(changes), made=tuple(hand.made))


def _problem(change: Change, refused: ChangeRefused) -> Problem:
    if change.source is None:
        return Problem(file="", line=0, path=f"{change.section} {change.name}", message=refused.reason)
    place = inner_place(refused.field) if refused.field not in ("id", "") else ()
    return change.source.problem(refused.reason, *change.inner, *place)


@dataclass(kw_only=True)
class _Hand:
    """What every verb needs. `state` grows by the ids of what is created on the way."""

    state: State
    setting: Setting
    actor: Actor
    now: datetime
    made: list[str] = field(default_factory=list)


def _organization(hand: _Hand, change: Change) -> None:
    wanted = change.after
    people.set_organization(
        name=wanted.name,
        time_zone=wanted.time_zone,
        fallback_ids=None
        if "fallback" in change.kept
        else [hand.state.user_ids[email] for email in wanted.fallback or ()],
        actor=hand.actor,
        now=hand.now,
    )


def _user(hand: _Hand, change: Change) -> None:
    wanted = change.after
    if wanted is None:
        _disable(hand, change.name)
        return
    draft = PersonDraft(email=wanted.email, name=wanted.name, role=wanted.role, time_zone=wanted.time_zone)
    if change.before is None:
        hand.state.user_ids[wanted.email] = people.create_person(draft, actor=hand.actor, now=hand.now).id
    else:
        people.change_person(hand.state.user_ids[wanted.email], draft, actor=hand.actor, now=hand.now)


def _enabled(hand: _Hand, change: Change) -> None:
    if change.after:
        people.enable_person(hand.state.user_ids[change.name], actor=hand.actor, now=hand.now)
    else:
        _disable(hand, change.name)


def _disable(hand: _Hand, email: str) -> None:
    user_id = hand.state.user_ids[email]
    uses = service_reads.uses_of_person(user_id, now=hand.now)
    people.disable_person(user_id, uses=uses, actor=hand.actor, now=hand.now)


def _contact(hand: _Hand, change: Change) -> None:
    wanted, key = change.after, (change.owner, change.name)
    if wanted is None:
        contact_changes.remove_contact(
            hand.state.contact_ids[key], setting=hand.setting, actor=hand.actor, now=hand.now
        )
        return
    draft = ContactDraft(
        name=wanted.name,
        kind=wanted.kind,
        address=wanted.address,
        secret=None if "secret" in change.kept else wanted.secret,
    )
    if change.before is None:
        added = contact_changes.add_contact(
            hand.state.user_ids[change.owner],
            draft,
            vouched=True,
            setting=hand.setting,
            actor=hand.actor,
            now=hand.now,
        )
        hand.state.contact_ids[key] = added.id
        if added.secret is not None:
            hand.made.append(f"signing secret of {change.owner} {change.name}: {added.secret}")
        return
    contact_changes.change_contact(
        hand.state.contact_ids[key], draft, vouched=True, setting=hand.setting, actor=hand.actor, now=hand.now
    )


def _rules(hand: _Hand, change: Change) -> None:
    contact_actions.set_rules(
        hand.state.user_ids[change.owner],
        urgency=change.name,
        rules=[(hand.state.contact_ids[change.owner, rule.contact], rule.after) for rule in change.after or ()],
        actor=hand.actor,
        now=hand.now,
    )


def _team(hand: _Hand, change: Change) -> None:
    wanted, ids = change.after, hand.state.team_ids
    if wanted is None:
        uses = service_reads.uses_of_team(ids[change.name])
        team_actions.archive_team(ids[change.name], uses=uses, actor=hand.actor, now=hand.now)
        return
    draft = TeamDraft(
        name=wanted.name,
        lead_id=hand.state.user_ids[wanted.lead] if wanted.lead else None,
        manager_id=hand.state.user_ids[wanted.manager] if wanted.manager else None,
        member_ids=tuple(hand.state.user_ids[email] for email in wanted.members or ()),
    )
    if change.before is None:
        ids[wanted.name] = team_actions.create_team(draft, actor=hand.actor, now=hand.now).id
    else:
        team_actions.change_team(
            ids[wanted.name], draft, keep_members="members" in change.kept, actor=hand.actor, now=hand.now
        )


def _schedule(hand: _Hand, change: Change) -> None:
    wanted, ids = change.after, hand.state.schedule_ids
    if wanted is None:
        uses = service_reads.uses_of_schedule(ids[change.name])
        schedules.archive_schedule(ids[change.name], uses=uses, actor=hand.actor, now=hand.now)
        return
    draft = ScheduleDraft(
        name=wanted.name,
        time_zone=wanted.time_zone,
        team_id=_team_id(hand, wanted.team),
        description=wanted.description,
    )
    if change.before is None:
        rotations = [rotation_draft(entry, hand.state.user_ids) for entry in wanted.rotations or ()]
        created = schedules.create_schedule(draft, rotations=rotations, actor=hand.actor, now=hand.now)
        ids[wanted.name] = created.id
    else:
        schedules.change_schedule(ids[wanted.name], draft, actor=hand.actor, now=hand.now)


def _rotations(hand: _Hand, change: Change) -> None:
    rotations = [rotation_draft(entry, hand.state.user_ids) for entry in change.after]
    schedules.set_rotations(hand.state.schedule_ids[change.name], rotations, actor=hand.actor, now=hand.now)


def _override(hand: _Hand, change: Change) -> None:
    if change.after is None:
        override_actions.cancel_override(change.before.id, actor=hand.actor, now=hand.now)
        return
    override_actions.add_override(
        hand.state.schedule_ids[change.owner],
        user_id=hand.state.user_ids[change.after.user],
        starts_at=change.after.start,
        ends_at=change.after.end,
        actor=hand.actor,
        now=hand.now,
    )


def _policy(hand: _Hand, change: Change) -> None:
    wanted, ids = change.after, hand.state.policy_ids
    if wanted is None:
        uses = service_reads.uses_of_policy(ids[change.name])
        policy_actions.archive_policy(ids[change.name], uses=uses, actor=hand.actor, now=hand.now)
        return
    draft = PolicyDraft(
        name=wanted.name,
        team_id=_team_id(hand, wanted.team),
        repeat=wanted.repeat,
        acknowledgement_timeout=wanted.acknowledgement_timeout,
        levels=tuple(
            LevelDraft(targets=tuple(_target(hand, text) for text in level.targets), timeout=level.timeout)
            for level in wanted.levels
        ),
    )
    if change.before is None:
        ids[wanted.name] = policy_actions.create_policy(draft, actor=hand.actor, now=hand.now).id
    else:
        policy_actions.change_policy(ids[wanted.name], draft, actor=hand.actor, now=hand.now)


def _target(hand: _Hand, text: str) -> TargetDraft:
    kind, _, name = text.partition(":")
    ids = {
        "schedule": hand.state.schedule_ids,
        "user": hand.state.user_ids,
        "team-lead": hand.state.team_ids,
        "team-manager": hand.state.team_ids,
    }[kind]
    return TargetDraft(kind=kind, id=ids[name])


def _service(hand: _Hand, change: Change) -> None:
    wanted, ids = change.after, hand.state.service_ids
    if wanted is None:
        services.archive_service(ids[change.name], actor=hand.actor, now=hand.now)
        return
    draft = ServiceDraft(
        name=wanted.name,
        description=wanted.description,
        team_id=_team_id(hand, wanted.team),
        policy_id=hand.state.policy_ids[wanted.policy] if wanted.policy else None,
        urgency_rule=wanted.urgency,
        runbook_url=wanted.runbook,
    )
    if change.before is None:
        ids[wanted.name] = services.create_service(draft, actor=hand.actor, now=hand.now).id
    else:
        services.change_service(ids[wanted.name], draft, actor=hand.actor, now=hand.now)


def _checks(hand: _Hand, change: Change) -> None:
    drafts = [
        CheckDraft(name=one.name, query=one.query, healthy_when=one.healthy_when, unit=one.unit)
        for one in change.after or ()
    ]
    check_actions.set_checks(hand.state.service_ids[change.name], drafts, actor=hand.actor, now=hand.now)


def _dependencies(hand: _Hand, change: Change) -> None:
    """Circles were looked for in the whole, before anything was changed: half of it may go round for a moment."""
    ids = hand.state.service_ids
    needs = [ids[name] for name in change.after or ()]
    dependency_actions.replace_dependencies(ids[change.name], needs, actor=hand.actor, now=hand.now)


def _integration(hand: _Hand, change: Change) -> None:
    if change.before is None:
        _add_integration(hand, change)
        return
    integration_id, wanted = hand.state.integration_ids[change.before.key], change.after
    is_heartbeat = change.before.kind == IntegrationKind.HEARTBEAT
    if wanted is None:
        remove = heartbeats.remove_heartbeat if is_heartbeat else integration_actions.remove_integration
        remove(integration_id, actor=hand.actor, now=hand.now)
        return
    if wanted.kind != change.before.kind:
        raise ChangeRefused("kind", f"stays {change.before.kind} for this key; use another key for a {wanted.kind} one")
    integration_actions.rename_integration(integration_id, name=wanted.name, actor=hand.actor, now=hand.now)
    if is_heartbeat:
        heartbeats.change_heartbeat(
            integration_id, period=wanted.period, grace=wanted.grace or NO_GRACE, actor=hand.actor, now=hand.now
        )


def _add_integration(hand: _Hand, change: Change) -> None:
    wanted, service_id = change.after, hand.state.service_ids[change.owner]
    if wanted.kind == IntegrationKind.HEARTBEAT:
        added = heartbeats.add_heartbeat(
            service_id,
            name=wanted.name,
            key=wanted.key,
            period=wanted.period,
            grace=wanted.grace or NO_GRACE,
            secret_key=hand.setting.secret_key,
            actor=hand.actor,
            now=hand.now,
        )
    else:
        draft = IntegrationDraft(kind=wanted.kind, name=wanted.name, key=wanted.key)
        added = integration_actions.add_integration(
            service_id, draft, secret_key=hand.setting.secret_key, actor=hand.actor, now=hand.now
        )
    if wanted.key is None:
        hand.made.append(f"key of {change.owner} {change.name}: {added.key}")


def _role(hand: _Hand, change: Change) -> None:
    entry = change.after or change.before
    where = Where(
        team_id=_team_id(hand, entry.team),
        service_id=hand.state.service_ids[entry.service] if entry.service else None,
    )
    targets = targets_of(change.after.targets) if change.after is not None else ()
    assign_role(entry.role, targets, where=where, actor=hand.actor, now=hand.now)


def _bridge(hand: _Hand, change: Change) -> None:
    wanted, ids = change.after, hand.state.bridge_ids
    if wanted is None:
        bridges.remove_bridge(ids[change.name], actor=hand.actor, now=hand.now)
        return
    draft = BridgeDraft(team_id=_team_id(hand, wanted.team), **wanted.model_dump(exclude={"team"}))
    if change.before is None:
        ids[wanted.name] = bridges.add_bridge(draft, actor=hand.actor, now=hand.now).id
    else:
        bridges.change_bridge(ids[wanted.name], draft, actor=hand.actor, now=hand.now)


def _team_id(hand: _Hand, name: str | None) -> UUID | None:
    return hand.state.team_ids[name] if name else None


_VERBS: dict[Section, Callable[[_Hand, Change], None]] = {
    Section.ORGANIZATION: _organization,
    Section.USER: _user,
    Section.ENABLED: _enabled,
    Section.CONTACT: _contact,
    Section.RULES: _rules,
    Section.TEAM: _team,
    Section.SCHEDULE: _schedule,
    Section.ROTATIONS: _rotations,
    Section.OVERRIDE: _override,
    Section.POLICY: _policy,
    Section.SERVICE: _service,
    Section.INTEGRATION: _integration,
    Section.CHECKS: _checks,
    Section.DEPENDENCIES: _dependencies,
    Section.ROLE: _role,
    Section.BRIDGE: _bridge,
}
