"""The whole product as its users run it, with carriers faked at the wire: what `watchbill up` does is the subject.

One for each test module. Everything is reached from outside: HTTP, the command line, and what the carriers received.
"""

import itertools
import re
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import httpx

from tests.harness.carriers import FakeHttpCarrier, FakeMailServer, Mail
from tests.harness.instances import Instance, wait_for

PASSWORD = "correct horse battery staple 7"
_TOLD_CHARACTERS = 6000
_LINK = re.compile(r"http://127\.0\.0\.1:\d+/[^\s\"<>]+")


class Product(Instance):
    """`organization` is a file's text; HOOKS in it becomes the address of the webhook carrier."""

    def __init__(self, organization: str, **settings: str) -> None:
        # Not one of pytest's: each session takes away the right of way to them from the user that PostgreSQL runs as.
        self._directory = Path(tempfile.mkdtemp(prefix="watchbill-product-"))
        self.mail = FakeMailServer()
        self.hooks = FakeHttpCarrier()
        self.mail.start()
        self.hooks.start()
        file = self._directory / "organization.yaml"
        file.write_text(organization.replace("HOOKS", self.hooks.url))
        super().__init__(self._directory / "data", "--apply", str(file))
        self._settings = {
            "WATCHBILL_BASE_URL": self.url,
            "WATCHBILL_OUTBOUND_ALLOW": "127.0.0.0/8",
            "WATCHBILL_SMTP_HOST": self.mail.host,
            "WATCHBILL_SMTP_PORT": str(self.mail.port),
            "WATCHBILL_SMTP_SECURITY": "none",
            "WATCHBILL_MAIL_FROM": "Watchbill <watchbill@example.org>",
            **settings,
        }
        self._tokens: dict[tuple[str, str], str] = {}
        self._keys = itertools.count(1)

    def stop(self) -> int:
        code = super().stop()
        if self.process is not None:
            self.mail.stop()
            self.hooks.stop()
            self.process = None
            shutil.rmtree(self._directory, ignore_errors=True)
        return code

    def token(self, email: str, scope: str = "full") -> str:
        if (email, scope) not in self._tokens:
            self._tokens[email, scope] = self.said("token", "create", "--email", email, "--scope", scope).strip()
        return self._tokens[email, scope]

    def said(self, *arguments: str) -> str:
        """What a command answered on standard output; AssertionError when it failed."""
        done = self.run(*arguments)
        assert done.returncode == 0, done.stderr
        return done.stdout

    @contextmanager
    def api(self, email: str, scope: str = "full") -> Iterator[httpx.Client]:
        headers = {"Authorization": f"Bearer {self.token(email, scope)}"}
        with httpx.Client(base_url=f"{self.url}/api/v1/", headers=headers, timeout=30) as client:
            yield client

    def trigger(self, key: str, summary: str, **more: Any) -> str:
        """The dedup key of a new alert, sent as PagerDuty clients do."""
        dedup_key = f"lab-{next(self._keys)}"
        payload = {"summary": summary, "source": "node-1.example.org", "severity": "critical", **more}
        self.send(key, dedup_key=dedup_key, event_action="trigger", payload=payload)
        return dedup_key

    def send(self, key: str, **event: Any) -> None:
        answer = httpx.post(f"{self.url}/v2/enqueue", json={"routing_key": key, **event}, timeout=30)
        assert answer.status_code == 202, answer.text

    def alert(self, email: str, dedup_key: str) -> dict[str, Any]:
        """All that REST tells of the alert with this key."""
        with self.api(email) as api:
            found = [item for item in api.get("alerts", params={"q": dedup_key}).json()["items"]
                     if item["dedup_key"] == dedup_key]  # fmt: skip
            assert len(found) == 1, found
            detail: dict[str, Any] = api.get(f"alerts/{found[0]['id']}").json()
            return detail

    def mail_about(self, words: str, *, seconds: float = 30) -> Mail:
        """The first mail that has the words in its subject; otherwise AssertionError with what the instance did."""
        found = self._mail_about(words, seconds=seconds)
        if found is None:
            came = [str(mail.message["subject"]) for mail in list(self.mail.mails)]
            said = self.log.read_text()[-_TOLD_CHARACTERS:]
            raise AssertionError(f"no mail about {words!r} within {seconds:.0f} s; came: {came}; the log ends:\n{said}")
        return found

    def _mail_about(self, words: str, *, seconds: float) -> Mail | None:
        def probe() -> Mail | None:
            return next((mail for mail in list(self.mail.mails) if words in str(mail.message["subject"])), None)

        try:
            return wait_for(f"a mail about {words!r}", probe, seconds=seconds)
        except AssertionError:
            return None


def parts(mail: EmailMessage) -> tuple[str, str]:
    """Text and HTML of a mail that has both."""
    text, html = mail.get_body(("plain",)), mail.get_body(("html",))
    assert text is not None
    assert html is not None
    return str(text.get_content()), str(html.get_content())


def links(mail: EmailMessage) -> list[str]:
    """Every address in a mail, each once."""
    found = [link for part in parts(mail) for link in _LINK.findall(part)]
    return list(dict.fromkeys(found))


def acknowledge_link(mail: EmailMessage) -> str:
    return next(link for link in links(mail) if "/a/" in link)
