"""Who may do what: one table, and the questions asked of it, the same through every door."""

from collections.abc import Collection
from dataclasses import dataclass
from enum import Enum
from uuid import UUID

from watchbill.domain.access.models import Role, Scope


class Reach(Enum):
    ANYWHERE = "anywhere"
    OWN_TEAMS = "own teams"
    OWN_THINGS = "own things"
    NOWHERE = "nowhere"


class Needs(Enum):
    """The least a token must have for the action. A token never makes its person more than that person is."""

    INGEST = "ingest"
    READ = "read"
    FULL = "full"
    SIGN_IN = "sign-in"  # no token at all: what guards the account itself takes its person at a screen


@dataclass(frozen=True, slots=True, kw_only=True)
class Permission:
    """`words` completes "you may not …"."""

    action: str
    words: str
    reach: dict[Role, Reach]
    needs: Needs


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Who asks. `team_ids`: teams the person is in, leads or manages. `scope`: the token's; None when signed in."""

    id: UUID
    role: str
    team_ids: frozenset[UUID] = frozenset()
    scope: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """`why`: which right is missing and who can give it; empty when allowed."""

    allowed: bool
    why: str = ""


class ActionUnknown(Exception):
    """The code asks for an action that the table below does not have: add a line there."""


def _row(
    action: str,
    words: str,
    owner: Reach,
    admin: Reach,
    responder: Reach,
    stakeholder: Reach,
    needs: Needs = Needs.FULL,
) -> Permission:
    reach = {Role.OWNER: owner, Role.ADMIN: admin, Role.RESPONDER: responder, Role.STAKEHOLDER: stakeholder}
    return Permission(action=action, words=words, reach=reach, needs=needs)


_ALL, _TEAM, _OWN, _NO = Reach.ANYWHERE, Reach.OWN_TEAMS, Reach.OWN_THINGS, Reach.NOWHERE
_READ, _INGEST, _SIGN_IN = Needs.READ, Needs.INGEST, Needs.SIGN_IN

# Paging fails open: whoever of the responders is awake may act on any alert. Everything else fails closed.
TABLE: tuple[Permission, ...] = (
    # action, words, owner, admin, responder, stakeholder, what a token needs
    _row("alert.read", "read alerts", _ALL, _ALL, _ALL, _ALL, _READ),
    _row("alert.acknowledge", "acknowledge alerts", _ALL, _ALL, _ALL, _NO),
    _row("alert.resolve", "resolve alerts", _ALL, _ALL, _ALL, _NO),
    _row("alert.snooze", "snooze alerts", _ALL, _ALL, _ALL, _NO),
    _row("alert.escalate", "escalate alerts", _ALL, _ALL, _ALL, _NO),
    _row("alert.reassign", "reassign alerts", _ALL, _ALL, _ALL, _NO),
    _row("incident.read", "read incidents", _ALL, _ALL, _ALL, _ALL, _READ),
    _row("incident.declare", "declare incidents", _ALL, _ALL, _ALL, _ALL),
    _row("incident.respond", "work on incidents", _ALL, _ALL, _ALL, _NO),
    _row("bridge.read", "see the pool of bridges", _ALL, _ALL, _ALL, _NO, _READ),
    _row("bridge.change", "change the pool of bridges", _ALL, _ALL, _NO, _NO),
    _row("communication.read", "read the texts for communication", _ALL, _ALL, _ALL, _ALL, _READ),
    _row("communication.approve", "approve what is said about incidents", _ALL, _ALL, _ALL, _ALL),
    _row("communication.change", "change texts, approvals and who hears of incidents", _ALL, _ALL, _NO, _NO),
    _row("customer_contact.read", "read the contacts of customers", _ALL, _ALL, _NO, _NO, _READ),
    _row("subscription.read_own", "see of which incidents you hear", _OWN, _OWN, _OWN, _OWN, _READ),
    _row("subscription.change_own", "say of which incidents you hear", _OWN, _OWN, _OWN, _OWN),
    _row("event.send", "send events", _ALL, _ALL, _ALL, _NO, _INGEST),
    _row("schedule.read", "read schedules", _ALL, _ALL, _ALL, _ALL, _READ),
    _row("schedule.change", "change schedules", _ALL, _ALL, _TEAM, _NO),
    _row("override.create", "put somebody else on call", _ALL, _ALL, _TEAM, _NO),
    _row("policy.read", "read escalation policies", _ALL, _ALL, _ALL, _ALL, _READ),
    _row("policy.change", "change escalation policies", _ALL, _ALL, _TEAM, _NO),
    _row("service.read", "read services", _ALL, _ALL, _ALL, _ALL, _READ),
    _row("service.change", "change services", _ALL, _ALL, _TEAM, _NO),
    _row("integration.change", "change integrations and heartbeats and see their keys", _ALL, _ALL, _TEAM, _NO),
    _row("maintenance.change", "plan maintenance", _ALL, _ALL, _TEAM, _NO),
    _row("people.read", "read who is who", _ALL, _ALL, _ALL, _ALL, _READ),
    _row("people.change", "add, change, invite or disable people", _ALL, _ALL, _NO, _NO),
    _row("owner.change", "make somebody owner or change an owner", _ALL, _NO, _NO, _NO),
    _row("team.read", "read teams", _ALL, _ALL, _ALL, _ALL, _READ),
    _row("team.change", "change teams", _ALL, _ALL, _NO, _NO),
    _row("contact.read", "see how other people are reached", _ALL, _ALL, _NO, _NO, _READ),
    _row("contact.change", "change how other people are reached", _ALL, _ALL, _NO, _NO),
    _row("contact.read_own", "see how you are reached", _OWN, _OWN, _OWN, _OWN, _READ),
    _row("contact.change_own", "change how you are reached", _OWN, _OWN, _OWN, _OWN),
    _row("profile.change_own", "change your name and time zone", _OWN, _OWN, _OWN, _OWN),
    _row("security.change_own", "change how you sign in", _OWN, _OWN, _OWN, _OWN, _SIGN_IN),
    _row(
        "security.change_admin", "make somebody admin or change how an admin signs in", _ALL, _ALL, _NO, _NO, _SIGN_IN
    ),
    _row("security.change_owner", "change who is owner or how an owner signs in", _ALL, _NO, _NO, _NO, _SIGN_IN),
    _row("token.read_own", "see your tokens", _OWN, _OWN, _OWN, _OWN, _READ),
    _row("token.create_own", "make a token", _OWN, _OWN, _OWN, _OWN, _SIGN_IN),
    _row("token.revoke_own", "revoke your tokens", _OWN, _OWN, _OWN, _OWN),
    _row("token.read", "see other people's tokens", _ALL, _ALL, _NO, _NO, _READ),
    _row("token.revoke", "revoke other people's tokens", _ALL, _ALL, _NO, _NO),
    _row("organization.read", "read the organization's settings", _ALL, _ALL, _ALL, _ALL, _READ),
    _row("organization.change", "change the organization's settings", _ALL, _ALL, _NO, _NO),
    _row("process.read", "read the incident process", _ALL, _ALL, _ALL, _ALL, _READ),
    _row("process.apply", "apply an incident process", _ALL, _ALL, _NO, _NO),
    _row("status_page.read", "read the status page's settings", _ALL, _ALL, _ALL, _ALL, _READ),
    _row("status_page.publish", "publish on the status page", _ALL, _ALL, _ALL, _NO),
    _row("status_page.change", "change the status page", _ALL, _ALL, _NO, _NO),
    _row("event_hook.read", "see where events are sent", _ALL, _ALL, _NO, _NO, _READ),
    _row("event_hook.change", "change where events are sent", _ALL, _ALL, _NO, _NO),
    _row("event_hook.restricted", "let restricted incidents be sent anywhere", _ALL, _NO, _NO, _NO),
    _row("audit.read", "read the audit record", _ALL, _ALL, _NO, _NO, _READ),
)
PERMISSIONS: dict[str, Permission] = {row.action: row for row in TABLE}

_ENOUGH: dict[str, frozenset[Needs]] = {
    Scope.FULL: frozenset({Needs.FULL, Needs.READ, Needs.INGEST}),
    Scope.READ: frozenset({Needs.READ}),
    Scope.INGEST: frozenset({Needs.INGEST}),
}


def may(
    person: Person, action: str, *, team_ids: Collection[UUID | None] = (), owner_id: UUID | None = None
) -> Decision:
    """May the person do this to that thing?

    `team_ids`: the teams the thing belongs to, before and after the change; all of them must be the person's own.
    `owner_id`: whose thing it is. Raises ActionUnknown.
    """
    first = could(person, action)
    if not first.allowed:
        return first
    permission = PERMISSIONS[action]
    reach = permission.reach[Role(person.role)]
    if reach is Reach.OWN_TEAMS and (not team_ids or not set(team_ids) <= person.team_ids):
        return Decision(
            allowed=False,
            why=f"You may {permission.words} of your own teams only. Ask somebody of that team, an admin or an owner.",
        )
    if reach is Reach.OWN_THINGS and owner_id != person.id:
        return Decision(allowed=False, why=f"You may {permission.words} for yourself only. Ask that person.")
    return Decision(allowed=True)


def could(person: Person, action: str) -> Decision:
    """Is there anything the person may do this to? For routes and buttons; `may` decides about the thing itself."""
    permission = _permission(action)
    if person.scope is not None and permission.needs not in _ENOUGH[person.scope]:
        return Decision(allowed=False, why=_scope_missing(permission, person.scope))
    if permission.reach[Role(person.role)] is Reach.NOWHERE:
        return Decision(allowed=False, why=_role_missing(permission, person.role))
    return Decision(allowed=True)


def may_change_person(asker: Person, *, roles: Collection[str]) -> Decision:
    """May the person add, change, invite, disable or enable somebody? `roles`: that one's, before and after the change.

    Owners are made and changed by owners: otherwise an admin would let an owner in, and be one by the set-up link.
    """
    first = may(asker, "people.change")
    return may(asker, "owner.change") if first.allowed and Role.OWNER in roles else first


def may_change_contacts(asker: Person, *, owner_id: UUID, role: str) -> Decision:
    """May the person change how that one, who has this role, is reached, and by which rules?

    How an owner is reached is for owners to change: pages and notices of changes go there.
    """
    if owner_id == asker.id:
        return may(asker, "contact.change_own", owner_id=owner_id)
    first = may(asker, "contact.change")
    return may(asker, "owner.change") if first.allowed and role == Role.OWNER else first


def may_vouch(asker: Person, *, owner_id: UUID, role: str) -> Decision:
    """May the person say that an address is right, so that no code is needed? Never of one's own."""
    if owner_id == asker.id:
        return Decision(allowed=False, why="You may vouch for other people's addresses only. Confirm yours by a code.")
    return may_change_contacts(asker, owner_id=owner_id, role=role)


def _permission(action: str) -> Permission:
    try:
        return PERMISSIONS[action]
    except KeyError:
        raise ActionUnknown(f"{action!r} is not in the table of permissions; add a line to access/rules.py") from None


def _scope_missing(permission: Permission, scope: str) -> str:
    if permission.needs is Needs.SIGN_IN:
        return f"With a token you may not {permission.words}. Sign in with a browser and do it there."
    return (
        f"With a token of scope {scope} you may not {permission.words}. "
        f"Use a token of scope {permission.needs.value}; its person makes one under Me, Tokens."
    )


def _role_missing(permission: Permission, role: str) -> str:
    able = [str(one.label).lower() for one in Role if permission.reach[one] is not Reach.NOWHERE]
    roles = able[0] if len(able) == 1 else f"{', '.join(able[:-1])} or {able[-1]}"
    giver = "An owner can change your role." if able == ["owner"] else "An admin or an owner can change your role."
    return f"As {role} you may not {permission.words}; that takes the role {roles}. {giver}"
