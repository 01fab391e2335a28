from datetime import UTC, datetime, timedelta

import pytest

from tests.harness.organization_files import EXAMPLE, SECONDARY, apply, exported, files, planned
from tests.harness.setup_verbs import ADMIN, KINDS, NOON, entries, person
from watchbill.domain.access.models import User
from watchbill.domain.audit.models import Entry
from watchbill.domain.escalation.models import Policy, PolicyVersion
from watchbill.domain.heartbeats.models import Heartbeat
from watchbill.domain.oncall.models import Override, Rotation, Schedule
from watchbill.domain.oncall.override_actions import add_override
from watchbill.domain.oncall.rules import on_call_at, shifts_between
from watchbill.domain.oncall.schedule_reads import load_schedules
from watchbill.domain.organization_file.problems import FilesRefused
from watchbill.domain.organization_file.rules import parse_files, schedules_from_files
from watchbill.domain.paging.models import ContactMessage
from watchbill.domain.people.models import ContactMethod, Organization
from watchbill.domain.services.models import Integration, Service

pytestmark = pytest.mark.django_db

LATER = NOON + timedelta(days=1)


def test_the_example_is_applied_and_applied_again_changes_nothing() -> None:
    applied = apply(EXAMPLE, SECONDARY)
    assert all(change.sign == "+" for change in applied.changes)
    assert [made.partition(":")[0] for made in applied.made] == ["signing secret of responder@example.org hook"]
    assert ContactMethod.objects.get(name="hook").verified_at == NOON
    assert Policy.objects.get().current_version is not None
    before = entries()
    assert apply(EXAMPLE, SECONDARY, now=LATER).changes == ()
    assert apply(EXAMPLE, SECONDARY, now=LATER, prune=True).changes == ()
    assert entries() == before
    # long after the override of the example is over, too
    assert apply(EXAMPLE, SECONDARY, now=datetime(2027, 3, 1, tzinfo=UTC)).changes == ()


def test_the_export_says_what_the_example_says_and_plans_nothing() -> None:
    apply(EXAMPLE, SECONDARY)
    text = exported()
    assert planned(text) == []
    assert planned(text, prune=True) == []
    wanted, got = (parse_files(files(*texts), kinds=KINDS) for texts in ((EXAMPLE, SECONDARY), (text,)))
    for section in ("organization", "users", "teams", "schedules", "policies", "services", "roles"):
        assert getattr(got, section) == getattr(wanted, section), section


def test_the_example_alone_names_a_schedule_that_is_nowhere() -> None:
    with pytest.raises(FilesRefused) as refused:
        apply(EXAMPLE)
    assert str(refused.value) == (
        'a.yaml:29: policies[0].levels[1].targets[0]: there is no schedule "payments-secondary"; '
        'define it under schedules, or did you mean "payments-primary"?'
    )
    assert (User.objects.count(), Organization.objects.count(), Entry.objects.count()) == (0, 0, 0)


def test_names_may_lead_to_what_is_in_the_database() -> None:
    apply(EXAMPLE, SECONDARY)
    service = "services:\n  - {name: billing, team: payments, policy: payments}\n"
    assert planned(service) == ["+ service billing"]
    apply(service)
    assert Service.objects.get(name="billing").policy == Policy.objects.get(name="payments")


def test_a_dry_run_says_everything_and_changes_nothing() -> None:
    assert planned(EXAMPLE, SECONDARY)[:4] == [
        "+ user lead@example.org",
        "+ user responder@example.org",
        "+ contact responder@example.org mail",
        "+ contact responder@example.org hook",
    ]
    assert (User.objects.count(), Entry.objects.count()) == (0, 0)


def test_a_change_is_shown_with_before_and_after_and_recorded_once() -> None:
    apply(EXAMPLE, SECONDARY)
    before = len(entries())
    changed = EXAMPLE.replace("timeout: 10m", "timeout: 90s").replace("name: Team Lead", "name: Lead")
    assert planned(changed) == [
        "~ user lead@example.org: name Team Lead -> Lead",
        "~ policy payments: levels [{targets [schedule:payments-primary], timeout 5m}, "
        "{targets [schedule:payments-secondary], timeout 10m}, {targets [team-manager:payments], timeout 15m}] -> "
        "[{targets [schedule:payments-primary], timeout 5m}, {targets [schedule:payments-secondary], timeout 1m30s}, "
        "{targets [team-manager:payments], timeout 15m}]",
    ]
    apply(changed)
    assert entries()[before:] == ["person.changed", "policy.changed"]
    assert PolicyVersion.objects.count() == 2


def test_what_the_files_leave_out_stays_unless_it_is_pruned() -> None:
    apply(EXAMPLE, SECONDARY)
    smaller = EXAMPLE.replace("schedule:payments-secondary", "schedule:payments-primary")
    smaller = smaller.replace(", {kind: alertmanager, key: am-checkout-0123456789abcdef}", "")
    smaller = smaller[: smaller.index("      low:")] + smaller[smaller.index("teams:") :]
    extra = person("extra@example.org")
    assert [line[0] for line in planned(smaller)] == ["~"]  # the policy
    apply(smaller)
    assert planned(smaller) == []
    assert planned(smaller, prune=True) == [
        "- notification rules responder@example.org low",
        "- integration of service checkout alertmanager",
        "- schedule payments-secondary",
        "- user extra@example.org",
    ]
    apply(smaller, prune=True)
    assert planned(smaller, prune=True) == []
    assert not User.objects.get(id=extra.id).is_active
    assert Schedule.objects.get(name="payments-secondary").archived_at == NOON
    # and back again: the archived schedule returns under its name
    apply(EXAMPLE, SECONDARY, now=LATER)
    assert planned(EXAMPLE, SECONDARY, now=LATER) == []
    assert Schedule.objects.get(name="payments-secondary").archived_at is None


def test_pruning_what_is_still_needed_is_refused_as_a_whole() -> None:
    apply(EXAMPLE, SECONDARY)
    without_lead = "users:\n  - {email: responder@example.org, name: First Responder, role: owner}\n"
    state = exported()
    with pytest.raises(FilesRefused) as refused:
        apply(without_lead, prune=True)
    assert str(refused.value) == (
        "user lead@example.org: lead@example.org is still needed by the organization's fallback. "
        "Put somebody else there first"
    )
    assert exported() == state


def test_members_that_change_in_the_middle_of_a_shift_change_only_what_comes() -> None:
    apply(EXAMPLE, SECONDARY)
    schedule = Schedule.objects.get(name="payments-primary")
    start, end = NOON - timedelta(days=30), NOON + timedelta(days=30)
    old = load_schedules([schedule.id])[schedule.id]
    swapped = EXAMPLE.replace(
        "members: [lead@example.org, responder@example.org], every",
        "members: [responder@example.org, lead@example.org], every",
    )
    assert planned(swapped, now=LATER)[0].startswith("~ rotations of schedule payments-primary: ")
    apply(swapped, now=LATER)
    new = load_schedules([schedule.id])[schedule.id]
    assert shifts_between(new, starts_at=start, ends_at=LATER) == shifts_between(old, starts_at=start, ends_at=LATER)
    assert on_call_at(new, at=LATER) != on_call_at(old, at=LATER)
    assert shifts_between(new, starts_at=LATER, ends_at=end) != shifts_between(old, starts_at=LATER, ends_at=end)
    assert Rotation.objects.filter(schedule=schedule).count() == 2


def test_the_rota_of_the_files_is_the_rota_of_the_database() -> None:
    apply(EXAMPLE, SECONDARY)
    emails = {str(user.id): user.email for user in User.objects.all()}
    from_files = schedules_from_files(files(EXAMPLE, SECONDARY), kinds=KINDS)
    start, end = datetime(2026, 1, 1, tzinfo=UTC), datetime(2027, 2, 1, tzinfo=UTC)
    for row in Schedule.objects.all():
        stored = shifts_between(load_schedules([row.id])[row.id], starts_at=start, ends_at=end)
        written = shifts_between(from_files[row.name], starts_at=start, ends_at=end)
        assert [(s.starts_at, s.ends_at, tuple(emails[u] for u in s.users), s.source) for s in stored] == [
            (s.starts_at, s.ends_at, s.users, s.source) for s in written
        ]


def test_an_override_applied_while_it_runs_begins_then_and_is_not_planned_again() -> None:
    apply(EXAMPLE, SECONDARY)
    running = EXAMPLE.replace("2026-12-24T18:00+01:00", "2026-06-10T08:00")  # local time: Berlin
    running = running.replace("2026-12-25T10:00+01:00", "2026-06-12T08:00")
    assert planned(running, now=LATER) == [
        "+ override of schedule payments-primary responder@example.org 2026-06-10T06:00Z to 2026-06-12T06:00Z"
    ]
    apply(running, now=LATER)
    assert Override.objects.get(ends_at=datetime(2026, 6, 12, 6, tzinfo=UTC)).starts_at == LATER
    assert planned(running, now=LATER + timedelta(hours=1)) == []
    # The one of the example is cancelled only when pruning.
    assert [line[0] for line in planned(running, SECONDARY, now=LATER, prune=True)] == ["-"]


def test_an_override_made_on_a_screen_stays() -> None:
    apply(EXAMPLE, SECONDARY)
    schedule, user = Schedule.objects.get(name="payments-primary"), User.objects.get(email="lead@example.org")
    ends_at = NOON + timedelta(hours=2)
    add_override(schedule.id, user_id=user.id, starts_at=NOON, ends_at=ends_at, actor=ADMIN, now=NOON)
    assert planned(EXAMPLE, SECONDARY) == []
    assert len(planned(EXAMPLE, SECONDARY, prune=True)) == 1


def test_a_key_that_was_left_out_is_made_once_and_a_heartbeat_has_its_period() -> None:
    text = """\
services:
  - name: backup
    urgency: by-severity
    description: Nightly dump
    runbook: https://example.org/backup
    integrations:
      - {kind: generic}
      - {kind: generic, name: second}
      - {kind: heartbeat, name: nightly, key: hb-backup-0123456789, period: 5m, grace: 1m}
"""
    applied = apply(text)
    assert [made.partition(":")[0] for made in applied.made] == ["key of backup generic", "key of backup second"]
    assert planned(text) == []
    assert planned(text, prune=True) == []
    assert Heartbeat.objects.get().period_seconds == 300
    longer = text.replace("period: 5m", "period: 10m").replace("name: second", "name: third")
    assert planned(longer) == [
        "+ integration of service backup third",
        "~ integration of service backup nightly: period 5m -> 10m",
    ]
    apply(longer)
    assert Heartbeat.objects.get().period_seconds == 600


def test_a_key_moves_to_another_service_when_pruning() -> None:
    one = "services:\n  - {name: one, integrations: [{kind: generic, key: generic-0123456789}]}\n  - {name: two}\n"
    two = "services:\n  - {name: one}\n  - {name: two, integrations: [{kind: generic, key: generic-0123456789}]}\n"
    apply(one)
    with pytest.raises(FilesRefused, match=r"a.yaml:3: services\[1\].integrations\[0\].key: is in use by another"):
        apply(two)
    apply(two, prune=True)
    assert Integration.objects.get(removed_at=None).service.name == "two"
    apply(two.replace("name: two", "name: three").replace("  - {name: one}\n", ""), prune=True)
    assert Integration.objects.get(removed_at=None).service.name == "three"


def test_owners_hand_over_in_one_file_but_the_last_one_stays() -> None:
    users = "users:\n  - {email: a@example.org, name: A, role: %s}\n  - {email: b@example.org, name: B, role: %s}\n"
    apply(users % ("owner", "admin"))
    apply(users % ("admin", "owner"))
    with pytest.raises(FilesRefused, match=r"a.yaml:3: users\[1\].role: b@example.org is the last owner"):
        apply(users % ("admin", "admin"))


def test_a_disabled_person_is_disabled_last_and_enabled_first() -> None:
    text = """\
users:
  - {email: a@example.org, name: A, disabled: true}
  - {email: o@example.org, name: O, role: owner}
"""
    apply(text)
    assert not User.objects.get(email="a@example.org").is_active
    assert planned(text) == []
    assert planned(exported()) == []
    rota = """\
schedules:
  - name: s
    time_zone: UTC
    rotations: [{name: r, members: [a@example.org], every: 12 hours, handoff: "08:00", starts: 2026-01-01}]
"""
    with pytest.raises(
        FilesRefused, match=r"a.yaml:4: schedules\[0\].rotations\[0\].members: a@example.org is disabled"
    ):
        apply(rota)
    apply(text.replace(", disabled: true", "") + rota)
    with pytest.raises(FilesRefused, match=r"still needed by rotation r of schedule s"):
        apply(text)


def test_a_signing_secret_can_be_given_and_is_never_exported_or_shown() -> None:
    text = """\
users:
  - email: a@example.org
    name: A
    contacts: [{name: hook, kind: webhook, address: "https://example.org/h", secret: first-secret}]
"""
    assert apply(text).made == ()
    assert planned(text) == []
    assert "first-secret" not in exported()
    assert planned(exported()) == []
    assert planned(text.replace("first", "second")) == ["~ contact a@example.org hook: secret replaced"]
    apply(text.replace("first", "second"))
    assert "second-secret" not in str(list(Entry.objects.values_list("details", flat=True)))


def test_whoever_is_reached_in_another_way_is_told_at_the_old_address() -> None:
    apply(EXAMPLE, SECONDARY)
    assert not ContactMessage.objects.exists()  # new people had no address before

    apply(EXAMPLE.replace("address: responder@example.org", "address: elsewhere@example.org"), SECONDARY, now=LATER)

    [notice] = ContactMessage.objects.all()
    assert (notice.kind, notice.address) == ("notice", "responder@example.org")
    assert "The address of the contact 'mail' (email) was changed." in notice.text


def test_a_dry_run_tells_nobody() -> None:
    apply(EXAMPLE, SECONDARY)

    planned(EXAMPLE.replace("9901/responder", "9902/somebody"), SECONDARY, now=LATER)

    assert not ContactMessage.objects.exists()


ROLES = """\
roles:
  - {role: incident-commander, targets: ["user:lead@example.org"]}
  - {role: technical-lead, team: payments, targets: ["schedule:payments-primary"]}
  - {role: technical-lead, service: checkout, targets: ["user:responder@example.org", "team-lead:payments"]}
"""


def test_roles_are_named_taken_away_and_exported() -> None:
    apply(EXAMPLE, SECONDARY)
    assert planned(ROLES) == [
        "+ role incident-commander",
        "+ role technical-lead of team payments",
        "+ role technical-lead of service checkout",
    ]
    apply(ROLES)
    assert planned(ROLES) == planned(exported(), prune=True) == []
    text = ROLES.replace("user:lead@example.org", "user:responder@example.org")
    assert planned(text) == [
        "~ role incident-commander: targets [user:lead@example.org] -> [user:responder@example.org]"
    ]
    assert planned(EXAMPLE, SECONDARY, prune=True) == [
        "- role incident-commander",
        "- role technical-lead of team payments",
        "- role technical-lead of service checkout",
    ]
    apply(EXAMPLE, SECONDARY, prune=True)
    assert "roles:" not in exported()


@pytest.mark.parametrize(
    ("entry", "said"),
    [
        ("{role: boss, targets: []}", "'boss' is no role of the process"),
        ("{role: scribe, team: none, targets: []}", 'there is no team "none"'),
        ("{role: scribe, team: payments, service: checkout, targets: []}", "names a team and a service"),
        ('{role: scribe, targets: ["user:nobody@example.org"]}', 'there is no user "nobody@example.org"'),
    ],
)
def test_a_role_that_leads_nowhere_is_refused(entry: str, said: str) -> None:
    apply(EXAMPLE, SECONDARY)
    with pytest.raises(FilesRefused) as refused:
        apply(f"roles: [{entry}]")
    assert said in str(refused.value)


BRIDGES = """\
bridges:
  - {name: Incident bridge, kind: zoom, url: " https://zoom.us/j/1 ", order: 10}
  - {name: Payments, kind: jitsi, url: "https://meet.example.org/{name}", team: payments}
  - {name: Conference, kind: phone, phone: "+49  30 1234567", pin: "4711#"}
"""


def test_bridges_are_kept_changed_taken_away_and_exported() -> None:
    apply(EXAMPLE, SECONDARY)
    assert planned(BRIDGES) == ["+ bridge Incident bridge", "+ bridge Payments", "+ bridge Conference"]
    apply(BRIDGES)
    assert planned(BRIDGES) == planned(exported(), prune=True) == []
    assert planned(BRIDGES.replace("4711", "4712")) == ["~ bridge Conference: PIN replaced"]
    assert planned(BRIDGES.replace("order: 10", "order: 5")) == ["~ bridge Incident bridge: order 10 -> 5"]
    apply(BRIDGES.replace("order: 10", "order: 5"))
    assert planned(EXAMPLE, SECONDARY, prune=True) == [
        "- bridge Incident bridge",
        "- bridge Conference",
        "- bridge Payments",
    ]
    apply(EXAMPLE, SECONDARY, prune=True)
    assert "bridges:" not in exported()


@pytest.mark.parametrize(
    ("entry", "said"),
    [
        ("{name: x, kind: fax}", "'fax' is no kind of bridge; use zoom"),
        ("{name: x, kind: zoom}", "give the link by which people join"),
        ('{name: x, kind: zoom, url: "https://zoom.us/{name}"}', "only the kinds jitsi or link"),
        ('{name: x, kind: link, url: "javascript:alert(1)"}', "is no web address"),
        ('{name: x, kind: phone, phone: "call me"}', "is no telephone number"),
        ('{name: x, kind: phone, phone: "+4930123", pin: "abc"}', "use digits only"),
        ('{name: x, kind: phone, phone: "+4930123", team: none}', 'there is no team "none"'),
    ],
)
def test_a_bridge_that_nobody_could_join_is_refused(entry: str, said: str) -> None:
    apply(EXAMPLE, SECONDARY)
    with pytest.raises(FilesRefused) as refused:
        apply(f"bridges: [{entry}]")
    assert said in str(refused.value)
