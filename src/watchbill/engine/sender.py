"""Claim pages, compose, send, record. The second bulkhead: an adapter that breaks is a failed try, not a lost page."""

import asyncio
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import TypeVar

import structlog
from django.db import InterfaceError, OperationalError
from prometheus_client import Counter, Histogram

from watchbill.domain.paging.contact_message_sending import (
    ContactMessageIntent,
    claim_contact_messages,
    record_contact_messages,
)
from watchbill.domain.paging.contract import Channel, Message, Outcome, RetryLater
from watchbill.domain.paging.sending import CalledOff, Result, claim_messages, record_outcomes
from watchbill.domain.paging.store import Intent
from watchbill.engine.compose import SUBJECTS, Instance, Subject, SubjectUnknown, compose, compose_note
from watchbill.ground.clock import Clock
from watchbill.ground.failpoints import failpoint

log = structlog.get_logger()

CLAIM = 2000
Sendable = Intent | ContactMessageIntent
SendableT = TypeVar("SendableT", bound=Sendable)

SENT = Counter("watchbill_attempts_total", "Requests to providers, by outcome.", ["kind", "outcome"])
FAILURES = Counter("watchbill_sender_failures_total", "What the sender caught and went on after, by place.", ["place"])
TOOK = Histogram("watchbill_attempt_seconds", "How long a provider took to answer.", ["kind"])


class Sender:
    """Database work is synchronous and short; sending is asynchronous, so that one slow provider delays nobody."""

    def __init__(
        self,
        channels: Sequence[Channel],
        *,
        instance: Instance,
        clock: Clock,
        subjects: Mapping[str, Subject] = SUBJECTS,
    ) -> None:
        self._channels: Mapping[str, Channel] = {channel.kind: channel for channel in channels}
        self._budgets = {channel.kind: channel.budget for channel in channels}
        self._instance = instance
        self._clock = clock
        self._subjects = subjects

    @property
    def kinds(self) -> Collection[str]:
        """Of contact, to which it can send."""
        return self._channels.keys()

    def claim(self, *, now: datetime, limit: int = CLAIM) -> list[tuple[Intent, Message]]:
        intents = claim_messages(now=now, budgets=self._budgets, limit=limit)
        if intents:
            failpoint("sender.claimed")
        try:
            return compose(intents, instance=self._instance, now=now, subjects=self._subjects)
        except (OperationalError, InterfaceError):
            raise
        except SubjectUnknown:
            return self._compose_one_by_one(intents, now=now)
        except Exception:
            FAILURES.labels("compose").inc()
            log.exception("sender.compose.failed", count=len(intents))
            return self._compose_one_by_one(intents, now=now)

    def _compose_one_by_one(self, intents: Sequence[Intent], *, now: datetime) -> list[tuple[Intent, Message]]:
        """One of them cannot be put into words: its next way takes over, the others go out."""
        messages: list[tuple[Intent, Message]] = []
        for intent in intents:
            try:
                messages += compose([intent], instance=self._instance, now=now, subjects=self._subjects)
            except (OperationalError, InterfaceError):
                raise
            except SubjectUnknown as error:
                log.error("sender.subject.unknown", attempt_id=str(intent.attempt_id), error=str(error))  # noqa: TRY400 - it says all
                self.record([(intent, RetryLater(str(error)))], now=now)
            except Exception:
                FAILURES.labels("compose").inc()
                log.exception("sender.compose.failed", attempt_id=str(intent.attempt_id))
                self.record(
                    [(intent, RetryLater("the message could not be composed; the log has the details"))], now=now
                )
        return messages

    def claim_notes(self, *, now: datetime) -> list[tuple[ContactMessageIntent, Message]]:
        """Codes, test pages and notices. Whatever goes wrong with them stays theirs: pages go on."""
        messages = []
        try:
            kinds, key = self._channels.keys(), self._instance.secret_key
            for intent in claim_contact_messages(now=now, kinds=kinds, secret_key=key):
                messages.append((intent, compose_note(intent, instance=self._instance, now=now)))
        except (OperationalError, InterfaceError) as error:
            log.warning("sender.notes.database.away", error=str(error).strip())
        except Exception:
            FAILURES.labels("notes").inc()
            log.exception("sender.notes.failed")
        return messages

    async def send(self, intent: SendableT, message: Message) -> tuple[SendableT, Outcome]:
        channel = self._channels.get(intent.kind)
        if channel is None:
            return intent, RetryLater("this engine is not set up to send by that way; another one may be")
        failpoint("sender.before_provider")
        try:
            with TOOK.labels(intent.kind).time():
                async with asyncio.timeout(channel.timeout.total_seconds()):
                    outcome = await channel.send(message, now=self._clock.now())
        except TimeoutError:
            outcome = RetryLater(f"no answer within {channel.timeout.total_seconds():.0f} s")
        except Exception:
            FAILURES.labels("channel").inc()
            log.exception("sender.channel.failed", kind=intent.kind, attempt_id=str(intent.attempt_id))
            outcome = RetryLater("the channel failed; the log has the details")
        SENT.labels(intent.kind, type(outcome).__name__.lower()).inc()
        failpoint("sender.provider_answered")
        return intent, outcome

    def record(self, results: Sequence[tuple[Sendable, Result]], *, now: datetime) -> None:
        """Pages first; a note that cannot be recorded is sent again when its lease has run out."""
        pages = [(intent, result) for intent, result in results if isinstance(intent, Intent)]
        notes = [
            (intent, result)
            for intent, result in results
            if isinstance(intent, ContactMessageIntent) and not isinstance(result, CalledOff)
        ]
        if pages:
            record_outcomes(pages, now=now)
        if notes:
            try:
                record_contact_messages(notes, now=now)
            except Exception:
                FAILURES.labels("notes").inc()
                log.exception("sender.notes.record_failed", count=len(notes))
