"""Every screen by name, with an address that shows it with something in it."""

from tests.web.organization import Stage
from watchbill.config import secret_key
from watchbill.domain.communications.models import Statement
from watchbill.domain.paging.links import AcknowledgeLink, make_token
from watchbill.domain.paging.models import Delivery
from watchbill.domain.status_page.models import Component, PublicUpdate
from watchbill.ground.clock import SystemClock


def screens(organization: Stage) -> dict[str, str]:
    public = PublicUpdate.objects.filter(status="investigating").earliest("at")
    return {
        "now": "/",
        "alerts": "/alerts",
        "alerts-none": "/alerts?q=nothing-has-this",
        **{f"alert-{key}": f"/alerts/{alert.id}" for key, alert in organization.alerts.items()},
        "incidents": "/incidents",
        "incidents-wall": "/incidents?wall",
        "incidents-over": "/incidents?status=ended",
        "incident": f"/incidents/{organization.incident.number}",
        "incident-pages": f"/incidents/{organization.incident.number}?only=pages",
        "incident-findings": f"/incidents/{organization.incident.number}/findings",
        "incident-bridge": f"/incidents/{organization.incident.number}/bridge",
        "incident-chat": f"/incidents/{organization.incident.number}/chat",
        "incident-communication": f"/incidents/{organization.incident.number}/communication",
        "communication-write": f"/incidents/{organization.incident.number}/communication/write/status-page-update",
        "communication-over": f"/incidents/{organization.drafted.incident.number}/communication",
        "communication-change": f"/incidents/{organization.drafted.incident.number}/communication/write/customer-email",
        "communication-draft": communication(organization.drafted),
        "communication-sent": communication(organization.published),
        "communication": "/admin/communication",
        "communication-text": "/admin/communication/templates/customers/first",
        "communication-contacts": "/admin/communication/contacts",
        "subscriptions": "/admin/communication/subscriptions",
        "my-subscriptions": "/me/subscriptions",
        "incident-new": "/incidents/new",
        "incident-new-suggested": "/incidents/new?customers=many&holds=data-breach",
        "roles": "/roles",
        "role": "/roles/incident-commander",
        "schedules": "/schedules",
        "schedule": f"/schedules/{organization.schedules['primary'].id}",
        "schedule-office": f"/schedules/{organization.schedules['office'].id}?zone=schedule",
        "schedule-new": "/schedules/new",
        "rotations": f"/schedules/{organization.schedules['primary'].id}/rotations",
        "policies": "/policies",
        "policy": f"/policies/{organization.policies['payments'].id}",
        "policy-edit": f"/policies/{organization.policies['payments'].id}/edit",
        "services": "/services",
        "service": f"/services/{organization.services['search'].id}",
        "service-edit": f"/services/{organization.services['checkout'].id}/edit",
        "status-page": "/status-page",
        "status-page-publish": "/status-page/publish",
        "status-page-incident": f"/status-page/incidents/{public.public_incident_id}",
        "status-page-update": f"/status-page/incidents/{public.public_incident_id}/update",
        "status-page-correct": f"/status-page/updates/{public.id}/correct",
        "status-page-look": "/status-page/look",
        "status-page-component": f"/status-page/components/{Component.objects.latest('position').id}",
        "status-page-announce": "/status-page/maintenance/new",
        "status-page-subscribers": "/status-page/subscribers",
        "service-checks": f"/services/{organization.services['checkout'].id}/checks",
        "service-watched": f"/services/{organization.services['checkout'].id}",
        "service-dependencies": f"/services/{organization.services['search'].id}/dependencies",
        "people": "/people",
        "person": f"/people/{organization.people['long'].id}",
        "person-edit": f"/people/{organization.people['rtl'].id}/edit",
        "team": f"/teams/{organization.teams['payments'].id}",
        "team-edit": f"/teams/{organization.teams['payments'].id}/edit",
        "me": "/me",
        "tokens": "/me/tokens",
        "admin": "/admin",
        "admin-tokens": "/admin/tokens",
        "organization": "/admin/organization",
        "chat": "/admin/chat",
        "chat-accounts": "/me/chat-accounts",
        "bridges": "/admin/bridges",
        "bridge-new": "/admin/bridges/new",
        "bridge-edit": f"/admin/bridges/{organization.bridge.id}/edit",
        "audit": "/admin/audit",
        "event-hooks": "/admin/event-hooks",
        "event-hook": f"/admin/event-hooks/{organization.event_hook.id}",
        "event-hook-new": "/admin/event-hooks/new",
        "process": "/admin/process",
        "explain": f"/explain?service={organization.services['checkout'].id}",
        "explain-none": "/explain",
        "go": "/go?q=pay",
        "link": f"/a/{link_token(organization)}",
    }


def communication(statement: Statement) -> str:
    return f"/incidents/{statement.incident.number}/communication/{statement.id}"


def link_token(organization: Stage) -> str:
    delivery = Delivery.objects.filter(page__user=organization.me, attempt__isnull=False).earliest("due_at")
    assert delivery.attempt_id is not None
    link = AcknowledgeLink(attempt_id=delivery.attempt_id, user_id=organization.me.id)
    return make_token(link, secret_key=secret_key(), now=SystemClock().now())
