"""What paging needs to know of people, read for many at once."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from uuid import UUID

from watchbill.domain.access.models import User
from watchbill.domain.paging.contract import Family
from watchbill.domain.paging.rules import Contact, DefaultRule, OwnRule, PlannedDelivery, plan_deliveries
from watchbill.domain.people.models import ContactMethod, NotificationRule
from watchbill.domain.process.reads import running

DefaultRules = Mapping[str, tuple[DefaultRule, ...]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Reachable:
    """One person and the ways a page would take, by urgency; no ways means: nobody."""

    user_id: UUID
    name: str
    email: str
    is_active: bool
    deliveries: tuple[PlannedDelivery, ...]


def reachable(
    user_ids: Iterable[UUID], *, urgency: str, families: Mapping[str, Family], defaults: DefaultRules
) -> dict[UUID, Reachable]:
    """`families`: the kinds of contact whose channel is configured in this instance."""
    wanted = list(user_ids)
    contacts: dict[UUID, list[Contact]] = {}
    for row in ContactMethod.objects.filter(user_id__in=wanted, removed_at=None):
        family = families.get(row.kind)
        contacts.setdefault(row.user_id, []).append(
            Contact(
                id=row.id,
                name=row.name,
                kind=row.kind,
                family=family or Family.WEBHOOK,
                usable=family is not None and row.is_usable,
                position=row.position,
                address=row.address,
            )
        )
    own: dict[UUID, list[OwnRule]] = {}
    for rule in NotificationRule.objects.filter(user_id__in=wanted, urgency=urgency):
        own.setdefault(rule.user_id, []).append(OwnRule(contact_id=rule.contact_id, after_seconds=rule.after_seconds))
    return {
        user.id: Reachable(
            user_id=user.id,
            name=user.name,
            email=user.email,
            is_active=user.is_active,
            deliveries=plan_deliveries(
                contacts=contacts.get(user.id, ()), own=own.get(user.id, ()), defaults=defaults[urgency]
            )
            if user.is_active
            else (),
        )
        for user in User.objects.filter(id__in=wanted)
    }


def default_rules() -> DefaultRules:
    """For people without rules of their own: what the running process document says."""
    rules = running().notification_rules
    return {
        urgency: tuple(
            DefaultRule(family=Family(step.kind), after_seconds=int(step.after.total_seconds())) for step in steps
        )
        for urgency, steps in (("high", rules.high), ("low", rules.low))
    }
