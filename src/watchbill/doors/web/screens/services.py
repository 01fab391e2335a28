"""What is watched: the list, one service with its alerts, keys and maintenance, and the form that changes it."""

from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.views.decorators.http import require_POST

from watchbill.domain.alerts.listing import AlertFilter, list_alerts, open_by_service
from watchbill.domain.alerts.models import Alert, AlertState
from watchbill.domain.escalation.models import Policy
from watchbill.domain.services import reads
from watchbill.domain.services.actions import archive_service, change_service, create_service
from watchbill.domain.services.models import IntegrationKind, UrgencyRule
from watchbill.domain.services.rules import ServiceDraft
from watchbill.doors.web.forms import Danger, Field, FormPage, Group, posted, posted_id, show_form
from watchbill.doors.web.guards import caller, requires
from watchbill.doors.web.integration_guide import guide_for
from watchbill.doors.web.page import actor_of, now_of, show
from watchbill.doors.web.screens.schedule_forms import team_choices
from watchbill.doors.web.wiring import wired
from watchbill.ground.refusals import ChangeRefused

_TRAIL = ("/services", "Services")


@requires("service.read")
def service_list(request: HttpRequest) -> HttpResponse:
    counts = open_by_service()
    return show(
        request,
        "services/list.html",
        {
            "rows": [(detail, counts.get(detail.id, 0)) for detail in reads.services()],
            "may_change": caller(request).may("service.change").allowed,
        },
    )


@requires("service.read")
def service_page(request: HttpRequest, service_id: UUID) -> HttpResponse:
    return show_service(request, service_id)


def show_service(
    request: HttpRequest,
    service_id: UUID,
    *,
    revealed: tuple[UUID, str] | None = None,
    refused: ChangeRefused | None = None,
) -> HttpResponse:
    """`revealed`: an integration and its whole key, shown in this answer and in no other."""
    detail = detail_of(service_id)
    may = caller(request).may
    teams = [detail.draft.team_id]
    now = now_of(request)
    windows = reads.maintenance(now=now, service_id=service_id)
    return show(
        request,
        "services/service.html",
        {
            "detail": detail,
            "integration_kinds": IntegrationKind.choices,
            "alerts": list_alerts(AlertFilter(service=service_id), limit=8).alerts,
            "integrations": [
                {
                    "line": line,
                    "key": revealed[1] if revealed and revealed[0] == line.id else "",
                    "guide": guide_for(
                        line.kind,
                        key=revealed[1] if revealed and revealed[0] == line.id else "YOUR-KEY",
                        base_url=wired().base_url,
                    ),
                }
                for line in detail.integrations
            ],
            "maintenance": windows,
            "has_metrics": wired().has_metrics,
            "open_before": _open_before(service_id),
            "under_maintenance": next((one for one in windows if one.starts_at <= now < one.ends_at), None),
            "refused_at": request.path.rpartition("/")[2] if refused else "",
            "urgency_words": dict(UrgencyRule.choices)[detail.draft.urgency_rule],
            "refused": refused,
            "typed": request.POST,
            "may_change": may("service.change", team_ids=teams).allowed,
            "may_keys": may("integration.change", team_ids=teams).allowed,
            "may_maintain": may("maintenance.change", team_ids=teams).allowed,
        },
        status=422 if refused else 200,
    )


def detail_of(service_id: UUID) -> reads.ServiceDetail:
    detail = reads.service(service_id)
    if detail is None:
        raise Http404("There is no such service; it may have been archived.")
    return detail


@requires("service.change")
def new_service(request: HttpRequest) -> HttpResponse:
    page = FormPage(
        title="New service", trail=[_TRAIL], groups=_groups(request, None), submit="Make it", back="/services"
    )
    if request.method != "POST":
        return show_form(request, page)
    try:
        draft = _draft(request)
        caller(request).check("service.change", team_ids=[draft.team_id])
        service = create_service(draft, actor=actor_of(request), now=now_of(request))
    except ChangeRefused as refused:
        return show_form(request, page, refused=refused)
    messages.success(request, f"Service {service.name} is made. Give it a key for your monitoring.")
    return HttpResponseRedirect(f"/services/{service.id}")


@requires("service.change")
def edit_service(request: HttpRequest, service_id: UUID) -> HttpResponse:
    detail = detail_of(service_id)
    caller(request).check("service.change", team_ids=[detail.draft.team_id])
    page = FormPage(
        title=f"Edit {detail.draft.name}",
        trail=[_TRAIL, (f"/services/{service_id}", detail.draft.name)],
        groups=_groups(request, detail.draft),
        back=f"/services/{service_id}",
        danger=Danger(
            address=f"/services/{service_id}/archive",
            label="Archive this service",
            words="Events for its keys are refused from then on. Its open alerts go on until they are resolved.",
        ),
    )
    if request.method != "POST":
        return show_form(request, page)
    try:
        draft = _draft(request)
        caller(request).check("service.change", team_ids=[draft.team_id])
        change_service(service_id, draft, actor=actor_of(request), now=now_of(request))
    except ChangeRefused as refused:
        return show_form(request, page, refused=refused)
    messages.success(request, "Saved.")
    return HttpResponseRedirect(f"/services/{service_id}")


@require_POST
@requires("service.change")
def archive(request: HttpRequest, service_id: UUID) -> HttpResponse:
    detail = detail_of(service_id)
    caller(request).check("service.change", team_ids=[detail.draft.team_id])
    try:
        archive_service(service_id, actor=actor_of(request), now=now_of(request))
    except ChangeRefused as refused:
        messages.error(request, str(refused))
    else:
        messages.success(request, f"Service {detail.draft.name} is archived.")
    return HttpResponseRedirect("/services")


def _groups(request: HttpRequest, held: ServiceDraft | None) -> list[Group]:
    is_posted = request.method == "POST"

    def value(name: str, kept: object) -> str:
        return posted(request, name) if is_posted else str(kept or "")

    policies = [(str(row.id), row.name) for row in Policy.objects.filter(archived_at=None).order_by("name")]
    return [
        Group(
            fields=[
                Field(name="name", label="Name", value=value("name", held and held.name), required=True),
                Field(
                    name="policy",
                    label="Escalation policy",
                    kind="select",
                    value=value("policy", held and held.policy_id),
                    choices=[("", "None: page the fallback at once"), *policies],
                ),
                Field(
                    name="team",
                    label="Team",
                    kind="select",
                    value=value("team", held and held.team_id),
                    choices=team_choices(),
                ),
                Field(
                    name="urgency",
                    label="Urgency of its alerts",
                    kind="select",
                    value=value("urgency", held and held.urgency_rule) or "high",
                    choices=UrgencyRule.choices,
                ),
                Field(
                    name="runbook",
                    label="Runbook",
                    kind="url",
                    value=value("runbook", held and held.runbook_url),
                    help="A web address; shown on every alert of this service.",
                ),
                Field(
                    name="description",
                    label="Description",
                    kind="textarea",
                    value=value("description", held and held.description),
                ),
            ]
        )
    ]


def _draft(request: HttpRequest) -> ServiceDraft:
    return ServiceDraft(
        name=posted(request, "name"),
        description=posted(request, "description"),
        team_id=posted_id(request, "team"),
        policy_id=posted_id(request, "policy"),
        urgency_rule=posted(request, "urgency") or "high",
        runbook_url=posted(request, "runbook"),
    )


def _open_before(service_id: UUID) -> int:
    """Alerts that maintenance does not hold, because they were open when it began."""
    return Alert.objects.filter(service_id=service_id, state=AlertState.TRIGGERED, suppressed_by=None).count()
