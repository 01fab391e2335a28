"""People, how they are reached, and by which rules."""

from datetime import timedelta
from typing import Annotated, Any, Literal
from uuid import UUID

from django.http import HttpRequest
from ninja import Query, Router, Status
from pydantic import Field

from watchbill.domain.access.models import Role
from watchbill.domain.paging import contact_changes
from watchbill.domain.paging.contact_changes import CodeAsked
from watchbill.domain.people import account_actions, actions, contact_actions
from watchbill.domain.people.reads import ContactLine, PersonDetail, people, person
from watchbill.domain.people.rules import ContactDraft, PersonDraft
from watchbill.domain.services.reads import uses_of_person
from watchbill.doors.api.auth import caller, requires
from watchbill.doors.api.names import person_id
from watchbill.doors.api.pages import ListQuery, Page, page_of
from watchbill.doors.api.problems import NotFound
from watchbill.doors.api.values import Duration, DurationOut, Input, InstantOut, Name, Output, Text
from watchbill.doors.moment import now_of
from watchbill.doors.web.contact_parts import contact_setting
from watchbill.doors.web.wiring import wired
from watchbill.ground.refusals import ChangeRefused

router = Router(tags=["people"])
me = Router(tags=["me"])

Urgency = Literal["high", "low"]


class PersonIn(Input):
    email: Text
    name: Text
    role: Text = Role.RESPONDER.value
    time_zone: Text = "UTC"


class ProfileIn(Input):
    """What is left out stays."""

    name: Text | None = None
    time_zone: Text | None = None


class ContactIn(Input):
    """`secret` left out: it stays, or one is made where the kind needs one."""

    name: Text
    kind: Text
    address: Text
    secret: Text | None = None


class RuleIn(Input):
    """`contact` is the name of one of the person's contacts; `after` counts from the page."""

    contact: Text
    after: Duration


class RulesIn(Input):
    """None at all: the process's rules hold."""

    rules: Annotated[list[RuleIn], Field(max_length=50)]


class ContactOut(Output):
    id: UUID
    name: str
    kind: str
    address: str
    verified_at: InstantOut | None
    disabled_at: InstantOut | None
    disabled_reason: str
    has_secret: bool


class CodeOut(Output):
    """`needs_code`: the contact is used after `…/confirm` had its code. One is on its way, unless `code_refused` says
    why not; after `code_wait` ask for one by `…/send-code`.
    """

    needs_code: bool
    code_refused: str
    code_wait: DurationOut | None


class AddedContactOut(CodeOut):
    """`secret` is what was made for it: shown only now."""

    id: UUID
    secret: str | None


class SecretOut(Output):
    secret: str


class RuleOut(Output):
    contact: str
    after: DurationOut


class PersonOut(Output):
    id: UUID
    email: str
    name: str
    role: str
    time_zone: str
    is_active: bool


class PersonDetailOut(PersonOut):
    """`contacts` and `rules` are null where the caller may not see them."""

    contacts: list[ContactOut] | None
    rules: dict[str, list[RuleOut]] | None


class SetupLinkOut(Output):
    """Shown only now; it replaces the links before it."""

    address: str
    expires_at: InstantOut


@me.get("", response=PersonDetailOut, summary="Read your own profile")
@requires("people.read")
def mine(request: HttpRequest) -> PersonDetailOut:
    return _shown(request, caller(request).user.id)


@me.patch("", response=PersonDetailOut, summary="Change your own profile")
@requires("profile.change_own")
def change_mine(request: HttpRequest, body: ProfileIn) -> PersonDetailOut:
    who = caller(request)
    actions.change_profile(who.user.id, name=body.name, time_zone=body.time_zone, actor=who.actor, now=now_of(request))
    return _shown(request, who.user.id)


@router.get("", response=Page[PersonOut], summary="List people")
@requires("people.read")
def listing(request: HttpRequest, asked: Query[ListQuery]) -> Page[PersonOut]:
    return page_of(
        people(), cursor=asked.cursor, limit=asked.limit, key=lambda row: row.person.email, show=lambda row: _line(row)
    )


@router.post("", response={201: PersonDetailOut}, summary="Add a person")
@requires("people.change")
def create(request: HttpRequest, body: PersonIn) -> Status[PersonDetailOut]:
    """Without a password: the person signs in by a set-up link or the organization's provider."""
    caller(request).check_person_change(body.role)
    _check_sign_in(request, None, body.role)
    made = actions.create_person(PersonDraft(**body.model_dump()), actor=caller(request).actor, now=now_of(request))
    return Status(201, _shown(request, made.id))


@router.get("/{name}", response=PersonDetailOut, summary="Read one person")
@requires("people.read")
def one(request: HttpRequest, name: Name) -> PersonDetailOut:
    return _shown(request, person_id(name))


@router.put("/{name}", response=PersonDetailOut, summary="Change a person")
@requires("people.change")
def change(request: HttpRequest, name: Name, body: PersonIn) -> PersonDetailOut:
    found = _found(person_id(name))
    caller(request).check_person_change(found.person.role, body.role)
    draft = PersonDraft(**body.model_dump())
    if (draft.role, draft.email.strip().lower()) != (found.person.role, found.person.email):
        _check_sign_in(request, found.person.id, found.person.role, draft.role)
    actions.change_person(found.person.id, draft, actor=caller(request).actor, now=now_of(request))
    return _shown(request, found.person.id)


@router.post("/{name}/disable", response=PersonDetailOut, summary="Shut a person out")
@requires("people.change")
def disable(request: HttpRequest, name: Name) -> PersonDetailOut:
    """Sessions and tokens end at once. Refused while the person is needed somewhere."""
    found = _found(person_id(name))
    caller(request).check_person_change(found.person.role)
    uses = uses_of_person(found.person.id, now=now_of(request))
    actions.disable_person(found.person.id, uses=uses, actor=caller(request).actor, now=now_of(request))
    return _shown(request, found.person.id)


@router.post("/{name}/enable", response=PersonDetailOut, summary="Let a person in again")
@requires("people.change")
def enable(request: HttpRequest, name: Name) -> PersonDetailOut:
    found = _found(person_id(name))
    caller(request).check_person_change(found.person.role)
    actions.enable_person(found.person.id, actor=caller(request).actor, now=now_of(request))
    return _shown(request, found.person.id)


@router.post("/{name}/setup-link", response={201: SetupLinkOut}, summary="Make a set-up link for a person")
@requires("people.change")
def setup_link(request: HttpRequest, name: Name) -> Status[SetupLinkOut]:
    """A one-time link with which the person sets a password. For yourself, an admin or an owner it takes a signed-in
    browser."""
    found = _found(person_id(name))
    caller(request).check_person_change(found.person.role)
    _check_sign_in(request, found.person.id, found.person.role)
    made = account_actions.create_setup_link(found.person.id, actor=caller(request).actor, now=now_of(request))
    address = f"{wired().base_url}/setup/{made.secret}"
    return Status(201, SetupLinkOut(address=address, expires_at=made.expires_at))


@router.post("/{name}/contacts", response={201: AddedContactOut}, summary="Add a contact")
@requires("contact.change_own")
def add_contact(request: HttpRequest, name: Name, body: ContactIn) -> Status[AddedContactOut]:
    """An admin vouches for somebody else's address; one's own is confirmed by a code that goes to it."""
    found, vouched = reached(request, name)
    made = contact_changes.add_contact(
        found.person.id,
        ContactDraft(**body.model_dump()),
        vouched=vouched,
        setting=contact_setting(),
        actor=caller(request).actor,
        now=now_of(request),
    )
    return Status(201, AddedContactOut(id=made.id, secret=made.secret, **_code(made.code)))


@router.put("/{name}/contacts/{contact}", response=CodeOut, summary="Change a contact")
@requires("contact.change_own")
def change_contact(request: HttpRequest, name: Name, contact: UUID, body: ContactIn) -> CodeOut:
    """Another address is confirmed like a new one's."""
    found, vouched = reached(request, name)
    asked = contact_changes.change_contact(
        held_contact(found, contact).id,
        ContactDraft(**body.model_dump()),
        vouched=vouched,
        setting=contact_setting(),
        actor=caller(request).actor,
        now=now_of(request),
    )
    return CodeOut(**_code(asked))


@router.delete("/{name}/contacts/{contact}", response={204: None}, summary="Remove a contact")
@requires("contact.change_own")
def remove_contact(request: HttpRequest, name: Name, contact: UUID) -> Status[None]:
    """Its rules go with it."""
    found, _ = reached(request, name)
    contact_changes.remove_contact(
        held_contact(found, contact).id, setting=contact_setting(), actor=caller(request).actor, now=now_of(request)
    )
    return Status(204, None)


@router.post("/{name}/contacts/{contact}/verify", response={204: None}, summary="Confirm a contact")
@requires("contact.change")
def verify_contact(request: HttpRequest, name: Name, contact: UUID) -> Status[None]:
    """Vouch that the address is the person's. One's own is confirmed by a code."""
    found = _found(person_id(name))
    caller(request).check_vouches_for(found.person.id, role=found.person.role)
    contact_actions.verify_contact(held_contact(found, contact).id, actor=caller(request).actor, now=now_of(request))
    return Status(204, None)


@router.post("/{name}/contacts/{contact}/renew-secret", response=SecretOut, summary="Renew a contact's secret")
@requires("contact.change_own")
def renew_secret(request: HttpRequest, name: Name, contact: UUID) -> SecretOut:
    found, _ = reached(request, name)
    secret = contact_actions.renew_contact_secret(
        held_contact(found, contact).id,
        kinds=wired().contact_kinds(),
        secret_key=wired().secret_key,
        actor=caller(request).actor,
        now=now_of(request),
    )
    return SecretOut(secret=secret)


@router.put("/{name}/rules/{urgency}", response=PersonDetailOut, summary="Set a person's notification rules")
@requires("contact.change_own")
def set_rules(request: HttpRequest, name: Name, urgency: Urgency, body: RulesIn) -> PersonDetailOut:
    found, _ = reached(request, name)
    contacts = {contact.name: contact.id for contact in found.contacts}
    rules = []
    for index, rule in enumerate(body.rules):
        if rule.contact not in contacts:
            field = f"rules[{index}].contact"
            raise ChangeRefused(field, f"{found.person.email} has no contact {rule.contact!r}; add it first")
        rules.append((contacts[rule.contact], min(rule.after, timedelta(days=2))))
    contact_actions.set_rules(
        found.person.id, urgency=urgency, rules=rules, actor=caller(request).actor, now=now_of(request)
    )
    return _shown(request, found.person.id)


def _check_sign_in(request: HttpRequest, wanted: UUID | None, *roles: str) -> None:
    """A token may be found in a script: it never becomes its person's account, an admin's or an owner's, nor makes one
    that it could become. Raises Forbidden."""
    if wanted == caller(request).user.id:
        caller(request).check("security.change_own", owner_id=wanted)
    if Role.OWNER in roles:
        caller(request).check("security.change_owner")
    elif Role.ADMIN in roles:
        caller(request).check("security.change_admin")


def reached(request: HttpRequest, name: str) -> tuple[PersonDetail, bool]:
    """The person whose contacts are changed, and whether the caller vouches for addresses."""
    found = _found(person_id(name))
    caller(request).check_contact_change(found.person.id, role=found.person.role)
    return found, caller(request).vouches_for(found.person.id, role=found.person.role)


def _found(wanted: UUID) -> PersonDetail:
    found = person(wanted)
    if found is None:
        raise NotFound(f"There is no person {wanted}.")
    return found


def held_contact(found: PersonDetail, contact: UUID) -> ContactLine:
    held = next((one for one in found.contacts if one.id == contact), None)
    if held is None:
        raise NotFound(f"{found.person.email} has no contact {contact}.")
    return held


def _code(asked: CodeAsked | None) -> dict[str, Any]:
    if asked is None:
        return {"needs_code": False, "code_refused": "", "code_wait": None}
    wait = None if asked.wait is None else timedelta(seconds=int(asked.wait.total_seconds()) + 1)
    return {"needs_code": True, "code_refused": asked.refused, "code_wait": wait}


def _line(row: PersonDetail) -> PersonOut:
    return PersonOut(**{name: getattr(row.person, name) for name in PersonOut.model_fields})


def _shown(request: HttpRequest, wanted: UUID) -> PersonDetailOut:
    found = _found(wanted)
    own = caller(request).may("contact.read_own", owner_id=wanted).allowed
    visible = own or caller(request).may("contact.read").allowed
    rules: dict[str, list[RuleOut]] = {"high": [], "low": []}
    for rule in found.rules:
        rules[rule.urgency].append(RuleOut(contact=rule.contact, after=timedelta(seconds=rule.after_seconds)))
    contacts = [
        ContactOut(**{name: getattr(contact, name) for name in ContactOut.model_fields}) for contact in found.contacts
    ]
    return PersonDetailOut(
        **_line(found).model_dump(), contacts=contacts if visible else None, rules=rules if visible else None
    )
