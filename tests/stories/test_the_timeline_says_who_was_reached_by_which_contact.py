"""Afterwards somebody reads who was told, by which of their contacts, and what did not work: nothing else, no less."""

from zoneinfo import ZoneInfo

from tests.harness.carriers import Answer
from tests.harness.world import World
from watchbill.domain.alerts.models import Alert
from watchbill.domain.audit.models import Entry
from watchbill.domain.paging.contract import RetryLater
from watchbill.domain.paging.models import Attempt, Delivery
from watchbill.domain.paging.rules import TRIES_MAX
from watchbill.domain.paging.sending import CalledOff
from watchbill.doors.web.timeline import Line, line_of


def lines(alert: Alert, action: str) -> list[Line]:
    entries = Entry.objects.filter(subject_id=alert.id, action=action).order_by("id")
    return [line_of(entry, zone=ZoneInfo("UTC")) for entry in entries]


def test_a_page_that_was_sent_names_person_and_contact(world: World) -> None:
    alert = world.fires()
    world.expects(("primary", "webhook"))
    [line] = lines(alert, "page.sent")

    assert line.words == "handed a page to hook (webhook) of"
    assert line.people == ((str(world.cast.people["primary"].id), "Primary"),)
    assert line.why == ""
    world.resolves("primary", alert)


def test_several_alerts_in_one_message_say_so(world: World) -> None:
    world.cast.rules("primary", "high", [(world.cast.contacts["primary", "mail"], 0)])
    alerts = [world.fires(f"disk-{number}") for number in range(6)]
    world.passes(minutes=2)
    world.received()

    assert [one.why for alert in alerts for one in lines(alert, "page.sent")].count("in one message with 3 others") == 4
    for alert in alerts:
        world.resolves("primary", alert)


def test_a_try_that_failed_says_whether_another_follows(world: World) -> None:
    world.cast.rules("primary", "high", [(world.cast.contacts["primary", "hook"], 0)])
    world.http.always(Answer(status=500), path="/primary")
    alert = world.fires()
    world.passes(minutes=10)
    world.received()
    world.expects_log("page.reached_nobody")
    entries = Entry.objects.filter(subject_id=alert.id, action="page.failed").order_by("id")

    assert [entry.details["again"] for entry in entries] == [True] * (TRIES_MAX - 1) + [False]
    assert "another try follows" in lines(alert, "page.failed")[0].why
    assert "no other try by this way" in lines(alert, "page.failed")[-1].why
    world.resolves("secondary", alert)


def test_a_failed_try_whose_page_was_answered_meanwhile_is_not_tried_again(world: World) -> None:
    alert = world.fires()
    world.expects(("primary", "webhook"))
    world.clock.move_to(world.now.replace(minute=1))
    [(intent, _)] = world.sender.claim(now=world.now)  # the mail, a minute later
    world.acknowledges("primary", alert)
    world.sender.record([(intent, RetryLater("not now"))], now=world.now)

    [entry] = Entry.objects.filter(subject_id=alert.id, action="page.failed")
    assert entry.details["again"] is False
    world.resolves("primary", alert)


def test_what_was_answered_before_it_left_was_called_off_and_did_not_fail(world: World) -> None:
    alert = world.fires()
    world.expects(("primary", "webhook"))
    world.clock.move_to(world.now.replace(minute=1))
    [(intent, _)] = world.sender.claim(now=world.now)
    world.acknowledges("primary", alert)
    world.sender.record([(intent, CalledOff())], now=world.now)

    [line] = lines(alert, "page.cancelled")
    assert (line.words, line.why) == ("called off the page to mail (email) of", "answered before it was sent")
    assert lines(alert, "page.failed") == []
    assert Attempt.objects.get(id=intent.attempt_id).state == "cancelled"
    assert Delivery.objects.get(attempt_id=intent.attempt_id).state == "cancelled"
    world.expects_nothing()
    world.resolves("primary", alert)


def test_what_somebody_waits_for_after_all_is_not_called_off(world: World) -> None:
    alert = world.fires()
    world.expects(("primary", "webhook"))
    world.clock.move_to(world.now.replace(minute=1))
    [(intent, _)] = world.sender.claim(now=world.now)
    world.sender.record([(intent, CalledOff())], now=world.now)
    world.settle()

    world.expects(("primary", "email"))
    assert lines(alert, "page.cancelled") == []
    world.resolves("primary", alert)


def test_a_contact_put_to_rest_has_its_entry_where_all_about_it_stands(world: World) -> None:
    world.http.always(Answer(status=410), path="/primary")
    alert = world.fires()
    world.received()
    contact = world.cast.contacts["primary", "hook"]

    entry = Entry.objects.get(action="contact.disabled")
    assert (entry.subject_kind, entry.subject_id, entry.subject_label) == (
        "contact",
        contact.id,
        "primary@example.org hook",
    )
    world.resolves("primary", alert)


def test_the_end_of_a_maintenance_and_a_repair_have_words() -> None:
    for action in ("alert.maintenance_ended", "alert.driven_again"):
        entry = Entry(action=action, details={}, at=None, actor_kind="system", actor_label="Watchbill", via="engine")
        assert ": " in line_of(entry, zone=ZoneInfo("UTC")).words
        assert line_of(entry, zone=ZoneInfo("UTC")).icon != "history"
