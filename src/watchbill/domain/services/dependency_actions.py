"""Say which services a service needs to work."""

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from django.db import transaction

from watchbill.domain.audit.actions import record
from watchbill.domain.audit.contract import Actor, Record
from watchbill.domain.services.actions import locked_service
from watchbill.domain.services.dependency_reads import needs_by_service
from watchbill.domain.services.dependency_rules import DEPENDENCIES_MAX, cycle_in, cycle_words
from watchbill.domain.services.models import Dependency, Service
from watchbill.ground.refusals import ChangeRefused, Unknown

FIELD = "depends_on"


def set_dependencies(service_id: UUID, needs: Iterable[UUID], *, actor: Actor, now: datetime) -> None:
    """Exactly these. Raises ChangeRefused that names the way round by which the service would need itself."""
    with transaction.atomic():
        _one_at_a_time()
        wanted = set(needs)
        links = needs_by_service() | {service_id: sorted(wanted)}
        way = cycle_in(links, start=service_id)
        if way:
            names = dict(Service.objects.filter(id__in=way).values_list("id", "name"))
            round_about = cycle_words([names.get(one, str(one)) for one in way])
            raise ChangeRefused(FIELD, f"would go round in a circle: {round_about}; leave one of them out")
        replace_dependencies(service_id, wanted, actor=actor, now=now)


def replace_dependencies(service_id: UUID, needs: Iterable[UUID], *, actor: Actor, now: datetime) -> None:
    """As `set_dependencies`, for whoever has looked for circles in everything that is about to change together."""
    wanted = set(needs)
    if len(wanted) > DEPENDENCIES_MAX:
        raise ChangeRefused(FIELD, f"names {len(wanted)} services; use at most {DEPENDENCIES_MAX}")
    with transaction.atomic():
        service = locked_service(service_id)
        if service_id in wanted:
            raise ChangeRefused(FIELD, f"{service.name} cannot need itself; leave it out")
        known = dict(Service.objects.filter(id__in=wanted, archived_at=None).values_list("id", "name"))
        if len(known) < len(wanted):
            raise Unknown(FIELD, "one of the services is not there any more; choose again")
        held = dict(Dependency.objects.filter(service=service).values_list("needs_id", "needs__name"))
        if held.keys() == known.keys():
            return
        Dependency.objects.filter(service=service).exclude(needs_id__in=known).delete()
        Dependency.objects.bulk_create(Dependency(service=service, needs_id=one) for one in known if one not in held)
        change = Record(
            action="service.dependencies_changed",
            subject_kind="service",
            subject_id=service.id,
            subject_label=service.name,
            details={"before": {"needs": sorted(held.values())}, "after": {"needs": sorted(known.values())}},
        )
        record([change], actor=actor, now=now)


def _one_at_a_time() -> None:
    """Two who each add half of a circle wait for each other; alerts that come in wait for neither."""
    list(Service.objects.select_for_update(no_key=True).filter(archived_at=None).order_by("id").values_list("id"))
