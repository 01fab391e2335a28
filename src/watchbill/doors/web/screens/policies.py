"""Who is paged in which order: the list, one policy as a ladder, its versions, and the form that makes the next one."""

from datetime import timedelta
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.views.decorators.http import require_POST

from watchbill.domain.escalation import policy_reads
from watchbill.domain.escalation.policy_actions import archive_policy, change_policy, create_policy
from watchbill.domain.escalation.policy_rules import LevelDraft, PolicyDraft, TargetDraft
from watchbill.domain.escalation.rules import Plan, duration_words, plan_from_json
from watchbill.domain.services.models import Service
from watchbill.domain.services.reads import uses_of_policy
from watchbill.doors.web.forms import (
    Danger,
    Field,
    FormPage,
    Group,
    posted,
    posted_duration,
    posted_id,
    posted_number,
    posted_numbers,
    posted_rows,
    rearranged,
    rearranging,
    show_form,
)
from watchbill.doors.web.guards import caller, requires
from watchbill.doors.web.page import actor_of, now_of, show
from watchbill.doors.web.screens.schedule_forms import team_choices
from watchbill.doors.web.target_choices import target_choices
from watchbill.ground.durations import format_duration
from watchbill.ground.refusals import ChangeRefused

_TRAIL = ("/policies", "Policies")
_VERSIONS_SHOWN = 20
_KINDS = {"schedule": "/schedules/{}", "user": "/people/{}", "team-lead": "/teams/{}", "team-manager": "/teams/{}"}


@requires("policy.read")
def policy_list(request: HttpRequest) -> HttpResponse:
    return show(
        request,
        "policies/list.html",
        {
            "rows": [
                {
                    "policy": detail,
                    "ladder": _ladder(plan_from_json(detail.definition)),
                    "uses": uses_of_policy(detail.id),
                }
                for detail in policy_reads.policies()
            ],
            "may_change": caller(request).may("policy.change").allowed,
        },
    )


@requires("policy.read")
def policy_page(request: HttpRequest, policy_id: UUID) -> HttpResponse:
    detail = _detail(policy_id)
    plan = plan_from_json(detail.definition)
    versions = policy_reads.versions(policy_id)
    return show(
        request,
        "policies/policy.html",
        {
            "detail": detail,
            "plan": plan,
            "ladder": _ladder(plan),
            "acknowledgement": _lasts(plan),
            "versions": versions[:_VERSIONS_SHOWN],
            "versions_left": max(0, len(versions) - _VERSIONS_SHOWN),
            "services": Service.objects.filter(policy_id=policy_id, archived_at=None).order_by("name"),
            "may_change": caller(request).may("policy.change", team_ids=[detail.draft.team_id]).allowed,
        },
    )


@requires("policy.read")
def policy_version(request: HttpRequest, policy_id: UUID, number: int) -> HttpResponse:
    """One version beside the one before it: what the change was."""
    detail = _detail(policy_id)
    versions = {row.number: row for row in policy_reads.versions(policy_id)}
    if number not in versions:
        raise Http404("There is no such version.")
    shown = [versions[number], *([versions[number - 1]] if number - 1 in versions else [])]
    return show(
        request,
        "policies/version.html",
        {
            "detail": detail,
            "number": number,
            "versions": [
                {"version": row, "plan": plan, "ladder": _ladder(plan), "acknowledgement": _lasts(plan)}
                for row in shown
                for plan in [plan_from_json(row.definition)]
            ],
        },
    )


def _lasts(plan: Plan) -> str:
    return duration_words(plan.acknowledgement_lasts_seconds) if plan.acknowledgement_lasts_seconds else ""


@requires("policy.change")
def new_policy(request: HttpRequest) -> HttpResponse:
    page = _form(request, None, title="New policy", trail=[_TRAIL], back="/policies")
    if request.method != "POST" or rearranging(request):
        return show_form(request, page)
    try:
        draft = _draft(request)
        caller(request).check("policy.change", team_ids=[draft.team_id])
        policy = create_policy(draft, actor=actor_of(request), now=now_of(request))
    except ChangeRefused as refused:
        return show_form(request, page, refused=refused)
    messages.success(request, f"Policy {policy.name} is made. Services can use it now.")
    return HttpResponseRedirect(f"/policies/{policy.id}")


@requires("policy.change")
def edit_policy(request: HttpRequest, policy_id: UUID) -> HttpResponse:
    detail = _detail(policy_id)
    caller(request).check("policy.change", team_ids=[detail.draft.team_id])
    page = _form(
        request,
        detail.draft,
        title=f"Edit {detail.draft.name}",
        trail=[_TRAIL, (f"/policies/{policy_id}", detail.draft.name)],
        back=f"/policies/{policy_id}",
    )
    page.intro = f"Saving makes version {detail.version + 1}. Alerts that are escalating keep the version they have."
    page.danger = Danger(
        address=f"/policies/{policy_id}/archive",
        label="Archive this policy",
        words="It can be chosen no more. A service that still uses it refuses this.",
    )
    if request.method != "POST" or rearranging(request):
        return show_form(request, page)
    try:
        draft = _draft(request)
        caller(request).check("policy.change", team_ids=[draft.team_id])
        change_policy(policy_id, draft, actor=actor_of(request), now=now_of(request))
    except ChangeRefused as refused:
        return show_form(request, page, refused=refused)
    messages.success(request, "Saved. It counts for the next alert.")
    return HttpResponseRedirect(f"/policies/{policy_id}")


@require_POST
@requires("policy.change")
def archive(request: HttpRequest, policy_id: UUID) -> HttpResponse:
    detail = _detail(policy_id)
    caller(request).check("policy.change", team_ids=[detail.draft.team_id])
    try:
        archive_policy(policy_id, uses=uses_of_policy(policy_id), actor=actor_of(request), now=now_of(request))
    except ChangeRefused as refused:
        messages.error(request, str(refused))
        return HttpResponseRedirect(f"/policies/{policy_id}/edit")
    messages.success(request, f"Policy {detail.draft.name} is archived.")
    return HttpResponseRedirect("/policies")


def _detail(policy_id: UUID) -> policy_reads.PolicyDetail:
    detail = policy_reads.policy(policy_id)
    if detail is None:
        raise Http404("There is no such policy; it may have been archived.")
    return detail


def _ladder(plan: Plan) -> list[dict[str, object]]:
    """Each level with the time at which it is paged, counted from the alert."""
    steps: list[dict[str, object]] = []
    seconds = 0
    for number, level in enumerate(plan.levels, start=1):
        steps.append(
            {
                "number": number,
                "at": f"after {duration_words(seconds)}" if seconds else "at once",
                "targets": [
                    {"words": target.words, "address": _KINDS[target.kind].format(target.id)}
                    for target in level.targets
                ],
                "timeout": duration_words(level.timeout_seconds),
            }
        )
        seconds += level.timeout_seconds
    return steps


def _form(
    request: HttpRequest, held: PolicyDraft | None, *, title: str, trail: list[tuple[str, str]], back: str
) -> FormPage:
    is_posted = request.method == "POST"
    levels = _posted_levels(request) if is_posted else _held_levels(held)
    name = posted(request, "name") if is_posted else held.name if held else ""
    team = posted(request, "team") if is_posted else str(held.team_id or "") if held else ""
    repeat = posted(request, "repeat") if is_posted else str(held.repeat) if held else "2"
    wait = posted(request, "acknowledgement_timeout") if is_posted else _acknowledgement(held)
    targets = target_choices()
    level_groups = [_level_group(number, level, targets) for number, level in enumerate(levels or [_BLANK])]
    level_groups[-1].add, level_groups[-1].add_label = "levels", "Add a level"
    groups = [
        Group(
            fields=[
                Field(name="name", label="Name", value=name, required=True),
                Field(name="team", label="Team", kind="select", value=team, choices=team_choices()),
            ]
        ),
        *level_groups,
        Group(
            fields=[
                Field(
                    name="repeat",
                    label="Go through all levels again, so many times",
                    kind="number",
                    value=repeat,
                    help="After that the organization's fallback is paged.",
                ),
                Field(
                    name="acknowledgement_timeout",
                    label="An acknowledgement lasts",
                    value=wait,
                    help="Like 30m. If it is not resolved by then, it pages again. Empty: 30 minutes. 0s: for ever.",
                ),
            ]
        ),
    ]
    return FormPage(title=title, trail=trail, groups=groups, back=back)


_BLANK: dict[str, list[str] | str] = {"targets": [], "timeout": "5m"}


def _level_group(number: int, level: dict[str, list[str] | str], choices: list[tuple[str, str]]) -> Group:
    return Group(
        legend=f"Level {number + 1}",
        drop=f"levels {number}",
        fields=[
            Field(
                name=f"levels[{number}].targets",
                label="Page",
                kind="picker",
                values=list(level["targets"]) or [""],
                choices=choices,
                add_label="Add a target",
                help="All of them are paged at the same time.",
            ),
            Field(
                name=f"levels[{number}].timeout",
                label="Wait for an answer",
                value=str(level["timeout"]),
                help="Like 90s, 5m or 1h30m.",
            ),
        ],
    )


def _held_levels(held: PolicyDraft | None) -> list[dict[str, list[str] | str]]:
    return [
        {"targets": [f"{one.kind}:{one.id}" for one in level.targets], "timeout": format_duration(level.timeout)}
        for level in (held.levels if held else ())
    ]


def _acknowledgement(held: PolicyDraft | None) -> str:
    return format_duration(held.acknowledgement_timeout) if held and held.acknowledgement_timeout is not None else ""


def _posted_levels(request: HttpRequest) -> list[dict[str, list[str] | str]]:
    """As they stand in the form, without those that hold nothing, and changed by the button that was pressed."""
    asked = rearranging(request)
    found: list[dict[str, list[str] | str]] = []
    for number in posted_numbers(request, "levels"):
        name = f"levels[{number}].targets"
        if name in request.POST:
            targets = rearranged(posted_rows(request, name), name, asked, blank="")
            found.append({"targets": targets, "timeout": posted(request, f"levels[{number}].timeout")})
    return rearranged(found, "levels", asked, blank=_BLANK)


def _draft(request: HttpRequest) -> PolicyDraft:
    levels = []
    for number in posted_numbers(request, "levels"):
        texts = [text for text in request.POST.getlist(f"levels[{number}].targets") if text]
        if not texts and not posted(request, f"levels[{number}].timeout").strip():
            continue
        timeout = posted_duration(request, f"levels[{number}].timeout")
        if texts:
            targets = tuple(_target(text, field=f"levels[{number}].targets") for text in texts)
            levels.append(LevelDraft(targets=targets, timeout=timeout))
    if not levels:
        raise ChangeRefused("levels[0].targets", "choose whom this level pages")
    wait: timedelta | None = None
    if posted(request, "acknowledgement_timeout").strip():
        wait = posted_duration(request, "acknowledgement_timeout")
    return PolicyDraft(
        name=posted(request, "name"),
        levels=tuple(levels),
        repeat=posted_number(request, "repeat"),
        team_id=posted_id(request, "team"),
        acknowledgement_timeout=wait,
    )


def _target(text: str, *, field: str) -> TargetDraft:
    kind, _, identity = text.partition(":")
    try:
        return TargetDraft(kind=kind, id=UUID(identity))
    except ValueError as error:
        raise ChangeRefused(field, "is not one of the choices; choose again") from error
