"""A status page for the organization on stage: in trouble, with announced work and subscribers, hostile everywhere."""

from datetime import datetime, timedelta
from uuid import UUID

from watchbill.domain.access.models import User
from watchbill.domain.audit.contract import Actor
from watchbill.domain.services.models import Service
from watchbill.domain.status_page import actions, component_actions, maintenance_actions, subscriber_actions
from watchbill.domain.status_page.component_actions import ComponentDraft
from watchbill.domain.status_page.maintenance_actions import MaintenanceDraft
from watchbill.domain.status_page.models import ComponentState, PublicStatus, Subscriber


def build(me: User, services: dict[str, Service], *, hostile: str, long: str, now: datetime) -> None:
    named = hostile.replace("\u202e", "")  # names and titles are refused when they turn the reading around
    actor = Actor(kind="person", label=me.name, via="web", id=me.id)
    drafts = (
        ComponentDraft(name="Checkout", service_id=services["checkout"].id),
        ComponentDraft(name=named[:90], description=hostile, group="For developers"),
        ComponentDraft(name=long[:90], group="For developers"),
        ComponentDraft(name="Soon", shown=False),
    )
    components = [component_actions.add_component(one, actor=actor, now=now).id for one in drafts]
    subscriber_actions.subscribe_email("reader@customer.example", component_ids=components[:1], now=now)
    subscriber_actions.subscribe_email(f"{'long-' * 12}@{'customer-' * 6}.example", now=now)
    subscriber_actions.confirm(Subscriber.objects.earliest("address").id, now=now)
    _publishes(f"Card payments fail {named}", PublicStatus.INVESTIGATING, components, actor=actor, now=now)
    _publishes(long, PublicStatus.RESOLVED, components, actor=actor, now=now)
    maintenance_actions.publish_maintenance(
        MaintenanceDraft(
            title=f"Upgrade {named}",
            body=hostile,
            component_ids=components[1:3],
            starts_at=now + timedelta(days=1),
            ends_at=now + timedelta(days=1, hours=2),
        ),
        actor=actor,
        now=now,
    )


def _publishes(title: str, status: PublicStatus, components: list[UUID], *, actor: Actor, now: datetime) -> None:
    actions.publish(
        incident_id=None,
        title=title,
        status=status,
        body=title * 2,
        components={components[0]: ComponentState.PARTIAL_OUTAGE, components[2]: ComponentState.DEGRADED},
        actor=actor,
        now=now - timedelta(minutes=5),
    )
