"""What the variables of a template stand for, read from the record of one incident."""

import unicodedata
from collections.abc import Mapping
from datetime import datetime
from zoneinfo import ZoneInfo

from watchbill.domain.communications.models import Audience
from watchbill.domain.incidents import rules as incident_rules
from watchbill.domain.incidents.charge import in_charge
from watchbill.domain.incidents.models import Incident, Post, PostKind
from watchbill.domain.incidents.process_followed import process_of, severity_in
from watchbill.domain.people.models import Organization
from watchbill.domain.status_page.reads import public_zone
from watchbill.ground.text import block, one_line

_LAST_UPDATE_MAX = 4000

# For the preview of a template, where there is no incident to fill it from.
EXAMPLE: Mapping[str, str] = {
    "title": "Checkout answers with errors",
    "number": "42",
    "severity": "SEV1",
    "status": "open",
    "service": "checkout",
    "services": "checkout, invoices",
    "impact": "Orders cannot be paid.",
    "customers": "about 40 % of orders",
    "started": "14:05 CET on 2 Mar",
    "ended": "15:20 CET on 2 Mar",
    "duration": "1 h 15 min",
    "lasted": "from 14:05 CET on 2 Mar until 15:20 CET on 2 Mar (1 h 15 min)",
    "resolved": "15:35 CET on 2 Mar",
    "resolved_after": "1 h 30 min",
    "back": "16:10 CET on 2 Mar",
    "next_update_by": "14:50 CET",
    "last_update": "The cause is found; the release is being taken back.",
    "commander": "Casey Commander",
    "link": "https://watchbill.example.org/incidents/42",
    "organization": "Example",
}


def values_of(incident: Incident, *, audience: str, base_url: str, now: datetime) -> dict[str, str]:
    """What is not known is said in words that read well in a sentence."""
    organization = Organization.objects.filter(id=1).first()
    zone = zone_of(audience)
    service = incident.service.name if incident.service else "one of our services"
    also = list(incident.affected.select_related("service").order_by("service__name"))
    values = {
        "title": incident.title,
        "number": str(incident.number),
        "severity": severity_in(incident).label,
        "status": incident.get_state_display().lower(),
        "service": service,
        "services": ", ".join(dict.fromkeys([service, *(row.service.name for row in also)])),
        "customers": incident.customers_affected or "how many customers is not known yet",
        **_times(incident, zone, now=now),
        "next_update_by": _next_update(incident, zone, now=now),
        "commander": in_charge(incident).name,
        "link": f"{base_url}/incidents/{incident.number}",
        "organization": organization.name if organization else "We",
    }
    longer = {
        "impact": _sentence(incident.customer_impact) or "We are finding out what is affected.",
        "last_update": _last_update(incident),
    }
    return {name: one_line(text) for name, text in values.items()} | {
        name: block(text).strip() for name, text in longer.items()
    }


def zone_of(audience: str) -> ZoneInfo:
    """One for each audience: outside that of the status page, inside the organization's."""
    if audience in (Audience.PUBLIC, Audience.CUSTOMERS):
        return public_zone()
    organization = Organization.objects.filter(id=1).first()
    return ZoneInfo(organization.time_zone if organization else "UTC")


def _times(incident: Incident, zone: ZoneInfo, *, now: datetime) -> dict[str, str]:
    """What customers feel counts: from the beginning of the impact until it was mitigated, otherwise resolved.

    Each length is that between the two times that stand beside it.
    """
    began = incident.started_at or incident.detected_at or incident.declared_at
    over, resolved = incident.mitigated_at or incident.resolved_at, incident.resolved_at or now
    started, length = _day_words(began, zone, now=now), length_words(began, over or now)
    ended = _day_words(over or now, zone, now=now)
    return {
        "started": started,
        "ended": ended,
        "duration": length,
        "lasted": f"from {started} until {ended} ({length})" if over else f"since {started} ({length} so far)",
        "resolved": _day_words(resolved, zone, now=now),
        "resolved_after": length_words(began, resolved),
        "back": _day_words(incident.raised_at, zone, now=now),
    }


def length_words(start: datetime, end: datetime) -> str:
    """Between two times as a clock without seconds shows them, so that whoever subtracts gets the same."""
    minutes = int((_on_the_clock(end) - _on_the_clock(start)).total_seconds()) // 60
    hours, rest = divmod(minutes, 60)
    if minutes <= 0:
        return "less than a minute"
    if hours >= 48:
        return f"{hours // 24} days {hours % 24} h" if hours % 24 else f"{hours // 24} days"
    if not hours:
        return f"{rest} min"
    return f"{hours} h {rest} min" if rest else f"{hours} h"


def _on_the_clock(at: datetime) -> datetime:
    return at.replace(second=0, microsecond=0)


def _sentence(text: str) -> str:
    """With a full stop where it has no end, so that what follows does not run on."""
    clean = text.strip()
    return clean if not clean or unicodedata.category(clean[-1]) == "Po" else f"{clean}."


def _next_update(incident: Incident, zone: ZoneInfo, *, now: datetime) -> str:
    window = incident_rules.update_window(process_of(incident), severity_in(incident), since=now)
    return _day_words(window[1], zone, now=now) if window is not None else "the end of this"


def _day_words(at: datetime, zone: ZoneInfo, *, now: datetime) -> str:
    local = at.astimezone(zone)
    if local.date() == now.astimezone(zone).date():
        return f"{local:%H:%M %Z}"
    return f"{local:%H:%M %Z} on {local.day} {local:%b}"


def _last_update(incident: Incident) -> str:
    posts = Post.objects.filter(incident=incident, kind=PostKind.UPDATE, replaced_by=None)
    last = posts.order_by("-written_at").first()
    return last.text[:_LAST_UPDATE_MAX] if last is not None else "We are still working on it."
