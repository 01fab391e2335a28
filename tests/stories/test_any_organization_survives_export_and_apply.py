"""Random organizations: what is applied is exported, and the export is the same organization."""

from datetime import UTC, date, datetime, time, timedelta

import pytest
from django.db import transaction
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from tests.harness.organization_files import apply, exported, files, planned
from tests.harness.setup_verbs import KINDS
from watchbill.domain.oncall.rules import Unit
from watchbill.domain.organization_file.export import to_text
from watchbill.domain.organization_file.rules import Document, parse_files
from watchbill.domain.organization_file.schema import (
    CheckEntry,
    ContactEntry,
    FileEntry,
    IntegrationEntry,
    LevelEntry,
    OrganizationEntry,
    OverrideEntry,
    PolicyEntry,
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

# Also what YAML takes for something else, and what it must quote.
NAMES = st.one_of(
    st.sampled_from(
        ["null", "true", "1", "1.5", "2026-01-01", "- a", "a: b", "#", "'", '"', "{", "&x", "*", "é", "💡"]
    ),
    st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs", "Zl", "Zp"]), min_size=1, max_size=12).filter(
        lambda text: bool(text.strip())
    ),
).map(str.strip)
ZONES = st.sampled_from(["UTC", "Europe/Berlin", "America/New_York", "Asia/Kathmandu", "Australia/Lord_Howe"])
DELAYS = st.integers(0, 86_400).map(lambda seconds: timedelta(seconds=seconds))
TIMEOUTS = st.integers(1, 7 * 86_400).map(lambda seconds: timedelta(seconds=seconds))
TIMES = st.times().map(lambda at: time(at.hour, at.minute))
WEEKLY = st.builds(WallTime, st.integers(0, 6), TIMES)
INSTANTS = st.datetimes(datetime(2026, 7, 1), datetime(2030, 1, 1)).map(
    lambda at: at.replace(second=0, microsecond=0, tzinfo=UTC)
)


def _lists(values: list[str], *, least: int = 0, most: int = 4) -> st.SearchStrategy[tuple[str, ...]]:
    if not values:
        return st.just(())
    return st.lists(st.sampled_from(values), unique=True, min_size=least, max_size=most).map(tuple)


def _maybe(values: list[str]) -> st.SearchStrategy[str | None]:
    return st.none() | st.sampled_from(values) if values else st.none()


def _named(draw: st.DrawFn, most: int) -> list[str]:
    return draw(st.lists(NAMES, unique=True, max_size=most))


@st.composite
def organizations(draw: st.DrawFn) -> FileEntry:
    emails = [f"{name}@example.org" for name in draw(st.lists(st.sampled_from("abcdef"), unique=True, min_size=1))]
    users = tuple(_user(draw, email, number) for number, email in enumerate(emails))
    teams = tuple(
        TeamEntry(name=name, lead=draw(_maybe(emails)), manager=draw(_maybe(emails)), members=draw(_lists(emails)))
        for name in _named(draw, 3)
    )
    team_names = [team.name for team in teams]
    schedules = tuple(_schedule(draw, name, emails, team_names) for name in _named(draw, 3))
    targets = [
        *(f"user:{email}" for email in emails),
        *(f"schedule:{schedule.name}" for schedule in schedules),
        *(f"{kind}:{name}" for kind in ("team-lead", "team-manager") for name in team_names),
    ]
    policies = tuple(
        PolicyEntry(
            name=name,
            team=draw(_maybe(team_names)),
            repeat=draw(st.integers(0, 9)),
            acknowledgement_timeout=draw(st.none() | st.just(timedelta(0)) | TIMEOUTS),
            levels=tuple(
                LevelEntry(targets=draw(_lists(targets, least=1)), timeout=draw(TIMEOUTS))
                for _ in range(draw(st.integers(1, 3)))
            ),
        )
        for name in _named(draw, 3)
    )
    service_names = _named(draw, 4)
    services = tuple(
        ServiceEntry(
            name=name,
            description=draw(NAMES | st.just("") | st.just("two\nlines: # of text\n\n  and more")).strip(),
            team=draw(_maybe(team_names)),
            policy=draw(_maybe([policy.name for policy in policies])),
            urgency=draw(st.sampled_from(["high", "low", "by-severity"])),
            runbook=draw(st.sampled_from(["", "https://example.org/run?a=b#c"])),
            integrations=tuple(_integration(draw, number, count) for count in range(draw(st.integers(0, 3)))),
            checks=tuple(_check(draw, check) for check in _named(draw, 3)),
            depends_on=draw(_lists(sorted(service_names[:number]))) if number else (),  # on those before it: no circle
        )
        for number, name in enumerate(service_names)
    )
    organization = OrganizationEntry(name=draw(NAMES), time_zone=draw(ZONES), fallback=draw(_lists(emails)))
    return FileEntry(
        organization=organization, users=users, teams=teams, schedules=schedules, policies=policies, services=services
    )


def _user(draw: st.DrawFn, email: str, number: int) -> UserEntry:
    contacts = tuple(
        ContactEntry(name=name, kind=draw(st.sampled_from(["email", "webhook", "ntfy"])), address="a@example.org")
        for name in _named(draw, 3)
    )
    names = [contact.name for contact in contacts]
    rules = {
        urgency: tuple(
            RuleEntry(contact=draw(st.sampled_from(names)), after=draw(DELAYS))
            for _ in range(draw(st.integers(0, 3)) if names else 0)
        )
        for urgency in ("high", "low")
    }
    return UserEntry(
        email=email,
        name=draw(NAMES),
        time_zone=draw(ZONES),
        role="owner" if number == 0 else draw(st.sampled_from(["admin", "responder", "stakeholder"])),
        contacts=contacts,
        rules=RulesEntry(high=rules["high"], low=rules["low"]),
    )


def _schedule(draw: st.DrawFn, name: str, emails: list[str], teams: list[str]) -> ScheduleEntry:
    overrides = [
        OverrideEntry(user=draw(st.sampled_from(emails)), start=start, end=start + timedelta(hours=hours))
        for start, hours in draw(st.lists(st.tuples(INSTANTS, st.integers(1, 200)), max_size=3, unique=True))
    ]
    return ScheduleEntry(
        name=name,
        team=draw(_maybe(teams)),
        time_zone=draw(ZONES),
        description=draw(NAMES | st.just("")),
        rotations=tuple(_rotation(draw, rotation, emails) for rotation in _named(draw, 3)),
        overrides=tuple(overrides),
    )


def _rotation(draw: st.DrawFn, name: str, emails: list[str]) -> RotationEntry:
    unit = draw(st.sampled_from(Unit))
    members = draw(st.lists(st.sampled_from([*emails, "nobody"]), min_size=1, max_size=5))
    windows = st.lists(st.tuples(WEEKLY, WEEKLY).map(lambda pair: WindowEntry(start=pair[0], end=pair[1])), max_size=2)
    return RotationEntry(
        name=name,
        members=tuple(members),
        every=Every(draw(st.integers(1, 1000)), unit),
        handoff=WallTime(draw(st.integers(0, 6)) if unit is Unit.WEEKS else None, draw(TIMES)),
        starts=draw(st.dates(date(2020, 1, 1), date(2030, 1, 1))),
        ends=draw(st.none() | INSTANTS),
        per_turn=draw(st.integers(1, len(members))),
        windows=tuple(draw(windows)),
    )


def _integration(draw: st.DrawFn, number: int, count: int) -> IntegrationEntry:
    kind = draw(st.sampled_from(["pagerduty-events-v2", "alertmanager", "generic", "heartbeat"]))
    is_heartbeat = kind == "heartbeat"
    return IntegrationEntry(
        kind=kind,
        name=draw(NAMES | st.just("")),
        key=f"{number}-{count}".ljust(32, "x"),
        period=draw(TIMEOUTS) if is_heartbeat else None,
        grace=draw(st.none() | TIMEOUTS) if is_heartbeat else None,
    )


def _check(draw: st.DrawFn, name: str) -> CheckEntry:
    operator = draw(st.sampled_from(["<", "<=", ">", ">=", "==", "!="]))
    number = draw(st.sampled_from(["0", "0.01", "-1.5", "1e-3", "99.9"]))
    return CheckEntry(
        name=name,
        query=draw(st.sampled_from(['sum(rate(errors{job="a"}[5m])) # all', "up", "a\n  / b"])),
        healthy_when=f"{operator} {number}",
        unit=draw(st.sampled_from(["", "%", "s", "°C"])),
    )


def _content(text: str) -> dict[str, object]:
    document: Document = parse_files(files(text), kinds=KINDS)
    sections = ("organization", "users", "teams", "schedules", "policies", "services")
    return {
        section: sorted(value.values(), key=repr) if isinstance(value := getattr(document, section), dict) else value
        for section in sections
    }


@pytest.mark.django_db
@settings(max_examples=20, deadline=None, phases=[Phase.generate], suppress_health_check=[*HealthCheck])
@given(organizations())
def test_export_after_apply_is_the_same_organization(organization: FileEntry) -> None:
    text = to_text(organization)
    with transaction.atomic():
        apply(text)
        back = exported()
        assert _content(back) == _content(text)
        for again in (text, back):
            assert planned(again) == []
            assert planned(again, prune=True) == []
        transaction.set_rollback(True)


@pytest.mark.django_db
@settings(max_examples=5, deadline=None, phases=[Phase.generate], suppress_health_check=[*HealthCheck])
@given(organizations(), organizations())
def test_one_organization_becomes_another_by_pruning(first: FileEntry, second: FileEntry) -> None:
    if {zone.name: zone.time_zone for zone in second.schedules}.items() - {
        zone.name: zone.time_zone for zone in first.schedules
    }.items() and {zone.name for zone in first.schedules} & {zone.name for zone in second.schedules}:
        return  # the zone of a schedule stays, which another story tells
    if first.organization.fallback and not second.organization.fallback:
        return  # a file that names no fallback keeps the one there is, and so its people
    text = to_text(second)
    with transaction.atomic():
        apply(to_text(first))
        apply(text, prune=True)
        assert planned(text, prune=True) == []
        transaction.set_rollback(True)
