"""Chat tools: how they are set up, my own accounts there, and the room of an incident tried again."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.views.decorators.http import require_POST

from watchbill.chat.slack_manifest import CALLBACK_PATH, manifest
from watchbill.domain.warrooms.actions import try_now
from watchbill.domain.warrooms.link_actions import make_code, unlink
from watchbill.domain.warrooms.reads import accounts_of, rooms_in_trouble, rooms_of
from watchbill.doors.web.guards import caller, fresh_proof, requires
from watchbill.doors.web.page import actor_of, now_of, show, viewer_id
from watchbill.doors.web.screens.incident_parts import incident_id
from watchbill.doors.web.wiring import chat_label, wired
from watchbill.ground.refusals import ChangeRefused


@requires("organization.change")
def chat_tools(request: HttpRequest) -> HttpResponse:
    facts = {
        "hosts": wired().chat_hosts(),
        "by_socket": manifest(),
        "by_http_at": f"{wired().base_url}{CALLBACK_PATH}",
        "by_http": manifest(base_url=wired().base_url),
        "troubles": rooms_in_trouble(viewer=viewer_id(request)),
    }
    return show(request, "admin/chat.html", facts)


@requires("contact.read_own")
def my_accounts(request: HttpRequest) -> HttpResponse:
    return _page(request)


@require_POST
@requires("security.change_own")
@fresh_proof
def make_own_code(request: HttpRequest) -> HttpResponse:
    return _page(request, code=make_code(viewer_id(request), actor=actor_of(request), now=now_of(request)))


@require_POST
@requires("contact.change_own")
def unlink_own(request: HttpRequest, account_id: int) -> HttpResponse:
    try:
        unlink(account_id, user_id=viewer_id(request), actor=actor_of(request), now=now_of(request))
    except ChangeRefused as refused:
        return _page(request, refused=refused)
    messages.success(request, "The account is not yours here any more.")
    return HttpResponseRedirect("/me/chat-accounts")


@requires("incident.read")
def incident_rooms(request: HttpRequest, number: int) -> HttpResponse:
    rooms = [(chat_label(room.host), room) for room in rooms_of(incident_id(request, number))]
    may_respond = caller(request).may("incident.respond").allowed
    return show(request, "incidents/chat.html", {"number": number, "chat": rooms, "may_respond": may_respond})


@require_POST
@requires("incident.respond")
def try_again(request: HttpRequest, number: int) -> HttpResponse:
    found = incident_id(request, number)
    try:
        try_now(incident_id=found, actor=actor_of(request), now=now_of(request))
    except ChangeRefused as refused:
        messages.error(request, str(refused))
    else:
        messages.success(request, "It is being tried again. Load this page again to see what came of it.")
    return HttpResponseRedirect(f"/incidents/{number}/chat")


def _page(request: HttpRequest, *, code: str = "", refused: ChangeRefused | None = None) -> HttpResponse:
    facts = {
        "accounts": [(chat_label(one.host), one) for one in accounts_of(viewer_id(request))],
        "hosts": wired().chat_hosts(),
        "code": code,
        "refused": refused,
    }
    return show(request, "me/chat.html", facts, status=422 if refused else 200)
