"""What is found out: scope and impact, affected services, hypotheses and their fate, and when what happened."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction

from watchbill.domain.audit.contract import Actor
from watchbill.domain.incidents.actions import REASON_MAX
from watchbill.domain.incidents.locking import locked
from watchbill.domain.incidents.models import AffectedService, Hypothesis, HypothesisState, Incident
from watchbill.domain.incidents.records import entry, record
from watchbill.domain.incidents.workflow_actions import mark_step
from watchbill.domain.services.models import Service
from watchbill.ground.ids import new_id
from watchbill.ground.refusals import ChangeRefused, Unknown
from watchbill.ground.text import cut_words

IMPACT_MAX = 4000
_AFFECTED_MAX = 100
_BEFORE_DECLARATION_MAX = timedelta(days=365)

# The moments of an incident that people may set, by field; in the order in which they happen.
MOMENTS: Mapping[str, str] = {
    "started_at": "Impact began",
    "detected_at": "Detected",
    "acknowledged_at": "Acknowledged",
    "mitigated_at": "Mitigated",
    "resolved_at": "Resolved",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ImpactDraft:
    """`customers_affected`: a number or a share, as people say it. `customer_facing` None: not known yet."""

    customer_impact: str
    customers_affected: str
    customer_facing: bool | None


def set_impact(*, incident_id: UUID, draft: ImpactDraft, actor: Actor, now: datetime) -> Incident:
    with transaction.atomic():
        incident = locked(incident_id)
        text, count = draft.customer_impact.strip(), draft.customers_affected.strip()
        if len(text) > IMPACT_MAX:
            raise ChangeRefused("customer_impact", f"has {len(text)} characters; use at most {IMPACT_MAX}")
        if len(count) > 100:
            raise ChangeRefused("customers_affected", "use at most 100 characters, like: about 40 % of orders")
        before = _impact_of(incident)
        incident.customer_impact, incident.customers_affected = text, count
        incident.customer_facing = draft.customer_facing
        after = _impact_of(incident)
        if before == after:
            return incident
        incident.save(update_fields=["customer_impact", "customers_affected", "customer_facing"])
        record([entry(incident, "incident.impact_set", before=before, after=after)], actor=actor, now=now)
        if text or count:
            mark_step(incident, "assess/scope", actor=actor, now=now)
    return incident


def set_customer_facing(*, incident_id: UUID, customer_facing: bool | None, actor: Actor, now: datetime) -> Incident:
    """Whether customers see it; what is written about the impact stays."""
    with transaction.atomic():
        held = locked(incident_id)
        draft = ImpactDraft(
            customer_impact=held.customer_impact,
            customers_affected=held.customers_affected,
            customer_facing=customer_facing,
        )
        return set_impact(incident_id=incident_id, draft=draft, actor=actor, now=now)


def _impact_of(incident: Incident) -> dict[str, object]:
    return {
        "impact": incident.customer_impact,
        "customers": incident.customers_affected,
        "customer_facing": incident.customer_facing,
    }


def set_affected(*, incident_id: UUID, service_ids: set[UUID], actor: Actor, now: datetime) -> Incident:
    """Exactly these, beside the service it was declared for."""
    with transaction.atomic():
        incident = locked(incident_id)
        if len(service_ids) > _AFFECTED_MAX:
            raise ChangeRefused("services", f"names {len(service_ids)}; use at most {_AFFECTED_MAX}")
        known = dict(Service.objects.filter(id__in=service_ids).values_list("id", "name"))
        if len(known) < len(service_ids):
            raise Unknown("services", "one of the services is not there any more; choose again")
        held = dict(AffectedService.objects.filter(incident=incident).values_list("service_id", "service__name"))
        if held.keys() == known.keys():
            return incident
        AffectedService.objects.filter(incident=incident).exclude(service_id__in=known).delete()
        AffectedService.objects.bulk_create(
            AffectedService(incident=incident, service_id=one, added_at=now, added_by=actor.label[:254])
            for one in known
            if one not in held
        )
        change = {"before": sorted(held.values()), "after": sorted(known.values())}
        record([entry(incident, "incident.affected_set", **change)], actor=actor, now=now)
        if known:
            mark_step(incident, "assess/affected", actor=actor, now=now)
    return incident


def add_affected(*, incident_id: UUID, service_id: UUID, actor: Actor, now: datetime) -> Incident:
    """This one too, beside those that are named already."""
    with transaction.atomic():
        incident = locked(incident_id)
        held = set(AffectedService.objects.filter(incident=incident).values_list("service_id", flat=True))
        if service_id == incident.service_id:
            return incident
        return set_affected(incident_id=incident_id, service_ids=held | {service_id}, actor=actor, now=now)


def think(*, incident_id: UUID, text: str, actor: Actor, now: datetime) -> Hypothesis:
    """A working hypothesis."""
    with transaction.atomic():
        incident = locked(incident_id)
        clean = " ".join(text.split())
        if not clean:
            raise ChangeRefused("text", "say what might be the cause")
        if len(clean) > REASON_MAX:
            raise ChangeRefused("text", f"has {len(clean)} characters; use at most {REASON_MAX}")
        made = Hypothesis.objects.create(
            id=new_id(), incident=incident, text=clean, thought_at=now, thought_by=actor.label[:254]
        )
        record([entry(incident, "incident.hypothesis", text=cut_words(clean, 300))], actor=actor, now=now)
        mark_step(incident, "assess/hypothesis", actor=actor, now=now)
    return made


def settle(*, incident_id: UUID, hypothesis_id: UUID, state: str, why: str, actor: Actor, now: datetime) -> Hypothesis:
    """Confirmed or ruled out, and by what; or open again."""
    with transaction.atomic():
        incident = locked(incident_id)
        one = Hypothesis.objects.filter(incident=incident, id=hypothesis_id).first()
        if one is None:
            raise Unknown("hypothesis", "there is no such hypothesis in this incident")
        if state not in HypothesisState.values:
            raise ChangeRefused("state", f"use one of {', '.join(HypothesisState.values)}")
        one.state, one.why = state, why.strip()[:REASON_MAX]
        one.settled_at, one.settled_by = (None, "") if state == HypothesisState.OPEN else (now, actor.label[:254])
        one.save(update_fields=["state", "why", "settled_at", "settled_by"])
        told = entry(
            incident, "incident.hypothesis_settled", text=cut_words(one.text, 300), after=one.state, why=one.why
        )
        record([told], actor=actor, now=now)
    return one


def set_moment(
    *, incident_id: UUID, moment: str, at: datetime | None, reason: str, actor: Actor, now: datetime
) -> Incident:
    """Correct when something happened; the former time stays in the record, with the reason.

    What the ladder and the clocks did by the former time stays done.
    """
    with transaction.atomic():
        incident = locked(incident_id)
        if moment not in MOMENTS:
            raise ChangeRefused("moment", f"use one of {', '.join(MOMENTS)}")
        before: datetime | None = getattr(incident, moment)
        if before == at:
            return incident
        if moment != "started_at" and (at is None) != (before is None):
            raise ChangeRefused("at", "that has not happened, or has; say so with its button, not with a time")
        if at is not None and not incident.declared_at - _BEFORE_DECLARATION_MAX <= at <= now:
            raise ChangeRefused("at", "give a time that is over, within a year before the declaration")
        if not reason.strip():
            raise ChangeRefused("reason", "say what shows it: the metrics depend on these times")
        setattr(incident, moment, at)
        _check_order(incident)
        incident.save(update_fields=[moment])
        told = entry(
            incident,
            "incident.moment_set",
            moment=MOMENTS[moment],
            before=before.isoformat() if before else "unknown",
            after=at.isoformat() if at else "unknown",
            why=reason.strip()[:REASON_MAX],
        )
        record([told], actor=actor, now=now)
    return incident


def _check_order(incident: Incident) -> None:
    """Impact before detection, mitigation before resolution; what is unknown is in nobody's way."""
    for earlier, later in (
        ("started_at", "detected_at"),
        ("started_at", "mitigated_at"),
        ("mitigated_at", "resolved_at"),
    ):
        first, second = getattr(incident, earlier), getattr(incident, later)
        if first is not None and second is not None and first > second:
            raise ChangeRefused("at", f"{MOMENTS[earlier].lower()} would be after {MOMENTS[later].lower()}")
