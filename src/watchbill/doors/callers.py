"""Who is calling, from a screen or with a token, and whether that person may go on."""

from collections.abc import Collection
from dataclasses import dataclass
from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest

from watchbill.domain.access.models import User
from watchbill.domain.access.reads import TokenHolder
from watchbill.domain.access.rules import (
    Decision,
    Person,
    could,
    may,
    may_change_contacts,
    may_change_person,
    may_vouch,
)
from watchbill.domain.audit.contract import Actor
from watchbill.domain.people.reads import team_ids_of


class Forbidden(PermissionDenied):
    """The text says which right is missing and who can give it; it may be shown."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """`actor` goes into the audit record with whatever is done."""

    user: User
    person: Person
    actor: Actor

    def may(self, action: str, *, team_ids: Collection[UUID | None] = (), owner_id: UUID | None = None) -> Decision:
        return may(self.person, action, team_ids=team_ids, owner_id=owner_id)

    def check(self, action: str, *, team_ids: Collection[UUID | None] = (), owner_id: UUID | None = None) -> None:
        """Raises Forbidden."""
        _check(self.may(action, team_ids=team_ids, owner_id=owner_id))

    def check_could(self, action: str) -> None:
        """Before the thing is known: is there anything the person may do this to? Raises Forbidden."""
        _check(could(self.person, action))

    def check_person_change(self, *roles: str) -> None:
        """`roles`: those of the person who is changed, before and after. Raises Forbidden."""
        _check(may_change_person(self.person, roles=roles))

    def may_change_contacts(self, owner_id: UUID, *, role: str) -> bool:
        return may_change_contacts(self.person, owner_id=owner_id, role=role).allowed

    def check_contact_change(self, owner_id: UUID, *, role: str) -> None:
        """`role`: that of the person who is reached by it. Raises Forbidden."""
        _check(may_change_contacts(self.person, owner_id=owner_id, role=role))

    def vouches_for(self, owner_id: UUID, *, role: str) -> bool:
        return may_vouch(self.person, owner_id=owner_id, role=role).allowed

    def check_vouches_for(self, owner_id: UUID, *, role: str) -> None:
        """Raises Forbidden."""
        _check(may_vouch(self.person, owner_id=owner_id, role=role))


def _check(decision: Decision) -> None:
    if not decision.allowed:
        raise Forbidden(decision.why)


def caller_of(user: User, *, holder: TokenHolder | None, source_address: str) -> Caller:
    """`holder` for a token; None for somebody signed in at a screen."""
    team_ids = team_ids_of(user.id)
    if holder is None:
        person = Person(id=user.id, role=user.role, team_ids=team_ids)
        actor = Actor(kind="person", id=user.id, label=str(user), via="web", source_address=source_address)
    else:
        person = Person(id=user.id, role=user.role, team_ids=team_ids, scope=holder.scope)
        label = f"{user} (token {holder.name})"
        actor = Actor(kind="token", id=user.id, label=label, via="api", source_address=source_address)
    return Caller(user=user, person=person, actor=actor)


def address_of(request: HttpRequest) -> str:
    """The client's, behind trusted proxies too: `web/client_address.py` has seen to it."""
    return str(request.META.get("REMOTE_ADDR") or "")
