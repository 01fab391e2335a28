"""Pure decisions about bridges: what one must look like, and which one an incident gets."""

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from watchbill.domain.bridges.models import Bridge, BridgeKind, MeetingState
from watchbill.domain.people.rules import clean_name, listed
from watchbill.domain.services.rules import check_url
from watchbill.ground.refusals import ChangeRefused

PLACE = "{name}"
ORDER_MAX = 9999
# So long a meeting may still come when people have another bridge already; afterwards they would be torn apart.
WELCOME = timedelta(seconds=60)
# So long after a lost answer nobody asks for another meeting: the host's list may lag behind.
LOST_FOR = timedelta(seconds=30)
_PHONE = re.compile(r"\+?[0-9][0-9 ().\-/]{2,38}")
_PIN = re.compile(r"[0-9]{1,20}")
_SUBSTITUTABLE = (BridgeKind.JITSI, BridgeKind.LINK)


@dataclass(frozen=True, slots=True, kw_only=True)
class BridgeDraft:
    name: str
    kind: str
    url: str = ""
    phone: str = ""
    pin: str = ""
    order: int = 100
    team_id: UUID | None = None


def cleaned(draft: BridgeDraft) -> BridgeDraft:
    """Raises ChangeRefused that names the field."""
    if draft.kind not in BridgeKind.values:
        raise ChangeRefused("kind", f"{draft.kind!r} is no kind of bridge; use {listed(tuple(BridgeKind.values))}")
    if not 0 <= draft.order <= ORDER_MAX:
        raise ChangeRefused("order", f"use a number from 0 to {ORDER_MAX}; the lowest is taken first")
    url, phone, pin = check_link(draft.url, kind=draft.kind), check_phone(draft.phone), check_pin(draft.pin)
    if draft.kind == BridgeKind.PHONE and url:
        raise ChangeRefused(
            "url", "a phone conference has a number and no link; leave it empty, or choose another kind"
        )
    if draft.kind == BridgeKind.PHONE and not phone:
        raise ChangeRefused("phone", "give the number that is dialled, like +49 30 1234567")
    if draft.kind != BridgeKind.PHONE and not url:
        raise ChangeRefused("url", "give the link by which people join, like https://zoom.us/j/1234567890")
    if pin and not phone:
        raise ChangeRefused("pin", "a PIN is for the phone; give the number too, or put the passcode into the link")
    return BridgeDraft(
        name=clean_name(draft.name),
        kind=draft.kind,
        url=url,
        phone=phone,
        pin=pin,
        order=draft.order,
        team_id=draft.team_id,
    )


def check_link(text: str, *, kind: str) -> str:
    if PLACE in text and kind not in _SUBSTITUTABLE:
        raise ChangeRefused(
            "url", f"only the kinds {listed(_SUBSTITUTABLE)} make a room of any {PLACE}; give a whole link"
        )
    try:
        check_url(text.replace(PLACE, "name"), field="url")
    except ChangeRefused:
        raise ChangeRefused("url", "is no web address; write it like https://meet.example.org/room") from None
    return text.strip()


def check_phone(text: str) -> str:
    phone = " ".join(text.split())
    if phone and not _PHONE.fullmatch(phone):
        raise ChangeRefused("phone", "is no telephone number; write it like +49 30 1234567")
    return phone


def check_pin(text: str) -> str:
    pin = text.strip().removesuffix("#").replace(" ", "")
    if pin and not _PIN.fullmatch(pin):
        raise ChangeRefused("pin", "use digits only; the # at its end is dialled by itself")
    return pin


def is_shared(bridge: Bridge) -> bool:
    return PLACE in bridge.url


def is_phone(bridge: Bridge) -> bool:
    return bridge.kind == BridgeKind.PHONE


def link_for(bridge: Bridge, *, number: int, restricted: bool, token: str) -> str:
    """A room that anybody may enter who knows its name needs one that nobody guesses: the token is random."""
    return bridge.url.replace(PLACE, token if restricted else f"incident-{number}-{token}")


def first_free(pool: Sequence[Bridge], *, phone: bool, taken: Collection[UUID], team_id: UUID | None) -> Bridge | None:
    """In the order of the pool; what belongs to a team is for its own incidents."""
    for bridge in pool:
        is_ours = bridge.team_id in (None, team_id)
        if is_phone(bridge) is phone and is_ours and (is_shared(bridge) or bridge.id not in taken):
            return bridge
    return None


def tel(phone: str, pin: str) -> str:
    """What a phone dials at one tap: the number, a pause, the PIN and its end."""
    digits = re.sub(r"[^0-9+]", "", phone)
    return f"tel:{digits},,{pin}#" if pin else f"tel:{digits}"


def still_welcome(state: str, *, wanted_at: datetime, has_voice: bool, now: datetime) -> bool:
    """Whether a meeting may still be made: in the first minute, or as long as people have nothing else."""
    return state == MeetingState.WANTED and (not has_voice or now - wanted_at <= WELCOME)
