"""Tokens for programs: one's own on Me, everybody's on Admin. A token is shown once."""

from datetime import timedelta
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.views.decorators.http import require_POST

from watchbill.domain.access import reads
from watchbill.domain.access.models import Scope
from watchbill.domain.people.account_actions import create_token, revoke_token
from watchbill.doors.web.forms import posted
from watchbill.doors.web.guards import fresh_proof, requires
from watchbill.doors.web.page import actor_of, now_of, show, viewer_id
from watchbill.ground.refusals import ChangeRefused

_LIFETIMES = (("7", "7 days"), ("30", "30 days"), ("90", "90 days"), ("365", "1 year"))


@requires("token.read_own")
def my_tokens(request: HttpRequest) -> HttpResponse:
    return _page(request)


@require_POST
@requires("token.create_own")
@fresh_proof
def create(request: HttpRequest) -> HttpResponse:
    days = posted(request, "days")
    try:
        made = create_token(
            viewer_id(request),
            name=posted(request, "name"),
            scope=posted(request, "scope"),
            lifetime=timedelta(days=int(days) if days in dict(_LIFETIMES) else 30),
            actor=actor_of(request),
            now=now_of(request),
        )
    except ChangeRefused as refused:
        return _page(request, refused=refused)
    return _page(request, secret=made.secret)


@require_POST
@requires("token.revoke_own")
def revoke_own(request: HttpRequest, token_id: UUID) -> HttpResponse:
    if token_id not in {line.id for line in reads.tokens(user_id=viewer_id(request))}:
        raise Http404("You have no such token.")
    _revoke(request, token_id)
    return HttpResponseRedirect("/me/tokens")


@requires("token.read")
def all_tokens(request: HttpRequest) -> HttpResponse:
    return show(request, "admin/tokens.html", {"tokens": reads.tokens()})


@require_POST
@requires("token.revoke")
def revoke(request: HttpRequest, token_id: UUID) -> HttpResponse:
    _revoke(request, token_id)
    return HttpResponseRedirect("/admin/tokens")


def _revoke(request: HttpRequest, token_id: UUID) -> None:
    try:
        revoke_token(token_id, actor=actor_of(request), now=now_of(request))
    except ChangeRefused as refused:
        messages.error(request, str(refused))
    else:
        messages.success(request, "The token is revoked; programs that use it are refused from now on.")


def _page(request: HttpRequest, *, refused: ChangeRefused | None = None, secret: str = "") -> HttpResponse:
    return show(
        request,
        "me/tokens.html",
        {
            "tokens": reads.tokens(user_id=viewer_id(request)),
            "scopes": Scope.choices,
            "lifetimes": _LIFETIMES,
            "secret": secret,
            "refused": refused,
            "typed": request.POST,
        },
        status=422 if refused else 200,
    )
