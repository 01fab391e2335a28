"""Who did it, and what it was: the two values every action passes to the audit room."""

from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

# The ways of our own by which something is done.
VIAS = ("web", "api", "cli", "mail-link", "engine", "ingest")


@dataclass(frozen=True, slots=True, kw_only=True)
class Actor:
    """`kind`: person, token, source or system. `via`: one of `VIAS`, or the word of a chat tool."""

    kind: str
    label: str
    via: str
    id: UUID | None = None
    source_address: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """`action` is dotted and big-endian (`alert.acknowledged`). `details` may hold before, after, why."""

    action: str
    subject_kind: str
    subject_id: UUID | None
    subject_label: str
    details: dict[str, Any] = field(default_factory=dict)


PERSON = "person"  # at a screen or with a link of their own; a program with somebody's token is none
ENGINE = Actor(kind="system", label="Watchbill", via="engine")
