"""Which contacts a page uses and when; how many messages a contact may get; how a failed try goes on."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from watchbill.domain.paging.contract import Budget, Family

TRIES_MAX = 8
# How often the sender may die with it, whatever the provider answered at other times.
EXPIRIES_MAX = 3
# Longer than any channel may take, so that a lease runs out only when its sender is gone.
LEASE = timedelta(seconds=35)
_FIRST_RETRY = timedelta(seconds=5)
_RETRY_MAX = timedelta(seconds=60)
# Without a rule that fits, contacts are tried in the order in which they wake people, a minute apart.
_LAST_RESORT = (Family.PUSH, Family.PHONE, Family.SMS, Family.WEBHOOK, Family.CHAT, Family.EMAIL)
_LAST_RESORT_STEP = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Contact:
    """`usable`: verified, not disabled, not removed, and its channel is configured here."""

    id: UUID
    name: str
    kind: str
    family: Family
    usable: bool
    position: int
    address: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnRule:
    contact_id: UUID
    after_seconds: int


@dataclass(frozen=True, slots=True, kw_only=True)
class DefaultRule:
    """One line of the process document: this kind of contact, so long after the page."""

    family: Family
    after_seconds: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedDelivery:
    contact_id: UUID
    contact: str
    kind: str
    address: str
    after_seconds: int
    rule: str


def plan_deliveries(
    *,
    contacts: Sequence[Contact],
    own: Sequence[OwnRule],
    defaults: Sequence[DefaultRule],
) -> tuple[PlannedDelivery, ...]:
    """A rule whose contact is missing falls through to the next, which then comes at the earlier time.

    Nothing comes back only when the person has no usable contact at all.
    """
    usable = {contact.id: contact for contact in contacts if contact.usable}
    planned = _from_own(usable, own)
    if not planned:
        planned = _from_defaults(usable.values(), defaults)
    if not planned:
        planned = _from_last_resort(usable.values())
    return planned


def _from_own(usable: dict[UUID, Contact], own: Sequence[OwnRule]) -> tuple[PlannedDelivery, ...]:
    slots = sorted(own, key=lambda rule: rule.after_seconds)
    found = [(rule.after_seconds, usable[rule.contact_id]) for rule in slots if rule.contact_id in usable]
    first = slots[0].after_seconds if slots else 0
    return _spread(found, first_after=first, label="own rule")


def _from_defaults(usable: Iterable[Contact], defaults: Sequence[DefaultRule]) -> tuple[PlannedDelivery, ...]:
    ordered = sorted(usable, key=lambda contact: contact.position)
    slots = sorted(defaults, key=lambda rule: rule.after_seconds)
    found = [(rule.after_seconds, contact) for rule in slots for contact in ordered if contact.family == rule.family]
    first = slots[0].after_seconds if slots else 0
    return _spread(found, first_after=first, label="process rule")


NO_RULE_FITS = "no rule fits, every contact in turn"


def _from_last_resort(usable: Iterable[Contact]) -> tuple[PlannedDelivery, ...]:
    ordered = sorted(usable, key=lambda contact: (_LAST_RESORT.index(contact.family), contact.position))
    found = [(index * _LAST_RESORT_STEP, contact) for index, contact in enumerate(ordered)]
    return _spread(found, first_after=0, label=NO_RULE_FITS)


def _spread(found: Sequence[tuple[int, Contact]], *, first_after: int, label: str) -> tuple[PlannedDelivery, ...]:
    if not found:
        return ()
    earliest = found[0][0]
    planned = []
    for after, contact in found:
        moved = first_after if after == earliest else after
        note = ", earlier because nothing before it is usable" if moved != after else ""
        planned.append(
            PlannedDelivery(
                contact_id=contact.id,
                contact=contact.name,
                kind=contact.kind,
                address=contact.address,
                after_seconds=moved,
                rule=f"{label}: {contact.name} ({contact.kind}) after {moved} s{note}",
            )
        )
    return tuple(planned)


def messages_allowed(budget: Budget, *, sent_at: Iterable[datetime], now: datetime) -> float:
    """A token bucket, recomputed from when messages went out: what is left of it now."""
    rate = budget.messages / budget.per.total_seconds()
    level, last = float(budget.burst), None
    for at in sorted(sent_at):
        if last is not None:
            level = min(float(budget.burst), level + (at - last).total_seconds() * rate)
        level, last = level - 1, at
    if last is not None:
        level = min(float(budget.burst), level + (now - last).total_seconds() * rate)
    return round(level, 6)  # a token that came back to the last digit counts as a whole one


def next_message_at(budget: Budget, *, allowed: float, now: datetime) -> datetime:
    rate = budget.messages / budget.per.total_seconds()
    return now + timedelta(seconds=max(0.001, (1 - allowed) / rate))


def looks_back(budget: Budget) -> timedelta:
    """How far back `messages_allowed` needs to know."""
    return budget.per * (budget.burst + 1) / budget.messages


def retry_after(*, tries: int, asked: timedelta | None) -> timedelta:
    """Doubling from 5 s to 60 s; a provider that names a time is obeyed."""
    return asked if asked is not None else min(_FIRST_RETRY * 2 ** max(0, tries - 1), _RETRY_MAX)
