"""People and teams: who is who, how somebody is reached, who belongs where."""

from collections.abc import Callable
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.views.decorators.http import require_POST

from watchbill.domain.access.models import Role
from watchbill.domain.oncall.watch import everybody_on_watch
from watchbill.domain.paging.contact_changes import remove_contact
from watchbill.domain.paging.contact_message_reads import last_messages
from watchbill.domain.paging.contact_messages import send_test
from watchbill.domain.paging.tried_reads import untried_among
from watchbill.domain.people import reads
from watchbill.domain.people.account_actions import create_setup_link
from watchbill.domain.people.actions import change_person, create_person, disable_person, enable_person
from watchbill.domain.people.contact_actions import verify_contact
from watchbill.domain.people.rules import PersonDraft
from watchbill.domain.services.reads import uses_of_person
from watchbill.doors.web.contact_parts import (
    add_posted_contact,
    contact_of,
    contact_setting,
    kind_choices,
    rules_of,
    set_posted_rules,
    tell_code,
    typed_rules,
)
from watchbill.doors.web.forms import Danger, Field, FormPage, Group, posted, show_form, zone_choices
from watchbill.doors.web.guards import caller, check_fresh_proof, fresh_proof, requires
from watchbill.doors.web.page import actor_of, now_of, show, viewer_id
from watchbill.doors.web.wiring import wired
from watchbill.ground.refusals import ChangeRefused

_TRAIL = ("/people", "People")


@requires("people.read")
def people_list(request: HttpRequest) -> HttpResponse:
    on_watch: dict[UUID, list[str]] = {}
    for watch in everybody_on_watch(now=now_of(request)):
        for user in watch.people:
            on_watch.setdefault(user.id, []).append(watch.schedule_name)
    people = reads.people()
    return show(
        request,
        "people/list.html",
        {
            "rows": [(one.person, on_watch.get(one.person.id, [])) for one in people if one.person.is_active],
            "former": [one.person for one in people if not one.person.is_active],
            "teams": reads.teams(),
            "may_people": caller(request).may("people.change").allowed,
            "may_teams": caller(request).may("team.change").allowed,
        },
    )


@requires("people.read")
def person_page(request: HttpRequest, person_id: UUID) -> HttpResponse:
    return _page(request, person_id)


@requires("people.change")
def new_person(request: HttpRequest) -> HttpResponse:
    page = FormPage(title="New person", trail=[_TRAIL], groups=_groups(request, None), submit="Add", back="/people")
    if request.method != "POST":
        return show_form(request, page)
    try:
        draft = _draft(request)
        caller(request).check_person_change(draft.role)
        user = create_person(draft, actor=actor_of(request), now=now_of(request))
    except ChangeRefused as refused:
        return show_form(request, page, refused=refused)
    messages.success(request, f"{user} is added. Now say how to reach them.")
    return HttpResponseRedirect(f"/people/{user.id}")


@requires("people.change")
def edit_person(request: HttpRequest, person_id: UUID) -> HttpResponse:
    held = _detail(person_id).person
    page = FormPage(
        title=f"Edit {held.name or held.email}",
        trail=[_TRAIL, (f"/people/{person_id}", held.name or held.email)],
        groups=_groups(request, held),
        back=f"/people/{person_id}",
    )
    if held.is_active:
        page.danger = Danger(
            address=f"/people/{person_id}/disable",
            label="Disable this person",
            words="No sign-in and no pages any more, at once. Somebody who is still needed in a rotation, a policy, "
            "a team or the fallback is not disabled: the answer names where.",
        )
    if request.method != "POST":
        return show_form(request, page)
    try:
        draft = _draft(request)
        caller(request).check_person_change(held.role, draft.role)
        if draft.email.strip().lower() != held.email:
            check_fresh_proof(request)
        change_person(person_id, draft, actor=actor_of(request), now=now_of(request))
    except ChangeRefused as refused:
        return show_form(request, page, refused=refused)
    messages.success(request, "Saved.")
    return HttpResponseRedirect(f"/people/{person_id}")


@require_POST
@requires("people.change")
def disable(request: HttpRequest, person_id: UUID) -> HttpResponse:
    caller(request).check_person_change(_detail(person_id).person.role)
    uses = uses_of_person(person_id, now=now_of(request))
    return _done(
        request,
        person_id,
        lambda: disable_person(person_id, uses=uses, actor=actor_of(request), now=now_of(request)),
        "Disabled.",
    )


@require_POST
@requires("people.change")
def enable(request: HttpRequest, person_id: UUID) -> HttpResponse:
    caller(request).check_person_change(_detail(person_id).person.role)
    return _done(
        request, person_id, lambda: enable_person(person_id, actor=actor_of(request), now=now_of(request)), "Enabled."
    )


@require_POST
@requires("people.change")
@fresh_proof
def invite(request: HttpRequest, person_id: UUID) -> HttpResponse:
    """A one-time link by which the person sets a password; shown to the admin, who passes it on."""
    caller(request).check_person_change(_detail(person_id).person.role)
    try:
        made = create_setup_link(person_id, actor=actor_of(request), now=now_of(request))
    except ChangeRefused as refused:
        return _page(request, person_id, refused=refused)
    return _page(request, person_id, link=f"{wired().base_url}/setup/{made.secret}")


@require_POST
@requires("contact.change")
@fresh_proof
def add_persons_contact(request: HttpRequest, person_id: UUID) -> HttpResponse:
    try:
        added = add_posted_contact(request, _detail(person_id))
    except ChangeRefused as refused:
        return _page(request, person_id, refused=refused)
    tell_code(request, added)
    if added.secret:
        return _page(request, person_id, secret=added.secret)
    return HttpResponseRedirect(f"/people/{person_id}#main")


@require_POST
@requires("contact.change")
@fresh_proof
def confirm_contact(request: HttpRequest, person_id: UUID, contact_id: UUID) -> HttpResponse:
    person = _check_contact(request, person_id, contact_id).person
    caller(request).check_vouches_for(person_id, role=person.role)
    return _done(
        request,
        person_id,
        lambda: verify_contact(contact_id, actor=actor_of(request), now=now_of(request)),
        "Confirmed; it is used from now on.",
    )


@require_POST
@requires("contact.change")
def send_persons_test(request: HttpRequest, person_id: UUID, contact_id: UUID) -> HttpResponse:
    _check_contact(request, person_id, contact_id)
    return _done(
        request,
        person_id,
        lambda: send_test(contact_id, actor=actor_of(request), now=now_of(request)),
        "A test page is on its way. Load this page again to see its result.",
    )


@require_POST
@requires("contact.change")
@fresh_proof
def remove_persons_contact(request: HttpRequest, person_id: UUID, contact_id: UUID) -> HttpResponse:
    _check_contact(request, person_id, contact_id)
    return _done(
        request,
        person_id,
        lambda: remove_contact(contact_id, setting=contact_setting(), actor=actor_of(request), now=now_of(request)),
        "The contact is removed.",
    )


@require_POST
@requires("contact.change")
def change_persons_rules(request: HttpRequest, person_id: UUID, urgency: str) -> HttpResponse:
    person = _detail(person_id)
    try:
        set_posted_rules(request, person, urgency)
    except ChangeRefused as refused:
        return _page(request, person_id, refused=refused, typed={urgency: typed_rules(request, urgency)})
    messages.success(request, "Saved.")
    return HttpResponseRedirect(f"/people/{person_id}")


def _done(request: HttpRequest, person_id: UUID, verb: Callable[[], object], words: str) -> HttpResponse:
    try:
        verb()
    except ChangeRefused as refused:
        messages.error(request, str(refused))
    else:
        messages.success(request, words)
    return HttpResponseRedirect(f"/people/{person_id}")


def _detail(person_id: UUID) -> reads.PersonDetail:
    detail = reads.person(person_id)
    if detail is None:
        raise Http404("There is no such person.")
    return detail


def _check_contact(request: HttpRequest, person_id: UUID, contact_id: UUID) -> reads.PersonDetail:
    detail = _detail(person_id)
    if contact_of(detail, contact_id) is None:
        raise Http404("That person has no such contact.")
    caller(request).check_contact_change(person_id, role=detail.person.role)
    return detail


def _page(
    request: HttpRequest,
    person_id: UUID,
    *,
    refused: ChangeRefused | None = None,
    typed: dict[str, list[tuple[str, str]]] | None = None,
    secret: str = "",
    link: str = "",
) -> HttpResponse:
    detail = _detail(person_id)
    sees_contacts = caller(request).may("contact.read").allowed
    now = now_of(request)
    return show(
        request,
        "people/person.html",
        {
            "detail": detail,
            "base": f"/people/{person_id}",
            "rules": rules_of(detail, own=False, typed=typed) if sees_contacts else [],
            "kinds": kind_choices(),
            "refused_at": request.path.rpartition("/")[2] if refused else "",
            "sendable": wired().ways().families,
            "sent": last_messages([contact.id for contact in detail.contacts], now=now),
            "untried": untried_among(contact.id for contact in detail.contacts),
            "teams": [team for team in reads.teams() if person_id in _ids_in(team)],
            "watches": [
                watch for watch in everybody_on_watch(now=now) if any(user.id == person_id for user in watch.people)
            ],
            "role_label": dict(Role.choices)[detail.person.role],
            "is_me": person_id == viewer_id(request),
            "sees_contacts": sees_contacts,
            "may_confirm": caller(request).vouches_for(person_id, role=detail.person.role),
            "may_contacts": caller(request).may_change_contacts(person_id, role=detail.person.role),
            "may_people": caller(request).may("people.change").allowed,
            "refused": refused,
            "typed": request.POST,
            "secret": secret,
            "link": link,
        },
        status=422 if refused else 200,
    )


def _ids_in(team: reads.TeamDetail) -> set[UUID]:
    return {one.id for one in (team.lead, team.manager, *team.members) if one}


def _groups(request: HttpRequest, held: reads.PersonLine | None) -> list[Group]:
    is_posted = request.method == "POST"

    def value(name: str, kept: str) -> str:
        return posted(request, name) if is_posted else kept

    return [
        Group(
            fields=[
                Field(
                    name="email", label="E-mail address", kind="email", value=value("email", held.email if held else "")
                ),
                Field(name="name", label="Name", value=value("name", held.name if held else "")),
                Field(
                    name="role",
                    label="Role",
                    kind="select",
                    value=value("role", held.role if held else "responder"),
                    choices=Role.choices,
                ),
                Field(
                    name="time_zone",
                    label="Time zone",
                    kind="select",
                    value=value("time_zone", held.time_zone if held else _organization_zone()),
                    choices=zone_choices(),
                ),
            ]
        )
    ]


def _organization_zone() -> str:
    organization = reads.organization()
    return organization.time_zone if organization else "UTC"


def _draft(request: HttpRequest) -> PersonDraft:
    return PersonDraft(
        email=posted(request, "email"),
        name=posted(request, "name"),
        role=posted(request, "role"),
        time_zone=posted(request, "time_zone"),
    )
