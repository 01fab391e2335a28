"""How the public subscribes and leaves. Opening an address changes nothing; only a button does, or a mail program.

These need the database. While it is away they say what to do instead; the page itself goes on.
"""

import time
from collections.abc import Callable, Mapping
from functools import wraps
from math import ceil
from typing import Any, Concatenate, ParamSpec
from uuid import UUID

import structlog
from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse
from django.middleware.csrf import get_token
from django.views.decorators.csrf import csrf_exempt

from watchbill.domain.access.sign_in_rules import network_of
from watchbill.domain.status_page import reads
from watchbill.domain.status_page.links import CONFIRM, LEAVE, LinkRefused, read_token
from watchbill.domain.status_page.subscriber_actions import confirm, leave, subscribe_email, subscribe_webhook
from watchbill.doors import limits
from watchbill.doors.callers import address_of
from watchbill.doors.moment import now_of
from watchbill.doors.status_page import look
from watchbill.doors.web.guards import open_to_all
from watchbill.doors.web.wiring import wired
from watchbill.ground.refusals import ChangeRefused

log = structlog.get_logger()
P = ParamSpec("P")
View = Callable[Concatenate[HttpRequest, P], HttpResponse]

_ASKED = (
    "Look into your mailbox: a mail with a button is on its way, if this address can get mail. Press it to confirm."
)


def _while_the_database_is_there(view: View[P]) -> View[P]:
    @wraps(view)
    def guarded(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        try:
            return view(request, *args, **kwargs)
        except (OperationalError, InterfaceError) as error:
            log.warning("status_page.database.away", error=str(error).strip())
            return HttpResponse(
                look.page("away.html", {"name": "Status", "root": "/status/", "subscribe_url": "/status/subscribe"}),
                status=503,
                headers={"Retry-After": "60"},
            )

    return guarded


@open_to_all("anybody may ask for updates; the address must confirm, and so many may ask from one network")
@_while_the_database_is_there
def subscribe(request: HttpRequest) -> HttpResponse:
    if request.method != "POST":
        return _form(request)
    wait = limits.SUBSCRIPTIONS.take(network_of(address_of(request)), at=time.monotonic())
    if wait:
        words = f"Too many tries from your network. Try again in {ceil(wait)} seconds, or use the feeds."
        return _said(request, "Not now", words, status=429)
    try:
        return _subscribed(request)
    except ChangeRefused as refused:
        return _form(request, wrong=refused.reason, status=422)


@csrf_exempt  # whoever has the token has the mail
@open_to_all("the token in the address was sent to the one it confirms")
@_while_the_database_is_there
def confirm_link(request: HttpRequest, token: str) -> HttpResponse:
    subscriber = _subscriber(request, token, CONFIRM)
    if isinstance(subscriber, HttpResponse):
        return subscriber
    if request.method != "POST":
        words = "Press the button to get a mail whenever something is published."
        return _said(request, "Confirm your subscription", words, button="Confirm")
    if not confirm(subscriber, now=now_of(request)):
        return _said(request, "This subscription has ended", "Subscribe again to get a new link.", status=410)
    return _said(request, "You are subscribed", "Every mail has a link to leave.")


@csrf_exempt  # RFC 8058: mail programs post here by themselves, without a cookie
@open_to_all("the token in the address stands for one subscription and ends nothing else")
@_while_the_database_is_there
def unsubscribe_link(request: HttpRequest, token: str) -> HttpResponse:
    subscriber = _subscriber(request, token, LEAVE)
    if isinstance(subscriber, HttpResponse):
        return subscriber
    if request.method != "POST":
        return _said(request, "Leave", "Press the button, and nothing more will be sent to you.", button="Unsubscribe")
    leave(subscriber, now=now_of(request))
    return _said(request, "You are unsubscribed", "Nothing more will be sent to you.")


def _subscribed(request: HttpRequest) -> HttpResponse:
    now = now_of(request)
    try:
        chosen = [UUID(text) for text in request.POST.getlist("components")]
    except ValueError as error:
        raise ChangeRefused("components", "one of them is not on the page any more; choose again") from error
    address = str(request.POST.get("address", "")).replace("\0", "")
    if request.POST.get("kind") != "hook":
        subscribe_email(address, component_ids=chosen, now=now)
        return _said(request, "One more step", _ASKED)
    secret = subscribe_webhook(address, component_ids=chosen, secret_key=wired().secret_key, now=now)
    words = (
        "Your receiver is now sent a challenge: it must answer 200 and repeat the challenge. Every call is signed; "
        "keep the secret below, it is shown only now. Did you ask for this address a moment ago? That secret counts."
    )
    return _said(request, "One more step", words, secret=secret)


def _subscriber(request: HttpRequest, token: str, purpose: str) -> UUID | HttpResponse:
    try:
        return read_token(token, purpose=purpose, secret_key=wired().secret_key, now=now_of(request))
    except LinkRefused as error:
        return _said(request, "This link does not work", str(error), status=410)


def _form(request: HttpRequest, *, wrong: str = "", status: int = 200) -> HttpResponse:
    chosen = request.POST.getlist("components")
    kind = "hook" if (request.POST.get("kind") or request.GET.get("by")) == "hook" else "mail"
    values = {
        "components": [
            {"id": str(one.id), "name": one.name, "chosen": str(one.id) in chosen}
            for one in reads.components()
            if one.shown
        ],
        "address": request.POST.get("address", ""),
        "by_hook": kind == "hook",
        "wrong": wrong[:1].upper() + wrong[1:],
    }
    return _show(request, "subscribe.html", values, status=status)


def _said(request: HttpRequest, heading: str, words: str, *, status: int = 200, **more: str) -> HttpResponse:
    return _show(request, "said.html", {"heading": heading, "words": words, **more}, status=status)


def _show(request: HttpRequest, template: str, values: Mapping[str, Any], *, status: int) -> HttpResponse:
    page = reads.page()
    shared = {
        "name": page.name if page else "Status",
        "support_url": page.support_url if page else "",
        "root": "/status/",
        "subscribe_url": "/status/subscribe",
        "csrf_token": get_token(request),
    }
    return HttpResponse(look.page(template, {**shared, **values}), status=status)
