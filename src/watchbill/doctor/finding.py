"""What a check answers with, and what it is given."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from watchbill.config import Config
from watchbill.domain.escalation.steps import Ways
from watchbill.domain.paging.contract import ContactKind, Family


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """`serious`: a page may be lost, late or sent to the wrong person."""

    check: str
    serious: bool
    what: str
    why: str
    remedy: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Patient:
    """`now` is this host's clock; `ways` is what the instance can send by, `kinds` what contacts may be."""

    now: datetime
    settings: Config
    ways: Ways
    kinds: Mapping[str, ContactKind]

    @property
    def families(self) -> Mapping[str, Family]:
        return self.ways.families
