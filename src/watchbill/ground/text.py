"""Text from outside, made fit to be shown. Cutting is done in the unit in which the other side counts."""

import re
import unicodedata

_ELLIPSIS = "…"
# Marks that turn the reading direction around can make a text read as another one: they are shown, not obeyed.
_DIRECTION_MARKS = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
_BLANKS = re.compile(r"[ \u00a0]+")
_NEEDS_CARE = re.compile(
    "[\x00-\x1f\x7f-\x9f\u00a0\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069\ufeff\ufff0-\uffff\ud800-\udfff]"
    "|[\U000e0000-\U000e0fff]"
)


def one_line(text: str) -> str:
    """A single line without controls: safe in a mail header, a log line, a title."""
    return _BLANKS.sub(" ", _shown(text, kept=frozenset())).strip()


def block(text: str) -> str:
    """The same with line ends and tabs kept, line ends as a single newline."""
    return _shown(text.replace("\r\n", "\n").replace("\r", "\n"), kept=frozenset("\n\t"))


def well_formed(text: str) -> str:
    """Every code point kept that UTF-8 can carry; a lone surrogate becomes the replacement character."""
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


def _shown(text: str, *, kept: frozenset[str]) -> str:
    if not _NEEDS_CARE.search(text):
        return text
    return "".join(_shown_character(character, kept=kept) for character in well_formed(text))


def _shown_character(character: str, *, kept: frozenset[str]) -> str:
    if character in kept:
        return character
    if character in _DIRECTION_MARKS:
        return f"<U+{ord(character):04X}>"
    category = unicodedata.category(character)
    if category in ("Cc", "Zl", "Zp"):
        return " "
    # Joiners build emoji and whole scripts; the other invisible marks only hide things.
    if category in ("Cf", "Cn") and character not in "\u200c\u200d":
        return ""
    return character


def cut_characters(text: str, limit: int) -> str:
    return text if len(text) <= limit else text[: limit - 1].rstrip() + _ELLIPSIS


def cut_words(text: str, limit: int) -> str:
    """Between two words, where there is a blank at all, and marked."""
    if len(text) <= limit:
        return text
    return (text[: limit - 1].rpartition(" ")[0] or text[: limit - 1]).rstrip() + _ELLIPSIS


def cut_bytes(text: str, limit: int) -> str:
    """At most `limit` bytes of UTF-8; a limit below 3 leaves no room for the mark that something was cut."""
    raw = text.encode("utf-8", "replace")
    if len(raw) <= limit:
        return raw.decode("utf-8")
    mark = _ELLIPSIS if limit >= len(_ELLIPSIS.encode()) else ""
    return raw[: limit - len(mark.encode())].decode("utf-8", "ignore") + mark


def storable(text: str) -> str:
    """What PostgreSQL's text and jsonb can hold: NUL and lone surrogates become the replacement character."""
    if text.isascii() and "\x00" not in text:
        return text
    return well_formed(text).replace("\x00", "\ufffd")
