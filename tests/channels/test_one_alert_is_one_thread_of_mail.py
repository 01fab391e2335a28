"""Mail as a real mail server receives it from a real instance: text and HTML, and one thread for each alert."""

from collections.abc import Iterator
from email.message import EmailMessage

import pytest

from tests.harness.instances import wait_for
from tests.harness.product import Product, links, parts

pytestmark = pytest.mark.lab

OWNER, READER = "owner@example.org", "reader@example.org"
KEY = "R000000000000000000000000threads"
ORGANIZATION = f"""
organization: {{name: Example, time_zone: Europe/Berlin, fallback: [{OWNER}]}}
users:
  - {{email: {OWNER}, name: The Owner, role: owner, contacts: [{{name: mail, kind: email, address: {OWNER}}}],
     rules: {{high: [{{contact: mail, after: 0s}}]}}}}
  - email: {READER}
    name: Zoë Responder
    role: responder
    time_zone: Europe/Berlin
    contacts: [{{name: mail, kind: email, address: {READER}}}]
    rules: {{high: [{{contact: mail, after: 0s}}]}}
policies:
  - {{name: mailed, levels: [{{targets: ["user:{READER}"], timeout: 4s}}, {{targets: ["user:{OWNER}"], timeout: 1h}}]}}
services:
  - {{name: mailed, policy: mailed, integrations: [{{kind: pagerduty-events-v2, key: {KEY}}}]}}
"""


@pytest.fixture(scope="module")
def product() -> Iterator[Product]:
    with Product(ORGANIZATION) as started:
        yield started


def mails_about(product: Product, words: str) -> list[EmailMessage]:
    def both() -> list[EmailMessage] | None:
        found = [mail.message for mail in list(product.mail.mails) if words in str(mail.message["subject"])]
        return found if len(found) >= 2 else None

    return wait_for(f"two mails about {words}", both, seconds=60)


def test_each_person_gets_text_and_html_and_each_alert_is_a_thread(product: Product) -> None:
    first_key = product.trigger(KEY, "Überlauf <b>Disk</b> & more")
    product.trigger(KEY, "Another matter")
    threads = []
    for words in ("Überlauf", "Another matter"):
        reader, owner = mails_about(product, words)
        assert (str(reader["to"]), str(owner["to"])) == (f"Zoë Responder <{READER}>", f"The Owner <{OWNER}>")
        assert reader["references"] == reader["in-reply-to"] == owner["references"] == owner["in-reply-to"]
        assert reader["message-id"] != owner["message-id"]
        threads.append(reader["references"])
    assert len(set(threads)) == 2

    mail = mails_about(product, "Überlauf")[0]
    text, html = parts(mail)
    assert mail.get_content_type() == "multipart/alternative"
    assert "Überlauf <b>Disk</b> & more" in text
    assert "Überlauf &lt;b&gt;Disk&lt;/b&gt; &amp; more" in html
    for part in (text, html):
        assert "Why you" in part
        assert "Level 1 of mailed v1" in part
        assert "Europe/Berlin" in part
    assert "<script" not in html
    assert "<img" not in html
    identity = product.alert(OWNER, first_key)["id"]
    assert f"{product.url}/alerts/{identity}" in links(mail)
    assert sum("/a/" in link for link in links(mail)) == 1
