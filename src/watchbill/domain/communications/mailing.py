"""Delivers one letter: tried for a day where the server says "not now", never sent twice by itself."""

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

import structlog
from django.db import transaction

from watchbill.domain.communications.contract import LetterPost, LetterToSend, NotSent, Sent, Unsure
from watchbill.domain.communications.models import Audience, Letter, LetterState
from watchbill.domain.communications.publishing import MAIL
from watchbill.domain.communications.recipients import insiders
from watchbill.domain.errands.contract import NotYet
from watchbill.domain.errands.rules import pause_after
from watchbill.ground.text import one_line

log = structlog.get_logger()

GIVE_UP_AFTER = timedelta(hours=24)
_A_MOMENT = timedelta(seconds=1)
_REASON_MAX = 500
_INTERRUPTED = "Watchbill was stopped while it was being sent; it may have arrived"


@dataclass(frozen=True, slots=True, kw_only=True)
class Post:
    letter: LetterToSend


@dataclass(frozen=True, slots=True, kw_only=True)
class Wait:
    """Its time has not come again."""

    why: str
    after: timedelta


class MailLetters:
    """The errand of one letter; its subject is the letter."""

    kind = MAIL

    def __init__(self, post: LetterPost, *, base_url: str) -> None:
        self._post = post
        self._base_url = base_url

    def next_step(self, subject_id: UUID, *, now: datetime) -> Post | Wait | None:
        """Committed as "being sent" before the server is asked: what is found so was interrupted, and stays unsure."""
        with transaction.atomic():
            rows = Letter.objects.select_for_update(of=("self",)).select_related("statement__incident")
            letter = rows.filter(id=subject_id).first()
            if letter is None or letter.state not in (LetterState.QUEUED, LetterState.SENDING):
                return None
            if letter.state == LetterState.SENDING:
                _settle(letter, LetterState.UNSURE, _INTERRUPTED, now=now)
                return None
            if not _may_go(letter):
                _settle(
                    letter, LetterState.FAILED, "not sent: the incident is restricted, and they may not see it", now=now
                )
                return None
            if now < letter.due_at:
                return Wait(why=letter.reason, after=letter.due_at - now)
            if now - letter.queued_at >= GIVE_UP_AFTER:
                _settle(letter, LetterState.FAILED, f"given up after a day: {letter.reason}", now=now)
                return None
            if before := _letter_before(letter):
                return Wait(why="what was published before goes first", after=max(before.due_at - now, _A_MOMENT))
            letter.state, letter.tries = LetterState.SENDING, letter.tries + 1
            letter.save(update_fields=["state", "tries"])
            return Post(letter=self._composed(letter))

    async def act(self, step: Post | Wait, *, now: datetime) -> object:
        if isinstance(step, Wait):
            return NotYet(why=step.why, after=step.after)
        return await self._post.post(step.letter, now=now)

    def record(self, step: Post | Wait, outcome: object, *, now: datetime) -> None:
        if isinstance(step, Wait):
            return
        with transaction.atomic():
            letter = Letter.objects.select_for_update().filter(id=step.letter.id, state=LetterState.SENDING).first()
            if letter is None:
                return
            if isinstance(outcome, Sent):
                _settle(letter, LetterState.SENT, outcome.reference, now=now)
            elif isinstance(outcome, NotSent) and outcome.again:
                _put_off(letter, outcome, now=now)
            elif isinstance(outcome, NotSent):
                _settle(letter, LetterState.FAILED, outcome.reason, now=now)
            elif isinstance(outcome, Unsure):
                _settle(letter, LetterState.UNSURE, outcome.reason, now=now)

    def _composed(self, letter: Letter) -> LetterToSend:
        statement = letter.statement
        mark = "DRILL: " if statement.incident.drill else ""
        thread = f"{statement.incident_id} {statement.audience}".encode()
        return LetterToSend(
            id=letter.id,
            thread=hashlib.sha256(thread).hexdigest()[:32],
            list_name=statement.audience,
            address=letter.address,
            name=letter.name,
            subject=mark + statement.subject,
            body=f"{mark.strip()}\n\n{statement.body}" if mark else statement.body,
            ending=self._ending(letter),
        )

    def _ending(self, letter: Letter) -> str:
        if letter.statement.audience == Audience.CUSTOMERS:
            return "You get this because you are named as a contact for this service. To get no more, answer this mail."
        return f"You get this because: {letter.why}. Change it: {self._base_url}/me/subscriptions"


def _may_go(letter: Letter) -> bool:
    """Asked again right before: somebody may have been taken out meanwhile."""
    incident = letter.statement.incident
    return not incident.restricted or letter.user_id in insiders(incident)


def _letter_before(letter: Letter) -> Letter | None:
    """To the same reader about the same incident, and still on its way: nobody hears the end before the beginning."""
    held = letter.statement
    rows = Letter.objects.filter(
        statement__incident_id=held.incident_id, statement__audience=held.audience, address=letter.address
    )
    waiting = rows.filter(state__in=(LetterState.QUEUED, LetterState.SENDING), queued_at__lt=letter.queued_at)
    return waiting.order_by("queued_at").first()


def _settle(letter: Letter, state: LetterState, reason: str, *, now: datetime) -> None:
    letter.state, letter.reason, letter.settled_at = state, one_line(reason)[:_REASON_MAX], now
    letter.save(update_fields=["state", "reason", "settled_at"])


def _put_off(letter: Letter, outcome: NotSent, *, now: datetime) -> None:
    letter.state, letter.reason = LetterState.QUEUED, one_line(outcome.reason)[:_REASON_MAX]
    letter.due_at = now + pause_after(letter.tries, asked_for=outcome.after)
    letter.save(update_fields=["state", "reason", "due_at"])
    log.warning("letter.later", letter_id=str(letter.id), why=letter.reason)
