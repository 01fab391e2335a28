"""Whom the roles of the process stand for: all of them in one list, and the form that names people for one."""

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect

from watchbill.domain.access.rules import could
from watchbill.domain.escalation.target_words import targets_of, word_of
from watchbill.domain.people.models import Team
from watchbill.domain.process.reads import running
from watchbill.domain.process.schema.severities import Role
from watchbill.domain.services.assignment_actions import Where, assign_role
from watchbill.domain.services.models import RoleAssignment, Service
from watchbill.domain.services.role_lookup import assignments
from watchbill.doors.web.forms import Field, FormPage, Group, posted, posted_rows, rearranged, rearranging, show_form
from watchbill.doors.web.guards import caller, requires
from watchbill.doors.web.page import actor_of, now_of, show
from watchbill.doors.web.target_choices import target_choices
from watchbill.ground.identity import uuid_in
from watchbill.ground.refusals import ChangeRefused

_TRAIL = ("/roles", "Roles")
_FOUND_BY = {
    "primary-schedule": "Otherwise: level 1 of the service's policy, then the levels after it",
    "secondary-schedule": "Otherwise: level 2 of the service's policy, then the levels after it",
    "team-lead": "Otherwise: the lead of the service's team",
    "team-manager": "Otherwise: the manager of the service's team",
    "all-engineers": "Otherwise: everybody who responds",
    "organization-fallback": "Otherwise: whoever is named under Admin, Organization, Fallback",
    "incident": "Otherwise: whoever has the role in the incident",
    "roster": "Nobody, until somebody is named",
}


@requires("policy.read")
def role_list(request: HttpRequest) -> HttpResponse:
    held: dict[str, list[RoleAssignment]] = {}
    for row in assignments():
        held.setdefault(row.role, []).append(row)
    return show(
        request,
        "roles/list.html",
        {
            "rows": [
                {
                    "role": role,
                    "otherwise": _FOUND_BY[role.found_by],
                    "is_open": role.found_by == "roster" and role.id not in held,
                    "named": [_named(row) for row in held.get(role.id, ())],
                }
                for role in running().roles
            ],
            "may_change": could(caller(request).person, "policy.change").allowed,
        },
    )


def _named(row: RoleAssignment) -> dict[str, Any]:
    return {
        "where": _where_words(row),
        "value": _where_value(row),
        "targets": ", ".join(word_of(one["kind"], one["label"]) for one in row.targets),
    }


def _where_words(row: RoleAssignment) -> str:
    if row.service is not None:
        return f"service {row.service.name}"
    return f"team {row.team.name}" if row.team is not None else "everywhere"


def _where_value(row: RoleAssignment) -> str:
    if row.service_id is not None:
        return f"service:{row.service_id}"
    return f"team:{row.team_id}" if row.team_id is not None else ""


@requires("policy.change")
def assign(request: HttpRequest, role: str) -> HttpResponse:
    known = next((one for one in running().roles if one.id == role), None)
    if known is None:
        raise Http404("The process has no such role.")
    if request.method != "POST" or rearranging(request) is not None:
        return show_form(request, _form(request, known))
    try:
        where = _where(posted(request, "where"))
        caller(request).check("policy.change", team_ids=[where.owning_team()])
        targets = targets_of([text for text in posted_rows(request, "targets") if text])
        assign_role(role, targets, where=where, actor=actor_of(request), now=now_of(request))
    except ChangeRefused as refused:
        return show_form(request, _form(request, known), refused=refused)
    messages.success(request, f"{known.label}: saved.")
    return HttpResponseRedirect("/roles")


def _form(request: HttpRequest, role: Role) -> FormPage:
    is_posted = request.method == "POST"
    where = posted(request, "where") if is_posted else request.GET.get("where", "")
    held = next((row for row in assignments() if row.role == role.id and _where_value(row) == where), None)
    rows = (
        posted_rows(request, "targets")
        if is_posted
        else [f"{one['kind']}:{one['id']}" for one in (held.targets if held else ())]
    )
    return FormPage(
        title=f"Who is {role.label.lower()}",
        trail=[_TRAIL, ("", role.label)],
        intro=f"{_FOUND_BY[role.found_by]}. What is named for a service wins over its team, and that over everywhere.",
        back="/roles",
        groups=[
            Group(
                fields=[
                    Field(name="where", label="For", kind="select", value=where, choices=_where_choices()),
                    Field(
                        name="targets",
                        label="Named",
                        kind="picker",
                        values=rearranged(rows, "targets", rearranging(request), blank="") or [""],
                        choices=target_choices(),
                        add_label="Add another",
                        help="All of them are called. A schedule stands for whoever is on call. Nobody: named no more.",
                    ),
                ]
            )
        ],
    )


def _where_choices() -> list[tuple[str, str]]:
    return [
        ("", "Everywhere"),
        *((f"team:{row.id}", f"Team {row.name}") for row in Team.objects.filter(archived_at=None).order_by("name")),
        *(
            (f"service:{row.id}", f"Service {row.name}")
            for row in Service.objects.filter(archived_at=None).order_by("name")
        ),
    ]


def _where(text: str) -> Where:
    kind, _, name = text.partition(":")
    identity = uuid_in(name)
    if kind == "team" and identity is not None:
        return Where(team_id=identity)
    if kind == "service" and identity is not None:
        return Where(service_id=identity)
    if text:
        raise ChangeRefused("where", "is not one of the choices; choose again")
    return Where()
