"""Names of the product, the organization and the person, however they are dressed up, are no password."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from watchbill.domain.people.password_rules import leans_on

TEXTS = ("watchbill", "Müller & Söhne", "Jo Li", "jo.li@payments.example.org")


@pytest.mark.parametrize(
    ("password", "word"),
    [
        ("watchbill-2026", "watchbill"),
        ("WATCHBILL!!!!!", "watchbill"),
        ("W@7chb!11-1234", "watchbill"),
        ("Wаtchbill forty", ""),  # with a Cyrillic letter it is another word
        ("mullersohne99999", "Müller & Söhne"),
        ("Müller-Müller-1", "Müller"),
        ("payments2026!!", "payments"),
        ("org org org org", ""),  # too short to be a word of anybody's
        ("joli joli joli jo", "Jo Li"),
        ("green watchbill bicycles", ""),
        ("seven loud lighthouses", ""),
        ("", ""),
    ],
)
def test_the_word_is_named(password: str, word: str) -> None:
    assert leans_on(password, *TEXTS) == word


@given(st.text(max_size=60))
def test_nothing_to_lean_on_is_nothing_to_refuse(password: str) -> None:
    assert leans_on(password) == leans_on(password, "", "abc") == ""


@given(st.text(max_size=60), st.text(alphabet="abcdefghijklmnopqrstuvwxyz", min_size=10, max_size=30))
def test_ten_letters_beside_the_words_are_enough(padding: str, rest: str) -> None:
    assert leans_on("watchbill" + "\u00b7" + rest, "watchbill") == ""
