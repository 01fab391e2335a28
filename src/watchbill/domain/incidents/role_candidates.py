"""Who may be asked to take a role in an incident, the first first, as the process says it."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from uuid import UUID

from watchbill.domain.access.models import Role as AccountRole
from watchbill.domain.access.models import User
from watchbill.domain.escalation.steps import Ways
from watchbill.domain.incidents import rules
from watchbill.domain.incidents.models import Incident
from watchbill.domain.incidents.process_followed import process_of
from watchbill.domain.people.models import Membership
from watchbill.domain.services.role_lookup import RoleLookup

DECLARER, ANYONE = "declarer", "anyone"  # ids of selections in the process that name no roster


def candidates(incident: Incident, role: str, *, ways: Ways, now: datetime) -> Iterator[tuple[User, str]]:
    """By the process's `selected_from`, in its order; each person once; only those who respond."""
    process = process_of(incident)
    one = next(found for found in process.war_room.roles if found.role == role)
    seen: set[UUID] = set()
    for selection in one.selected_from:
        for user in _selected(incident, role, selection.id, selection.roster, ways=ways, now=now):
            if user.id not in seen and user.is_active and user.role != AccountRole.STAKEHOLDER:
                seen.add(user.id)
                yield user, selection.label


def _selected(
    incident: Incident, role: str, selection: str, roster: str | None, *, ways: Ways, now: datetime
) -> list[User]:
    if roster is not None:
        return _behind([roster], incident, ways=ways, now=now)
    if selection == DECLARER:
        raiser = incident.raised_by_id or incident.declared_by_id
        return list(User.objects.filter(id=raiser)) if raiser else []
    if selection == ANYONE:
        team = incident.service.team if incident.service else None
        members = Membership.objects.filter(team=team).select_related("user").order_by("position") if team else ()
        return [row.user for row in members]
    named = _behind([role], incident, ways=ways, now=now)
    return [*named, *_behind([rules.ON_CALL], incident, ways=ways, now=now)]


def _behind(roles: Sequence[str], incident: Incident, *, ways: Ways, now: datetime) -> list[User]:
    lookup = RoleLookup(roles, process=process_of(incident), service=incident.service, ways=ways)
    ids = [person.user_id for role in roles for person in lookup.find(role, urgency="high", at=now).people]
    found = User.objects.in_bulk(ids)
    return [found[user_id] for user_id in ids]
