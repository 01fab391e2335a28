"""What goes in and out: strict objects, text that can be stored, instants in UTC, durations as people write them."""

from datetime import UTC, datetime, timedelta
from typing import Annotated, Any

from pydantic import AfterValidator, AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field, PlainSerializer
from pydantic.json_schema import WithJsonSchema

from watchbill.ground.durations import format_duration, parse_duration
from watchbill.ground.local_time import utc_text

TEXT_MAX = 5000
_FIRST_YEAR, _LAST_YEAR = 1970, 2200


class Input(BaseModel):
    """A field that is not named here is refused, so that nothing can be set by the way."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Output(BaseModel):
    model_config = ConfigDict(frozen=True)


def storable_text(text: str) -> str:
    if "\x00" in text:
        raise ValueError("holds a NUL character; leave it out")
    return text


def _written(value: Any) -> Any:
    """Instants are text: a bare number would be read as seconds since 1970, which nobody means."""
    if not isinstance(value, str) or value.strip().lstrip("+-").replace(".", "").isdigit():
        raise ValueError("is no instant; write it like 2026-12-24T18:00:00Z")
    # A plus sign that was not escaped in an address arrives as a blank.
    date, blank, offset = value.rpartition(" ")
    return f"{date}+{offset}" if blank and "T" in date else value


def _in_utc(value: datetime) -> datetime:
    if not _FIRST_YEAR <= value.year <= _LAST_YEAR:
        raise ValueError(f"lies outside the years {_FIRST_YEAR} to {_LAST_YEAR}; choose another")
    return value.astimezone(UTC)


def _duration(value: Any) -> timedelta:
    if not isinstance(value, str):
        raise ValueError("is no duration; write it like 90s, 5m, 1h30m or 2d")  # noqa: TRY004 - pydantic wants ValueError
    return parse_duration(value)


Text = Annotated[str, Field(max_length=TEXT_MAX), AfterValidator(storable_text)]
# A uuid, or the name (for people the e-mail address, for alerts the number).
Name = Annotated[str, Field(min_length=1, max_length=254), AfterValidator(storable_text)]
Instant = Annotated[AwareDatetime, BeforeValidator(_written), AfterValidator(_in_utc)]
Duration = Annotated[
    timedelta, BeforeValidator(_duration), WithJsonSchema({"type": "string", "examples": ["90s", "5m", "1h30m", "2d"]})
]
InstantOut = Annotated[datetime, PlainSerializer(utc_text, return_type=str)]
DurationOut = Annotated[timedelta, PlainSerializer(format_duration, return_type=str)]
