"""What communication is made of: the texts, whose word they need, customers' contacts, and who hears of what."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.views.decorators.http import require_POST

from watchbill.domain.communications import reads, setup_actions
from watchbill.domain.communications.models import Audience, Moment
from watchbill.domain.communications.template_rules import VARIABLES, check_template, render
from watchbill.domain.communications.values import EXAMPLE
from watchbill.domain.process.reads import running
from watchbill.domain.services.models import Service
from watchbill.doors.web.forms import person_choices, person_ids, posted, posted_id
from watchbill.doors.web.guards import caller, requires
from watchbill.doors.web.page import actor_of, now_of, show, viewer_id
from watchbill.doors.web.wiring import wired
from watchbill.ground.identity import uuid_in
from watchbill.ground.refusals import ChangeRefused

_CONTACTS_SHOWN = 1000


@requires("communication.read")
def overview(request: HttpRequest) -> HttpResponse:
    return _overview(request)


@require_POST
@requires("communication.change")
def approvals(request: HttpRequest) -> HttpResponse:
    try:
        for audience in Audience.values:
            setup_actions.set_approver(
                audience=audience, role=posted(request, audience), actor=actor_of(request), now=now_of(request)
            )
    except ChangeRefused as refused:
        return _overview(request, refused=refused)
    messages.success(request, "Saved.")
    return HttpResponseRedirect("/admin/communication")


def _overview(request: HttpRequest, *, refused: ChangeRefused | None = None) -> HttpResponse:
    labels = {one.id: one.label for one in running().roles}
    held = reads.approvers()
    return show(
        request,
        "communication/overview.html",
        {
            "audiences": [
                {
                    "id": one.value,
                    "label": one.label,
                    "approver": held[one.value],
                    "texts": [line for line in _texts() if line["audience"] == one.value],
                }
                for one in Audience
            ],
            "roles": [(role, labels.get(role, role)) for role in setup_actions.APPROVERS],
            "may_change": caller(request).may("communication.change").allowed,
            "may_contacts": caller(request).may("customer_contact.read").allowed,
            "can_mail": wired().can_mail(),
            "refused": refused,
        },
        status=422 if refused else 200,
    )


def _texts() -> list[dict[str, Any]]:
    return [
        {
            "audience": line.audience,
            "moment": line.moment,
            "label": Moment(line.moment).label,
            "subject": line.subject,
            "changed_at": line.changed_at,
            "changed_by": line.changed_by,
        }
        for line in reads.templates()
    ]


@requires("communication.change")
def template(request: HttpRequest, audience: str, moment: str) -> HttpResponse:
    """With a preview, filled with an example; with a script it follows what is typed."""
    if audience not in Audience.values or moment not in Moment.values:
        raise Http404("There is no such text.")
    do = posted(request, "do")
    if request.method != "POST" or do == "preview":
        return _template(request, audience, moment)
    try:
        if do == "reset":
            setup_actions.reset_template(audience=audience, moment=moment, actor=actor_of(request), now=now_of(request))
        else:
            setup_actions.set_template(
                audience=audience,
                moment=moment,
                subject=posted(request, "subject"),
                body=posted(request, "body"),
                actor=actor_of(request),
                now=now_of(request),
            )
    except ChangeRefused as refused:
        return _template(request, audience, moment, refused=refused)
    messages.success(request, "Saved. It holds for whatever is written from now on.")
    return HttpResponseRedirect("/admin/communication")


def _template(
    request: HttpRequest, audience: str, moment: str, *, refused: ChangeRefused | None = None
) -> HttpResponse:
    held = reads.template(audience, moment)
    is_posted = request.method == "POST"
    subject = posted(request, "subject") if is_posted else held.subject
    body = posted(request, "body") if is_posted else held.body
    preview, wrong = _preview(subject, body)
    return show(
        request,
        "communication/template.html",
        {
            "held": held,
            "audience": Audience(audience).label,
            "moment": Moment(moment).label,
            "subject": subject,
            "body": body,
            "preview": preview,
            "wrong": wrong,
            "variables": VARIABLES.items(),
            "refused": refused,
        },
        status=422 if refused else 200,
    )


def _preview(subject: str, body: str) -> tuple[tuple[str, str] | None, str]:
    try:
        check_template(subject, field="subject")
        check_template(body, field="body")
    except ChangeRefused as refused:
        return None, str(refused)
    return (render(subject, EXAMPLE), render(body, EXAMPLE)), ""


@requires("customer_contact.read")
def contacts(request: HttpRequest) -> HttpResponse:
    if request.method != "POST":
        return _contacts(request)
    caller(request).check("communication.change")
    try:
        done = setup_actions.import_contacts(
            service_id=posted_id(request, "service"),
            text=posted(request, "contacts"),
            actor=actor_of(request),
            now=now_of(request),
        )
    except ChangeRefused as refused:
        return _contacts(request, refused=refused)
    known = f", {done.known} were there already" if done.known else ""
    messages.success(request, f"{done.added} added{known}.")
    return HttpResponseRedirect("/admin/communication/contacts")


@require_POST
@requires("communication.change")
def remove_contacts(request: HttpRequest) -> HttpResponse:
    ids = [one for text in request.POST.getlist("contact") if (one := uuid_in(text)) is not None]
    try:
        count = setup_actions.remove_contacts(contact_ids=ids, actor=actor_of(request), now=now_of(request))
    except ChangeRefused as refused:
        return _contacts(request, refused=refused)
    messages.success(request, f"{count} taken out.")
    return HttpResponseRedirect("/admin/communication/contacts")


def _contacts(request: HttpRequest, *, refused: ChangeRefused | None = None) -> HttpResponse:
    rows = reads.customer_contacts()
    return show(
        request,
        "communication/contacts.html",
        {
            "rows": rows[:_CONTACTS_SHOWN],
            "left": max(0, len(rows) - _CONTACTS_SHOWN),
            "services": _services(),
            "may_change": caller(request).may("communication.change").allowed,
            "refused": refused,
            "typed": request.POST if refused else {},
        },
        status=422 if refused else 200,
    )


@requires("subscription.change_own")
def my_subscriptions(request: HttpRequest) -> HttpResponse:
    return _subscriptions(request, user_id=viewer_id(request), back="/me/subscriptions")


@requires("communication.change")
def all_subscriptions(request: HttpRequest) -> HttpResponse:
    return _subscriptions(request, user_id=None, back="/admin/communication/subscriptions")


def _subscriptions(request: HttpRequest, *, user_id: UUID | None, back: str) -> HttpResponse:
    refused = None
    if request.method == "POST":
        try:
            setup_actions.subscribe(
                user_id=user_id or _person(request),
                audience=posted(request, "audience"),
                service_id=posted_id(request, "service"),
                severity=posted(request, "severity"),
                actor=actor_of(request),
                now=now_of(request),
            )
        except ChangeRefused as error:
            refused = error
        else:
            messages.success(request, "Subscribed.")
            return HttpResponseRedirect(back)
    return show(
        request,
        "communication/subscriptions.html",
        {
            "rows": reads.subscriptions(user_id=user_id),
            "mine": user_id is not None,
            "back": back,
            "people": [] if user_id is not None else person_choices(),
            "audiences": [(one.value, one.label) for one in setup_actions.LISTENING],
            "services": _services(),
            "severities": [(one.id, one.label) for one in running().severities],
            "labels": {one.id: one.label for one in running().severities},
            "refused": refused,
            "typed": request.POST if refused else {},
        },
        status=422 if refused else 200,
    )


@require_POST
@requires("subscription.change_own")
def end_my_subscription(request: HttpRequest, subscription_id: UUID) -> HttpResponse:
    return _end(request, subscription_id, user_id=viewer_id(request), back="/me/subscriptions")


@require_POST
@requires("communication.change")
def end_subscription(request: HttpRequest, subscription_id: UUID) -> HttpResponse:
    return _end(request, subscription_id, user_id=None, back="/admin/communication/subscriptions")


def _end(request: HttpRequest, subscription_id: UUID, *, user_id: UUID | None, back: str) -> HttpResponse:
    try:
        setup_actions.unsubscribe(
            subscription_id=subscription_id, user_id=user_id, actor=actor_of(request), now=now_of(request)
        )
    except ChangeRefused as refused:
        raise Http404(refused.reason) from refused
    messages.success(request, "Ended.")
    return HttpResponseRedirect(back)


def _person(request: HttpRequest) -> UUID:
    email = posted(request, "person").strip().lower()
    return person_ids([email], field="person")[email]


def _services() -> list[Service]:
    return list(Service.objects.filter(archived_at=None).order_by("name").only("id", "name"))
