"""Integrations: the keys by which events come in. A key is stored hashed for look-up and sealed for an export."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import transaction

from watchbill.domain.audit.actions import record
from watchbill.domain.audit.contract import Actor, Record
from watchbill.domain.audit.rules import difference
from watchbill.domain.people.rules import clean_name
from watchbill.domain.services.actions import locked_service, remove_keys
from watchbill.domain.services.models import Integration, IntegrationKind, Service
from watchbill.domain.services.rules import (
    INTEGRATION_KEY_PURPOSE,
    INTEGRATIONS_PER_SERVICE_MAX,
    IntegrationDraft,
    check_key,
    check_kind,
    new_key,
)
from watchbill.ground import secrets
from watchbill.ground.refusals import ChangeRefused, Taken, Unknown


class IntegrationUnknown(Unknown):
    pass


class KeyTaken(Taken):
    pass


@dataclass(frozen=True, slots=True, kw_only=True)
class AddedIntegration:
    id: UUID
    key: str


@transaction.atomic
def add_integration(
    service_id: UUID, draft: IntegrationDraft, *, secret_key: str, actor: Actor, now: datetime
) -> AddedIntegration:
    if draft.kind == IntegrationKind.HEARTBEAT:
        raise ChangeRefused("kind", "a heartbeat needs its period; add it as a heartbeat")
    return insert_integration(service_id, draft, secret_key=secret_key, actor=actor, now=now)


@transaction.atomic
def insert_integration(
    service_id: UUID, draft: IntegrationDraft, *, secret_key: str, actor: Actor, now: datetime
) -> AddedIntegration:
    """For the room above, which knows what a heartbeat needs beside its key."""
    check_kind(draft.kind)
    key = check_key(draft.kind, draft.key) if draft.key is not None else new_key(draft.kind)
    name = _checked_name(draft.name)
    service = locked_service(service_id)
    if Integration.objects.filter(service=service, removed_at=None).count() >= INTEGRATIONS_PER_SERVICE_MAX:
        raise ChangeRefused("", f"{service.name} has {INTEGRATIONS_PER_SERVICE_MAX} integrations; remove one first")
    digest = secrets.digest(key)
    if Integration.objects.filter(digest=digest).exists():
        raise KeyTaken("key", "is in use by another integration; choose another key, or leave it out to get one")
    integration = Integration.objects.create(
        service=service,
        kind=draft.kind,
        name=name,
        digest=digest,
        hint=secrets.hint(key),
        sealed_key=secrets.seal(key, secret_key=secret_key, purpose=INTEGRATION_KEY_PURPOSE),
        created_at=now,
    )
    facts = {"kind": draft.kind, "name": name, "key": integration.hint}
    _tell("integration.created", service, integration, difference({}, facts), actor=actor, now=now)
    return AddedIntegration(id=integration.id, key=key)


@transaction.atomic
def rename_integration(integration_id: UUID, *, name: str, actor: Actor, now: datetime) -> None:
    integration, service = _locked(integration_id)
    details = difference({"name": integration.name}, {"name": _checked_name(name)})
    if details:
        Integration.objects.filter(id=integration_id, removed_at=None).update(**details["after"])
        _tell("integration.changed", service, integration, details, actor=actor, now=now)


@transaction.atomic
def remove_integration(integration_id: UUID, *, actor: Actor, now: datetime) -> None:
    """Events with its key are refused from then on, and the key may be given to another integration."""
    integration, service = _locked(integration_id)
    remove_keys(Integration.objects.filter(id=integration_id), now=now)
    facts = {"kind": integration.kind, "name": integration.name, "key": integration.hint}
    _tell("integration.removed", service, integration, {"before": facts}, actor=actor, now=now)


@transaction.atomic
def reveal_key(integration_id: UUID, *, secret_key: str, actor: Actor, now: datetime) -> str:
    """Whoever looks is on record."""
    integration, service = _locked(integration_id)
    key = key_of(integration, secret_key=secret_key)
    _tell("integration.key_revealed", service, integration, {}, actor=actor, now=now)
    return key


def key_of(integration: Integration, *, secret_key: str) -> str:
    return secrets.unseal(integration.sealed_key, secret_key=secret_key, purpose=INTEGRATION_KEY_PURPOSE)


def _checked_name(name: str) -> str:
    return clean_name(name) if name.strip() else ""


def _locked(integration_id: UUID) -> tuple[Integration, Service]:
    service_id = (
        Integration.objects.filter(id=integration_id, removed_at=None).values_list("service_id", flat=True).first()
    )
    if service_id is None:
        raise IntegrationUnknown("id", f"no integration has the id {integration_id}; it may have been removed")
    service = locked_service(service_id)
    integration = Integration.objects.select_for_update().filter(id=integration_id, removed_at=None).first()
    if integration is None:
        raise IntegrationUnknown("id", f"no integration has the id {integration_id}; it was just removed")
    return integration, service


def _tell(
    action: str, service: Service, integration: Integration, details: dict[str, object], *, actor: Actor, now: datetime
) -> None:
    record(
        [
            Record(
                action=action,
                subject_kind="integration",
                subject_id=integration.id,
                subject_label=f"{service.name} {integration.kind}",
                details=details,
            )
        ],
        actor=actor,
        now=now,
    )
