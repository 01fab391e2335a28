"""Endpoints for events: added, changed, paused, their secret renewed; and an event sent once more by hand."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction

from watchbill.domain.audit.actions import record
from watchbill.domain.audit.contract import Actor, Record
from watchbill.domain.audit.models import Entry
from watchbill.domain.audit.rules import difference
from watchbill.domain.errands.actions import ask, try_now
from watchbill.domain.event_hooks.collecting import DELIVER, collect_for
from watchbill.domain.event_hooks.models import SUBJECT_KIND, DeliveryState, EventDelivery, EventHook
from watchbill.domain.event_hooks.rules import HOOKS_MAX, SECRETS_OVERLAP, HookDraft, checked, shown_url
from watchbill.domain.event_hooks.secrets import new_secret
from watchbill.domain.incidents.models import SUBJECT_KIND as INCIDENT
from watchbill.domain.incidents.models import Incident
from watchbill.domain.services.models import Service
from watchbill.ground.refusals import ChangeRefused, Taken, Unknown


@dataclass(frozen=True, slots=True, kw_only=True)
class AddedHook:
    """`secret` is shown only now."""

    id: UUID
    secret: str


@transaction.atomic
def add(draft: HookDraft, *, secret_key: str, actor: Actor, now: datetime) -> AddedHook:
    clean = checked(draft)
    _check_name(clean.name, but=None)
    if EventHook.objects.filter(removed_at=None).count() >= HOOKS_MAX:
        raise ChangeRefused("", f"there are {HOOKS_MAX} endpoints; remove one first")
    secret, sealed = new_secret(secret_key=secret_key)
    hook = EventHook(created_at=now, created_by=actor.label[:254], listens_since=now, sealed_secret=sealed)
    _put(hook, clean)
    hook.save()
    _tell("event_hook.created", hook, difference({}, _facts(hook)), actor=actor, now=now)
    return AddedHook(id=hook.id, secret=secret)


@transaction.atomic
def change(hook_id: UUID, draft: HookDraft, *, actor: Actor, now: datetime) -> None:
    """What happened before under the old choice is still sent by it; the new one holds from now on."""
    hook, clean = locked(hook_id), checked(draft)
    _check_name(clean.name, but=hook.id)
    before = _facts(hook)
    collect_for(hook, _lately(hook), now=now)
    _put(hook, clean)
    details = difference(before, _facts(hook))
    if details:
        hook.listens_since = now
        hook.save(update_fields=[*_CHOSEN, "listens_since"])
        _tell("event_hook.changed", hook, details, actor=actor, now=now)
        ask(DELIVER, [hook.id], due_at=now)


@transaction.atomic
def renew_secret(hook_id: UUID, *, secret_key: str, actor: Actor, now: datetime) -> str:
    """The new secret, to be shown once. The one before it signs along for a day, and no third."""
    hook = locked(hook_id)
    secret, sealed = new_secret(secret_key=secret_key)
    hook.former_secret, hook.former_until, hook.sealed_secret = hook.sealed_secret, now + SECRETS_OVERLAP, sealed
    hook.save(update_fields=["former_secret", "former_until", "sealed_secret"])
    _tell("event_hook.secret_renewed", hook, {}, actor=actor, now=now)
    return secret


@transaction.atomic
def pause(hook_id: UUID, *, actor: Actor, now: datetime) -> None:
    """Events wait until it is resumed."""
    hook = locked(hook_id)
    if hook.paused_at is None:
        hook.paused_at, hook.paused_why = now, f"paused by {actor.label}"[:300]
        hook.save(update_fields=["paused_at", "paused_why"])
        _tell("event_hook.paused", hook, {}, actor=actor, now=now)


@transaction.atomic
def resume(hook_id: UUID, *, actor: Actor, now: datetime) -> None:
    """What waits is sent at once, and is tried for three days again."""
    hook = locked(hook_id)
    if hook.paused_at is not None:
        hook.paused_at, hook.paused_why, hook.failing_since = None, "", None
        hook.save(update_fields=["paused_at", "paused_why", "failing_since"])
        _tell("event_hook.resumed", hook, {}, actor=actor, now=now)
    waiting = EventDelivery.objects.filter(hook=hook, state=DeliveryState.PENDING)
    waiting.update(next_try_at=now, wanted_since=now)
    _send_now(hook, now=now)


@transaction.atomic
def redeliver(hook_id: UUID, delivery_id: UUID, *, actor: Actor, now: datetime) -> None:
    """Once more, under the id it had; what was delivered already too."""
    hook = locked(hook_id)
    row = EventDelivery.objects.select_for_update().filter(hook=hook, id=delivery_id).first()
    if row is None:
        raise Unknown("", "there is no such delivery, or not any more")
    if row.state == DeliveryState.WITHHELD:
        raise ChangeRefused("", "its incident is restricted, and this endpoint is not marked for such")
    row.state, row.settled_at, row.attempts = DeliveryState.PENDING, None, 0
    row.next_try_at = row.wanted_since = now
    row.save(update_fields=["state", "settled_at", "attempts", "next_try_at", "wanted_since"])
    _tell("event_hook.redelivered", hook, {"delivery": str(row.id), "event": row.event}, actor=actor, now=now)
    _send_now(hook, now=now)


@transaction.atomic
def remove(hook_id: UUID, *, actor: Actor, now: datetime) -> None:
    """Nothing is sent any more; what was sent stays on record."""
    hook = locked(hook_id)
    hook.removed_at = now
    hook.save(update_fields=["removed_at"])
    _tell("event_hook.removed", hook, {"before": _facts(hook)}, actor=actor, now=now)


def look_again(*, now: datetime) -> None:
    """At every endpoint for which something waits."""
    waiting = EventDelivery.objects.filter(state=DeliveryState.PENDING, hook__removed_at=None, hook__paused_at=None)
    ask(DELIVER, waiting.order_by("hook_id").values_list("hook_id", flat=True).distinct(), due_at=now)


def locked(hook_id: UUID) -> EventHook:
    hook = EventHook.objects.select_for_update(of=("self",)).filter(id=hook_id, removed_at=None).first()
    if hook is None:
        raise Unknown("", "there is no such endpoint, or not any more")
    return hook


_CHOSEN = ("name", "url", "restricted", "events", "severities", "service")


def _put(hook: EventHook, draft: HookDraft) -> None:
    hook.name, hook.url, hook.restricted = draft.name, draft.url, draft.restricted
    hook.events, hook.severities = list(draft.events), list(draft.severities)
    hook.service = _service(draft.service_name)


def _service(name: str) -> Service | None:
    if not name:
        return None
    found = Service.objects.filter(name=name, archived_at=None).first()
    if found is None:
        raise ChangeRefused("service", f"there is no service {name!r}; name one there is, or leave it out")
    return found


def _lately(hook: EventHook) -> list[Incident]:
    """Those whose entries may not have been looked at yet."""
    ids = Entry.objects.filter(subject_kind=INCIDENT, at__gte=hook.listens_since).order_by("-id")
    newest = {one for one in ids.values_list("subject_id", flat=True)[:1000] if one is not None}
    return list(Incident.objects.filter(id__in=newest).select_related("service", "merged_into"))


def _check_name(name: str, *, but: UUID | None) -> None:
    if name in {row.name for row in EventHook.objects.filter(removed_at=None) if row.id != but}:
        raise Taken("name", "another endpoint has this name; choose another")


def _send_now(hook: EventHook, *, now: datetime) -> None:
    ask(DELIVER, [hook.id], due_at=now)
    try_now(DELIVER, hook.id, now=now)


def _facts(hook: EventHook) -> dict[str, Any]:
    return {
        "name": hook.name,
        "url": shown_url(hook.url),
        "events": list(hook.events),
        "service": hook.service.name if hook.service else None,
        "severities": list(hook.severities),
        "restricted": hook.restricted,
    }


def _tell(action: str, hook: EventHook, details: dict[str, Any], *, actor: Actor, now: datetime) -> None:
    told = Record(
        action=action, subject_kind=SUBJECT_KIND, subject_id=hook.id, subject_label=hook.name, details=details
    )
    record([told], actor=actor, now=now)
