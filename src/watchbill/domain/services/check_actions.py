"""Say when a service is healthy."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from django.db import transaction

from watchbill.domain.audit.actions import record
from watchbill.domain.audit.contract import Actor, Record
from watchbill.domain.services.actions import locked_service
from watchbill.domain.services.check_rules import CheckDraft, check_drafts
from watchbill.domain.services.models import HealthCheck, Service
from watchbill.ground.refusals import Unknown


def set_checks(service_id: UUID, drafts: Sequence[CheckDraft], *, actor: Actor, now: datetime) -> None:
    """Exactly these, in this order. Raises ChangeRefused, Unknown."""
    drafts = check_drafts(drafts)
    with transaction.atomic():
        service = locked_service(service_id)
        held = drafts_of(service)
        if drafts == held:
            return
        HealthCheck.objects.filter(service=service).delete()
        HealthCheck.objects.bulk_create(
            HealthCheck(
                service=service,
                position=position,
                name=one.name,
                query=one.query,
                healthy_when=one.healthy_when,
                unit=one.unit,
            )
            for position, one in enumerate(drafts)
        )
        change = Record(
            action="service.checks_changed",
            subject_kind="service",
            subject_id=service.id,
            subject_label=service.name,
            details={"before": _facts(held), "after": _facts(drafts)},
        )
        record([change], actor=actor, now=now)


def put_check(service_id: UUID, draft: CheckDraft, *, actor: Actor, now: datetime) -> None:
    """In the place of the one with this name, or as the last one."""
    with transaction.atomic():
        held = drafts_of(locked_service(service_id))
        names = [one.name for one in held]
        after = [draft if one.name == draft.name else one for one in held]
        set_checks(service_id, after if draft.name in names else [*after, draft], actor=actor, now=now)


def drop_check(service_id: UUID, name: str, *, actor: Actor, now: datetime) -> None:
    with transaction.atomic():
        held = drafts_of(locked_service(service_id))
        left = [one for one in held if one.name != name]
        if len(left) == len(held):
            raise Unknown("check", f"the service has no check {name!r}; see which it has, and name one of them")
        set_checks(service_id, left, actor=actor, now=now)


def drafts_of(service: Service) -> tuple[CheckDraft, ...]:
    rows = HealthCheck.objects.filter(service=service).order_by("position")
    return tuple(
        CheckDraft(name=row.name, query=row.query, healthy_when=row.healthy_when, unit=row.unit) for row in rows
    )


def _facts(drafts: Sequence[CheckDraft]) -> dict[str, str]:
    return {one.name: f"{one.query} {one.healthy_when} {one.unit}".strip() for one in drafts}
