from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest

from tests.harness.setup_verbs import ADMIN, NOON, SECRET_KEY, entries, last_entry, person
from watchbill.domain.alerts.maintenance_actions import cancel_maintenance
from watchbill.domain.escalation import policy_actions, policy_reads
from watchbill.domain.escalation.models import PolicyVersion
from watchbill.domain.escalation.policy_rules import LevelDraft, PolicyDraft, TargetDraft
from watchbill.domain.heartbeats.models import Heartbeat
from watchbill.domain.heartbeats.settings_actions import add_heartbeat, change_heartbeat, remove_heartbeat
from watchbill.domain.people.rules import TeamDraft
from watchbill.domain.people.team_actions import TeamStillNeeded, archive_team, change_team, create_team
from watchbill.domain.services import actions, reads
from watchbill.domain.services.integration_actions import (
    KeyTaken,
    add_integration,
    remove_integration,
    reveal_key,
)
from watchbill.domain.services.maintenance_actions import MaintenanceOver, plan_maintenance
from watchbill.domain.services.models import Integration
from watchbill.domain.services.rules import IntegrationDraft, ServiceDraft
from watchbill.domain.timers.models import Timer
from watchbill.ground import secrets
from watchbill.ground.refusals import ChangeRefused, Taken

pytestmark = pytest.mark.django_db

PAGERDUTY_KEY = "R0123456789abcdef0123456789abcde"


def _policy_draft(user_id: UUID, **more: object) -> PolicyDraft:
    level = LevelDraft(targets=(TargetDraft(kind="user", id=user_id),), timeout=timedelta(minutes=5))
    return replace(PolicyDraft(name="payments", levels=(level,), repeat=2), **more)


def _service() -> UUID:
    return actions.create_service(ServiceDraft(name="checkout"), actor=ADMIN, now=NOON).id


def _add(service_id: UUID, kind: str, key: str | None = None):
    draft = IntegrationDraft(kind=kind, key=key)
    return add_integration(service_id, draft, secret_key=SECRET_KEY, actor=ADMIN, now=NOON)


def test_a_team_is_changed_as_a_whole_and_not_archived_while_needed() -> None:
    lead, member = person("lead@example.org"), person("member@example.org")
    draft = TeamDraft(name="payments", lead_id=lead.id, member_ids=(lead.id, member.id))
    team = create_team(draft, actor=ADMIN, now=NOON)
    with pytest.raises(Taken):
        create_team(draft, actor=ADMIN, now=NOON)
    change_team(team.id, draft, actor=ADMIN, now=NOON)
    assert entries()[-1] == "team.created"
    change_team(team.id, replace(draft, member_ids=(member.id,), manager_id=lead.id), actor=ADMIN, now=NOON)
    assert last_entry().details["before"] == {"manager": None, "members": ["lead@example.org", "member@example.org"]}
    service = actions.create_service(ServiceDraft(name="checkout", team_id=team.id), actor=ADMIN, now=NOON)
    with pytest.raises(TeamStillNeeded, match="service checkout"):
        archive_team(team.id, uses=reads.uses_of_team(team.id), actor=ADMIN, now=NOON)
    actions.archive_service(service.id, actor=ADMIN, now=NOON)
    archive_team(team.id, uses=reads.uses_of_team(team.id), actor=ADMIN, now=NOON)
    assert create_team(TeamDraft(name="payments"), actor=ADMIN, now=NOON).id == team.id


def test_a_policy_gets_a_new_version_only_when_its_plan_changes() -> None:
    lead = person("lead@example.org")
    draft = _policy_draft(lead.id)
    policy = policy_actions.create_policy(draft, actor=ADMIN, now=NOON)
    policy_actions.change_policy(policy.id, draft, actor=ADMIN, now=NOON)
    policy_actions.change_policy(policy.id, replace(draft, name="money"), actor=ADMIN, now=NOON)
    assert PolicyVersion.objects.filter(policy=policy).count() == 1
    policy_actions.change_policy(policy.id, replace(draft, name="money", repeat=1), actor=ADMIN, now=NOON)
    assert entries()[-3:] == ["policy.created", "policy.changed", "policy.changed"]
    assert last_entry().details == {"before": {"repeat": 2}, "after": {"repeat": 1}, "version": 2}
    detail = policy_reads.policy(policy.id)
    assert detail is not None
    assert detail.definition == {
        "levels": [
            {
                "targets": [{"kind": "user", "id": str(lead.id), "label": "lead@example.org"}],
                "timeout_seconds": 300,
            }
        ],
        "repeat": 1,
        "acknowledgement_timeout_seconds": None,
    }
    assert PolicyVersion.objects.get(policy=policy, number=1).definition["repeat"] == 2


def test_a_policy_that_cannot_work_is_refused() -> None:
    lead = person("lead@example.org")
    good = _policy_draft(lead.id)
    level = good.levels[0]
    wrong = [
        (replace(good, levels=()), "levels: has none; add at least one level"),
        (replace(good, levels=(level,) * 21), "levels: has 21 levels; use at most 20"),
        (replace(good, repeat=10), "repeat: is 10; use 0 to 9"),
        (
            replace(good, levels=(replace(level, timeout=timedelta(0)),)),
            r"levels\[0\].timeout: is not between 1 second",
        ),
        (replace(good, levels=(replace(level, timeout=timedelta(days=8)),)), r"levels\[0\].timeout"),
        (replace(good, levels=(replace(level, targets=()),)), r"levels\[0\].targets: name 1 to"),
        (
            replace(good, levels=(replace(level, targets=(TargetDraft(kind="schedule", id=lead.id),)),)),
            r"levels\[0\].targets: there is no schedule with the id",
        ),
    ]
    for draft, message in wrong:
        with pytest.raises(ChangeRefused, match=message):
            policy_actions.create_policy(draft, actor=ADMIN, now=NOON)
    assert "policy.created" not in entries()


def test_a_policy_in_use_is_not_archived() -> None:
    policy = policy_actions.create_policy(_policy_draft(person("lead@example.org").id), actor=ADMIN, now=NOON)
    actions.create_service(ServiceDraft(name="checkout", policy_id=policy.id), actor=ADMIN, now=NOON)
    with pytest.raises(policy_actions.PolicyStillNeeded, match="service checkout"):
        policy_actions.archive_policy(policy.id, uses=reads.uses_of_policy(policy.id), actor=ADMIN, now=NOON)


def test_a_key_is_given_or_made_found_by_its_digest_and_shown_on_record() -> None:
    service_id = _service()
    with pytest.raises(ChangeRefused, match="key: has 16 characters; a pagerduty-events-v2 key has exactly 32"):
        _add(service_id, "pagerduty-events-v2", "R" * 16)
    with pytest.raises(ChangeRefused, match='unknown kind "smoke"'):
        _add(service_id, "smoke")
    given, made = _add(service_id, "pagerduty-events-v2", PAGERDUTY_KEY), _add(service_id, "pagerduty-events-v2")
    assert given.key == PAGERDUTY_KEY
    assert len(made.key) == 32
    with pytest.raises(KeyTaken):
        _add(service_id, "generic", PAGERDUTY_KEY)
    assert Integration.objects.get(digest=secrets.digest(PAGERDUTY_KEY)).id == given.id
    assert reveal_key(given.id, secret_key=SECRET_KEY, actor=ADMIN, now=NOON) == PAGERDUTY_KEY
    assert entries()[-1] == "integration.key_revealed"
    remove_integration(given.id, actor=ADMIN, now=NOON)
    assert not Integration.objects.filter(digest=secrets.digest(PAGERDUTY_KEY)).exists()
    again = _add(service_id, "pagerduty-events-v2", PAGERDUTY_KEY)
    assert again.id != given.id
    detail = reads.service(service_id)
    assert detail is not None
    assert PAGERDUTY_KEY not in str(detail)
    assert PAGERDUTY_KEY not in str([entry.details for entry in [last_entry()]])


def test_a_heartbeat_waits_anew_when_its_period_changes() -> None:
    service_id = _service()
    with pytest.raises(ChangeRefused, match="add it as a heartbeat"):
        _add(service_id, "heartbeat")
    added = add_heartbeat(
        service_id,
        name="backup",
        key=None,
        period=timedelta(minutes=5),
        grace=timedelta(minutes=1),
        secret_key=SECRET_KEY,
        actor=ADMIN,
        now=NOON,
    )
    heartbeat = Heartbeat.objects.get(integration_id=added.id)
    assert not Timer.objects.exists()
    Heartbeat.objects.filter(id=heartbeat.id).update(state="up", last_ping_at=NOON)
    change_heartbeat(added.id, period=timedelta(minutes=10), grace=timedelta(minutes=1), actor=ADMIN, now=NOON)
    timer = Timer.objects.get()
    assert (timer.kind, timer.subject_id, timer.due_at) == (
        "heartbeat.silent",
        heartbeat.id,
        NOON + timedelta(minutes=11),
    )
    remove_heartbeat(added.id, actor=ADMIN, now=NOON)
    assert not Timer.objects.exists()


def test_maintenance_always_ends_and_can_end_early_once() -> None:
    service_id = _service()

    def plan(start: timedelta, end: timedelta):
        return plan_maintenance(
            service_id, starts_at=NOON + start, ends_at=NOON + end, reason="database move", actor=ADMIN, now=NOON
        )

    with pytest.raises(ChangeRefused, match="end: is not after the start"):
        plan(timedelta(hours=-2), timedelta(hours=-1))
    with pytest.raises(ChangeRefused, match="more than 90 days"):
        plan(timedelta(0), timedelta(days=91))
    running, ahead = plan(timedelta(hours=-1), timedelta(hours=1)), plan(timedelta(hours=5), timedelta(hours=6))
    assert running.starts_at == NOON
    soon = NOON + timedelta(minutes=10)
    assert [line.id for line in reads.maintenance(now=soon)] == [running.id, ahead.id]
    for window in (running, ahead):
        cancel_maintenance(window.id, actor=ADMIN, now=soon)
    assert reads.maintenance(now=soon) == []
    with pytest.raises(MaintenanceOver):
        cancel_maintenance(running.id, actor=ADMIN, now=soon)
