"""When a run's step cannot be taken at all: page the fallback by a path that shares nothing with the steps.

No plan is read, no schedule, no notification rule: each fallback recipient is paged by every way that is verified.
"""

from datetime import datetime
from uuid import UUID

import structlog

from watchbill.domain.audit.actions import record
from watchbill.domain.audit.contract import ENGINE, Record
from watchbill.domain.escalation.actions import STEP, again_later
from watchbill.domain.escalation.models import Run, RunState
from watchbill.domain.paging.actions import NewPage, create_pages
from watchbill.domain.paging.reads import Reachable
from watchbill.domain.paging.rules import PlannedDelivery
from watchbill.domain.people.models import USABLE, ContactMethod, FallbackRecipient
from watchbill.domain.timers.actions import clear_timers, set_timers

log = structlog.get_logger()

_WHY = "the escalation could not be followed"


def give_up(run_id: UUID, *, now: datetime) -> None:
    """In the caller's transaction. Does nothing when the run is not live any more."""
    run = Run.objects.select_for_update().filter(id=run_id, state=RunState.LIVE).first()
    clear_timers(kinds=[STEP], subject_ids=[run_id])
    if run is None:
        return
    run.state, run.ended_at, run.end_reason = RunState.EXHAUSTED, now, _WHY
    run.save(update_fields=["state", "ended_at", "end_reason"])
    people = everybody_by_every_way()
    create_pages([_page(run, person) for person in people], now=now)
    entry = Record(
        action="escalation.exhausted",
        subject_kind=run.subject_kind,
        subject_id=run.subject_id,
        subject_label="",
        details={
            "why": _WHY,
            "people": [{"id": str(person.user_id), "name": person.name} for person in people],
            "reached_nobody": not people,
        },
    )
    record([entry], actor=ENGINE, now=now)
    if not people:
        set_timers([again_later(run_id=run.id, generation=run.generation, tries=run.tries, now=now)])
        log.critical("escalation.reached_nobody", subject_id=str(run.subject_id), policy="fallback")


def everybody_by_every_way() -> list[Reachable]:
    """The fallback, without a look at rules: each verified contact at once."""
    people = []
    for recipient in FallbackRecipient.objects.select_related("user").order_by("position"):
        contacts = ContactMethod.objects.filter(USABLE, user=recipient.user)
        ways = tuple(
            PlannedDelivery(
                contact_id=contact.id,
                contact=contact.name,
                kind=contact.kind,
                address=contact.address,
                rule="last resort: every way at once",
                after_seconds=0,
            )
            for contact in contacts.order_by("position")
        )
        if recipient.user.is_active and ways:
            user = recipient.user
            people.append(Reachable(user_id=user.id, name=user.name, email=user.email, is_active=True, deliveries=ways))
    return people


def _page(run: Run, person: Reachable) -> NewPage:
    return NewPage(
        run_id=run.id,
        generation=run.generation,
        cycle=run.cycle,
        level=0,
        subject_kind=run.subject_kind,
        subject_id=run.subject_id,
        group_id=run.group_id,
        person=person,
        urgency=run.urgency,
        reason=f"Fallback of the organization: {_WHY}; the log of the engine has the details",
    )
