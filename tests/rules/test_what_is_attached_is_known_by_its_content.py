"""A file is what is in it, whatever it is called; what could run is refused, and where a phone was is cut out."""

import pytest

from tests.harness import pictures
from tests.web.hostile_texts import TEXTS
from watchbill.domain.incidents.attachment_rules import Limits, NewFile, check_room, clean_name, look_into
from watchbill.domain.incidents.image_rules import BrokenPicture, picture_in
from watchbill.ground.refusals import ChangeRefused

LIMITS = Limits(file=1 << 20, incident=2 << 20)

PICTURES = {
    "image/png": (pictures.png(), 4, 3),
    "image/jpeg": (pictures.jpeg(), 30, 20),
    "image/gif": (pictures.gif(), 5, 6),
    "image/webp": (pictures.webp(), 8, 9),
}


def look(content: bytes, name: str = "file.bin") -> object:
    return look_into(NewFile(name=name, content=content), limits=LIMITS)


@pytest.mark.parametrize("kind", PICTURES)
def test_a_picture_is_known_and_measured_and_says_nothing_about_where_it_was_taken(kind: str) -> None:
    content, width, height = PICTURES[kind]
    found = picture_in(content)
    assert found is not None
    assert (found.content_type, found.width, found.height) == (kind, width, height)
    assert pictures.SECRET not in found.content
    assert b"<script>" not in found.content
    again = picture_in(found.content)
    assert again is not None
    assert again.content == found.content


@pytest.mark.parametrize("order", ["<", ">"])
def test_how_the_phone_was_held_is_kept(order: str) -> None:
    found = picture_in(pictures.jpeg(orientation=6, order=order))
    assert found is not None
    assert b"\x01\x12\x00\x03\x00\x00\x00\x01\x00\x06" in found.content
    upright = picture_in(pictures.jpeg(orientation=1, order=order))
    assert upright is not None
    assert b"Exif" not in upright.content


@pytest.mark.parametrize("kind", PICTURES)
def test_a_picture_that_ends_too_early_is_no_picture_and_never_an_error(kind: str) -> None:
    content = PICTURES[kind][0]
    whole = picture_in(content)
    for length in range(len(content)):
        try:
            found = picture_in(content[:length])
        except BrokenPicture:
            continue
        # What follows after the end of a picture may be missing.
        assert found is None or found == whole, f"the first {length} of {len(content)} bytes are taken for a picture"


def test_a_picture_too_large_to_be_shown_is_refused() -> None:
    with pytest.raises(BrokenPicture, match="30000 x 3"):
        picture_in(pictures.png(width=4, height=3).replace(b"\0\0\0\4\0\0\0\3", b"\0\0\x75\x30\0\0\0\3", 1))


@pytest.mark.parametrize(
    "text",
    [
        "<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>",
        "\ufeff  \n<!-- a drawing --><SVG>",
        "<!doctype html><script>alert(1)</script>",
        "<html><body onload=alert(1)>",
        "<?xml version='1.0'?><svg/>",
        "<script>alert(1)</script>",
    ],
)
def test_what_a_browser_would_run_is_refused_whatever_it_is_called(text: str) -> None:
    for name in ("shot.png", "log.txt", "drawing.svg"):
        with pytest.raises(ChangeRefused, match="could run in a browser"):
            look(text.encode(), name)
    with pytest.raises(ChangeRefused, match="could run in a browser"):
        look(text.encode("utf-16"))


@pytest.mark.parametrize("content", [b"MZ\x90\0\3", b"%PDF-1.7\n\0", b"PK\3\4\0", b"\xff\xfe\0", bytes(range(256))])
def test_what_is_neither_picture_nor_text_is_refused(content: bytes) -> None:
    with pytest.raises(ChangeRefused, match="neither a picture"):
        look(content, "log.txt")


@pytest.mark.parametrize("text", TEXTS)
def test_a_log_that_quotes_an_attack_is_text_and_every_name_is_clean(text: str) -> None:
    log = f"2026-03-02 11:00:00 ERROR request: {text}".replace("\0", "")
    found = look_into(NewFile(name=text, content=log.encode(), alt=text), limits=LIMITS)
    assert found.content_type == "text/plain; charset=utf-8"
    assert found.name.endswith((".txt", ".log"))
    assert not set(found.name) & set('/\\:*?"<>|%;\r\n\0')
    assert len(found.name) <= 120


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("../../etc/passwd", "passwd.txt"),
        ("C:\\logs\\payments.log", "payments.log"),
        ("evil.svg", "evil.svg.txt"),
        ("page.html\r\nX-Evil: 1", "page.html X-Evil- 1.txt"),
        ("", "attachment.txt"),
        ("...", "attachment.txt"),
        ("a" * 300, "a" * 116 + ".txt"),
        ("txt", "txt.txt"),
    ],
)
def test_a_name_promises_nothing_else_and_leads_nowhere(given: str, kept: str) -> None:
    assert clean_name(given, ending="txt", known=("txt", "log")) == kept


def test_limits_are_named_with_the_remedy() -> None:
    with pytest.raises(ChangeRefused, match="larger than 1 MiB"):
        look(b"x" * ((1 << 20) + 1))
    with pytest.raises(ChangeRefused, match="is empty"):
        look(b"")
    with pytest.raises(ChangeRefused, match="at most 10"):
        check_room([1] * 11, there=0, bytes_there=0, limits=LIMITS)
    with pytest.raises(ChangeRefused, match="at most 200 files"):
        check_room([1], there=200, bytes_there=0, limits=LIMITS)
    with pytest.raises(ChangeRefused, match="2 MiB together"):
        check_room([2], there=1, bytes_there=(2 << 20) - 1, limits=LIMITS)
