"""Atom and RSS: one entry for each incident and each announced maintenance, its updates the latest first."""

from collections.abc import Sequence
from datetime import datetime
from email.utils import format_datetime
from urllib.parse import urlsplit
from xml.etree import ElementTree as Xml

from django.utils.html import format_html, format_html_join

from watchbill.domain.status_page.document import IncidentPart, MaintenancePart, PageDocument, UpdatePart
from watchbill.domain.status_page.statuspage_shape import link_of
from watchbill.ground.text import block

_ENTRIES_MAX = 25
_ATOM = "http://www.w3.org/2005/Atom"
Part = IncidentPart | MaintenancePart


def atom(page: PageDocument) -> bytes:
    feed = Xml.Element("feed", {"xmlns": _ATOM, "xml:lang": "en"})
    _text(feed, "id", _tag(page, "history"))
    _text(feed, "title", f"{page.name}: incident history")
    _text(feed, "updated", _newest(page).isoformat())
    Xml.SubElement(feed, "link", rel="self", type="application/atom+xml", href=f"{page.address}/history.atom")
    Xml.SubElement(feed, "link", rel="alternate", type="text/html", href=f"{page.address}/")
    _text(Xml.SubElement(feed, "author"), "name", page.name)
    for part in _latest(page):
        entry = Xml.SubElement(feed, "entry")
        _text(entry, "id", _tag(page, f"incident/{part.id.hex}"))
        _text(entry, "published", part.created_at.isoformat())
        _text(entry, "updated", part.updated_at.isoformat())
        Xml.SubElement(entry, "link", rel="alternate", type="text/html", href=link_of(page, part))
        _text(entry, "title", part.title)
        _text(entry, "content", _content(page, part.updates)).set("type", "html")
    return _document(feed)


def rss(page: PageDocument) -> bytes:
    root = Xml.Element("rss", {"version": "2.0"})
    channel = Xml.SubElement(root, "channel")
    _text(channel, "title", f"{page.name}: incident history")
    _text(channel, "link", f"{page.address}/")
    _text(channel, "description", f"What {page.name} published about incidents and maintenance.")
    _text(channel, "lastBuildDate", format_datetime(_newest(page)))
    for part in _latest(page):
        item = Xml.SubElement(channel, "item")
        _text(item, "title", part.title)
        _text(item, "link", link_of(page, part))
        _text(item, "guid", link_of(page, part)).set("isPermaLink", "true")
        _text(item, "pubDate", format_datetime(part.created_at))
        _text(item, "description", _content(page, part.updates))
    return _document(root)


def _latest(page: PageDocument) -> list[Part]:
    parts: list[Part] = [*page.incidents, *page.maintenances]
    return sorted(parts, key=lambda one: one.updated_at, reverse=True)[:_ENTRIES_MAX]


def _newest(page: PageDocument) -> datetime:
    return max([page.updated_at, *(one.updated_at for one in _latest(page))])


def _tag(page: PageDocument, name: str) -> str:
    """Stable for as long as the page's address: RFC 4151."""
    return f"tag:{urlsplit(page.address).hostname or 'localhost'},2026:{page.id.hex}/{name}"


def _content(page: PageDocument, updates: Sequence[UpdatePart]) -> str:
    return format_html_join(
        "\n",
        "{}",
        (
            (
                format_html(
                    "<p><small>{}</small><br><strong>{}</strong></p><p>{}</p>",
                    f"{one.at.astimezone(page.time_zone):%d %b %Y, %H:%M %Z}",
                    one.status.replace("_", " ").capitalize(),
                    _paragraphs(one.body),
                ),
            )
            for one in updates
        ),
    )


def _paragraphs(body: str) -> str:
    return format_html_join("", "{}<br>", ((line,) for line in body.splitlines()))


def _text(parent: Xml.Element, name: str, text: str) -> Xml.Element:
    child = Xml.SubElement(parent, name)
    child.text = block(text)  # one character that XML does not know, and no reader shows any of it
    return child


def _document(root: Xml.Element) -> bytes:
    found: bytes = Xml.tostring(root, encoding="utf-8", xml_declaration=True)
    return found
