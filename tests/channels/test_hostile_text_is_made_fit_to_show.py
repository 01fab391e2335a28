import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from watchbill.ground.text import block, cut_bytes, cut_characters, one_line, well_formed

ANY_TEXT = st.text(st.characters())  # lone surrogates included


@pytest.mark.parametrize(
    ("given_text", "shown"),
    [
        ("plain", "plain"),
        ("two\r\nlines\tand \x00NUL", "two lines and NUL"),
        ("red \x1b[31malert\x1b[0m", "red [31malert [0m"),
        ("invoice\u202egpj.exe", "invoice<U+202E>gpj.exe"),
        ("a\u2066b\u2069", "a<U+2066>b<U+2069>"),
        ("zero\u200bwidth\ufeff", "zerowidth"),
        ("line\u2028end\u2029", "line end"),
        ("half \ud83d pair", "half \ufffd pair"),
        ("whole \ud83d\ude00 pair", "whole 😀 pair"),
        ("family 👩\u200d💻", "family 👩\u200d💻"),
        ("tag\U000e0041", "tag"),
        ("  many   blanks\u00a0 ", "many blanks"),
        ("Привет, שלום, สวัสดี, 你好", "Привет, שלום, สวัสดี, 你好"),
    ],
)
def test_one_line(given_text: str, shown: str) -> None:
    assert one_line(given_text) == shown


def test_a_block_keeps_its_lines() -> None:
    assert block("a\r\nb\rc\n\td\x07") == "a\nb\nc\n\td "


@given(ANY_TEXT)
def test_one_line_has_no_control_and_goes_into_utf8(text: str) -> None:
    shown = one_line(text)
    shown.encode("utf-8")
    assert not [c for c in shown if unicodedata.category(c) in ("Cc", "Cs", "Zl", "Zp")]
    assert "\u202e" not in shown
    assert one_line(shown) == shown


@given(ANY_TEXT)
def test_well_formed_text_survives_utf8(text: str) -> None:
    assert well_formed(text).encode("utf-8").decode("utf-8") == well_formed(text)


@given(ANY_TEXT, st.integers(1, 50))
def test_cutting_keeps_the_limit_in_its_unit_and_whole_code_points(text: str, limit: int) -> None:
    assert len(cut_characters(text, limit)) <= limit
    assert len(cut_bytes(text, limit).encode("utf-8")) <= limit


@pytest.mark.parametrize(
    ("cut", "result"),
    [
        (cut_bytes("äöü", 6), "äöü"),
        (cut_bytes("äöüß", 6), "ä…"),
        (cut_bytes("😀😀", 7), "😀…"),
        (cut_bytes("abc", 2), "ab"),
        (cut_characters("abcdef", 4), "abc…"),
        (cut_characters("ab  cdef", 4), "ab…"),
    ],
)
def test_cutting(cut: str, result: str) -> None:
    assert cut == result
