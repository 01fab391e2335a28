"""What a person, a contact, a rule and a team must look like."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol
from uuid import UUID
from zoneinfo import ZoneInfo

from watchbill.ground.refusals import ChangeRefused

NAME_MAX = 100
PERSON_NAME_MAX = 200
EMAIL_MAX = 254
CONTACTS_PER_PERSON_MAX = 20
RULES_PER_URGENCY_MAX = 20
RULE_DELAY_SECONDS_MAX = 24 * 3600
MEMBERS_MAX = 500

# Bound to every sealed secret of a contact; whoever unseals it names the same purpose.
CONTACT_SECRET_PURPOSE = "contact.secret"


class ContactKind(Protocol):
    """What this room asks about a kind of contact; paging's contract says the rest."""

    @property
    def is_signed(self) -> bool:
        """The receiver proves a message by a shared secret: one is made when none is given."""
        ...

    def check_address(self, address: str) -> str:
        """The address in its one normal form; raises ValueError that names the remedy."""
        ...


ContactKinds = Mapping[str, ContactKind]

_EMAIL = re.compile(r"[^\s@<>,;:\"\\\x00-\x1f\x7f]+@[^\s@<>,;:\"\\\x00-\x1f\x7f]+")
# With what no document may hold: XML knows no U+FFFE, and nothing that is meant to be read has one.
_CONTROL = re.compile(
    r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff\ufdd0-\ufdef"
    + "".join(rf"\U{plane:04x}fffe\U{plane:04x}ffff" for plane in range(17))
    + "]"
)
# They let a name read as another one. Marks of the direction of a single letter stay: Arabic and Hebrew need them.
_TURNS_AROUND = re.compile(r"[\u202a-\u202e\u2066-\u2069]")


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonDraft:
    email: str
    name: str
    role: str
    time_zone: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ContactDraft:
    """`secret` None: leave it as it is, or make one where the kind needs one."""

    name: str
    kind: str
    address: str
    secret: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TeamDraft:
    name: str
    lead_id: UUID | None = None
    manager_id: UUID | None = None
    member_ids: tuple[UUID, ...] = ()


def clean_email(text: str, *, field: str = "email") -> str:
    address = text.strip().lower()
    if len(address) > EMAIL_MAX or not _EMAIL.fullmatch(address):
        raise ChangeRefused(field, f"{text!r} is no e-mail address; write it like responder@example.org")
    return address


def clean_name(text: str, *, field: str = "name", longest: int = NAME_MAX) -> str:
    """One line of visible text: names are shown in lists, mails and logs."""
    name = text.strip()
    if not name:
        raise ChangeRefused(field, "is empty; give a name")
    if len(name) > longest:
        raise ChangeRefused(field, f"has {len(name)} characters; use at most {longest}")
    if _CONTROL.search(name):
        raise ChangeRefused(field, "holds a line break or another control character; use one line of text")
    if _TURNS_AROUND.search(name):
        raise ChangeRefused(field, "holds a mark that turns the direction of reading around; write it without")
    return name


def check_zone(name: str, *, field: str = "time_zone") -> str:
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError) as error:
        raise ChangeRefused(
            field, f"{name!r} is no time zone; use a name of the IANA database, like Europe/Berlin"
        ) from error
    return name


def check_address(kind: str, address: str, *, kinds: ContactKinds) -> str:
    """The address in its normal form."""
    if kind not in kinds:
        raise ChangeRefused("kind", f'unknown kind "{kind}"; use {listed(kinds)}')
    try:
        return kinds[kind].check_address(address)
    except ValueError as error:
        raise ChangeRefused("address", str(error).removeprefix("address: ")) from error


def listed(words: Mapping[str, object] | tuple[str, ...]) -> str:
    """ "email, webhook or demo"."""
    names = list(words)
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} or {names[-1]}"
