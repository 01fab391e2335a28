"""The organization, its people and teams, as screens, the API and the command line show them."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import Prefetch, Q

from watchbill.domain.access.models import User
from watchbill.domain.people.models import ContactMethod, FallbackRecipient, NotificationRule, Organization, Team
from watchbill.ground.identity import uuid_in


@dataclass(frozen=True, slots=True, kw_only=True)
class OrganizationDetail:
    name: str
    time_zone: str
    fallback: tuple["PersonLine", ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonLine:
    id: UUID
    email: str
    name: str
    role: str
    time_zone: str
    is_active: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ContactLine:
    id: UUID
    name: str
    kind: str
    address: str
    verified_at: datetime | None
    disabled_at: datetime | None
    disabled_reason: str
    has_secret: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleLine:
    urgency: str
    contact_id: UUID
    contact: str
    after_seconds: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonDetail:
    person: PersonLine
    contacts: tuple[ContactLine, ...]
    rules: tuple[RuleLine, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class TeamDetail:
    id: UUID
    name: str
    lead: PersonLine | None
    manager: PersonLine | None
    members: tuple[PersonLine, ...]


def organization() -> OrganizationDetail | None:
    """None before the first set-up."""
    row = Organization.objects.filter(id=1).first()
    if row is None:
        return None
    fallback = FallbackRecipient.objects.select_related("user").order_by("position")
    return OrganizationDetail(
        name=row.name, time_zone=row.time_zone, fallback=tuple(person_line(held.user) for held in fallback)
    )


def people(*, ids: Iterable[UUID] | None = None) -> list[PersonDetail]:
    """By e-mail address, the disabled ones too. Three queries however many there are."""
    rows = User.objects.order_by("email")
    if ids is not None:
        rows = rows.filter(id__in=list(ids))
    rows = rows.prefetch_related(
        Prefetch("contacts", ContactMethod.objects.filter(removed_at=None).order_by("position", "created_at")),
        Prefetch("rules", NotificationRule.objects.select_related("contact").order_by("urgency", "position")),
    )
    return [_person_detail(row) for row in rows]


def person(user_id: UUID) -> PersonDetail | None:
    return next(iter(people(ids=[user_id])), None)


def teams(*, ids: Iterable[UUID] | None = None) -> list[TeamDetail]:
    """By name, without the archived ones."""
    rows = Team.objects.filter(archived_at=None).select_related("lead", "manager").order_by("name")
    if ids is not None:
        rows = rows.filter(id__in=list(ids))
    rows = rows.prefetch_related("memberships__user")
    return [
        TeamDetail(
            id=row.id,
            name=row.name,
            lead=person_line(row.lead) if row.lead else None,
            manager=person_line(row.manager) if row.manager else None,
            members=tuple(person_line(membership.user) for membership in row.memberships.all()),
        )
        for row in rows
    ]


def team_ids_of(user_id: UUID) -> frozenset[UUID]:
    """The teams a person is in, leads or manages."""
    own = Q(memberships__user_id=user_id) | Q(lead_id=user_id) | Q(manager_id=user_id)
    return frozenset(Team.objects.filter(own, archived_at=None).values_list("id", flat=True))


def team(team_id: UUID) -> TeamDetail | None:
    return next(iter(teams(ids=[team_id])), None)


def emails_of(ids: Iterable[UUID]) -> dict[UUID, str]:
    """In one query; whoever is not there is left out."""
    return dict(User.objects.filter(id__in=set(ids)).values_list("id", "email"))


def person_id_of(email_or_id: str) -> UUID | None:
    """By id, or by the e-mail address in any case; the disabled ones too."""
    identity = uuid_in(email_or_id)
    named = Q(email=email_or_id.strip().lower()) if identity is None else Q(id=identity)
    return User.objects.filter(named).values_list("id", flat=True).first()


def team_id_of(name_or_id: str) -> UUID | None:
    """By id, or by the exact name; not the archived ones."""
    identity = uuid_in(name_or_id)
    named = Q(name=name_or_id) if identity is None else Q(id=identity)
    return Team.objects.filter(named, archived_at=None).values_list("id", flat=True).first()


def person_line(user: User) -> PersonLine:
    return PersonLine(
        id=user.id,
        email=user.email,
        name=user.name,
        role=user.role,
        time_zone=user.time_zone,
        is_active=user.is_active,
    )


def _person_detail(user: User) -> PersonDetail:
    contacts = tuple(
        ContactLine(
            id=row.id,
            name=row.name,
            kind=row.kind,
            address=row.address,
            verified_at=row.verified_at,
            disabled_at=row.disabled_at,
            disabled_reason=row.disabled_reason,
            has_secret=bool(row.sealed_secret),
        )
        for row in user.contacts.all()
    )
    rules = tuple(
        RuleLine(
            urgency=row.urgency, contact_id=row.contact_id, contact=row.contact.name, after_seconds=row.after_seconds
        )
        for row in user.rules.all()
    )
    return PersonDetail(person=person_line(user), contacts=contacts, rules=rules)
