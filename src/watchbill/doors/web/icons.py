"""The product's own icons: strokes on a grid of 20 by 20. One look everywhere, inline, no request."""

from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe

_STROKES = {
    "now": '<path d="M3 10h3l2-5 4 10 2-5h3"/>',
    "alerts": '<path d="M5 14V9a5 5 0 0 1 10 0v5l1.5 1.5h-13z"/><path d="M8.5 17.5h3"/>',
    "incident": '<path d="M10 2.5l7.5 7.5-7.5 7.5L2.5 10z"/><path d="M10 6.5v4M10 13.3h.01"/>',
    "pin": '<path d="M7 3h6l-1 5 3 3H5l3-3zM10 11v6"/>',
    "oncall": '<circle cx="10" cy="10" r="7"/><path d="M10 5.5V10l3 2"/>',
    "services": '<rect x="3" y="3.5" width="14" height="5.5" rx="1.5"/>'
    '<rect x="3" y="11" width="14" height="5.5" rx="1.5"/>'
    '<path d="M6 6.25h.01M6 13.75h.01"/>',
    "policies": '<path d="M4 16.5h4v-4h4v-4h4v-5"/>',
    "people": '<circle cx="7.5" cy="7" r="3"/><path d="M2.5 16.5c.4-3 2.4-4.5 5-4.5s4.6 1.5 5 4.5"/>'
    '<path d="M12.5 4.3a3 3 0 0 1 0 5.4M14.5 12.4c1.7.6 2.7 2 3 4.1"/>',
    "admin": '<path d="M3 6h6M13 6h4M3 14h3M10 14h7"/><circle cx="11" cy="6" r="2"/><circle cx="8" cy="14" r="2"/>',
    "me": '<circle cx="10" cy="7" r="3.5"/><path d="M3.5 17c.6-3.5 3-5 6.5-5s5.9 1.5 6.5 5"/>',
    "more": '<path d="M4 10h.01M10 10h.01M16 10h.01" stroke-width="3"/>',
    "explain": '<path d="M4 4v12M4 6h6M4 11h9M4 16h12"/>',
    "check": '<path d="M4 10.5l4 4 8-9"/>',
    "cross": '<path d="M5 5l10 10M15 5L5 15"/>',
    "ring": '<circle cx="10" cy="10" r="6"/>',
    "pause": '<path d="M7 5v10M13 5v10"/>',
    "wait": '<path d="M6 3h8M6 17h8M7 3c0 4 6 5 6 7s-6 3-6 7M13 3c0 4-6 5-6 7s6 3 6 7"/>',
    "send": '<path d="M3 10l14-6-5 13-3-5z"/><path d="M9 12l8-8"/>',
    "phone": '<rect x="6" y="2.5" width="8" height="15" rx="2"/><path d="M9.5 15h1"/>',
    "mail": '<rect x="2.5" y="4.5" width="15" height="11" rx="1.5"/><path d="M3 6l7 5 7-5"/>',
    "chat": '<path d="M3 4.5h14v9H9l-4 3v-3H3z"/>',
    "hook": '<path d="M8 12l4-4M6.5 9L4.6 11a3 3 0 0 0 4.3 4.3l2-2M13.5 11l1.9-2A3 3 0 0 0 11.1 4.7l-2 2"/>',
    "warning": '<path d="M10 3L2.5 16.5h15z"/><path d="M10 8v4M10 14.3h.01"/>',
    "globe": '<circle cx="10" cy="10" r="7"/><path d="M3 10h14M10 3c2.5 2 3.5 4.5 3.5 7s-1 5-3.5 7"/>'
    '<path d="M10 3C7.5 5 6.5 7.5 6.5 10s1 5 3.5 7"/>',
    "info": '<circle cx="10" cy="10" r="7"/><path d="M10 9.5v4M10 6.5h.01"/>',
    "search": '<circle cx="9" cy="9" r="5"/><path d="M13 13l4 4"/>',
    "key": '<circle cx="7" cy="13" r="3.5"/><path d="M9.5 10.5L17 3M14 6l2 2"/>',
    "plus": '<path d="M10 4v12M4 10h12"/>',
    "left": '<path d="M12 5l-5 5 5 5"/>',
    "right": '<path d="M8 5l5 5-5 5"/>',
    "up": '<path d="M10 16V4M5 9l5-5 5 5"/>',
    "down": '<path d="M10 4v12M5 11l5 5 5-5"/>',
    "swap": '<path d="M4 7h11l-3-3M16 13H5l3 3"/>',
    "link": '<path d="M8 4H4v12h12v-4M11 4h5v5M16 4l-7 7"/>',
    "level": '<path d="M3 16h14M5 13V9M10 13V6M15 13V3"/>',
    "mute": '<path d="M5 14V9a5 5 0 0 1 7.5-4.3M15 8v6l1.5 1.5h-10M3 3l14 14"/>',
    "history": '<path d="M4 10a6 6 0 1 0 2-4.5L4 7.5M4 3.5v4h4M10 7v3l2 1.5"/>',
}
_FILLED = {
    "dot": '<circle cx="10" cy="10" r="5.5"/>',
}
_BRAND = (
    '<svg width="24" height="24" viewBox="0 0 24 24" fill="none" stroke="currentColor" stroke-width="2" '
    'stroke-linecap="round" aria-hidden="true"><circle cx="12" cy="12" r="9"/>'
    '<path d="M12 3v3M12 18v3M3 12h3M18 12h3"/>'
    '<path d="M12 8.5V12l2.5 2"/></svg>'
)


def icon(name: str, size: str = "") -> SafeString:
    """Decoration only: the word beside it carries the meaning. An unknown name is an error."""
    small = " icon-small" if size == "small" else ""
    if name in _FILLED:
        return _svg(f"icon fill{small}", _FILLED[name])
    return _svg(f"icon{small}", _STROKES[name])


def brand() -> SafeString:
    return mark_safe(_BRAND)  # noqa: S308  a constant of this file


def _svg(classes: str, drawing: str) -> SafeString:
    return format_html(
        '<svg class="{}" viewBox="0 0 20 20" aria-hidden="true">{}</svg>',
        classes,
        mark_safe(drawing),  # noqa: S308  a constant of this file
    )
