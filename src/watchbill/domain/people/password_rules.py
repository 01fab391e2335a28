"""Words that whoever attacks this instance tries first: its name, the organization's, the person's."""

import re
import unicodedata
from collections.abc import Iterator

PRODUCT = "watchbill"
_WORD_MIN = 4
# What a password must hold beside such words: two years are not enough.
_REST_MIN = 10
_LOOKS_LIKE = str.maketrans("01!i345@$78", "ollleasastb")


def leans_on(password: str, *texts: str) -> str:
    """The word of the texts on which the password is built; empty when enough is left without all of them."""
    rest, found = _plain(password), ""
    words: dict[str, str] = {}
    for text in texts:
        for word in _words(text):
            words.setdefault(_plain(word), word)
    for plain in sorted(words, key=len, reverse=True):
        if len(plain) >= _WORD_MIN and plain in rest:
            found = found or words[plain]
            rest = rest.replace(plain, "")
    return found if len(rest) < _REST_MIN else ""


def _words(text: str) -> Iterator[str]:
    """The whole and its parts; the endings of host names are too short to count."""
    yield text
    yield from re.split(r"[\W_]+", text)


def _plain(text: str) -> str:
    """W4tchb1ll! is Watchbill: without case, accents and signs, and with one letter for all that look alike."""
    decomposed = unicodedata.normalize("NFKD", text.casefold()).translate(_LOOKS_LIKE)
    return "".join(character for character in decomposed if character.isalnum())
