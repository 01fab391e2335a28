"""Whoever sends a text chooses its length and its shape, and while it is looked at nothing else goes on.

Each text here is far shorter than its door lets in, and once took seconds, minutes, or for ever.
"""

import contextlib
import time
from collections.abc import Callable

import pytest

from watchbill.channels.smtp import BadAddress, checked_address
from watchbill.domain.access.password_hash import Argon2id
from watchbill.domain.communications.setup_actions import parse_contacts
from watchbill.domain.communications.template_rules import check_template
from watchbill.domain.incidents.attachment_rules import Limits, NewFile, look_into
from watchbill.domain.services.rules import check_url
from watchbill.doors.web.screens.alert import is_web
from watchbill.doors.web.window_words import windows_of
from watchbill.ground.http_client import OutboundRefused, parse_target
from watchbill.ground.log import without_secrets
from watchbill.ground.refusals import ChangeRefused

CPU_SECONDS_MAX = 0.5
# Two marks that are sorted into the other order wherever letters are composed.
MARKS = "a" + "\u0300\u0316" * 24_000


def attach(content: bytes) -> None:
    look_into(NewFile(name="notes.txt", content=content), limits=Limits(file=1 << 20, incident=1 << 20))


READ: dict[str, Callable[[], object]] = {
    "an attachment of comments": lambda: attach(b"<!---->" * 25 + b"x"),
    "an attachment of many comments": lambda: attach(b"<!---->" * 100_000 + b"x"),
    "an address of slashes in a line of the log": lambda: without_secrets("Not Found: /" + "/" * 20_000),
    "the same behind a way in": lambda: without_secrets("Not Found: /in/" + "/" * 20_000),
    "a template of blanks": lambda: check_template("{{" + " " * 30_000, field="body"),
    "customers on a line that does not end": lambda: parse_contacts("a" * 30_000),
    "a password of marks": lambda: Argon2id().encode(MARKS, "salt1234"),
    "a mail address of marks": lambda: checked_address(f"somebody@{MARKS}.example.org"),
    "a web address of marks": lambda: check_url(f"https://{MARKS}.example.org/", field="url"),
    "a link of marks in an alert": lambda: is_web(f"https://{MARKS}.example.org/"),
    "an endpoint of marks": lambda: parse_target(f"https://{MARKS}.example.org/"),
    "hours of a rotation without end": lambda: windows_of("Mon-Sun 09:00-17:00\n" * 20_000, field="windows"),
}


@pytest.mark.parametrize("what", READ)
def test_it_costs_little(what: str) -> None:
    began = time.thread_time()
    with contextlib.suppress(ChangeRefused, BadAddress, OutboundRefused):
        READ[what]()
    assert time.thread_time() - began < CPU_SECONDS_MAX


@pytest.mark.parametrize(
    "text", ["<!-->" + "<svg/>", "<!-- --!><svg/>", "<!-- no end <svg/>", "<!-- a -->\n" * 3 + "<svg/>"]
)
def test_markup_behind_comments_is_found_as_a_browser_finds_it(text: str) -> None:
    with pytest.raises(ChangeRefused, match="could run in a browser"):
        attach(text.encode())


def test_a_note_behind_a_comment_is_text() -> None:
    attach(b"<!-- written by hand -->\n# What was seen\n")


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        ("POST //in//am//key-of-ours", "POST //in//am//[secret]"),
        ("GET /a/one.two HTTP", "GET /a/[secret] HTTP"),
        ("/x/a/secret/more and ///setup/secret", "/x/a/[secret] and ///setup/[secret]"),
        ("/heartbeat/key /in/generic/other", "/heartbeat/[secret] /in/generic/[secret]"),
    ],
)
def test_no_line_of_the_log_shows_what_stands_behind_such_an_address(line: str, shown: str) -> None:
    assert without_secrets(line) == shown
