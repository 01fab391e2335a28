"""The parts every screen is made of: person, severity, service, status, time. One look, and a link to itself."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode
from uuid import UUID
from zoneinfo import ZoneInfo

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString

from watchbill.domain.paging.contract import Family
from watchbill.doors.web import times
from watchbill.doors.web.assets import asset_address
from watchbill.doors.web.icons import brand as draw_brand
from watchbill.doors.web.icons import icon as draw_icon
from watchbill.doors.web.wiring import wired

register = template.Library()

Context = Mapping[str, Any]
_SEVERITIES = {
    "critical": ("warning", "Critical"),
    "error": ("level", "Error"),
    "warning": ("info", "Warning"),
    "info": ("ring", "Info"),
}
_RANKS = {1: "sev-1", 2: "sev-2", 3: "sev-3"}
_STATUSES = {
    "triggered": ("dot", "Triggered"),
    "acknowledged": ("ring", "Acknowledged"),
    "resolved": ("check", "Resolved"),
    "suppressed": ("mute", "Suppressed"),
}


# What a contact of each family looks like.
FAMILY_ICONS = {
    Family.PUSH: "phone",
    Family.PHONE: "phone",
    Family.SMS: "phone",
    Family.EMAIL: "mail",
    Family.WEBHOOK: "hook",
    Family.CHAT: "chat",
}


@register.filter
def kind_label(kind: str) -> str:
    """What people call this kind of contact; one that no channel serves any more keeps its word."""
    known = wired().contact_kinds().get(kind)
    return known.label if known else kind


@register.filter
def initials(name: str) -> str:
    """Of the first and the last word that begin with a letter."""
    words = [word for word in name.split() if word[0].isalnum()]
    return "".join(word[0] for word in (words[0], words[-1])[: len(words)]).upper() if words else "?"


@register.simple_tag
def kind_icon(kind: str) -> SafeString:
    known = wired().contact_kinds().get(kind)
    return draw_icon(FAMILY_ICONS[known.family] if known else "warning", "small")


@register.simple_tag
def icon(name: str, size: str = "") -> SafeString:
    return draw_icon(name, size)


@register.simple_tag
def brand() -> SafeString:
    return draw_brand()


@register.simple_tag
def asset(name: str) -> str:
    return asset_address(name)


@register.simple_tag
def person(user: Any, label: str = "") -> SafeString:
    """A user, or the id of one with a label. Without an id, the label alone: sources and the engine have no page."""
    if user is None or user == "":
        return format_html("<bdi>{}</bdi>", label or "nobody")
    identity: UUID | str = getattr(user, "id", user)
    return format_html('<a class="person" href="/people/{}"><bdi>{}</bdi></a>', identity, label or str(user))


@register.simple_tag
def service(row: Any) -> SafeString:
    return format_html('<a class="service" href="/services/{}"><bdi>{}</bdi></a>', row.id, row.name)


@register.simple_tag
def severity(value: str) -> SafeString:
    drawing, label = _SEVERITIES.get(value, ("info", value))
    return format_html(
        '<a class="chip severity-{}" href="/alerts?severity={}">{}{}</a>',
        value,
        value,
        draw_icon(drawing, "small"),
        label,
    )


@register.simple_tag
def incident_severity(rank: int, label: str) -> SafeString:
    """By rank, because a process may call its severities as it likes; those after the third look alike."""
    return format_html('<span class="chip {}">{}</span>', _RANKS.get(rank, ""), label)


@register.simple_tag
def status(alert: Any) -> SafeString:
    state = "suppressed" if alert.suppressed_by_id and alert.state == "triggered" else alert.state
    drawing, label = _STATUSES[state]
    if state == "acknowledged" and alert.snoozed_until:
        label = "Snoozed"
    return format_html(
        '<a class="status status-{}" href="/alerts?{}">{}{}</a>',
        state,
        urlencode({"status": alert.state}),
        draw_icon(drawing, "small"),
        label,
    )


@register.simple_tag(takes_context=True)
def moment(context: Context, at: datetime | None, none: str = "never") -> SafeString:
    """`3 min ago`, live; the absolute time with its zone on hover."""
    if at is None:
        return format_html("{}", none)
    return format_html(
        '<time datetime="{}" title="{}" data-relative>{}</time>',
        at.isoformat(),
        times.absolute(at, zone=_zone(context)),
        times.relative(at, now=context["now"]),
    )


@register.simple_tag(takes_context=True)
def wall_time(context: Context, at: datetime) -> str:
    return f"{at.astimezone(_zone(context)):%H:%M}"


@register.simple_tag(takes_context=True)
def instant(context: Context, at: datetime | None, none: str = "") -> SafeString:
    """The absolute time, short: for records and for ends of shifts."""
    if at is None:
        return format_html("{}", none)
    zone = _zone(context)
    return format_html(
        '<time datetime="{}" title="{}">{}</time>',
        at.isoformat(),
        times.absolute(at, zone=zone),
        times.short(at, zone=zone, now=context["now"]),
    )


@register.simple_tag(takes_context=True)
def record_time(context: Context, at: datetime) -> SafeString:
    """Full and exact, for timelines and the audit record."""
    zone = _zone(context)
    local = at.astimezone(zone)
    same_day = local.date() == context["now"].astimezone(zone).date()
    text = f"{local:%H:%M:%S %Z}" if same_day else f"{local.day} {local:%b %H:%M:%S %Z}"
    return format_html('<time datetime="{}" title="{}">{}</time>', at.isoformat(), times.absolute(at, zone=zone), text)


@register.simple_tag(takes_context=True)
def clock(context: Context, due_at: datetime, what: str, soon_seconds: int = 60) -> SafeString:
    """`what in 3:12`, counting; green, then amber, then red with the word overdue, which needs no `due` before it."""
    left = (due_at - context["now"]).total_seconds()
    tone = "over" if left < -5 else "soon" if left < soon_seconds else ""
    is_due = what == "due"
    return format_html(
        '<span class="clock {}">{}<span>{}<time datetime="{}" title="{}" data-countdown data-soon="{}"{}>{}</time>'
        "</span></span>",
        tone,
        draw_icon("wait", "small"),
        "" if is_due else f"{what} ",
        due_at.isoformat(),
        times.absolute(due_at, zone=_zone(context)),
        soon_seconds,
        " data-due" if is_due else "",
        times.due(due_at, now=context["now"]) if is_due else times.countdown(due_at, now=context["now"]),
    )


@register.simple_tag(takes_context=True)
def took(context: Context, at: datetime, length: timedelta) -> SafeString:
    """`after 3 min`: how long it was until something was done; when it was, on hover."""
    return format_html(
        '<time datetime="{}" title="{}">after {}</time>',
        at.isoformat(),
        times.absolute(at, zone=_zone(context)),
        times.span(length.total_seconds()),
    )


@register.simple_tag
def epoch_milliseconds(at: datetime) -> str:
    """So that a script can count on the server's clock, not the device's."""
    return str(int(at.timestamp() * 1000))


@register.filter
def of(values: object, key: object) -> object:
    """`{{ sent|of:contact.id }}`; nothing when it is not there."""
    return values.get(key) if isinstance(values, dict) else None


def _zone(context: Context) -> ZoneInfo:
    zone = context["zone"]
    if not isinstance(zone, ZoneInfo):
        raise TypeError("a page is shown in a zone: render it through page.show")
    return zone
