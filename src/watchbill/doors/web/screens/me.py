"""My own things: how I am reached, when, in which zone."""

from collections.abc import Callable
from datetime import datetime
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.views.decorators.http import require_POST

from watchbill.domain.audit.contract import Actor
from watchbill.domain.paging.contact_changes import remove_contact
from watchbill.domain.paging.contact_message_reads import last_messages
from watchbill.domain.paging.contact_messages import TooManyMessages, confirm, send_code, send_test
from watchbill.domain.paging.tried_reads import untried_among
from watchbill.domain.people import actions as profile_actions
from watchbill.domain.people import reads
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
from watchbill.doors.web.forms import posted, zone_choices
from watchbill.doors.web.guards import fresh_proof, requires
from watchbill.doors.web.page import actor_of, now_of, show, viewer_id
from watchbill.doors.web.wiring import wired
from watchbill.ground.refusals import ChangeRefused


@requires("contact.read_own")
def me_page(request: HttpRequest) -> HttpResponse:
    return _page(request)


@require_POST
@requires("profile.change_own")
def change_profile(request: HttpRequest) -> HttpResponse:
    try:
        profile_actions.change_profile(
            _me(request).person.id,
            name=posted(request, "full_name"),
            time_zone=posted(request, "time_zone"),
            actor=actor_of(request),
            now=now_of(request),
        )
    except ChangeRefused as refused:
        return _page(request, refused=refused)
    messages.success(request, "Saved.")
    return HttpResponseRedirect("/me")


@require_POST
@requires("contact.change_own")
@fresh_proof
def add_own_contact(request: HttpRequest) -> HttpResponse:
    try:
        added = add_posted_contact(request, _me(request))
    except ChangeRefused as refused:
        return _page(request, refused=refused)
    tell_code(request, added)
    if added.secret:
        return _page(request, secret=added.secret)
    return HttpResponseRedirect("/me#main")


@require_POST
@requires("contact.change_own")
def send_own_code(request: HttpRequest, contact_id: UUID) -> HttpResponse:
    return _about(request, contact_id, send_code, "A code is on its way to the contact. It holds for ten minutes.")


@require_POST
@requires("contact.change_own")
def send_own_test(request: HttpRequest, contact_id: UUID) -> HttpResponse:
    return _about(request, contact_id, send_test, "A test page is on its way. Load this page again to see its result.")


@require_POST
@requires("contact.change_own")
def confirm_own_contact(request: HttpRequest, contact_id: UUID) -> HttpResponse:
    code = posted(request, "code")

    def verb(contact_id: UUID, *, actor: Actor, now: datetime) -> None:
        confirm(contact_id, code, secret_key=wired().secret_key, actor=actor, now=now)

    return _about(request, contact_id, verb, "Confirmed; it is used from now on.")


def _about(request: HttpRequest, contact_id: UUID, verb: Callable[..., object], words: str) -> HttpResponse:
    if contact_of(_me(request), contact_id) is None:
        raise Http404("You have no such contact.")
    try:
        verb(contact_id, actor=actor_of(request), now=now_of(request))
    except TooManyMessages as refused:
        answer = _page(request, refused=refused, status=429)
        answer["Retry-After"] = str(int(refused.wait.total_seconds()) + 1)
        return answer
    except ChangeRefused as refused:
        return _page(request, refused=refused)
    messages.success(request, words)
    return HttpResponseRedirect("/me")


@require_POST
@requires("contact.change_own")
@fresh_proof
def remove_own_contact(request: HttpRequest, contact_id: UUID) -> HttpResponse:
    if contact_of(_me(request), contact_id) is None:
        raise Http404("You have no such contact.")
    try:
        remove_contact(contact_id, setting=contact_setting(), actor=actor_of(request), now=now_of(request))
    except ChangeRefused as refused:
        return _page(request, refused=refused)
    messages.success(request, "The contact is removed, and the rules that used it.")
    return HttpResponseRedirect("/me")


@require_POST
@requires("contact.change_own")
def change_rules(request: HttpRequest, urgency: str) -> HttpResponse:
    try:
        set_posted_rules(request, _me(request), urgency)
    except ChangeRefused as refused:
        return _page(request, refused=refused, typed={urgency: typed_rules(request, urgency)})
    messages.success(request, "Saved. See the first ten minutes beside it.")
    return HttpResponseRedirect("/me#rules")


def _me(request: HttpRequest) -> reads.PersonDetail:
    person = reads.person(viewer_id(request))
    if person is None:
        raise Http404("Your account is gone.")
    return person


def _page(
    request: HttpRequest,
    *,
    refused: ChangeRefused | None = None,
    typed: dict[str, list[tuple[str, str]]] | None = None,
    secret: str = "",
    status: int = 0,
) -> HttpResponse:
    person = _me(request)
    now = now_of(request)
    return show(
        request,
        "me/me.html",
        {
            "detail": person,
            "rules": rules_of(person, own=True, typed=typed),
            "kinds": kind_choices(),
            "refused_at": request.path.rpartition("/")[2] if refused else "",
            "sendable": wired().ways().families,
            "zones": zone_choices(),
            "refused": refused,
            "typed": request.POST,
            "secret": secret,
            "sent": last_messages([contact.id for contact in person.contacts], now=now),
            "untried": untried_among(contact.id for contact in person.contacts),
            "is_own": True,
        },
        status=status or (422 if refused else 200),
    )
