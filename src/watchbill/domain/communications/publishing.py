"""The one moment at which words leave the house: recorded first, delivered by errands afterwards."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import transaction

from watchbill.domain.audit.contract import Actor
from watchbill.domain.communications.approval import approvers_of
from watchbill.domain.communications.models import (
    Audience,
    Letter,
    LetterState,
    Moment,
    Statement,
    StatementState,
)
from watchbill.domain.communications.public_part import publish_publicly
from watchbill.domain.communications.reads import summary_of
from watchbill.domain.communications.recipients import Recipient, recipients
from watchbill.domain.communications.statement_actions import (
    about,
    check_may_leave,
    check_seen,
    decided,
    unpublished,
)
from watchbill.domain.errands.actions import ask
from watchbill.domain.escalation.steps import Ways
from watchbill.domain.incidents.follow_up_actions import settle_follow_up
from watchbill.domain.incidents.locking import locked
from watchbill.domain.incidents.models import NEVER_WAS, FollowUpState, Incident
from watchbill.domain.incidents.records import record
from watchbill.domain.incidents.room_actions import note_update
from watchbill.ground.ids import new_id
from watchbill.ground.refusals import ChangeRefused, Unknown

# The errand that delivers one letter.
MAIL = "communications.mail"
_TRYABLE = (LetterState.FAILED, LetterState.UNSURE)


class ApprovalMissing(ChangeRefused):
    """Somebody has to say yes first; the words say who."""


class NobodyWouldGetIt(ChangeRefused):
    """A letter to no customer or to no executive is no news to them; the words say how to add whom it is for."""


# What is missing, and where it is set.
_NOBODY: Mapping[str, str] = {
    Audience.CUSTOMERS: "it would reach nobody: no contact of a customer is kept for the affected services. Add them "
    "(Admin, Communication, Contacts)",
    Audience.EXECUTIVES: "it would reach nobody: nobody is executive on call, and nobody who may see it has subscribed "
    "as an executive. Name somebody (Admin, Roles; or Admin, Communication, Subscriptions)",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Reach:
    """Where a statement would go now. `words`: in a sentence, for the button and the preview."""

    people: tuple[Recipient, ...]
    words: str


def reach_of(incident: Incident, audience: str, *, ways: Ways, now: datetime) -> Reach:
    found = tuple(recipients(incident, audience, ways=ways, now=now))
    if incident.drill:
        words = (
            f"a drill: it goes to {_count(found)} who take part"
            if found
            else "a drill: it is recorded, and goes to nobody"
        )
        return Reach(people=found, words=words)
    if audience == Audience.PUBLIC:
        return Reach(people=found, words="the status page")
    if audience == Audience.CUSTOMERS:
        return Reach(people=found, words=_count(found, "customer contact"))
    return Reach(people=found, words=_count(found))


def reaches_nobody(held: Statement, reach: Reach) -> bool:
    """People of the organization can read theirs on the incident's page without a letter; a drill is recorded."""
    return held.audience in _NOBODY and not held.incident.drill and not reach.people


def _count(found: tuple[Recipient, ...], what: str = "") -> str:
    if what:
        return f"{len(found)} {what}{'' if len(found) == 1 else 's'}"
    return "1 person" if len(found) == 1 else f"{len(found)} people"


def publish(
    *, incident_id: UUID, statement_id: UUID, revision: int | None, actor: Actor, ways: Ways, now: datetime
) -> Statement:
    """Once: a second press answers the same. Who gets it is decided now, and each letter is a row before any is sent.

    Raises ApprovalMissing, DraftChanged, StatementOver, ChangeRefused, Unknown.
    """
    with transaction.atomic():
        incident = locked(incident_id)
        done = Statement.objects.filter(incident=incident, id=statement_id, state=StatementState.PUBLISHED).first()
        if done is not None:
            return done
        if incident.state in NEVER_WAS:
            raise ChangeRefused("", "it was no incident after all; there is nothing to tell")
        held = unpublished(incident, statement_id)
        check_may_leave(incident, held.audience)
        check_seen(held, revision)
        _check_approved(held, actor=actor, ways=ways, now=now)
        reach = reach_of(incident, held.audience, ways=ways, now=now)
        if reaches_nobody(held, reach):
            raise NobodyWouldGetIt("", f"{_NOBODY[held.audience]}; or note how they were told by other means")
        _send_out(held, reach, actor=actor, now=now)
        note_what_follows(incident, held, told_at=now, actor=actor, now=now)
    return held


def _check_approved(held: Statement, *, actor: Actor, ways: Ways, now: datetime) -> None:
    who = approvers_of(held.incident, held.audience, ways=ways, now=now)
    if not who.role or held.state == StatementState.APPROVED:
        return
    if not who.include(actor):
        raise ApprovalMissing("", f"{who.names} has to approve this first; ask for it, and publish it then")
    decided(held, approved=True, why="", actor=actor, now=now)


def _send_out(held: Statement, reach: Reach, *, actor: Actor, now: datetime) -> None:
    letters = Letter.objects.bulk_create(
        Letter(
            id=new_id(),
            statement=held,
            address=one.address,
            name=one.name,
            user_id=one.user_id,
            why=one.why,
            queued_at=now,
            due_at=now,
        )
        for one in reach.people
    )
    held.state, held.published_at, held.published_by = StatementState.PUBLISHED, now, actor.label[:254]
    held.sent_to = len(letters)
    held.save(update_fields=["state", "published_at", "published_by", "sent_to"])
    if held.audience == Audience.PUBLIC and not held.incident.drill:
        publish_publicly(held, actor=actor, now=now)
    else:
        record([about(held, "incident.statement_published", why=_sent_words(reach))], actor=actor, now=now)
    ask(MAIL, [letter.id for letter in letters], due_at=now)


def _sent_words(reach: Reach) -> str:
    return f"to {reach.words}" if reach.people else "on the incident's page alone; nobody is mailed"


def note_what_follows(incident: Incident, held: Statement, *, told_at: datetime, actor: Actor, now: datetime) -> None:
    """The update clock begins anew. The internal summary is a follow-up that is done with it."""
    outside = held.audience in (Audience.PUBLIC, Audience.CUSTOMERS)
    if incident.updated_at is None or told_at >= incident.updated_at:
        note_update(incident, told_at=told_at, actor=actor, now=now, may_be_final=outside)
    if held.audience != Audience.INTERNAL or held.moment != Moment.RESOLVED:
        return
    summary = summary_of(incident)
    if summary is not None and summary.state == FollowUpState.OPEN:
        settle_follow_up(
            incident_id=incident.id, follow_up_id=summary.id, state=FollowUpState.DONE, why="", actor=actor, now=now
        )


def look_again(*, now: datetime) -> None:
    """At every letter that is still on its way."""
    waiting = Letter.objects.filter(state__in=(LetterState.QUEUED, LetterState.SENDING))
    ask(MAIL, waiting.values_list("id", flat=True), due_at=now)


def send_again(*, incident_id: UUID, statement_id: UUID, actor: Actor, now: datetime) -> int:
    """The letters that failed, or of which nobody knows whether they arrived: somebody wants them sent once more."""
    with transaction.atomic():
        incident = locked(incident_id)
        held = Statement.objects.filter(incident=incident, id=statement_id, state=StatementState.PUBLISHED).first()
        if held is None:
            raise Unknown("", "this incident has no such published statement")
        held.incident = incident
        letters = list(held.letters.select_for_update().filter(state__in=_TRYABLE))
        if not letters:
            raise ChangeRefused("", "every letter of it was taken, or still waits for its turn")
        for letter in letters:
            letter.state, letter.queued_at, letter.due_at = LetterState.QUEUED, now, now
            letter.settled_at, letter.reason = None, ""
        Letter.objects.bulk_update(letters, ["state", "queued_at", "due_at", "settled_at", "reason"])
        record([about(held, "incident.statement_sent_again", why=f"{len(letters)} letters")], actor=actor, now=now)
        ask(MAIL, [letter.id for letter in letters], due_at=now)
    return len(letters)
