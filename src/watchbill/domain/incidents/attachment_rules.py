"""What may be attached in the room: pictures and plain text, found out from the content and not from the name."""

import codecs
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

from watchbill.domain.incidents.image_rules import BrokenPicture, picture_in
from watchbill.domain.incidents.room_models import AttachmentKind
from watchbill.ground.refusals import ChangeRefused
from watchbill.ground.text import block, one_line

FILES_PER_POST, FILES_PER_INCIDENT = 10, 200
NAME_MAX, ALT_MAX, PREVIEW_MAX = 120, 300, 4000
_FIELD = "files"
# What browsers take for a page, a drawing or a program when it stands at the beginning (after blanks and comments).
_MARKUP = re.compile(
    r"<(?:!doctype|\?xml|html|head|body|title|script|svg|style|iframe|math|xsl|rdf|feed|rss)\b", re.IGNORECASE
)
_BLANK = re.compile(r"[\s\ufeff]*")
_COMMENT_BEGINS, _COMMENT_ENDS = "<!--", re.compile(r"--!?>")
_COMMENTS_MAX = 50
_NO_TEXT = re.compile(r"[\x00-\x06\x0e-\x1a\x1c-\x1f\x7f]")
_NOT_IN_NAMES = re.compile(r'[/\\:*?"<>|%;=\x00-\x1f]+')


@dataclass(frozen=True, slots=True, kw_only=True)
class NewFile:
    """As it comes in. `alt`: what a picture shows, for whoever cannot see it."""

    name: str
    content: bytes
    alt: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """In bytes: of one file, and of all files of an incident together."""

    file: int
    incident: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A file that may be kept, as it is kept."""

    kind: str
    content_type: str
    name: str
    content: bytes
    alt: str
    preview: str = ""
    width: int | None = None
    height: int | None = None


def look_into(file: NewFile, *, limits: Limits) -> Found:
    """Raises ChangeRefused."""
    shown = one_line(file.name)[:60] or "the file"
    if not file.content:
        raise ChangeRefused(_FIELD, f"{shown} is empty")
    if len(file.content) > limits.file:
        raise ChangeRefused(_FIELD, f"{shown} is larger than {in_words(limits.file)}; cut it down, or link to it")
    try:
        picture = picture_in(file.content)
    except BrokenPicture as error:
        raise ChangeRefused(_FIELD, f"{shown} is a broken picture: {error}; take it anew") from error
    alt = one_line(file.alt)[:ALT_MAX]
    if picture is not None:
        return Found(
            kind=AttachmentKind.IMAGE,
            content_type=picture.content_type,
            name=clean_name(file.name, ending=picture.ending, known=(picture.ending, "jpeg")),
            content=picture.content,
            alt=alt,
            width=picture.width,
            height=picture.height,
        )
    text = _text_in(file.content, shown=shown)
    return Found(
        kind=AttachmentKind.TEXT,
        content_type="text/plain; charset=utf-8",
        name=clean_name(file.name, ending="txt", known=("txt", "log")),
        content=text.encode(),
        alt=alt,
        preview=block(text[: 2 * PREVIEW_MAX])[:PREVIEW_MAX],
    )


def check_room(sizes: Sequence[int], *, there: int, bytes_there: int, limits: Limits) -> None:
    """Raises ChangeRefused when these do not fit beside what the incident has."""
    if len(sizes) > FILES_PER_POST:
        raise ChangeRefused(_FIELD, f"these are {len(sizes)} files; send at most {FILES_PER_POST} at once")
    if there + len(sizes) > FILES_PER_INCIDENT:
        raise ChangeRefused(_FIELD, f"an incident holds at most {FILES_PER_INCIDENT} files, and has {there}")
    if bytes_there + sum(sizes) > limits.incident:
        raise ChangeRefused(
            _FIELD, f"the files of an incident may have {in_words(limits.incident)} together; link to it"
        )


def clean_name(name: str, *, ending: str, known: Sequence[str]) -> str:
    """Without folders, signs that mean something elsewhere, or an ending that promises something else."""
    last = unicodedata.normalize("NFC", name).replace("\\", "/").rpartition("/")[2]
    plain = _NOT_IN_NAMES.sub("-", one_line(last)).strip(" .-")
    if plain.rpartition(".")[2].lower() in known and "." in plain:
        return _cut(plain, plain.rpartition(".")[2])
    return _cut(f"{plain or 'attachment'}.{ending}", ending)


def in_words(size: int) -> str:
    for unit, bytes_each in (("MiB", 1 << 20), ("KiB", 1 << 10)):
        if size >= bytes_each:
            return f"{size / bytes_each:.3g} {unit}"
    return f"{size} bytes"


def _cut(name: str, ending: str) -> str:
    stem = name[: -len(ending) - 1]
    return f"{stem[: NAME_MAX - len(ending) - 1]}.{ending}"


def _text_in(content: bytes, *, shown: str) -> str:
    encoding = "utf-16" if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) else "utf-8-sig"
    try:
        text = content.decode(encoding)
    except UnicodeDecodeError:
        text = "\0"
    if _NO_TEXT.search(text):
        words = (
            f"{shown} is neither a picture (PNG, JPEG, WebP, GIF) nor plain text; attach one of these, or link to it"
        )
        raise ChangeRefused(_FIELD, words)
    if _is_markup(text):
        words = (
            f"{shown} is a web page or a drawing (HTML, SVG, XML), which could run in a browser; attach a screenshot"
        )
        raise ChangeRefused(_FIELD, words)
    return text


def _is_markup(text: str) -> bool:
    """Each comment is passed once and for good, because whoever sends the text may want to keep us busy. What begins
    with more comments than a person writes, or with one that does not end, counts as markup."""
    at = _after_blanks(text, 0)
    for _ in range(_COMMENTS_MAX):
        if not text.startswith(_COMMENT_BEGINS, at):
            return _MARKUP.match(text, at) is not None
        end = _COMMENT_ENDS.search(text, at + 2)  # to browsers, <!--> is a whole comment
        if end is None:
            return True
        at = _after_blanks(text, end.end())
    return True


def _after_blanks(text: str, at: int) -> int:
    blank = _BLANK.match(text, at)
    return blank.end() if blank else at
