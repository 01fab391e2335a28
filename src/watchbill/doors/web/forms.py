"""Forms that keep what was typed, name the field and the remedy, and need no script."""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, TypeVar
from uuid import UUID
from zoneinfo import ZoneInfo, available_timezones

from django.http import HttpRequest, HttpResponse

from watchbill.domain.access.models import User
from watchbill.doors.web.page import show
from watchbill.ground.durations import parse_duration
from watchbill.ground.local_time import instant_of
from watchbill.ground.refusals import ChangeRefused

_FORM = "form.html"
# Beyond these, arithmetic with time zones leaves the calendar.
_YEARS = (1970, 2200)
T = TypeVar("T")


@dataclass(kw_only=True)
class Field:
    """`kind`: an input's type, or `select`, `textarea`, `code`, `checks`, `picker`. `choices`: value and label.

    A `picker` is `values` in an order, a row each, with buttons that send the form to be changed and shown again.
    """

    name: str
    label: str
    kind: str = "text"
    value: str = ""
    values: Sequence[str] = ()
    choices: Sequence[tuple[str, str]] = ()
    help: str = ""
    required: bool = False
    error: str = ""
    add_label: str = "Add one"

    @property
    def id(self) -> str:
        return "f-" + "".join(letter if letter.isalnum() else "-" for letter in self.name)


@dataclass(kw_only=True)
class Group:
    fields: list[Field]
    legend: str = ""
    help: str = ""
    drop: str = ""
    add: str = ""
    add_label: str = ""


@dataclass(kw_only=True)
class Danger:
    """A change that takes something away: what will happen, in words, before the button."""

    address: str
    label: str
    words: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Rearranging:
    """A button that changes the form and saves nothing: `up`, `down`, `drop` or `add`, in which list, where."""

    verb: str
    name: str
    at: int = 0


@dataclass(kw_only=True)
class FormPage:
    title: str
    trail: Sequence[tuple[str, str]]
    groups: list[Group]
    submit: str = "Save"
    intro: str = ""
    back: str = ""
    danger: Danger | None = None
    more: dict[str, Any] = field(default_factory=dict)


def show_form(
    request: HttpRequest, page: FormPage, *, refused: ChangeRefused | None = None, template: str = _FORM
) -> HttpResponse:
    """With `refused`, the same form again, the reason beside its field."""
    leftover = place(refused, page.groups) if refused else ""
    return show(
        request,
        template,
        {"form": page, "refused": bool(refused), "leftover": leftover, **page.more},
        status=422 if refused else 200,
    )


def place(refused: ChangeRefused, groups: Iterable[Group]) -> str:
    """Puts the reason beside the field it names; what names none of them comes back as a sentence."""
    fields = [one for group in groups for one in group.fields]
    best = [one for one in fields if one.name == refused.field] or [
        one for one in fields if refused.field.startswith((f"{one.name}[", f"{one.name}."))
    ]
    if not best:
        return str(refused)
    best[0].error = refused.reason[:1].upper() + refused.reason[1:]
    return ""


def posted(request: HttpRequest, name: str) -> str:
    """PostgreSQL keeps no NUL in text; nobody types one."""
    return str(request.POST.get(name, "")).replace("\0", "")


def rearranging(request: HttpRequest) -> Rearranging | None:
    verb, _, rest = posted(request, "do").partition(" ")
    name, _, at = rest.partition(" ")
    if verb not in ("up", "down", "drop", "add"):
        return None
    return Rearranging(verb=verb, name=name, at=int(at) if at.isascii() and at.isdigit() and len(at) < 5 else 0)


def rearranged(rows: Sequence[T], name: str, asked: Rearranging | None, *, blank: T) -> list[T]:
    """The rows of the list `name` as the button wants them."""
    found = list(rows)
    if asked is None or asked.name != name:
        return found
    if asked.verb == "add":
        return [*found, blank]
    if asked.at >= len(found):
        return found
    if asked.verb == "drop":
        del found[asked.at]
        return found
    other = asked.at + (1 if asked.verb == "down" else -1)
    if 0 <= other < len(found):
        found[asked.at], found[other] = found[other], found[asked.at]
    return found


def posted_rows(request: HttpRequest, name: str) -> list[str]:
    """The rows of a picker, empty ones too."""
    return [text.replace("\0", "").strip() for text in request.POST.getlist(name)]


def posted_emails(request: HttpRequest, name: str) -> list[str]:
    """One a row or one a line, in order; addresses are written small."""
    return [line.strip().lower() for text in posted_rows(request, name) for line in text.splitlines() if line.strip()]


def person_ids(emails: Iterable[str], *, field: str) -> dict[str, UUID]:
    wanted = list(dict.fromkeys(emails))
    known = dict(User.objects.filter(email__in=wanted).values_list("email", "id"))
    missing = [repr(email) for email in wanted if email not in known]
    if missing:
        them = "them" if len(missing) > 1 else "the person"
        raise ChangeRefused(field, f"nobody has the address {' or '.join(missing)}; add {them} first")
    return known


def person_choices(*, kept: Iterable[str] = ()) -> list[tuple[str, str]]:
    """By address: everybody active, and who stands in the form already."""
    held = set(kept)
    rows = [row for row in User.objects.order_by("name", "email") if row.is_active or row.email in held]
    names = Counter(row.name for row in rows)
    return [(row.email, row.name if names[row.name] == 1 and row.name else f"{row.name} ({row.email})") for row in rows]


def posted_numbers(request: HttpRequest, prefix: str) -> list[int]:
    """Of the groups that came, `prefix[0].…`, `prefix[7].…`: all of them, so that a limit is refused and not cut."""
    found = (re.match(rf"{re.escape(prefix)}\[(\d{{1,6}})\]\.", name, re.ASCII) for name in request.POST)
    return sorted({int(match[1]) for match in found if match})


def posted_id(request: HttpRequest, name: str) -> UUID | None:
    text = posted(request, name)
    if not text:
        return None
    try:
        return UUID(text)
    except ValueError as error:
        raise ChangeRefused(name, "is not one of the choices; choose again") from error


def required_id(request: HttpRequest, name: str) -> UUID:
    found = posted_id(request, name)
    if found is None:
        raise ChangeRefused(name, "is empty; choose one")
    return found


def posted_number(request: HttpRequest, name: str, *, default: int = 0) -> int:
    text = posted(request, name).strip()
    if not text:
        return default
    if not (text.isascii() and text.isdigit() and len(text) < 8):
        raise ChangeRefused(name, f"{text!r} is not a whole number; write digits only")
    return int(text)


def posted_instant(request: HttpRequest, name: str, *, zone: ZoneInfo) -> datetime:
    text = posted(request, name).strip()
    try:
        wall = datetime.fromisoformat(text)
    except ValueError as error:
        raise ChangeRefused(name, "is not a date and time; write it like 2026-12-24T18:00") from error
    if not _YEARS[0] <= wall.year <= _YEARS[1]:
        raise ChangeRefused(name, f"give a year from {_YEARS[0]} to {_YEARS[1]}")
    return wall if wall.tzinfo else instant_of(wall, zone)


def local_input(at: datetime | None, *, zone: ZoneInfo) -> str:
    return f"{at.astimezone(zone):%Y-%m-%dT%H:%M}" if at else ""


def posted_duration(request: HttpRequest, name: str) -> timedelta:
    try:
        return parse_duration(posted(request, name).strip())
    except ValueError as error:
        raise ChangeRefused(name, str(error)) from error


def zone_choices() -> list[tuple[str, str]]:
    names = sorted(name for name in available_timezones() if "/" in name and not name.startswith(("Etc/", "posix/")))
    return [("UTC", "UTC"), *((name, name) for name in names)]
