"""Double opt-in, one mail for each subscriber and update, one-click leaving; webhooks answer a challenge first."""

import hashlib
import hmac
import json
from typing import Any

import pytest
from django.test import Client
from django.urls import clear_url_caches

from tests.harness.carriers import DROP
from tests.harness.status_page_world import SECRET_KEY, StatusPageWorld
from watchbill.domain.errands.models import Errand
from watchbill.domain.status_page import actions
from watchbill.domain.status_page.links import CONFIRM, LEAVE, LinkRefused, make_token, read_token
from watchbill.domain.status_page.models import Notice, NoticeState, Subscriber
from watchbill.domain.status_page.sending import next_notice
from watchbill.domain.status_page.subscriber_actions import (
    SECRET_PURPOSE,
    confirm,
    leave,
    subscribe_email,
    subscribe_webhook,
)
from watchbill.ground import secrets
from watchbill.ground.refusals import ChangeRefused

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def world() -> object:
    with StatusPageWorld() as world:
        world.settle()
        yield world
        world.received()


def mails(world: StatusPageWorld) -> list[Any]:
    """Those that came since the last look."""
    found = world.mail.mails[world._mails_seen :]
    world._mails_seen = len(world.mail.mails)
    return list(found)


def text_of(mail: Any) -> str:
    return str(mail.message.get_body(("plain",)).get_content())


def subscribed(world: StatusPageWorld, address: str, *components: str) -> Subscriber:
    chosen = [world.components[name] for name in components]
    subscribe_email(address, component_ids=chosen, now=world.now)
    world.settle()
    row = Subscriber.objects.get(address=address)
    confirm(row.id, now=world.now)
    mails(world)
    return row


def test_nothing_comes_before_the_address_has_confirmed(world: StatusPageWorld) -> None:
    subscribe_email(" Ann@Example.org ", now=world.now)
    world.settle()
    [question] = mails(world)
    assert question.recipients == ("ann@example.org",)
    assert "http://watchbill.example.org/status/confirm/" in text_of(question)
    assert "List-Unsubscribe" not in question.message
    public = world.publishes("investigating").public_incident
    assert mails(world) == []
    token = text_of(question).split("/status/confirm/")[1].split()[0]
    assert confirm(read_token(token, purpose=CONFIRM, secret_key=SECRET_KEY, now=world.now), now=world.now)
    world.goes_on(public, "identified", "The cause is known.")
    [update] = mails(world)
    assert update.message["Subject"] == "[Status] Identified: Payments fail"
    assert "The cause is known." in text_of(update)
    leave_url = update.message["List-Unsubscribe"].strip("<>")
    assert update.message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert leave_url in text_of(update)
    leave(read_token(leave_url.rpartition("/")[2], purpose=LEAVE, secret_key=SECRET_KEY, now=world.now), now=world.now)
    world.goes_on(public, "resolved")
    assert mails(world) == []


def test_each_gets_a_mail_of_its_own_about_what_it_chose(world: StatusPageWorld) -> None:
    subscribed(world, "all@example.org")
    subscribed(world, "search@example.org", "Search")
    public = world.publishes("investigating", Checkout="partial_outage").public_incident
    came = mails(world)
    assert [mail.recipients for mail in came] == [("all@example.org",)]
    world.goes_on(public, "identified", Search="degraded_performance")
    came = mails(world)
    assert sorted(mail.recipients[0] for mail in came) == ["all@example.org", "search@example.org"]
    for mail in came:
        [own] = mail.recipients
        other = {"all@example.org": "search@example.org", "search@example.org": "all@example.org"}[own]
        assert other not in mail.message.as_string()


def test_a_mail_server_that_says_not_now_gets_it_later(world: StatusPageWorld) -> None:
    row = subscribed(world, "ann@example.org")
    world.mail.answer_with(RCPT="451 4.3.0 try later")
    world.publishes("investigating")
    assert mails(world) == []
    waiting = Notice.objects.get(subscriber=row, state=NoticeState.QUEUED)
    assert "451" in waiting.error
    assert "451" in Errand.objects.get(kind="status_page.tell").last_error
    world.mail.clear()
    world._mails_seen = 0
    world.passes(minutes=1)
    [mail] = mails(world)
    assert mail.recipients == ("ann@example.org",)
    assert not Errand.objects.filter(kind="status_page.tell").exists()


def test_a_connection_that_breaks_after_the_mail_was_taken_sends_no_second(world: StatusPageWorld) -> None:
    row = subscribed(world, "ann@example.org")
    world.mail.answer_with(DATA=DROP)
    world.publishes("investigating")
    world.mail.answer_with(DATA="250 2.0.0 taken")
    world.passes(hours=1)
    assert len(mails(world)) == 1
    assert Notice.objects.get(subscriber=row, update__isnull=False).state == NoticeState.UNKNOWN


def test_an_address_that_does_not_exist_is_not_written_to_again(world: StatusPageWorld) -> None:
    row = subscribed(world, "gone@example.org")
    world.mail.answer_with(RCPT="550 5.1.1 no such user")
    public = world.publishes("investigating").public_incident
    row.refresh_from_db()
    assert row.ended_at == world.now
    world.goes_on(public, "resolved")
    assert Notice.objects.filter(subscriber=row, update__isnull=False).count() == 1


def test_a_worker_that_died_while_sending_does_not_send_twice(world: StatusPageWorld) -> None:
    row = subscribed(world, "ann@example.org")
    world.publishes("investigating", settle=False)
    taken = next_notice(row.id, now=world.now)
    assert isinstance(taken, Notice)
    world.settle()
    assert mails(world) == []
    taken.refresh_from_db()
    assert taken.state == NoticeState.UNKNOWN
    assert not Errand.objects.filter(kind="status_page.tell").exists()


def test_what_was_taken_back_before_it_left_is_not_sent(world: StatusPageWorld) -> None:
    subscribed(world, "ann@example.org")
    update = world.publishes("investigating", settle=False)
    actions.retract(update_id=update.id, why="wrong", actor=world.person("comms"), now=world.now)
    world.settle()
    assert mails(world) == []


def test_nobody_can_fill_a_strangers_mailbox(world: StatusPageWorld) -> None:
    for _ in range(10):
        subscribe_email("victim@example.org", now=world.now)
        world.settle()
    assert len(mails(world)) == 3
    row = Subscriber.objects.get()
    confirm(row.id, now=world.now)
    subscribe_email("victim@example.org", now=world.now)
    assert Subscriber.objects.get().confirmed_at is not None


def test_a_receiver_repeats_the_challenge_and_then_gets_signed_updates(world: StatusPageWorld) -> None:
    with pytest.raises(ChangeRefused, match="https"):
        subscribe_webhook("http://example.org/hook", secret_key=SECRET_KEY, now=world.now)
    secret = subscribe_webhook("https://example.org/hook", secret_key=SECRET_KEY, now=world.now)
    row = Subscriber.objects.get()
    Subscriber.objects.update(address=f"{world.http.url}/customer")  # the carrier speaks no TLS
    Notice.objects.all().delete()
    confirm(row.id, now=world.now)
    world.publishes("investigating", Checkout="major_outage")
    request = world.http.requests[-1]
    payload = json.loads(request.body)
    assert list(payload) == ["meta", "page", "incident"]
    assert payload["page"]["status_indicator"] == "critical"
    assert payload["incident"]["name"] == "Payments fail"
    assert payload["meta"]["unsubscribe"].startswith("http://watchbill.example.org/status/unsubscribe/")
    seconds, digest = (part.partition("=")[2] for part in request.headers["x-watchbill-signature"].split(","))
    signed = hmac.new(secret.encode(), f"{seconds}.".encode() + request.body, hashlib.sha256)
    assert digest == signed.hexdigest()
    world.has_looked()


def test_whoever_asks_for_the_address_of_somebody_else_learns_no_secret_that_counts(world: StatusPageWorld) -> None:
    owners = subscribe_webhook("https://example.org/hook", secret_key=SECRET_KEY, now=world.now)
    strangers = subscribe_webhook("https://example.org/hook", secret_key=SECRET_KEY, now=world.now)
    assert strangers != owners
    assert signing_secret() == owners
    Notice.objects.update(state=NoticeState.REFUSED)  # nobody answered for two days
    again = subscribe_webhook("https://example.org/hook", secret_key=SECRET_KEY, now=world.now)
    assert signing_secret() == again
    confirm(Subscriber.objects.get().id, now=world.now)
    subscribe_webhook("https://example.org/hook", secret_key=SECRET_KEY, now=world.now)
    assert signing_secret() == again
    Notice.objects.all().delete()


def signing_secret() -> str:
    return secrets.unseal(Subscriber.objects.get().sealed_secret, secret_key=SECRET_KEY, purpose=SECRET_PURPOSE)


def test_a_receiver_that_does_not_repeat_the_challenge_is_not_subscribed(world: StatusPageWorld) -> None:
    subscribe_webhook("https://example.org/hook", secret_key=SECRET_KEY, now=world.now)
    Subscriber.objects.update(address=f"{world.http.url}/customer")
    world.settle()
    assert json.loads(world.http.requests[-1].body)["type"] == "challenge"
    row = Subscriber.objects.get()
    assert (row.confirmed_at, row.ended_why) == (None, "the receiver did not repeat the challenge")
    world.has_looked()


def test_links_are_for_one_purpose_and_confirming_for_three_days(world: StatusPageWorld) -> None:
    row = subscribed(world, "ann@example.org")
    token = make_token(row.id, purpose=CONFIRM, secret_key=SECRET_KEY, now=world.now)
    with pytest.raises(LinkRefused, match="damaged"):
        read_token(token, purpose=LEAVE, secret_key=SECRET_KEY, now=world.now)
    with pytest.raises(LinkRefused, match="damaged"):
        read_token(token[:-3] + "abc", purpose=CONFIRM, secret_key=SECRET_KEY, now=world.now)
    world.passes(days=3.1)
    with pytest.raises(LinkRefused, match="three days"):
        read_token(token, purpose=CONFIRM, secret_key=SECRET_KEY, now=world.now)


def test_the_forms_change_nothing_when_they_are_opened(world: StatusPageWorld) -> None:
    clear_url_caches()
    client = Client(enforce_csrf_checks=True)
    opened = client.get("/status/subscribe")
    assert opened.status_code == 200
    assert "Checkout" in opened.content.decode()
    assert client.post("/status/subscribe", {"address": "ann@example.org"}).status_code == 403
    token = opened.content.decode().split('name="csrfmiddlewaretoken" value="')[1].split('"')[0]
    wrong = client.post("/status/subscribe", {"address": "ann", "csrfmiddlewaretoken": token})
    assert (wrong.status_code, "no e-mail address" in wrong.content.decode()) == (422, True)
    answers = set()
    for address in ("ann@example.org", "ann@example.org", "bob@example.org"):
        answer = client.post("/status/subscribe", {"address": address, "csrfmiddlewaretoken": token})
        answers.add(answer.content.decode().replace(token, ""))
        Subscriber.objects.filter(address="ann@example.org").update(confirmed_at=world.now)
    assert len({text.split("<main>")[1].split("</main>")[0] for text in answers}) == 1
    Notice.objects.all().delete()
    Errand.objects.all().delete()
