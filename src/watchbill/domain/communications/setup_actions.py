"""What is set up once: texts, whose word they need, customers' contacts, and who of the organization wants to hear."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import transaction

from watchbill.domain.access.models import User
from watchbill.domain.audit.actions import record
from watchbill.domain.audit.contract import Actor, Record
from watchbill.domain.communications.default_templates import DEFAULTS
from watchbill.domain.communications.models import (
    SUBJECT_KIND,
    ApprovalRule,
    Audience,
    CustomerContact,
    Moment,
    Subscription,
    Template,
)
from watchbill.domain.communications.recipients import EXECUTIVE
from watchbill.domain.communications.template_rules import BODY_MAX, SUBJECT_MAX, check_template
from watchbill.domain.incidents.rules import COMMANDER
from watchbill.domain.process.reads import running
from watchbill.domain.services.models import Service
from watchbill.ground.ids import new_id
from watchbill.ground.refusals import ChangeRefused, Taken, Unknown
from watchbill.ground.text import block, one_line, storable

APPROVERS = (COMMANDER, EXECUTIVE)
LISTENING = (Audience.EXECUTIVES, Audience.INTERNAL)
_IMPORT_MAX = 5_000
_CONTACTS_MAX = 20_000
_PER_PERSON_MAX = 200
_ADDRESS = re.compile(r"[^\s@<>,;:\"'()\[\]\\]+@[^\s@<>,;:\"'()\[\]\\]+\.[^\s@<>,;:\"'()\[\]\\.]+")
_BLAMED_LINES = 5
_LINE_MAX = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Imported:
    added: int
    known: int


def set_template(*, audience: str, moment: str, subject: str, body: str, actor: Actor, now: datetime) -> None:
    """Raises VariableUnknown, ChangeRefused."""
    key = check_key(audience, moment)
    clean_subject, clean_body = one_line(storable(subject)), block(storable(body)).strip()
    for field, text, most in (("subject", clean_subject, SUBJECT_MAX), ("body", clean_body, BODY_MAX)):
        if not text:
            raise ChangeRefused(field, "is empty; write something, or take the text that comes with Watchbill")
        if len(text) > most:
            raise ChangeRefused(field, f"has {len(text)} characters; use at most {most}")
        check_template(text, field=field)
    with transaction.atomic():
        held = Template.objects.select_for_update().filter(audience=audience, moment=moment).first()
        before = (held.subject, held.body) if held is not None else DEFAULTS[key]
        if before == (clean_subject, clean_body):
            return
        Template.objects.update_or_create(
            audience=audience,
            moment=moment,
            defaults={
                "subject": clean_subject,
                "body": clean_body,
                "changed_at": now,
                "changed_by": actor.label[:254],
            },
        )
        details = _before_after(before, (clean_subject, clean_body))
        record([_told("communication.template_changed", f"{audience}, {moment}", **details)], actor=actor, now=now)


def reset_template(*, audience: str, moment: str, actor: Actor, now: datetime) -> None:
    """The text that comes with Watchbill holds again."""
    key = check_key(audience, moment)
    with transaction.atomic():
        held = Template.objects.select_for_update().filter(audience=audience, moment=moment).first()
        if held is None:
            return
        details = _before_after((held.subject, held.body), DEFAULTS[key])
        held.delete()
        record([_told("communication.template_changed", f"{audience}, {moment}", **details)], actor=actor, now=now)


def set_approver(*, audience: str, role: str, actor: Actor, now: datetime) -> None:
    """`role` empty: nobody has to approve what goes to this audience."""
    _check_audience(audience)
    if role and role not in APPROVERS:
        raise ChangeRefused("role", f"use one of {', '.join(APPROVERS)}, or leave it empty")
    with transaction.atomic():
        held = ApprovalRule.objects.select_for_update().filter(audience=audience).first()
        before = held.role if held is not None else ""
        if before == role:
            return
        if role:
            ApprovalRule.objects.update_or_create(audience=audience, defaults={"role": role})
        else:
            ApprovalRule.objects.filter(audience=audience).delete()
        told = _told("communication.approver_set", audience, before=before, after=role)
        record([told], actor=actor, now=now)


def import_contacts(*, service_id: UUID | None, text: str, actor: Actor, now: datetime) -> Imported:
    """One a line: an address, or a name and an address. All or nothing; the lines at fault are named."""
    wanted = parse_contacts(text)
    with transaction.atomic():
        service = _service(service_id)
        held = set(CustomerContact.objects.filter(service=service).values_list("address", flat=True))
        fresh = {address: name for address, name in wanted.items() if address not in held}
        if CustomerContact.objects.count() + len(fresh) > _CONTACTS_MAX:
            raise ChangeRefused("contacts", f"would be more than {_CONTACTS_MAX} in all; take others out first")
        CustomerContact.objects.bulk_create(
            CustomerContact(
                id=new_id(), service=service, address=address, name=name, added_at=now, added_by=actor.label[:254]
            )
            for address, name in fresh.items()
        )
        if fresh:
            label = service.name if service else "every service"
            record([_told("communication.contacts_added", label, count=len(fresh))], actor=actor, now=now)
    return Imported(added=len(fresh), known=len(wanted) - len(fresh))


def parse_contacts(text: str) -> dict[str, str]:
    """Name by address, in order. A line: an address, alone or with a name before it."""
    found: dict[str, str] = {}
    wrong = []
    for number, line in enumerate(storable(text).splitlines(), start=1):
        clean = one_line(line)
        if not clean:
            continue
        # A line without an end is not looked through: its length counts squared.
        addresses = _ADDRESS.findall(clean) if len(clean) <= _LINE_MAX else []
        if len(addresses) != 1 or len(addresses[0]) > 254:
            wrong.append(number)
            continue
        address = addresses[0].lower()
        found.setdefault(address, clean.replace(addresses[0], " ").strip(" ,;\t<>\"'").strip()[:200])
    if wrong:
        lines = ", ".join(str(one) for one in wrong[:_BLAMED_LINES]) + (
            " and more" if len(wrong) > _BLAMED_LINES else ""
        )
        raise ChangeRefused("contacts", f"line {lines}: write one address a line, like Anna Adler <anna@example.org>")
    if not found:
        raise ChangeRefused("contacts", "holds no address; paste one a line")
    if len(found) > _IMPORT_MAX:
        raise ChangeRefused("contacts", f"holds {len(found)} addresses; paste at most {_IMPORT_MAX} at once")
    return found


def remove_contacts(*, contact_ids: Sequence[UUID], actor: Actor, now: datetime) -> int:
    with transaction.atomic():
        rows = CustomerContact.objects.filter(id__in=list(contact_ids))
        addresses = list(rows.order_by("address").values_list("address", flat=True))
        if not addresses:
            raise Unknown("", "there is no such contact, or not any more")
        rows.delete()
        label = addresses[0] if len(addresses) == 1 else f"{len(addresses)} contacts"
        record([_told("communication.contacts_removed", label, count=len(addresses))], actor=actor, now=now)
    return len(addresses)


def subscribe(
    *, user_id: UUID, audience: str, service_id: UUID | None, severity: str, actor: Actor, now: datetime
) -> Subscription:
    """What is asked again for the same service changes the severity. Raises ChangeRefused, Unknown."""
    if audience not in LISTENING:
        raise ChangeRefused("audience", f"use one of {', '.join(LISTENING)}")
    if severity and severity not in {one.id for one in running().severities}:
        known = ", ".join(one.id for one in running().severities)
        raise ChangeRefused("severity", f"{severity!r} is no severity of the process; use {known}")
    with transaction.atomic():
        user = User.objects.select_for_update().filter(id=user_id, is_active=True).first()
        if user is None:
            raise Unknown("person", "there is nobody of that name, or not any more; choose another")
        service = _service(service_id)
        if user.subscriptions.count() >= _PER_PERSON_MAX:
            raise Taken("", f"{user.name} has {_PER_PERSON_MAX} subscriptions; take one out first")
        held, made = Subscription.objects.get_or_create(
            user=user,
            audience=audience,
            service=service,
            defaults={"id": new_id(), "severity": severity, "added_at": now, "added_by": actor.label[:254]},
        )
        if made or held.severity != severity:
            held.severity = severity
            held.save(update_fields=["severity"])
            told = _told("communication.subscribed", user.name, **_details(held))
            record([told], actor=actor, now=now)
    return held


def unsubscribe(*, subscription_id: UUID, actor: Actor, now: datetime, user_id: UUID | None = None) -> None:
    """`user_id`: only if it is theirs."""
    with transaction.atomic():
        rows = Subscription.objects.select_related("user", "service").filter(id=subscription_id)
        held = (rows.filter(user_id=user_id) if user_id is not None else rows).first()
        if held is None:
            raise Unknown("", "there is no such subscription, or not any more")
        told = _told("communication.unsubscribed", held.user.name, **_details(held))
        held.delete()
        record([told], actor=actor, now=now)


def _details(held: Subscription) -> dict[str, str]:
    return {
        "audience": held.audience,
        "service": held.service.name if held.service else "every service",
        "severity": held.severity,
    }


def check_key(audience: str, moment: str) -> tuple[str, str]:
    """Raises ChangeRefused that lists what there is."""
    _check_audience(audience)
    if moment not in Moment.values:
        raise ChangeRefused("moment", f"use one of {', '.join(Moment.values)}")
    return audience, moment


def _check_audience(audience: str) -> None:
    if audience not in Audience.values:
        raise ChangeRefused("audience", f"use one of {', '.join(Audience.values)}")


def _service(service_id: UUID | None) -> Service | None:
    if service_id is None:
        return None
    service = Service.objects.filter(id=service_id, archived_at=None).first()
    if service is None:
        raise Unknown("service", "there is no such service, or not any more; choose another")
    return service


def _before_after(before: tuple[str, str], after: tuple[str, str]) -> dict[str, dict[str, str]]:
    return {
        "before": {"subject": before[0], "body": before[1]},
        "after": {"subject": after[0], "body": after[1]},
    }


def _told(action: str, label: str, **details: object) -> Record:
    return Record(
        action=action,
        subject_kind=SUBJECT_KIND,
        subject_id=None,
        subject_label=label,
        details={name: value for name, value in details.items() if value not in (None, "", [], {})},
    )
