"""The pool of bridges: added, changed, taken away."""

from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction

from watchbill.domain.audit.actions import record
from watchbill.domain.audit.contract import Actor, Record
from watchbill.domain.audit.rules import difference
from watchbill.domain.bridges.models import Bridge
from watchbill.domain.bridges.rules import BridgeDraft, cleaned
from watchbill.domain.people.team_actions import check_team, team_name
from watchbill.ground.refusals import ChangeRefused, Taken, Unknown

SUBJECT_KIND = "bridge"
POOL_MAX = 200


@transaction.atomic
def add_bridge(draft: BridgeDraft, *, actor: Actor, now: datetime) -> Bridge:
    """Raises ChangeRefused, Taken."""
    clean = cleaned(draft)
    check_team(clean.team_id)
    pool = Bridge.objects.select_for_update().filter(removed_at=None)
    if len(pool) >= POOL_MAX:
        raise ChangeRefused("", f"the pool has {POOL_MAX} bridges already; remove some first")
    _check_name(clean.name, own="")
    bridge = Bridge.objects.create(created_at=now, **_columns(clean))
    _tell("bridge.added", bridge, difference({}, _facts(clean)), actor=actor, now=now)
    return bridge


@transaction.atomic
def change_bridge(bridge_id: UUID, draft: BridgeDraft, *, actor: Actor, now: datetime) -> None:
    """An incident that has it keeps what it was given. Raises ChangeRefused, Taken, Unknown."""
    clean = cleaned(draft)
    check_team(clean.team_id)
    bridge = _locked(bridge_id)
    _check_name(clean.name, own=bridge.name)
    held = draft_of(bridge)
    if held == clean:
        return
    Bridge.objects.filter(id=bridge.id).update(**_columns(clean))
    details = difference(_facts(held), _facts(clean)) or {"after": {"pin": "replaced"}}
    _tell("bridge.changed", bridge, details, actor=actor, now=now)


@transaction.atomic
def remove_bridge(bridge_id: UUID, *, actor: Actor, now: datetime) -> None:
    """It goes to no further incident; one that has it keeps it to its end."""
    bridge = _locked(bridge_id)
    Bridge.objects.filter(id=bridge.id).update(removed_at=now)
    _tell("bridge.removed", bridge, {"before": _facts(draft_of(bridge))}, actor=actor, now=now)


def draft_of(bridge: Bridge) -> BridgeDraft:
    return BridgeDraft(
        name=bridge.name,
        kind=bridge.kind,
        url=bridge.url,
        phone=bridge.phone,
        pin=bridge.pin,
        order=bridge.order,
        team_id=bridge.team_id,
    )


def _locked(bridge_id: UUID) -> Bridge:
    bridge = Bridge.objects.select_for_update().filter(id=bridge_id, removed_at=None).first()
    if bridge is None:
        raise Unknown("", "there is no such bridge, or not any more")
    return bridge


def _check_name(name: str, *, own: str) -> None:
    if name != own and Bridge.objects.filter(name=name, removed_at=None).exists():
        raise Taken("name", f"another bridge is called {name!r}; choose another name")


def _columns(clean: BridgeDraft) -> dict[str, Any]:
    return {
        "name": clean.name,
        "kind": clean.kind,
        "url": clean.url,
        "phone": clean.phone,
        "pin": clean.pin,
        "order": clean.order,
        "team_id": clean.team_id,
    }


def _facts(clean: BridgeDraft) -> dict[str, Any]:
    """The link and the PIN let people in: the record says that there is one, and not which."""
    return {
        "name": clean.name,
        "kind": clean.kind,
        "url": clean.url.partition("?")[0],
        "phone": clean.phone,
        "has PIN": bool(clean.pin),
        "order": clean.order,
        "team": team_name(clean.team_id),
    }


def _tell(action: str, bridge: Bridge, details: dict[str, Any], *, actor: Actor, now: datetime) -> None:
    subject = Record(
        action=action, subject_kind=SUBJECT_KIND, subject_id=bridge.id, subject_label=bridge.name, details=details
    )
    record([subject], actor=actor, now=now)
