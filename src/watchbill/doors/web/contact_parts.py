"""Contacts and notification rules of one person, shared by the person's own page and an admin's view of it."""

from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest

from watchbill.domain.paging.contact_changes import Added, Setting, add_contact
from watchbill.domain.paging.contract import ContactKind
from watchbill.domain.paging.reads import reachable
from watchbill.domain.paging.rules import NO_RULE_FITS
from watchbill.domain.people.contact_actions import set_rules
from watchbill.domain.people.models import ContactMethod, Urgency
from watchbill.domain.people.reads import ContactLine, PersonDetail
from watchbill.domain.people.rules import ContactDraft
from watchbill.doors.web.components import kind_label
from watchbill.doors.web.forms import posted, posted_numbers
from watchbill.doors.web.guards import caller
from watchbill.doors.web.page import actor_of, now_of
from watchbill.doors.web.wiring import wired
from watchbill.ground.durations import format_duration, parse_duration
from watchbill.ground.refusals import ChangeRefused

PREVIEW = timedelta(minutes=10)


@dataclass(frozen=True, slots=True, kw_only=True)
class PreviewLine:
    after: str
    contact: str
    kind: str
    rule: str


@dataclass(frozen=True, slots=True, kw_only=True)
class UrgencyRules:
    """`rows`: contact id and wait as typed, with one blank row; `preview`: the first ten minutes of a page."""

    urgency: str
    label: str
    rows: list[tuple[str, str]]
    preview: list[PreviewLine]
    own: bool

    @property
    def falls_through(self) -> bool:
        """Neither own rules nor those of the process know the kinds of contact that there are."""
        return any(NO_RULE_FITS in line.rule for line in self.preview)


def kind_choices() -> list[ContactKind]:
    return list(wired().contact_kinds().values())


def rules_of(
    person: PersonDetail, *, own: bool, typed: dict[str, list[tuple[str, str]]] | None = None
) -> list[UrgencyRules]:
    return [
        UrgencyRules(
            urgency=urgency,
            label=f"When it must wake {'you' if own else 'them'}" if urgency == Urgency.HIGH else "When it can wait",
            rows=[*((typed or {}).get(urgency) or _held(person, urgency)), ("", "")],
            preview=_preview(person, urgency),
            own=any(rule.urgency == urgency for rule in person.rules),
        )
        for urgency in (str(Urgency.HIGH), str(Urgency.LOW))
    ]


def _held(person: PersonDetail, urgency: str) -> list[tuple[str, str]]:
    return [
        (str(rule.contact_id), format_duration(timedelta(seconds=rule.after_seconds)))
        for rule in person.rules
        if rule.urgency == urgency
    ]


def _preview(person: PersonDetail, urgency: str) -> list[PreviewLine]:
    ways = wired().ways()
    found = reachable([person.person.id], urgency=urgency, families=ways.families, defaults=ways.defaults)
    plan = found[person.person.id].deliveries
    contacts = ContactMethod.objects.in_bulk([one.contact_id for one in plan])
    return [
        PreviewLine(
            after=format_duration(timedelta(seconds=one.after_seconds)) if one.after_seconds else "at once",
            contact=contacts[one.contact_id].name,
            kind=kind_label(contacts[one.contact_id].kind),
            rule=one.rule,
        )
        for one in plan
        if one.after_seconds <= PREVIEW.total_seconds()
    ]


def add_posted_contact(request: HttpRequest, person: PersonDetail) -> Added:
    caller(request).check_contact_change(person.person.id, role=person.person.role)
    draft = ContactDraft(
        name=posted(request, "name"), kind=posted(request, "kind"), address=posted(request, "address").strip()
    )
    return add_contact(
        person.person.id,
        draft,
        vouched=caller(request).vouches_for(person.person.id, role=person.person.role),
        setting=contact_setting(),
        actor=actor_of(request),
        now=now_of(request),
    )


def tell_code(request: HttpRequest, added: Added) -> None:
    """The contact is there; what is left to do before it is used is said, also when nothing came to do it with."""
    if added.code is None:
        kind = posted(request, "kind")
        if kind in wired().ways().families:
            messages.success(
                request, "The contact is added and used from now on. Nothing was sent there yet: send it a test page."
            )
        else:
            label = kind_label(kind)
            messages.error(request, f"The contact is added. This instance cannot send by {label} yet: set it up first.")
    elif added.code.refused:
        messages.error(request, f"The contact is added. {added.code.words}")
    else:
        messages.success(request, f"The contact is added. {added.code.words}")


def contact_setting() -> Setting:
    return Setting(kinds=wired().contact_kinds(), secret_key=wired().secret_key, families=wired().ways().families)


def typed_rules(request: HttpRequest, urgency: str) -> list[tuple[str, str]]:
    rows = [
        (posted(request, f"{urgency}[{number}].contact"), posted(request, f"{urgency}[{number}].after"))
        for number in posted_numbers(request, urgency)
    ]
    return [row for row in rows if row[0]]


def set_posted_rules(request: HttpRequest, person: PersonDetail, urgency: str) -> None:
    caller(request).check_contact_change(person.person.id, role=person.person.role)
    rules = []
    for contact, after in typed_rules(request, urgency):
        try:
            rules.append((UUID(contact), parse_duration(after.strip() or "0s")))
        except ValueError as error:
            raise ChangeRefused(urgency, str(error)) from error
    set_rules(person.person.id, urgency=urgency, rules=rules, actor=actor_of(request), now=now_of(request))


def contact_of(person: PersonDetail, contact_id: UUID) -> ContactLine | None:
    return next((line for line in person.contacts if line.id == contact_id), None)
