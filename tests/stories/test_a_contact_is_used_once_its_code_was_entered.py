"""Who can read the code at the contact confirms it: once, within ten minutes, in five tries, that contact alone."""

import json
import re
from datetime import timedelta
from uuid import UUID

import pytest

from tests.harness.carriers import DROP, Answer
from tests.harness.world import World
from watchbill.domain.audit.models import Entry
from watchbill.domain.paging.contact_changes import Setting, add_contact, change_contact, remove_contact
from watchbill.domain.paging.contact_message_reads import last_messages
from watchbill.domain.paging.contact_messages import CodeRefused, TooManyMessages, confirm, send_code, send_test
from watchbill.domain.paging.models import ContactMessage
from watchbill.domain.people.models import ContactMethod
from watchbill.domain.people.rules import ContactDraft
from watchbill.ground.refusals import ChangeRefused


def setting(world: World) -> Setting:
    kinds = {channel.kind: channel for channel in world.channels}
    return Setting(kinds=kinds, secret_key=world.instance.secret_key)


def adds(world: World, person: str, name: str, *, kind: str = "webhook", address: str = "") -> UUID:
    made = add_contact(
        world.cast.people[person].id,
        ContactDraft(name=name, kind=kind, address=address or f"{world.http.url}/{name}"),
        vouched=False,
        setting=setting(world),
        actor=world.person(person),
        now=world.now,
    )
    world.settle()
    return made.id


def arrived(world: World, to: str) -> str:
    """The code in the one message that came to `to`; what else came is looked at by the story before."""
    messages = [one for one in world.received() if one.to == to]
    assert len(messages) == 1, messages
    found = re.search(r"\b(\d{6})\b", messages[0].reason)
    assert found
    return found[1]


def enters(world: World, person: str, contact: UUID, code: str) -> None:
    confirm(contact, code, secret_key=world.instance.secret_key, actor=world.person(person), now=world.now)


def is_used(contact: UUID) -> bool:
    return ContactMethod.objects.get(id=contact).verified_at is not None


def wrong(code: str) -> str:
    return f"{(int(code) + 1) % 1_000_000:06}"


def test_the_code_confirms_the_contact_and_is_worth_nothing_afterwards(world: World) -> None:
    contact = adds(world, "primary", "tablet")
    assert not is_used(contact)
    code = arrived(world, "tablet")
    assert code not in str(list(ContactMessage.objects.values()))  # only its digest is kept
    assert code not in str(list(Entry.objects.values("details")))
    enters(world, "primary", contact, f" {code[:3]} {code[3:]}")
    assert is_used(contact)
    actions = list(Entry.objects.filter(subject_id=contact).order_by("id").values_list("action", flat=True))
    assert actions == ["contact.created", "contact.code_asked", "contact.code_sent", "contact.verified"]
    with pytest.raises(CodeRefused, match="was used"):
        enters(world, "primary", contact, code)


def test_a_code_fits_no_other_contact_of_anybody(world: World) -> None:
    first, second = adds(world, "primary", "tablet"), adds(world, "secondary", "laptop")
    messages = {one.to: one.reason for one in world.received()}
    code = re.findall(r"\d{6}", messages["tablet"])[0]
    with pytest.raises(CodeRefused, match="not the code"):
        enters(world, "secondary", second, code)
    assert not is_used(second)
    enters(world, "primary", first, code)
    assert is_used(first)


def test_a_late_code_is_refused(world: World) -> None:
    contact = adds(world, "primary", "tablet")
    code = arrived(world, "tablet")
    world.passes(minutes=10)
    with pytest.raises(CodeRefused, match="older than ten minutes"):
        enters(world, "primary", contact, code)
    assert not is_used(contact)


def test_after_five_wrong_tries_even_the_right_code_is_refused(world: World) -> None:
    contact = adds(world, "primary", "tablet")
    code = arrived(world, "tablet")
    for _ in range(5):
        with pytest.raises(CodeRefused, match="not the code"):
            enters(world, "primary", contact, wrong(code))
    with pytest.raises(CodeRefused, match="too many wrong tries"):
        enters(world, "primary", contact, code)
    assert not is_used(contact)
    world.passes(seconds=31)
    send_code(contact, actor=world.person("primary"), now=world.now)
    world.settle()
    enters(world, "primary", contact, arrived(world, "tablet"))
    assert is_used(contact)


def test_a_code_does_not_confirm_the_address_that_came_after_it(world: World) -> None:
    contact = adds(world, "primary", "tablet")
    code = arrived(world, "tablet")
    draft = ContactDraft(name="tablet", kind="webhook", address=f"{world.http.url}/elsewhere")
    actor = world.person("primary")
    change_contact(contact, draft, vouched=False, setting=setting(world), actor=actor, now=world.now)
    world.received()
    with pytest.raises(CodeRefused, match="no code was sent to this address"):
        enters(world, "primary", contact, code)
    assert not is_used(contact)


def test_a_sender_that_died_leaves_no_code_behind_and_the_next_one_sends_another(world: World) -> None:
    contact = adds(world, "primary", "tablet")
    code = arrived(world, "tablet")
    world.passes(seconds=31)
    send_code(contact, actor=world.person("primary"), now=world.now)
    [(_, lost)] = world.sender.claim_notes(now=world.now)
    assert lost.note is not None
    world.passes(seconds=35)
    newest = arrived(world, "tablet")
    with pytest.raises(CodeRefused, match="not the code"):
        enters(world, "primary", contact, code)
    enters(world, "primary", contact, newest)
    assert is_used(contact)


def test_what_is_sent_again_with_another_code_is_not_taken_for_the_one_before(world: World) -> None:
    """Who leaves out an id that was seen already would otherwise keep the code that is worth nothing."""
    world.http.answer_with(Answer.drop(), path="/tablet")
    contact = adds(world, "primary", "tablet")
    world.passes(seconds=60)
    world.received()
    tries = [request for request in world.http.requests if request.path == "/tablet"]
    ids = [request.headers["x-watchbill-delivery"] for request in tries]
    codes = [re.findall(r"\d{6}", json.loads(request.body)["text"])[0] for request in tries]
    assert len(set(ids)) == len(ids) == 2
    assert [json.loads(request.body)["id"] for request in tries] == ids
    with pytest.raises(CodeRefused, match="not the code"):
        enters(world, "primary", contact, codes[0])
    enters(world, "primary", contact, codes[1])
    assert is_used(contact)


def test_a_mail_with_a_new_code_has_a_new_id_and_the_same_thread(world: World) -> None:
    world.mail.answer_with(DATA=DROP)
    contact = adds(world, "primary", "other mail", kind="email", address="other@example.org")
    taken = list(world.mail.mails)
    world.mail.clear()  # the server answers again
    world.passes(seconds=60)
    world.received()
    taken += world.mail.mails
    mails = [mail.message for mail in taken if mail.recipients == ("other@example.org",)]
    newest = mails[-1].get_body(("plain",)).get_content()
    enters(world, "primary", contact, re.findall(r"\d{6}", newest)[0])
    assert is_used(contact)
    assert len(mails) == 2
    assert mails[0]["Message-ID"] != mails[1]["Message-ID"]
    assert mails[0]["References"] == mails[1]["References"]


def test_a_failed_message_says_why(world: World) -> None:
    world.http.always(Answer(status=403), path="/tablet")
    contact = adds(world, "primary", "tablet")
    world.received()
    last = last_messages([contact], now=world.now)[contact]
    assert last.state == "failed"
    assert "403" in last.error
    assert not last.awaits_code


def test_a_test_page_says_so_and_respects_its_limits_while_pages_go_out(world: World) -> None:
    hook = world.cast.contacts["primary", "hook"]
    actor = world.person("primary")
    for _ in range(5):
        send_test(hook.id, actor=actor, now=world.now)
        world.passes(seconds=31)
    assert [one.to for one in world.received()] == ["primary"] * 5
    with pytest.raises(TooManyMessages, match="this contact") as refused:
        send_test(hook.id, actor=actor, now=world.now)
    assert timedelta(minutes=57) < refused.value.wait < timedelta(minutes=58)
    assert last_messages([hook.id], now=world.now)[hook.id].state == "sent"
    world.fires()
    world.expects(("primary", "webhook"))


def test_an_address_is_not_flooded_through_many_people(world: World) -> None:
    shared = f"{world.http.url}/shared"
    refused = 0
    for number in range(8):
        world.cast.person(f"extra-{number}", contacts=False)
        contact = adds(world, f"extra-{number}", "phone", address=shared)
        world.passes(seconds=31)
        if contact not in last_messages([contact], now=world.now):
            refused += 1
            with pytest.raises(TooManyMessages, match="this address"):
                send_code(contact, actor=world.person(f"extra-{number}"), now=world.now)
    assert len(world.received()) == 6
    assert refused == 2


def test_a_test_page_needs_a_confirmed_contact(world: World) -> None:
    contact = adds(world, "primary", "tablet")
    world.received()
    with pytest.raises(ChangeRefused, match="not confirmed"):
        send_test(contact, actor=world.person("primary"), now=world.now)


def test_the_other_mail_contacts_are_told_of_a_new_one_and_of_a_removed_one(world: World) -> None:
    other = f"{world.http.url}/tablet"
    contact = adds(world, "primary", "tablet", address=other)
    came = {(one.to, one.by): one for one in world.received()}
    assert set(came) == {("tablet", "webhook"), ("primary", "email")}
    assert "'tablet'" in came["primary", "email"].reason
    mail = world.cast.contacts["primary", "mail"]
    remove_contact(mail.id, setting=setting(world), actor=world.person("primary"), now=world.now)
    world.settle()
    [notice] = world.expects(("primary", "email"))
    assert "was removed" in notice.reason
    assert contact != mail.id
