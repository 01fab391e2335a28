"""Say whom a role of the process stands for: in one service, in one team, or in the whole organization."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.db.models import Q

from watchbill.domain.audit.actions import record
from watchbill.domain.audit.contract import Actor, Record
from watchbill.domain.escalation.rules import Target
from watchbill.domain.people.models import Team
from watchbill.domain.process.reads import running
from watchbill.domain.services.models import RoleAssignment, Service
from watchbill.ground.refusals import ChangeRefused, Unknown

TARGETS_MAX = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Where:
    """At most one of the two; neither: the whole organization."""

    team_id: UUID | None = None
    service_id: UUID | None = None

    def owning_team(self) -> UUID | None:
        """Whose right it is to name people there."""
        if self.service_id is not None:
            return Service.objects.filter(id=self.service_id).values_list("team_id", flat=True).first()
        return self.team_id


@transaction.atomic
def assign_role(role: str, targets: Sequence[Target], *, where: Where, actor: Actor, now: datetime) -> None:
    """These instead of whoever was named there before; nobody: the role is looked for elsewhere again.

    Raises ChangeRefused, Unknown.
    """
    known = {one.id: one for one in running().roles}
    if role not in known:
        raise ChangeRefused("role", f"{role!r} is no role of the process; use {', '.join(known)}")
    if len(targets) > TARGETS_MAX:
        raise ChangeRefused("targets", f"names {len(targets)}; use at most {TARGETS_MAX}, or a schedule")
    place, subject_kind, subject_id = _place(where)
    held = RoleAssignment.objects.select_for_update().filter(_at(where), role=role).first()
    before = [target["label"] for target in held.targets] if held else []
    rows = [{"kind": one.kind, "id": one.id, "label": one.label} for one in dict.fromkeys(targets)]
    if held is not None and held.targets == rows:
        return
    if not rows and held is None:
        return
    if held is None:
        RoleAssignment.objects.create(role=role, team_id=where.team_id, service_id=where.service_id, targets=rows)
    elif rows:
        RoleAssignment.objects.filter(id=held.id).update(targets=rows)
    else:
        held.delete()
    change = Record(
        action="role.assigned",
        subject_kind=subject_kind,
        subject_id=subject_id,
        subject_label=f"{known[role].label}, {place}",
        details={"before": {"targets": before}, "after": {"targets": [one.words for one in targets]}},
    )
    record([change], actor=actor, now=now)


def _at(where: Where) -> Q:
    team = Q(team_id=where.team_id) if where.team_id else Q(team=None)
    return team & (Q(service_id=where.service_id) if where.service_id else Q(service=None))


def _place(where: Where) -> tuple[str, str, UUID | None]:
    if where.service_id is not None:
        name = Service.objects.filter(id=where.service_id, archived_at=None).values_list("name", flat=True).first()
        if name is None:
            raise Unknown("service", "there is no such service, or not any more; choose another")
        return f"service {name}", "service", where.service_id
    if where.team_id is not None:
        name = Team.objects.filter(id=where.team_id, archived_at=None).values_list("name", flat=True).first()
        if name is None:
            raise Unknown("team", "there is no such team, or not any more; choose another")
        return f"team {name}", "team", where.team_id
    return "whole organization", "organization", None
