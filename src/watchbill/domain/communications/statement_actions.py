"""A statement from its first draft to what goes out: written, approved where that is asked for, published once."""

from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from django.db import transaction

from watchbill.domain.audit.contract import ENGINE, Actor, Record
from watchbill.domain.communications.approval import Approvers, approvers_of
from watchbill.domain.communications.models import UNPUBLISHED, Audience, Inquiry, Moment, Statement, StatementState
from watchbill.domain.communications.public_part import check_public
from watchbill.domain.communications.reads import plan_item
from watchbill.domain.communications.rules import PlanItem
from watchbill.domain.communications.template_rules import BODY_MAX, SUBJECT_MAX
from watchbill.domain.escalation.steps import Ways
from watchbill.domain.incidents.calling import Asked, call_people, close_pages_about
from watchbill.domain.incidents.locking import locked
from watchbill.domain.incidents.models import NEVER_WAS, CallAbout, CallReason, Incident
from watchbill.domain.incidents.records import entry, record
from watchbill.domain.people.models import Urgency
from watchbill.ground.ids import new_id
from watchbill.ground.refusals import ChangeRefused, Unknown
from watchbill.ground.text import block, one_line, storable

_WHY_MAX = 1000
_WHO_MAX = 300
_OUTSIDE = (Audience.PUBLIC, Audience.CUSTOMERS)


class DraftChanged(ChangeRefused):
    """Somebody else changed the text meanwhile; the words say who."""


class StatementOver(ChangeRefused):
    """It was published or discarded already."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Text:
    """What is said. `status` and `components` (id: state) are for the status page alone."""

    subject: str
    body: str
    status: str = ""
    components: dict[str, str] = field(default_factory=dict)


def note_inquiry(*, incident_id: UUID, asked: bool, who: str, actor: Actor, now: datetime) -> None:
    """A customer asked about it, or did not after all."""
    with transaction.atomic():
        incident = locked(incident_id)
        held = Inquiry.objects.filter(incident=incident)
        clean = one_line(storable(who))[:_WHO_MAX]
        if asked == held.exists():
            return
        if asked:
            Inquiry.objects.create(incident=incident, asked_at=now, noted_by=actor.label[:254], who=clean)
        else:
            held.delete()
        action = "incident.customer_asked" if asked else "incident.no_customer_asked"
        record([entry(incident, action, why=clean)], actor=actor, now=now)


def save_draft(
    *,
    incident_id: UUID,
    item: str,
    text: Text,
    revision: int | None,
    actor: Actor,
    now: datetime,
    moment: str = "",
) -> Statement:
    """The one draft of this item. `revision`: of the text that the writer saw; None: there was none, or never mind.

    What was approved has to be approved again. Raises DraftChanged, ChangeRefused, Unknown.
    """
    with transaction.atomic():
        incident = told_of(incident_id)
        planned = plan_item(incident, item, now=now)
        check_may_leave(incident, planned.audience)
        clean = _checked(text, audience=planned.audience)
        held = _draft(incident, item)
        if held is None:
            made = _first_draft(incident, planned, moment=moment, text=clean, actor=actor, now=now)
            record([about(made, "incident.statement_drafted")], actor=actor, now=now)
            return made
        _check_revision(held, revision)
        if _text_of(held) == clean and moment in ("", held.moment):
            return held
        _rewrite(held, clean, moment=moment, actor=actor, now=now)
        record([about(held, "incident.statement_changed", revision=held.revision)], actor=actor, now=now)
        return held


def _first_draft(
    incident: Incident, planned: PlanItem, *, moment: str, text: Text, actor: Actor, now: datetime
) -> Statement:
    return Statement.objects.create(
        id=new_id(),
        incident=incident,
        item=planned.item,
        label=planned.label[:200],
        audience=planned.audience,
        moment=_moment(moment, planned.moment),
        subject=text.subject,
        body=text.body,
        status=text.status,
        components=text.components,
        drafted_at=now,
        drafted_by=actor.label[:254],
        drafted_by_id=actor.id,
    )


def _rewrite(held: Statement, text: Text, *, moment: str, actor: Actor, now: datetime) -> None:
    held.subject, held.body, held.status, held.components = text.subject, text.body, text.status, text.components
    held.moment = _moment(moment, held.moment)
    held.revision += 1
    held.state, held.asked_at, held.decided_at, held.decided_by, held.why = StatementState.DRAFT, None, None, "", ""
    held.drafted_at, held.drafted_by, held.drafted_by_id = now, actor.label[:254], actor.id
    text_fields = ["subject", "body", "status", "components", "moment", "revision"]
    decision = ["state", "asked_at", "decided_at", "decided_by", "why"]
    held.save(update_fields=[*text_fields, *decision, "drafted_at", "drafted_by", "drafted_by_id"])


def discard(*, incident_id: UUID, statement_id: UUID, actor: Actor, now: datetime) -> Statement:
    """It will not go out. The text stays in the record."""
    with transaction.atomic():
        incident = locked(incident_id)
        held = unpublished(incident, statement_id)
        held.state = StatementState.DISCARDED
        held.save(update_fields=["state"])
        record([about(held, "incident.statement_discarded")], actor=actor, now=now)
        close_pages_about(incident, held.id, actor=actor, now=now)
    return held


def ask_approval(
    *, incident_id: UUID, statement_id: UUID, revision: int | None, actor: Actor, ways: Ways, now: datetime
) -> Statement:
    """Whoever has to say yes is told, quietly. One's own word counts at once."""
    with transaction.atomic():
        incident = locked(incident_id)
        held = unpublished(incident, statement_id)
        check_seen(held, revision)
        who = _approvers(incident, held, ways=ways, now=now)
        if held.state == StatementState.WAITING:
            return held
        if who.include(actor):
            decided(held, approved=True, why="", actor=actor, now=now)
            return held
        held.state, held.asked_at = StatementState.WAITING, now
        held.save(update_fields=["state", "asked_at"])
        record([about(held, "incident.approval_asked", people=_named(who))], actor=actor, now=now)
        label = f"Approve the {held.label[:1].lower()}{held.label[1:]}? {held.subject}"[:300]
        ids = [identity for identity, _ in who.people]
        asked = Asked(kind=CallAbout.STATEMENT, id=held.id)
        told = call_people(
            incident, ids, reason=CallReason.PROMPT, label=label, urgency=Urgency.LOW, ways=ways, now=now, about=asked
        )
        record([told], actor=ENGINE, now=now)
    return held


def _approvers(incident: Incident, held: Statement, *, ways: Ways, now: datetime) -> Approvers:
    found = approvers_of(incident, held.audience, ways=ways, now=now)
    if not found.role:
        raise ChangeRefused("", "nobody has to approve this; publish it")
    return found


def decide(
    *,
    incident_id: UUID,
    statement_id: UUID,
    approved: bool,
    why: str,
    revision: int | None,
    actor: Actor,
    ways: Ways,
    now: datetime,
) -> Statement:
    """By whom the organization says. A refusal gives its reason, and the text is a draft again."""
    with transaction.atomic():
        incident = locked(incident_id)
        held = unpublished(incident, statement_id)
        check_seen(held, revision)
        who = _approvers(incident, held, ways=ways, now=now)
        if not who.include(actor):
            raise ChangeRefused("", f"only {who.names} may approve or decline this; ask them")
        if not approved and not why.strip():
            raise ChangeRefused("why", "say why not: whoever wrote it wants to know what to change")
        decided(held, approved=approved, why=why, actor=actor, now=now)
    return held


def decided(held: Statement, *, approved: bool, why: str, actor: Actor, now: datetime) -> None:
    held.state = StatementState.APPROVED if approved else StatementState.DRAFT
    held.decided_at, held.decided_by, held.why = now, actor.label[:254], one_line(storable(why))[:_WHY_MAX]
    held.save(update_fields=["state", "decided_at", "decided_by", "why"])
    action = "incident.statement_approved" if approved else "incident.statement_declined"
    record([about(held, action, why=held.why)], actor=actor, now=now)
    close_pages_about(held.incident, held.id, actor=actor, now=now)


def unpublished(incident: Incident, statement_id: UUID) -> Statement:
    """Locked. Raises Unknown, StatementOver."""
    held = Statement.objects.select_for_update().filter(incident=incident, id=statement_id).first()
    if held is None:
        raise Unknown("", "this incident has no such statement")
    if held.state not in UNPUBLISHED:
        raise StatementOver("", f"it is {held.get_state_display().lower()} already; write another")
    held.incident = incident
    return held


def check_seen(held: Statement, revision: int | None) -> None:
    """Nobody approves or publishes another text than the one he read."""
    if revision is not None and revision != held.revision:
        raise DraftChanged("", f"{held.drafted_by} changed the text meanwhile; read it again")


def check_may_leave(incident: Incident, audience: str) -> None:
    if incident.restricted and audience in _OUTSIDE:
        raise ChangeRefused("", "this incident is restricted: nothing of it leaves the circle of those who may see it")


def _check_revision(held: Statement, revision: int | None) -> None:
    if revision is not None and revision != held.revision:
        words = f"{held.drafted_by} changed this meanwhile. Below is your text; theirs is saved, open it to compare"
        raise DraftChanged("body", words)


def told_of(incident_id: UUID) -> Incident:
    incident = locked(incident_id)
    if incident.state in NEVER_WAS:
        raise ChangeRefused("", "it was no incident after all; there is nothing to tell")
    return incident


def _moment(asked: str, otherwise: str) -> str:
    if asked and asked not in Moment.values:
        raise ChangeRefused("moment", f"use one of {', '.join(Moment.values)}")
    return asked or otherwise


def _draft(incident: Incident, item: str) -> Statement | None:
    rows = Statement.objects.select_for_update().filter(incident=incident, item=item, state__in=UNPUBLISHED)
    return rows.first()


def _text_of(held: Statement) -> Text:
    return Text(subject=held.subject, body=held.body, status=held.status, components=held.components)


def _checked(text: Text, *, audience: str) -> Text:
    subject, body = one_line(storable(text.subject)), block(storable(text.body)).strip()
    if not subject:
        raise ChangeRefused("subject", "say in a few words what it is about")
    if len(subject) > SUBJECT_MAX:
        raise ChangeRefused("subject", f"has {len(subject)} characters; use at most {SUBJECT_MAX}")
    if not body:
        raise ChangeRefused("body", "write what is known, what is done, and when the next news comes")
    if len(body) > BODY_MAX:
        raise ChangeRefused("body", f"has {len(body)} characters; use at most {BODY_MAX}")
    is_public = audience == Audience.PUBLIC
    if is_public:
        check_public(text.status, text.components)
    return Text(
        subject=subject,
        body=body,
        status=text.status if is_public else "",
        components=dict(text.components) if is_public else {},
    )


def about(held: Statement, action: str, **details: object) -> Record:
    return entry(
        held.incident,
        action,
        statement=str(held.id),
        item=held.label,
        audience=held.audience,
        text=held.subject,
        **details,
    )


def _named(who: Approvers) -> list[dict[str, str]]:
    return [{"id": str(identity), "name": name} for identity, name in who.people]
