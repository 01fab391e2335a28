"""Where events of incidents are sent: endpoints, what each was told lately, and the buttons that mend it."""

from collections.abc import Callable, Mapping
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.views.decorators.http import require_POST

from watchbill.domain.event_hooks import actions, reads
from watchbill.domain.event_hooks.models import EventHook
from watchbill.domain.event_hooks.rules import EVENTS, HookDraft, shown_url
from watchbill.domain.process.reads import running
from watchbill.domain.services.models import Service
from watchbill.doors.web.forms import Field, FormPage, Group, posted, show_form
from watchbill.doors.web.guards import caller, fresh_proof, requires
from watchbill.doors.web.page import actor_of, now_of, show, viewer_id
from watchbill.doors.web.wiring import wired
from watchbill.ground.refusals import ChangeRefused

_LIST = "/admin/event-hooks"
_TRAIL = (("/admin", "Admin"), (_LIST, "Events out"))


@requires("event_hook.read")
def listing(request: HttpRequest) -> HttpResponse:
    lines = [(line, shown_url(line.hook.url)) for line in reads.hooks()]
    may_change = caller(request).may("event_hook.change").allowed
    return show(request, "admin/event_hooks.html", {"lines": lines, "may_change": may_change})


@requires("event_hook.change")
@fresh_proof
def new(request: HttpRequest) -> HttpResponse:
    if request.method != "POST":
        return show_form(request, _form(request, None))
    try:
        draft = _draft(request)
        check_restricted(request, draft)
        made = actions.add(draft, secret_key=wired().secret_key, actor=actor_of(request), now=now_of(request))
    except ChangeRefused as refused:
        return show_form(request, _form(request, None), refused=refused)
    return _page(request, made.id, secret=made.secret)


@requires("event_hook.read")
def hook_page(request: HttpRequest, hook_id: UUID) -> HttpResponse:
    return _page(request, hook_id)


@requires("event_hook.change")
@fresh_proof
def edit(request: HttpRequest, hook_id: UUID) -> HttpResponse:
    hook = _line(hook_id).hook
    if request.method != "POST":
        return show_form(request, _form(request, hook))
    try:
        draft = _draft(request)
        check_restricted(request, draft, hook)
        actions.change(hook_id, draft, actor=actor_of(request), now=now_of(request))
    except ChangeRefused as refused:
        return show_form(request, _form(request, hook), refused=refused)
    messages.success(request, "Saved. It holds from now on.")
    return HttpResponseRedirect(f"{_LIST}/{hook_id}")


@require_POST
@requires("event_hook.change")
@fresh_proof
def secret(request: HttpRequest, hook_id: UUID) -> HttpResponse:
    check_restricted(request, None, _line(hook_id).hook)
    made = actions.renew_secret(hook_id, secret_key=wired().secret_key, actor=actor_of(request), now=now_of(request))
    return _page(request, hook_id, secret=made)


@require_POST
@requires("event_hook.change")
def act(request: HttpRequest, hook_id: UUID, verb: str) -> HttpResponse:
    _line(hook_id)
    told = VERBS[verb](request, hook_id)
    messages.success(request, told)
    return HttpResponseRedirect(_LIST if verb == "remove" else f"{_LIST}/{hook_id}")


@require_POST
@requires("event_hook.change")
def redeliver(request: HttpRequest, hook_id: UUID, delivery_id: UUID) -> HttpResponse:
    if not reads.delivery_is_visible(hook_id, delivery_id, viewer=viewer_id(request)):
        raise Http404("There is no such delivery.")
    try:
        actions.redeliver(hook_id, delivery_id, actor=actor_of(request), now=now_of(request))
    except ChangeRefused as refused:
        messages.error(request, refused.reason[:1].upper() + refused.reason[1:])
    else:
        messages.success(request, "It is being sent once more.")
    return HttpResponseRedirect(f"{_LIST}/{hook_id}")


def check_restricted(request: HttpRequest, draft: HookDraft | None, hook: EventHook | None = None) -> None:
    """Whoever may lead such an endpoint elsewhere may read what it is sent. Raises Forbidden."""
    if (draft is not None and draft.restricted) or (hook is not None and hook.restricted):
        caller(request).check("event_hook.restricted")


def _pause(request: HttpRequest, hook_id: UUID) -> str:
    actions.pause(hook_id, actor=actor_of(request), now=now_of(request))
    return "Paused. Events wait until you resume it."


def _resume(request: HttpRequest, hook_id: UUID) -> str:
    actions.resume(hook_id, actor=actor_of(request), now=now_of(request))
    return "Resumed. What waits is being sent."


def _remove(request: HttpRequest, hook_id: UUID) -> str:
    actions.remove(hook_id, actor=actor_of(request), now=now_of(request))
    return "Removed. Nothing is sent there any more."


VERBS: Mapping[str, Callable[[HttpRequest, UUID], str]] = {"pause": _pause, "resume": _resume, "remove": _remove}


def _page(request: HttpRequest, hook_id: UUID, *, secret: str = "") -> HttpResponse:
    line = _line(hook_id)
    return show(
        request,
        "admin/event_hook.html",
        {
            "line": line,
            "hook": line.hook,
            "origin": shown_url(line.hook.url),
            "events": [EVENTS.get(one, one) for one in line.hook.events],
            "deliveries": reads.recent_deliveries(hook_id, viewer=viewer_id(request)),
            "secret": secret,
            "may_change": caller(request).may("event_hook.change").allowed,
        },
    )


def _line(hook_id: UUID) -> reads.HookLine:
    line = reads.hook_line(hook_id)
    if line is None:
        raise Http404("There is no such endpoint.")
    return line


def _draft(request: HttpRequest) -> HookDraft:
    return HookDraft(
        name=posted(request, "name"),
        url=posted(request, "url"),
        events=request.POST.getlist("events"),
        service_name=posted(request, "service"),
        severities=request.POST.getlist("severities"),
        restricted=posted(request, "restricted") == "yes",
    )


def _form(request: HttpRequest, hook: EventHook | None) -> FormPage:
    kept = _draft(request) if request.method == "POST" else _kept(hook)
    services = Service.objects.filter(archived_at=None).order_by("name").values_list("name", flat=True)
    severities = [(one.id, f"{one.label} {one.name}") for one in running().severities]
    return FormPage(
        title=hook.name if hook else "New endpoint",
        trail=_TRAIL,
        back=f"{_LIST}/{hook.id}" if hook else _LIST,
        intro="" if hook else "The secret with which every request is signed is made by us and shown once.",
        groups=[
            Group(
                fields=[
                    Field(name="name", label="Name", value=kept.name, required=True),
                    Field(name="url", label="Address", kind="url", value=kept.url, required=True),
                    Field(
                        name="events", label="Events", kind="checks", values=kept.events, choices=list(EVENTS.items())
                    ),
                    Field(
                        name="service",
                        label="Only of this service",
                        kind="select",
                        value=kept.service_name,
                        choices=[("", "Any"), *((name, name) for name in services)],
                    ),
                    Field(
                        name="severities",
                        label="Only of these severities",
                        kind="checks",
                        values=kept.severities,
                        choices=severities,
                        help="None chosen: any.",
                    ),
                    Field(
                        name="restricted",
                        label="Restricted incidents",
                        kind="checks",
                        values=["yes"] if kept.restricted else [],
                        choices=[("yes", "Send restricted incidents too")],
                        help="Only an owner may say so: whoever reads there reads them.",
                    ),
                ]
            )
        ],
    )


def _kept(hook: EventHook | None) -> HookDraft:
    if hook is None:
        return HookDraft(name="", url="", events=tuple(EVENTS))
    return HookDraft(
        name=hook.name,
        url=hook.url,
        events=hook.events,
        service_name=hook.service.name if hook.service else "",
        severities=hook.severities,
        restricted=hook.restricted,
    )
