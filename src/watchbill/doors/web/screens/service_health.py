"""When a service is healthy, and which services it needs: the forms behind these parts of its page."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect

from watchbill.domain.services.check_actions import set_checks
from watchbill.domain.services.check_rules import CheckDraft
from watchbill.domain.services.dependency_actions import FIELD, set_dependencies
from watchbill.domain.services.reads import ServiceDetail, services
from watchbill.doors.web.forms import Field, FormPage, Group, posted, posted_numbers, show_form
from watchbill.doors.web.guards import caller, requires
from watchbill.doors.web.page import actor_of, now_of
from watchbill.doors.web.screens.services import detail_of
from watchbill.ground.identity import uuid_in
from watchbill.ground.refusals import ChangeRefused

_BLANK = CheckDraft(name="", query="", healthy_when="")


@requires("service.change")
def edit_checks(request: HttpRequest, service_id: UUID) -> HttpResponse:
    detail = _to_change(request, service_id)
    if request.method != "POST":
        return show_form(request, _checks_page(detail, detail.checks))
    typed = _typed_checks(request)
    try:
        set_checks(service_id, typed, actor=actor_of(request), now=now_of(request))
    except ChangeRefused as refused:
        return show_form(request, _checks_page(detail, typed), refused=refused)
    messages.success(request, "Saved. Verifying an incident asks these.")
    return HttpResponseRedirect(f"/services/{service_id}#healthy")


@requires("service.change")
def edit_dependencies(request: HttpRequest, service_id: UUID) -> HttpResponse:
    detail = _to_change(request, service_id)
    if request.method != "POST":
        return show_form(request, _dependencies_page(detail, [str(one.id) for one in detail.depends_on]))
    typed = request.POST.getlist(FIELD)
    needs = {one for text in typed if (one := uuid_in(text)) is not None}
    try:
        set_dependencies(service_id, needs, actor=actor_of(request), now=now_of(request))
    except ChangeRefused as refused:
        return show_form(request, _dependencies_page(detail, typed), refused=refused)
    messages.success(request, "Saved.")
    return HttpResponseRedirect(f"/services/{service_id}#needs")


def _to_change(request: HttpRequest, service_id: UUID) -> ServiceDetail:
    detail = detail_of(service_id)
    caller(request).check("service.change", team_ids=[detail.draft.team_id])
    return detail


def _typed_checks(request: HttpRequest) -> list[CheckDraft]:
    """Those of the groups that hold something."""
    typed = [
        CheckDraft(
            name=posted(request, f"checks[{number}].name"),
            query=posted(request, f"checks[{number}].query"),
            healthy_when=posted(request, f"checks[{number}].healthy_when"),
            unit=posted(request, f"checks[{number}].unit"),
        )
        for number in posted_numbers(request, "checks")
    ]
    return [one for one in typed if one.name.strip() or one.query.strip()]


def _checks_page(detail: ServiceDetail, shown: tuple[CheckDraft, ...] | list[CheckDraft]) -> FormPage:
    name = detail.draft.name
    return FormPage(
        title=f"When {name} is healthy",
        trail=[("/services", "Services"), (f"/services/{detail.id}", name)],
        intro="Each check is a PromQL expression and the numbers that are good answers to it. Every series that it "
        "answers must be healthy; no answer is not healthy. Empty a check's name and expression to remove it.",
        groups=[_check_group(number, one) for number, one in enumerate([*shown, _BLANK])],
        back=f"/services/{detail.id}",
    )


def _check_group(number: int, one: CheckDraft) -> Group:
    at = f"checks[{number}]"
    return Group(
        legend=f"Check {one.name}" if one.name else "Another check" if number else "The first check",
        fields=[
            Field(name=f"{at}.name", label="Name", value=one.name, help="Like: errors, or time to answer."),
            Field(name=f"{at}.query", label="PromQL", kind="code", value=one.query),
            Field(name=f"{at}.healthy_when", label="Healthy when", value=one.healthy_when, help="Like < 0.01"),
            Field(name=f"{at}.unit", label="Unit (optional)", value=one.unit, help="Like % or s; it is only shown."),
        ],
    )


def _dependencies_page(detail: ServiceDetail, chosen: list[str]) -> FormPage:
    name = detail.draft.name
    others = [(str(one.id), one.draft.name) for one in services() if one.id != detail.id]
    field = Field(
        name=FIELD,
        label="It does not work without",
        kind="checks",
        values=chosen,
        choices=others,
        help="When one of them has an incident, this service is shown as one that may be affected too."
        if others
        else "There is no other service yet.",
    )
    return FormPage(
        title=f"What {name} needs",
        trail=[("/services", "Services"), (f"/services/{detail.id}", name)],
        groups=[Group(fields=[field])],
        back=f"/services/{detail.id}",
    )
