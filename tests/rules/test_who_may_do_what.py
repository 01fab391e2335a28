"""The whole table of permissions, every role against every action, and what a refusal says."""

from uuid import UUID, uuid4

import pytest

from watchbill.domain.access.models import Role, Scope
from watchbill.domain.access.rules import PERMISSIONS, TABLE, ActionUnknown, Person, could, may

OWN_TEAM, OTHER_TEAM = uuid4(), uuid4()
ME, SOMEBODY = uuid4(), uuid4()

READ_BY_ALL = {
    "alert.read", "schedule.read", "policy.read", "service.read", "people.read", "team.read",
    "organization.read", "process.read", "incident.read", "status_page.read", "communication.read",
}  # fmt: skip
ON_ANY_ALERT = {
    "alert.acknowledge", "alert.resolve", "alert.snooze", "alert.escalate", "alert.reassign",
    "event.send", "incident.respond", "bridge.read", "status_page.publish",
}  # fmt: skip
# Who sees that something is broken says so; whoever has the role that must approve does so.
BY_ANYBODY = {"incident.declare", "communication.approve"}
OF_OWN_TEAMS = {
    "schedule.change", "override.create", "policy.change", "service.change", "integration.change",
    "maintenance.change",
}  # fmt: skip
OF_ONESELF = {
    "contact.read_own", "contact.change_own", "profile.change_own", "security.change_own", "token.read_own",
    "token.create_own", "token.revoke_own", "subscription.read_own", "subscription.change_own",
}  # fmt: skip
BY_ADMINS = {
    "people.change", "team.change", "contact.read", "contact.change", "token.read", "token.revoke",
    "organization.change", "process.apply", "audit.read", "security.change_admin", "bridge.change",
    "communication.change", "customer_contact.read", "event_hook.read", "event_hook.change", "status_page.change",
}  # fmt: skip
BY_OWNERS = {"owner.change", "security.change_owner", "event_hook.restricted"}
FROM_A_BROWSER_ONLY = {"security.change_own", "security.change_admin", "security.change_owner", "token.create_own"}


def asker(role: str, *, scope: str | None = None) -> Person:
    return Person(id=ME, role=role, team_ids=frozenset({OWN_TEAM}), scope=scope)


def expected(role: str, action: str) -> str:
    """On what the role may do it: any thing, those of own teams, own ones, none."""
    if action in READ_BY_ALL | BY_ANYBODY:
        return "any"
    if action in OF_ONESELF:
        return "own"
    if action in BY_OWNERS:
        return "any" if role == Role.OWNER else "none"
    if role in (Role.OWNER, Role.ADMIN):
        return "any"
    if role == Role.RESPONDER:
        return "any" if action in ON_ANY_ALERT else "team" if action in OF_OWN_TEAMS else "none"
    return "none"


def test_the_table_names_every_action_once_and_this_test_knows_each() -> None:
    actions = [row.action for row in TABLE]
    assert len(set(actions)) == len(actions)
    known = READ_BY_ALL | BY_ANYBODY | ON_ANY_ALERT | OF_OWN_TEAMS | OF_ONESELF | BY_ADMINS | BY_OWNERS
    assert set(actions) == known


@pytest.mark.parametrize("role", Role.values)
@pytest.mark.parametrize("action", sorted(PERMISSIONS))
def test_each_role_may_do_what_the_table_says_and_nothing_else(role: str, action: str) -> None:
    person, reach = asker(role), expected(role, action)
    assert may(person, action, team_ids=[OTHER_TEAM], owner_id=SOMEBODY).allowed == (reach == "any")
    assert may(person, action).allowed == (reach == "any")
    assert may(person, action, team_ids=[OWN_TEAM], owner_id=SOMEBODY).allowed == (reach in ("any", "team"))
    assert may(person, action, owner_id=ME).allowed == (reach in ("any", "own"))
    assert could(person, action).allowed == (reach != "none")


def test_a_thing_that_moves_between_teams_needs_both() -> None:
    person = asker(Role.RESPONDER)
    assert may(person, "service.change", team_ids=[OWN_TEAM, OWN_TEAM]).allowed
    assert not may(person, "service.change", team_ids=[OWN_TEAM, OTHER_TEAM]).allowed
    nobodys: list[UUID | None] = [None]
    assert not may(person, "service.change", team_ids=nobodys).allowed


@pytest.mark.parametrize("action", sorted(PERMISSIONS))
def test_a_token_narrows_what_its_person_may(action: str) -> None:
    def allowed(scope: str) -> bool:
        return may(asker(Role.OWNER, scope=scope), action, team_ids=[OWN_TEAM], owner_id=ME).allowed

    is_read = action.endswith((".read", ".read_own"))
    assert allowed(Scope.FULL) == (action not in FROM_A_BROWSER_ONLY)
    assert allowed(Scope.READ) == is_read
    assert allowed(Scope.INGEST) == (action == "event.send")


@pytest.mark.parametrize("action", sorted(PERMISSIONS))
def test_a_token_never_gives_more_than_its_person_has(action: str) -> None:
    for scope in Scope.values:
        for role in Role.values:
            with_token = may(asker(role, scope=scope), action, team_ids=[OTHER_TEAM], owner_id=SOMEBODY)
            without = may(asker(role), action, team_ids=[OTHER_TEAM], owner_id=SOMEBODY)
            assert without.allowed or not with_token.allowed


def test_a_refusal_says_what_is_missing_and_who_can_give_it() -> None:
    by_role = may(asker(Role.STAKEHOLDER), "alert.acknowledge").why
    assert "acknowledge alerts" in by_role
    assert "owner, admin or responder" in by_role
    assert "An admin or an owner" in by_role
    by_team = may(asker(Role.RESPONDER), "policy.change", team_ids=[OTHER_TEAM]).why
    assert "own teams" in by_team
    assert "an admin or an owner" in by_team
    by_scope = may(asker(Role.OWNER, scope=Scope.READ), "alert.resolve").why
    assert "scope read" in by_scope
    assert "scope full" in by_scope
    assert "browser" in may(asker(Role.OWNER, scope=Scope.FULL), "token.create_own", owner_id=ME).why
    assert "An owner can" in may(asker(Role.ADMIN), "owner.change").why


def test_an_action_that_is_not_in_the_table_is_an_error_of_the_code() -> None:
    with pytest.raises(ActionUnknown, match=r"access/rules\.py"):
        may(asker(Role.OWNER), "alert.delete")
