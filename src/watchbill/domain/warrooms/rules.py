"""Decisions about rooms in chat tools: where, under which name and topic. Pure."""

import re
import unicodedata
from collections.abc import Sequence
from datetime import date

from watchbill.domain.process.schema.war_room import WarRoom
from watchbill.domain.warrooms.contract import Limits

_PATTERN = "#incident-{date}-{brief-name}"
_BRIEF_MAX = 40


def host_order(war_room: WarRoom, kinds: Sequence[str]) -> list[str]:
    """The chat tools this instance can use: those that the process names first, in its order."""
    named = [host for channel in war_room.channels if channel.kind == "chat" for host in channel.hosts]
    return [*(kind for kind in named if kind in kinds), *(kind for kind in kinds if kind not in named)]


def name_pattern(war_room: WarRoom) -> str:
    found = (one.name_pattern for one in war_room.channels if one.kind == "chat" and one.name_pattern)
    return next(found, _PATTERN)


def room_name(pattern: str, *, on: date, title: str, number: int, discreet: bool, taken: int, limits: Limits) -> str:
    """`taken`: how many names before this one belonged to somebody else. `discreet`: the title stays out of it."""
    suffix = f"-{taken + 1}" if taken else ""
    brief = str(number) if discreet else _slug(title, limits)[:_BRIEF_MAX].strip("-_") or str(number)
    filled = pattern.removeprefix("#").replace("{date}", on.isoformat()).replace("{brief-name}", brief)
    return _slug(filled, limits)[: limits.name_max - len(suffix)].strip("-_") + suffix


def cut(text: str, limit: int) -> str:
    return text if len(text) <= limit else text[: limit - 1].rstrip() + "…"


def _slug(text: str, limits: Limits) -> str:
    """Lower case without accents; whatever the tool does not allow becomes one hyphen."""
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    return re.sub(r"-{2,}", "-", re.sub(f"[^{limits.name_characters}]+", "-", plain)).strip("-_")
