"""What communication is made of: texts, whose word they need, customers' contacts, and who has subscribed."""

from typing import Annotated, Literal
from uuid import UUID

from django.http import HttpRequest
from ninja import Query, Router, Status
from pydantic import Field

from watchbill.domain.communications import reads, setup_actions
from watchbill.domain.communications.models import CustomerContact, Subscription
from watchbill.domain.communications.template_rules import VARIABLES
from watchbill.doors.api.auth import caller, requires
from watchbill.doors.api.names import person_id, service_id
from watchbill.doors.api.values import Input, InstantOut, Name, Output, Text
from watchbill.doors.moment import now_of

templates = Router(tags=["communication"])
approvals = Router(tags=["communication"])
contacts = Router(tags=["communication"])
subscriptions = Router(tags=["communication"])

Listening = Literal["executives", "internal"]


class TemplateOut(Output):
    """`changed_at` null: the text that comes with Watchbill."""

    audience: str
    moment: str
    subject: str
    body: str
    changed_at: InstantOut | None
    changed_by: str


class TemplatesOut(Output):
    """`variables`: by name, what each stands for."""

    items: list[TemplateOut]
    variables: dict[str, str]


class TemplateIn(Input):
    subject: Annotated[Text, Field(max_length=200)]
    body: Annotated[str, Field(max_length=10_000)]


class ApprovalsOut(Output):
    """By audience the role whose word is needed; empty: nobody's."""

    approvers: dict[str, str]


class ApprovalIn(Input):
    """`role`: incident-commander or executive-on-call; empty: nobody has to approve."""

    role: Text = ""


class CustomerContactOut(Output):
    """`service` null: every service."""

    id: UUID
    service: str | None
    address: str
    name: str
    added_at: InstantOut
    added_by: str


class ContactsOut(Output):
    items: list[CustomerContactOut]


class ContactQuery(Input):
    service: Text = ""


class ContactsIn(Input):
    """`contacts`: one a line, an address, perhaps with a name before it. `service` empty: every service."""

    service: Text = ""
    contacts: Annotated[str, Field(max_length=1_000_000)]


class ImportedOut(Output):
    added: int
    known: int


class SubscriptionOut(Output):
    """`severity`: that one and worse; empty: all. `service` null: every service."""

    id: UUID
    person: str
    audience: str
    service: str | None
    severity: str
    added_at: InstantOut
    added_by: str


class SubscriptionsOut(Output):
    items: list[SubscriptionOut]


class SubscriptionIn(Input):
    """`person` empty: oneself."""

    audience: Listening = "internal"
    person: Text = ""
    service: Text = ""
    severity: Text = ""


@templates.get("", response=TemplatesOut, summary="List the texts for communication")
@requires("communication.read")
def list_templates(request: HttpRequest) -> TemplatesOut:
    return _templates()


@templates.put("/{audience}/{moment}", response=TemplatesOut, summary="Change a text for communication")
@requires("communication.change")
def set_template(request: HttpRequest, audience: Name, moment: Name, body: TemplateIn) -> TemplatesOut:
    setup_actions.set_template(
        audience=audience,
        moment=moment,
        subject=body.subject,
        body=body.body,
        actor=caller(request).actor,
        now=now_of(request),
    )
    return _templates()


@templates.delete("/{audience}/{moment}", response=TemplatesOut, summary="Take the text that comes with Watchbill")
@requires("communication.change")
def reset_template(request: HttpRequest, audience: Name, moment: Name) -> TemplatesOut:
    setup_actions.reset_template(audience=audience, moment=moment, actor=caller(request).actor, now=now_of(request))
    return _templates()


@approvals.get("", response=ApprovalsOut, summary="Read whose word communication needs")
@requires("communication.read")
def list_approvals(request: HttpRequest) -> ApprovalsOut:
    return ApprovalsOut(approvers=reads.approvers())


@approvals.put("/{audience}", response=ApprovalsOut, summary="Say whose word communication needs")
@requires("communication.change")
def set_approval(request: HttpRequest, audience: Name, body: ApprovalIn) -> ApprovalsOut:
    setup_actions.set_approver(audience=audience, role=body.role, actor=caller(request).actor, now=now_of(request))
    return ApprovalsOut(approvers=reads.approvers())


@contacts.get("", response=ContactsOut, summary="List the contacts of customers")
@requires("customer_contact.read")
def list_contacts(request: HttpRequest, asked: Query[ContactQuery]) -> ContactsOut:
    wanted = service_id(asked.service, field="service") if asked.service else None
    return ContactsOut(items=[_contact(row) for row in reads.customer_contacts(service_id=wanted)])


@contacts.post("", response=ImportedOut, summary="Add contacts of customers")
@requires("communication.change")
def add_contacts(request: HttpRequest, body: ContactsIn) -> ImportedOut:
    """All or nothing. What is there already stays as it is."""
    done = setup_actions.import_contacts(
        service_id=service_id(body.service, field="service") if body.service else None,
        text=body.contacts,
        actor=caller(request).actor,
        now=now_of(request),
    )
    return ImportedOut(added=done.added, known=done.known)


@contacts.delete("/{contact}", response={204: None}, summary="Take out a contact of a customer")
@requires("communication.change")
def remove_contact(request: HttpRequest, contact: UUID) -> Status[None]:
    setup_actions.remove_contacts(contact_ids=[contact], actor=caller(request).actor, now=now_of(request))
    return Status(204, None)


@subscriptions.get("", response=SubscriptionsOut, summary="List subscriptions")
@requires("subscription.read_own")
def list_subscriptions(request: HttpRequest) -> SubscriptionsOut:
    """One's own; who may change those of others sees all."""
    who = caller(request)
    everybody = who.may("communication.change").allowed
    rows = reads.subscriptions(user_id=None if everybody else who.person.id)
    return SubscriptionsOut(items=[_subscription(row) for row in rows])


@subscriptions.post("", response={201: SubscriptionOut}, summary="Subscribe to what is said about incidents")
@requires("subscription.change_own")
def subscribe(request: HttpRequest, body: SubscriptionIn) -> Status[SubscriptionOut]:
    """Asked again for the same service, it changes the severity."""
    who = caller(request)
    user_id = person_id(body.person, field="person") if body.person else who.person.id
    if user_id != who.person.id:
        who.check("communication.change")
    made = setup_actions.subscribe(
        user_id=user_id,
        audience=body.audience,
        service_id=service_id(body.service, field="service") if body.service else None,
        severity=body.severity,
        actor=who.actor,
        now=now_of(request),
    )
    return Status(201, _subscription(made))


@subscriptions.delete("/{subscription}", response={204: None}, summary="End a subscription")
@requires("subscription.change_own")
def unsubscribe(request: HttpRequest, subscription: UUID) -> Status[None]:
    who = caller(request)
    own = None if who.may("communication.change").allowed else who.person.id
    setup_actions.unsubscribe(subscription_id=subscription, user_id=own, actor=who.actor, now=now_of(request))
    return Status(204, None)


def _templates() -> TemplatesOut:
    rows = [
        TemplateOut(
            audience=one.audience,
            moment=one.moment,
            subject=one.subject,
            body=one.body,
            changed_at=one.changed_at,
            changed_by=one.changed_by,
        )
        for one in reads.templates()
    ]
    return TemplatesOut(items=rows, variables=dict(VARIABLES))


def _contact(row: CustomerContact) -> CustomerContactOut:
    return CustomerContactOut(
        id=row.id,
        service=row.service.name if row.service else None,
        address=row.address,
        name=row.name,
        added_at=row.added_at,
        added_by=row.added_by,
    )


def _subscription(row: Subscription) -> SubscriptionOut:
    return SubscriptionOut(
        id=row.id,
        person=row.user.email,
        audience=row.audience,
        service=row.service.name if row.service else None,
        severity=row.severity,
        added_at=row.added_at,
        added_by=row.added_by,
    )
