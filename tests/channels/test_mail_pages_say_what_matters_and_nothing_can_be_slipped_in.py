from dataclasses import replace
from datetime import timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from html.parser import HTMLParser
from typing import cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.channels.letters import ALERT, NOW, TEST_NOTE, bundle, message
from watchbill.channels.email import EmailChannel, SenderError, SmtpSettings
from watchbill.domain.paging.contract import AddressError, Family, Message

CHANNEL = EmailChannel(SmtpSettings(host="127.0.0.1", port=25, sender="Watchbill <watchbill@pager.example.org>"))
TO = "responder@example.org"
ANY_TEXT = st.text(st.characters(), max_size=400)
HEADERS = {
    "From", "To", "Subject", "Date", "Message-ID", "In-Reply-To", "References", "Auto-Submitted", "MIME-Version",
    "X-Auto-Response-Suppress", "X-Watchbill", "X-Watchbill-Attempt", "Importance", "X-Priority", "Content-Type",
}  # fmt: skip


def arrived(letter: Message) -> EmailMessage:
    """As a mail program reads it, after the wire."""
    raw = CHANNEL.compose(letter, now=NOW).as_bytes()
    raw.decode("ascii")
    assert max(len(line) for line in raw.split(b"\r\n")) <= 998
    return cast(EmailMessage, message_from_bytes(raw, policy=policy.default))


def texts(mail: EmailMessage) -> tuple[str, str]:
    plain, html = mail.get_body(("plain",)), mail.get_body(("html",))
    assert plain is not None
    assert html is not None
    return plain.get_content(), html.get_content()


def test_one_alert() -> None:
    mail = arrived(message(address=TO))
    assert set(mail.keys()) == HEADERS
    assert mail["From"] == "Watchbill <watchbill@pager.example.org>"
    assert mail["To"] == "First Responder <responder@example.org>"
    assert mail["Subject"] == "[Watchbill] #17 Checkout answers slowly (checkout)"
    assert mail["Message-ID"] == "<018f2a00-0000-7000-8000-0000000000aa@pager.example.org>"
    assert mail["Auto-Submitted"] == "auto-generated"
    assert mail["X-Watchbill-Attempt"] == "018f2a00-0000-7000-8000-0000000000aa"
    assert mail["Importance"] == "high"
    assert mail["Date"].datetime == NOW
    plain, html = texts(mail)
    for text in (plain, html):
        assert "Checkout answers slowly" in text
        assert "https://watchbill.example.org/a/abc" in text
        assert "on call in payments-primary, level 1 of policy payments" in text
        # Half a minute after the clocks went forward, told in the reader's own time.
        assert "2026-03-29 03:29:58 Europe/Berlin" in text


def test_pages_for_one_alert_are_one_thread_and_for_another_one_not() -> None:
    first, again = arrived(message(address=TO)), arrived(message(address=TO, composed_at=NOW + timedelta(minutes=5)))
    other = arrived(message(address=TO, thread_key="alert:other"))
    assert first["References"] == again["References"] == first["In-Reply-To"]
    assert first["References"] != other["References"]


def test_a_bundle_lists_and_counts() -> None:
    mail = arrived(bundle(250, address=TO))
    plain, html = texts(mail)
    assert mail["Subject"].startswith("[Watchbill] 250 alerts in checkout, first #1 ")
    for text in (plain, html):
        assert "#100" in text
        assert "#101" not in text
        assert "and 150 more; open the link for all 250" in text


def test_low_urgency_and_test_pages_say_so() -> None:
    assert "Importance" not in arrived(message(address=TO, alerts=(replace(ALERT, urgency="low"),)))
    mail = arrived(message(address=TO, alerts=(), note=TEST_NOTE))
    assert mail["X-Watchbill"] == "test"
    assert mail["Subject"] == "[Watchbill] Test page from Watchbill"


def test_an_unknown_time_zone_is_told_in_utc() -> None:
    assert "2026-03-29 01:29:58 UTC" in texts(arrived(message(address=TO, time_zone="../../etc/passwd")))[0]


INJECTIONS = [
    "x\r\nBcc: victim@example.org",
    "x\nBcc: victim@example.org",
    "x\rBcc: victim@example.org",
    "x\r\n\r\n<h1>body</h1>",
    "x\u2028Bcc: victim@example.org",
    "x\x85Bcc: victim@example.org",
    "x\x0b\x0c\x1c\x1d\x1eBcc: victim@example.org",
    "x\x00y",
    "=?utf-8?q?x=0D=0ABcc=3A_victim=40example.org?=",
    "=?utf-8?b?eA0KQmNjOiB2aWN0aW1AZXhhbXBsZS5vcmc=?=",
    "==??utf-8?q?x=0D=0ABcc=3A_victim=40example.org?=",
    "=\u200b?utf-8?q?x=0D=0ABcc=3A_victim=40example.org?=",
    "=\r?utf-8?q?x=0D=0ABcc=3A_victim=40example.org?=",
    "ä" * 30 + " =?utf-8?q?x=0D=0ABcc=3A_victim=40example.org?=",
    "\ud800\udfff",
    '"><script>alert(1)</script>',
    "</title></td><img src=x onerror=alert(1)>",
    "a" * 5000,
    "ä" * 5000,
    "😀" * 2000,
    " " * 3000,
    "",
    ", <victim@example.org>, ",
    '" <victim@example.org>',
    "\\",
    "(comment)",
    "javascript:alert(1)",
    "\u202etxt.exe",
    ".\r\nQUIT\r\n",
]


@pytest.mark.parametrize("text", INJECTIONS)
def test_no_field_can_slip_in_a_header_a_recipient_or_a_tag(text: str) -> None:
    check(hostile(text))


@settings(max_examples=150, deadline=None)
@given(ANY_TEXT, ANY_TEXT, ANY_TEXT)
def test_any_text_gives_a_mail_within_the_limits(title: str, name: str, key: str) -> None:
    check(
        message(
            address=TO,
            recipient_name=name,
            reason=key,
            thread_key=key,
            alerts=(replace(ALERT, title=title, service=name),),
        )
    )


def hostile(text: str) -> Message:
    alert = replace(ALERT, title=text, service=text, severity=text, dedup_key=text)
    return message(address=TO, recipient_name=text, reason=text, thread_key=text, time_zone=text, alerts=(alert,))


def check(letter: Message) -> None:
    mail = arrived(letter)
    assert set(mail.keys()) == HEADERS
    assert all(len(mail.get_all(name, [])) == 1 for name in HEADERS)
    assert [address.addr_spec for address in mail["To"].addresses] == [TO]
    assert 0 < len(mail["Subject"]) <= 200
    plain, html = texts(mail)
    assert plain.strip()
    tags = _Tags()
    tags.feed(html)
    assert tags.seen <= {"html", "head", "meta", "title", "body", "h1", "p", "a", "table", "tr", "th", "td"}
    assert tags.attributes <= {"lang", "charset", "style", "href"}
    assert all(link.startswith("https://watchbill.example.org/") for link in tags.links)


class _Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.seen: set[str] = set()
        self.attributes: set[str] = set()
        self.links: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.add(tag)
        self.attributes |= {name for name, _ in attrs}
        self.links += [value or "" for name, value in attrs if name == "href"]


@pytest.mark.parametrize(
    ("given_address", "normal"),
    [
        (" Responder@Example.ORG ", "Responder@example.org"),
        ("a+b@example.org", "a+b@example.org"),
        ("name@bücher.example", "name@xn--bcher-kva.example"),
        ("root@localhost", "root@localhost"),
    ],
)
def test_addresses_have_one_normal_form(given_address: str, normal: str) -> None:
    assert CHANNEL.check_address(given_address) == normal


@pytest.mark.parametrize(
    "address",
    ["", "x", "@example.org", "a@", "a b@example.org", "a@exa mple.org", "a@b@example.org",
     "a@example.org\r\nRCPT TO:<b@c>",
     "a@example.org>", "<a@example.org", "a,b@example.org", '"a b"@example.org', "jörg@example.org", "a..b@example.org",
     ".a@example.org", "a@-example.org", "a@example..org", "a@" + "x" * 64 + ".org", "x" * 65 + "@example.org",
     "a\x00@example.org"],
)  # fmt: skip
def test_other_addresses_are_refused_with_the_remedy(address: str) -> None:
    with pytest.raises(AddressError, match=r"^address: "):
        CHANNEL.check_address(address)


def test_a_wrong_sender_names_the_setting() -> None:
    with pytest.raises(SenderError, match="WATCHBILL_MAIL_FROM"):
        EmailChannel(SmtpSettings(host="127.0.0.1", port=25, sender="Watchbill"))


def test_what_the_engine_reads_from_it() -> None:
    assert (CHANNEL.kind, CHANNEL.family) == ("email", Family.EMAIL)
    assert (CHANNEL.budget.messages, CHANNEL.budget.per, CHANNEL.budget.burst) == (1, timedelta(minutes=1), 2)
