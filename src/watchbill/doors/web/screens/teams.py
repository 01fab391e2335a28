"""Teams: who leads, who manages, who belongs, and what stands on the team."""

from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.views.decorators.http import require_POST

from watchbill.domain.access.models import User
from watchbill.domain.people import reads
from watchbill.domain.people.rules import TeamDraft
from watchbill.domain.people.team_actions import archive_team, change_team, create_team
from watchbill.domain.services.reads import uses_of_team
from watchbill.doors.web.forms import Danger, Field, FormPage, Group, posted, posted_id, show_form
from watchbill.doors.web.guards import caller, requires
from watchbill.doors.web.page import actor_of, now_of, show
from watchbill.ground.refusals import ChangeRefused

_TRAIL = ("/people", "People")


@requires("team.read")
def team_page(request: HttpRequest, team_id: UUID) -> HttpResponse:
    return show(
        request,
        "people/team.html",
        {
            "team": _detail(team_id),
            "uses": uses_of_team(team_id),
            "may_change": caller(request).may("team.change").allowed,
        },
    )


@requires("team.change")
def new_team(request: HttpRequest) -> HttpResponse:
    page = FormPage(title="New team", trail=[_TRAIL], groups=_groups(request, None), submit="Make it", back="/people")
    if request.method != "POST":
        return show_form(request, page)
    try:
        team = create_team(_draft(request), actor=actor_of(request), now=now_of(request))
    except ChangeRefused as refused:
        return show_form(request, page, refused=refused)
    messages.success(request, f"Team {team.name} is made.")
    return HttpResponseRedirect(f"/teams/{team.id}")


@requires("team.change")
def edit_team(request: HttpRequest, team_id: UUID) -> HttpResponse:
    team = _detail(team_id)
    page = FormPage(
        title=f"Edit {team.name}",
        trail=[_TRAIL, (f"/teams/{team_id}", team.name)],
        groups=_groups(request, team),
        back=f"/teams/{team_id}",
        danger=Danger(
            address=f"/teams/{team_id}/archive",
            label="Archive this team",
            words="Something that still stands on it refuses this: the answer names what.",
        ),
    )
    if request.method != "POST":
        return show_form(request, page)
    try:
        change_team(team_id, _draft(request), actor=actor_of(request), now=now_of(request))
    except ChangeRefused as refused:
        return show_form(request, page, refused=refused)
    messages.success(request, "Saved.")
    return HttpResponseRedirect(f"/teams/{team_id}")


@require_POST
@requires("team.change")
def archive(request: HttpRequest, team_id: UUID) -> HttpResponse:
    team = _detail(team_id)
    try:
        archive_team(team_id, uses=uses_of_team(team_id), actor=actor_of(request), now=now_of(request))
    except ChangeRefused as refused:
        messages.error(request, str(refused))
        return HttpResponseRedirect(f"/teams/{team_id}/edit")
    messages.success(request, f"Team {team.name} is archived.")
    return HttpResponseRedirect("/people")


def _detail(team_id: UUID) -> reads.TeamDetail:
    team = reads.team(team_id)
    if team is None:
        raise Http404("There is no such team; it may have been archived.")
    return team


def _groups(request: HttpRequest, held: reads.TeamDetail | None) -> list[Group]:
    is_posted = request.method == "POST"
    people = [(str(user.id), str(user)) for user in User.objects.filter(is_active=True).order_by("name")]
    members = request.POST.getlist("members") if is_posted else [str(one.id) for one in held.members] if held else []

    def value(name: str, kept: str) -> str:
        return posted(request, name) if is_posted else kept

    lead = str(held.lead.id) if held and held.lead else ""
    manager = str(held.manager.id) if held and held.manager else ""
    return [
        Group(
            fields=[
                Field(name="name", label="Name", value=value("name", held.name if held else ""), required=True),
                Field(
                    name="lead",
                    label="Lead",
                    kind="select",
                    value=value("lead", lead),
                    choices=[("", "Nobody"), *people],
                ),
                Field(
                    name="manager",
                    label="Manager",
                    kind="select",
                    value=value("manager", manager),
                    choices=[("", "Nobody"), *people],
                    help="The last level of many policies.",
                ),
                Field(name="members", label="Members", kind="checks", values=members, choices=people),
            ]
        )
    ]


def _draft(request: HttpRequest) -> TeamDraft:
    try:
        members = tuple(UUID(text) for text in request.POST.getlist("members"))
    except ValueError as error:
        raise ChangeRefused("members", "names somebody who is not there; choose again") from error
    return TeamDraft(
        name=posted(request, "name"),
        lead_id=posted_id(request, "lead"),
        manager_id=posted_id(request, "manager"),
        member_ids=members,
    )
