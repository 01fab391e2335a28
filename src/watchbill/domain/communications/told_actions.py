"""People who were told by other means, by telephone or by their account manager: nothing is sent, and it counts."""

from datetime import datetime
from uuid import UUID

from django.db import transaction

from watchbill.domain.audit.contract import Actor
from watchbill.domain.communications.models import Audience, Statement, StatementState
from watchbill.domain.communications.publishing import note_what_follows
from watchbill.domain.communications.reads import plan_item
from watchbill.domain.communications.statement_actions import about, check_may_leave, told_of
from watchbill.domain.communications.template_rules import BODY_MAX, SUBJECT_MAX
from watchbill.domain.incidents.models import Incident
from watchbill.domain.incidents.records import record
from watchbill.ground.ids import new_id
from watchbill.ground.refusals import ChangeRefused
from watchbill.ground.text import block, one_line, storable


def note_told(*, incident_id: UUID, item: str, how: str, at: datetime | None, actor: Actor, now: datetime) -> Statement:
    """`how`: by what means, and who heard what. `at` None: just now.

    The plan counts it like a mail that arrived, and the clock of updates begins anew. Raises ChangeRefused, Unknown.
    """
    with transaction.atomic():
        incident = told_of(incident_id)
        planned = plan_item(incident, item, now=now)
        if planned.audience == Audience.PUBLIC:
            raise ChangeRefused("item", "what the public is told stands on the status page; publish it there")
        check_may_leave(incident, planned.audience)
        words, told_at = _checked(how), _moment(incident, at, now=now)
        held = Statement.objects.create(
            id=new_id(),
            incident=incident,
            item=planned.item,
            label=planned.label[:200],
            audience=planned.audience,
            moment=planned.moment,
            subject=one_line(words)[:SUBJECT_MAX],
            body=words,
            state=StatementState.PUBLISHED,
            elsewhere=True,
            drafted_at=now,
            drafted_by=actor.label[:254],
            drafted_by_id=actor.id,
            published_at=told_at,
            published_by=actor.label[:254],
        )
        record([about(held, "incident.told_elsewhere", told_at=told_at.isoformat())], actor=actor, now=now)
        note_what_follows(incident, held, told_at=told_at, actor=actor, now=now)
    return held


def _checked(how: str) -> str:
    clean = block(storable(how)).strip()
    if not clean:
        raise ChangeRefused("how", "say how they were told and what, for whoever reads this later")
    if len(clean) > BODY_MAX:
        raise ChangeRefused("how", f"has {len(clean)} characters; use at most {BODY_MAX}")
    return clean


def _moment(incident: Incident, at: datetime | None, *, now: datetime) -> datetime:
    if at is None:
        return now
    if at > now:
        raise ChangeRefused("at", "lies ahead; note it when they have been told")
    if at < incident.declared_at:
        raise ChangeRefused("at", f"lies before the declaration at {incident.declared_at:%Y-%m-%d %H:%M} UTC")
    return at
