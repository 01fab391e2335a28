"""What the commands share: who acts, what time it is, and how a thing is found by its name."""

import getpass
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Annotated, Any
from uuid import UUID
from zoneinfo import ZoneInfo

import typer

from watchbill.domain.audit.contract import Actor
from watchbill.domain.people.reads import organization
from watchbill.ground.clock import SystemClock
from watchbill.ground.durations import parse_duration
from watchbill.ground.local_time import instant_of, utc_text
from watchbill.ground.refusals import Unknown

# Far from where a calendar ends, so that what is counted from a time does not leave it.
_YEARS = (1900, 9000)

AsJson = Annotated[bool, typer.Option("--json", help="As JSON, instants in UTC.")]


def host_actor() -> Actor:
    """A command acts for whoever may use the host; the record names that user."""
    try:
        user = getpass.getuser()
    except (KeyError, OSError):  # a container's user may have no name
        user = "unknown"
    return Actor(kind="system", label=f"command line: {user}", via="cli")


def now() -> datetime:
    return SystemClock().now()


def found(look_up: Callable[[str], UUID | None], what: str, text: str) -> UUID:
    """Raises Unknown with the remedy."""
    identity = look_up(text)
    if identity is None:
        raise Unknown("", f"there is no {what} {text!r}; `watchbill {what} list` shows those there are")
    return identity


def instant(text: str, *, option: str, zone: str = "") -> datetime:
    """ISO 8601. Without an offset it is local time in the zone, or in the organization's; then it says which."""
    moment = moment_of(text, option=option)
    if not _YEARS[0] <= moment.year <= _YEARS[1]:
        raise typer.BadParameter(
            f"{text!r} is too far away; use a year from {_YEARS[0]} to {_YEARS[1]}", param_hint=option
        )
    if moment.tzinfo is not None:
        return moment.astimezone(UTC)
    name = zone or organization_zone()
    at = instant_of(moment, ZoneInfo(name))
    typer.echo(f"{option} {text} is read as {name} time: {utc_text(at)}", err=True)
    return at


def zone_asked(text: str) -> tzinfo:
    """In which times are answered: the offset that was written, otherwise the organization's zone; UTC for now."""
    if not text:
        return UTC
    return moment_of(text, option="--at").tzinfo or ZoneInfo(organization_zone())


def moment_of(text: str, *, option: str) -> datetime:
    try:
        return datetime.fromisoformat(text)
    except ValueError as error:
        hint = "write it like 2026-12-24T18:00, 2026-12-24T18:00Z or 2026-12-24T18:00+01:00"
        raise typer.BadParameter(f"{text!r} is no time; {hint}", param_hint=option) from error


def organization_zone() -> str:
    known = organization()
    return known.time_zone if known is not None else "UTC"


def duration(text: str, *, option: str) -> timedelta:
    try:
        return parse_duration(text)
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint=option) from error


def tell_json(value: Any) -> None:
    typer.echo(json.dumps(value, ensure_ascii=False, indent=2, default=_text))


def _text(value: object) -> str:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
    return str(value)
