"""The page as files that any web server can show: no script, nothing fetched from elsewhere, links relative."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Protocol

import orjson
from django.utils.safestring import SafeString

from watchbill.domain.status_page.colours import DARK_GROUND, LIGHT_GROUND
from watchbill.domain.status_page.document import PageDocument
from watchbill.domain.status_page.models import ComponentState
from watchbill.domain.status_page.statuspage_shape import documents
from watchbill.doors.status_page import feeds, look
from watchbill.doors.status_page.views import (
    component_view,
    component_views,
    days_with_incidents,
    incident_view,
    maintenance_view,
)

_STYLE = Path(__file__).parent / "style.css"
# For the address without a slash at its end, from which relative links would lead elsewhere.
WITHOUT_SLASH = "index.without-slash.html"
_INCIDENTS_ON_FRONT_DAYS = 14
_SAMPLED = 12
# As the bars have them in style.css.
_INDICATOR_COLOURS = {
    "none": "#1f9d55",
    "maintenance": "#4f7fd6",
    "minor": "#b97f00",
    "major": "#d9601a",
    "critical": "#d6264f",
}


class Colours(Protocol):
    @property
    def accent_light(self) -> str: ...
    @property
    def accent_dark(self) -> str: ...


def files(page: PageDocument, *, base_url: str) -> dict[str, bytes]:
    """By path. `base_url` is where this instance takes subscriptions."""
    shared = _shared(page, base_url)
    found: dict[str, bytes] = {
        "index.html": _front(page, shared, root=""),
        WITHOUT_SLASH: _front(page, shared, root="status/"),
        "history.html": look.page("history.html", {**shared, "root": "", "days": days_with_incidents(page)}),
        "style.css": style_sheet(page),
        "favicon.svg": _favicon(page),
        "history.atom": feeds.atom(page),
        "history.rss": feeds.rss(page),
    }
    for incident in page.incidents:
        view = {**shared, "root": "../", "one": incident_view(page, incident), "one_page": True}
        found[f"incidents/{incident.id.hex}.html"] = look.page("incident.html", view)
    for work in page.maintenances:
        view = {**shared, "root": "../", "one": maintenance_view(page, work), "one_page": True}
        found[f"incidents/{work.id.hex}.html"] = look.page("incident.html", view)
    for name, document in documents(page).items():
        found[f"api/v2/{name}.json"] = orjson.dumps(document)
    if page.logo:
        found[shared["logo"]] = page.logo
    return found


def preview(page: PageDocument, *, base_url: str, style: str) -> bytes:
    """The front page as it would be; `style` is where its style sheet is."""
    return _front(page, {**_shared(page, base_url), "style": style, "is_preview": True}, root="/status/")


def sample(page: PageDocument, *, base_url: str) -> SafeString:
    """The banner and the components, for a screen of ours; of many components those that are not operational."""
    parts = page.components
    if len(parts) > _SAMPLED:
        parts = [one for one in parts if one.state != ComponentState.OPERATIONAL][:_SAMPLED]
    views = [component_view(page, one) for one in parts]
    return look.part("sample.html", {**_shared(page, base_url), "parts": views})


def _front(page: PageDocument, shared: Mapping[str, Any], *, root: str) -> bytes:
    open_ones = [incident_view(page, one) for one in page.unresolved]
    planned = [maintenance_view(page, one) for one in page.maintenances if one.status != "completed"]
    return look.page(
        "index.html",
        {
            **shared,
            "root": root,
            "open": open_ones,
            "planned": sorted(planned, key=lambda one: one["starts_at"]),
            "loose": component_views(page, None),
            "groups": [{"name": one.name, "components": component_views(page, one.id)} for one in page.groups],
            "days": days_with_incidents(page, days=_INCIDENTS_ON_FRONT_DAYS, only_over=True),
        },
    )


def _shared(page: PageDocument, base_url: str) -> dict[str, Any]:
    return {
        "name": page.name,
        "support_url": page.support_url,
        "indicator": page.indicator,
        "description": page.description,
        "logo": f"logo.{page.logo_type.partition('/')[2]}" if page.logo else "",
        "made_at": page.made_at.astimezone(page.time_zone),
        "zone": page.time_zone.key,
        "subscribe_url": f"{base_url}/status/subscribe",
    }


def _favicon(page: PageDocument) -> bytes:
    """The state in a browser's tab."""
    colour = _INDICATOR_COLOURS[page.indicator]
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 16">'
        f'<circle cx="8" cy="8" r="7" fill="{colour}"/></svg>\n'
    ).encode()


def sample_style_sheet(page: Colours) -> bytes:
    """For a sample that stands in a shadow tree: what is the page there is the element that holds it."""
    return style_sheet(page).replace(b":root", b":host").replace(b"\nbody {", b"\n:host { display: block; }\n:host {")


def style_sheet(page: Colours) -> bytes:
    values = (
        f":root{{--accent:{page.accent_light};--ground:{LIGHT_GROUND}}}\n"
        f"@media (prefers-color-scheme:dark){{:root{{--accent:{page.accent_dark};--ground:{DARK_GROUND}}}}}\n"
    )
    return values.encode() + _STYLE.read_bytes()
