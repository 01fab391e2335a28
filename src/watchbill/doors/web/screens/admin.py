"""What an admin looks after: the organization and its fallback, the record, and the process that runs."""

from collections.abc import Iterable
from dataclasses import asdict
from urllib.parse import urlencode
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect

from watchbill.chat.register import KINDS
from watchbill.domain.alerts.models import SUBJECT_KIND, Alert
from watchbill.domain.audit.contract import VIAS
from watchbill.domain.audit.models import Entry
from watchbill.domain.audit.reads import EntryFilter, entries
from watchbill.domain.event_hooks.reads import in_trouble
from watchbill.domain.incidents.reads import hidden_ids
from watchbill.domain.people import reads as people_reads
from watchbill.domain.people.actions import set_organization
from watchbill.domain.process import reads as process_reads
from watchbill.doors.web.audit_words import changes_of
from watchbill.doors.web.forms import (
    Field,
    FormPage,
    Group,
    person_choices,
    person_ids,
    posted,
    posted_emails,
    posted_rows,
    rearranged,
    rearranging,
    show_form,
    zone_choices,
)
from watchbill.doors.web.guards import caller, requires
from watchbill.doors.web.page import actor_of, now_of, show, viewer_id
from watchbill.ground.refusals import ChangeRefused

_TRAIL = ("/admin", "Admin")
_VERSIONS_SHOWN = 20
_VIAS = (*VIAS, *KINDS)


@requires("organization.read")
def admin_page(request: HttpRequest) -> HttpResponse:
    return show(
        request,
        "admin/admin.html",
        {
            "organization": people_reads.organization(),
            "version": process_reads.running_version(),
            "process": process_reads.running(),
            "may_change": caller(request).may("organization.change").allowed,
            "may_tokens": caller(request).may("token.read").allowed,
            "may_bridges": caller(request).may("bridge.read").allowed,
            "may_hooks": caller(request).may("event_hook.read").allowed,
            "deaf": in_trouble(now=now_of(request)),
            "may_audit": caller(request).may("audit.read").allowed,
        },
    )


@requires("organization.change")
def organization(request: HttpRequest) -> HttpResponse:
    held = people_reads.organization()
    is_posted = request.method == "POST"

    def value(name: str, kept: str) -> str:
        return posted(request, name) if is_posted else kept

    asked = rearranging(request)
    fallback = posted_rows(request, "fallback") if is_posted else [one.email for one in held.fallback] if held else []
    page = FormPage(
        title="Organization",
        trail=[_TRAIL],
        back="/admin",
        groups=[
            Group(
                fields=[
                    Field(name="name", label="Name", value=value("name", held.name if held else ""), required=True),
                    Field(
                        name="time_zone",
                        label="Time zone",
                        kind="select",
                        value=value("time_zone", held.time_zone if held else "UTC"),
                        choices=zone_choices(),
                    ),
                    Field(
                        name="fallback",
                        label="Fallback",
                        kind="picker",
                        values=rearranged(fallback, "fallback", asked, blank="") or [""],
                        choices=person_choices(kept=fallback),
                        add_label="Add somebody",
                        help="All of them are paged when a whole policy reached nobody.",
                    ),
                ]
            )
        ],
    )
    if not is_posted or asked:
        return show_form(request, page)
    try:
        set_organization(
            name=posted(request, "name"),
            time_zone=posted(request, "time_zone"),
            fallback_ids=_fallback_ids(request),
            actor=actor_of(request),
            now=now_of(request),
        )
    except ChangeRefused as refused:
        return show_form(request, page, refused=refused)
    messages.success(request, "Saved.")
    return HttpResponseRedirect("/admin")


@requires("audit.read")
def audit(request: HttpRequest) -> HttpResponse:
    asked = request.GET
    wanted = EntryFilter(
        action=_clean(asked.get("action", "")),
        actor=_clean(asked.get("actor", "")),
        subject_kind=_clean(asked.get("subject", "")),
        via=asked.get("via", "") if asked.get("via", "") in _VIAS else "",
        hidden=hidden_ids(viewer_id(request)),
    )
    before = asked.get("before", "")
    page = entries(wanted, before=int(before) if before.isascii() and before.isdigit() and len(before) < 18 else 0)
    values = asdict(wanted)
    query = urlencode(
        {
            "action": values["action"],
            "actor": values["actor"],
            "subject": values["subject_kind"],
            "via": values["via"],
        }
    )
    return show(
        request,
        "admin/audit.html",
        {
            "alert_labels": _alert_labels(page.entries),
            "rows": [(entry, changes_of(entry.details)) for entry in page.entries],
            "filter": wanted,
            "vias": _VIAS,
            "older": f"/admin/audit?{query}&before={page.next_before}" if page.next_before else "",
            "newest": f"/admin/audit?{query}" if before else "",
        },
    )


@requires("process.read")
def process(request: HttpRequest) -> HttpResponse:
    document, versions = process_reads.running(), process_reads.versions()
    labels = {
        **{role.id: role.label for role in document.roles},
        **{severity.id: severity.label for severity in document.severities},
        **{rotation.id: rotation.label for rotation in document.on_call.rotations},
    }
    return show(
        request,
        "admin/process.html",
        {
            "process": document,
            "labels": labels,
            "version": process_reads.running_version(),
            "versions": versions[:_VERSIONS_SHOWN],
            "versions_left": max(0, len(versions) - _VERSIONS_SHOWN),
            "text": process_reads.running_text(),
        },
    )


def _fallback_ids(request: HttpRequest) -> list[UUID]:
    emails = posted_emails(request, "fallback")
    known = person_ids(emails, field="fallback")
    return [known[email] for email in dict.fromkeys(emails)]


def _clean(text: str) -> str:
    return text.replace("\0", "").strip()[:100]


def _alert_labels(entries: Iterable[Entry]) -> dict[UUID, str]:
    """What the engine writes about alerts names them by id alone."""
    unnamed = {row.subject_id for row in entries if row.subject_kind == SUBJECT_KIND and not row.subject_label}
    rows = Alert.objects.filter(id__in=[one for one in unnamed if one is not None])
    return {
        identity: f"#{number} {summary}"[:60]
        for identity, number, summary in rows.values_list("id", "number", "summary")
    }
