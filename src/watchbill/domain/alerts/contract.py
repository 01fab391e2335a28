"""What a source makes of a payload. A source is pure: JSON in, signals out, no I/O, no clock."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, Protocol

DEDUP_KEY_MAX = 512
SUMMARY_MAX = 1024
# Of one request. More would make one small request the cause of more alerts than anybody can look at.
SIGNALS_MAX = 5000


class Action(StrEnum):
    TRIGGER = "trigger"
    ACKNOWLEDGE = "acknowledge"
    RESOLVE = "resolve"


@dataclass(frozen=True, slots=True, kw_only=True)
class Signal:
    """One normalised event. An empty `dedup_key` on a trigger means: always a new alert.

    `severity` is critical, error, warning or info. `details` is JSON without NUL and lone surrogates.
    """

    action: Action
    dedup_key: str
    summary: str
    severity: str = "critical"
    source: str = ""
    details: Mapping[str, Any] = field(default_factory=dict)
    links: tuple[Mapping[str, str], ...] = ()
    occurred_at: datetime | None = None

    @property
    def all_details(self) -> Mapping[str, Any]:
        if self.occurred_at is None:
            return self.details
        return {**self.details, "occurred_at": self.occurred_at}


class PayloadRefused(Exception):
    """The payload cannot be understood. `errors` name the field and the remedy, one sentence each."""

    def __init__(self, message: str, errors: list[str]) -> None:
        super().__init__(message)
        self.message = message
        self.errors = errors


class Source(Protocol):
    """`parse` never drops what it does not know: an unknown shape becomes a generic signal.

    `many_keys`: one request may hold several signals, so the integration's requests are stored in one order. It makes
    about SIGNALS_MAX at most and says in one more how many it did not read.
    """

    kind: str
    label: str
    many_keys: bool

    def parse(self, payload: Any) -> list[Signal]: ...
