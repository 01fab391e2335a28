"""An alert is found by any word of it from the moment it opens, whatever has been taken in for searching by then."""

import itertools
import threading

import psycopg
import pytest
from django.db import connection

from tests.harness.world import START, World
from watchbill.config import database_url
from watchbill.domain.alerts.listing import AlertFilter, list_alerts
from watchbill.domain.alerts.models import Alert, SearchText
from watchbill.domain.alerts.search_filling import SearchFiller
from watchbill.domain.services.models import Service
from watchbill.engine.watchdog import FILL_FAILURES

INSERT = """
INSERT INTO alerts_alert (id, number, integration_id, service_id, dedup_key, summary, severity, urgency, source,
    details, links, state, opened_at, acknowledged_by, resolved_by, first_event_id, events_count, last_event_at)
SELECT gen_random_uuid(), %s, integration_id, service_id, 'late', 'late', severity, urgency, source, details, links,
    'resolved', opened_at, '', '', first_event_id, 1, last_event_at FROM alerts_alert LIMIT 1
"""


def found(query: str, *, status: str = "all", **wanted: object) -> list[str]:
    """The summaries, in the order of the list."""
    return [alert.summary for alert in list_alerts(AlertFilter(query=query, status=status, **wanted)).alerts]  # type: ignore[arg-type]


def taken_in() -> list[str]:
    texts = SearchText.objects.values_list("alert_id", flat=True)
    return list(Alert.objects.filter(id__in=texts).order_by("number").values_list("summary", flat=True))


def take_in_all() -> None:
    SearchFiller().fill()
    assert SearchText.objects.count() == Alert.objects.count()


def restart_numbers(*, at: int) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"ALTER SEQUENCE alerts_alert_number RESTART {at}")


def before_and_after(query: str) -> list[str]:
    """The same is found in the alerts themselves and in what was taken in of them."""
    SearchText.objects.all().delete()
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM alerts_searchmark")
    directly = found(query)
    take_in_all()
    assert found(query) == directly
    return directly


def test_it_is_found_at_once_and_once_taken_in_it_is_found_once(world: World) -> None:
    world.fires("db-7/disk-full", summary="Disk is full")
    assert found("full") == found("DB-7") == ["Disk is full"]
    world.watchdog.fill_search(now=world.now)
    assert taken_in() == ["Disk is full"]
    world.fires("db-8/disk-full", summary="Disk of db-8 is full")
    assert taken_in() == ["Disk is full"]
    assert found("full") == ["Disk of db-8 is full", "Disk is full"]
    assert found("full nowhere") == []
    world.received()


def test_each_word_may_stand_somewhere_else_and_no_word_runs_over_an_end(world: World) -> None:
    alert = world.fires("hostkey", summary="Disk is full")
    Alert.objects.filter(id=alert.id).update(source="prometheus-3")
    assert before_and_after("full hostkey theus-3 is") == ["Disk is full"]
    assert before_and_after("checkout isk") == ["Disk is full"]
    for query in ("fullhost", "full\nhost elsewhere", "keyprometheus", "heckout3"):
        assert before_and_after(query) == [], query
    world.received()


def test_wild_cards_and_backslashes_are_letters_like_others(world: World) -> None:
    for key in ("at 100% of it", "at 1000 of it", "disk_a", "disk-a", r"C:\temp", "C:/temp"):
        world.fires(key)
    assert before_and_after("0%") == before_and_after("%") == ["at 100% of it"]
    assert before_and_after("k_a") == before_and_after("_") == ["disk_a"]
    assert before_and_after(r"\t") == before_and_after("\\") == [r"C:\temp"]
    assert before_and_after(r"\%") == before_and_after("%%") == before_and_after(r"\\") == []
    world.received()


@pytest.mark.parametrize(
    ("text", "query"),
    [
        ("Überlauf in Köln", "ÜBERLAUF köln"),
        ("ПОЖАР в узле", "пожар УЗЛЕ"),
        ("Σίσυφος", "σΊσυφοΣ"),
        ("Straße", "STRAß"),
        ("磁盘已满", "盘已"),
        ("disk 💾 full", "💾"),
    ],
)
def test_upper_and_lower_case_are_one_in_every_script(world: World, text: str, query: str) -> None:
    world.fires("some key", summary=text)
    world.fires("another key")
    assert before_and_after(query) == [text]
    world.received()


def test_a_service_is_found_by_the_name_it_has_now(world: World) -> None:
    world.fires("disk-full")
    take_in_all()
    assert found("CHECK full") == ["disk-full"]
    Service.objects.filter(id=world.cast.service.id).update(name="Warenkorb")
    assert found("check full") == []
    assert found("korb disk-full") == found("full warenkorb") == ["disk-full"]
    world.received()


def test_the_number_alone_finds_it(world: World) -> None:
    for key in ("first", "second", "holds 1 and 2"):
        world.fires(key)
    for query, there in (
        ("#2", ["second"]),
        ("2", ["holds 1 and 2", "second"]),
        ("#22", []),
        ("1 2", ["holds 1 and 2"]),
    ):
        assert before_and_after(query) == there, query
    assert found("#2", status="resolved") == []
    world.received()


def test_what_is_found_does_not_depend_on_how_much_was_taken_in(world: World) -> None:
    """Every filter, every word, page by page: the same as an open eye finds in the rows."""
    search = Service.objects.create(name="search", team=world.cast.team, policy=world.cast.policy, created_at=world.now)
    integrations = (world.cast.integration, world.cast.add_integration(search, "R" + "9" * 31))
    for number in range(24):
        if number == 16:  # from here on it looks like a large table, of which the newest are read first
            restart_numbers(at=1_000_000)
        urgency = "low" if number % 5 == 0 else "high"
        alert = world.fires(
            f"host-{number}", summary=f"disk {number % 3}", urgency=urgency, integration=integrations[number % 2]
        )
        Alert.objects.filter(id=alert.id).update(severity="info" if number % 4 == 0 else "error")
        if number % 3:
            world.resolves("primary", alert)
        world.passes(seconds=0 if number % 2 else 1)
    world.received()
    # Numbers and times do not agree: one opened later than its number says, two of the last long ago.
    Alert.objects.filter(number=7).update(opened_at=world.now)
    Alert.objects.filter(dedup_key__in=("host-20", "host-23")).update(opened_at=START)
    filler = SearchFiller()
    for taken in (0, 10, 20, 24):
        while SearchText.objects.count() < taken:
            filler.fill(limit=10)
        for filters in _FILTERS:
            service = search.id if "service" in filters else None
            wanted = AlertFilter(**{**filters, "service": service})  # type: ignore[arg-type]
            expected = _expected(wanted)
            assert _page_by_page(wanted) == expected, (taken, wanted)
            for limit in (1, 4):
                first = [alert.number for alert in list_alerts(wanted, limit=limit).alerts]
                assert first == expected[:limit], (taken, wanted)


_NARROWED = itertools.cycle([{}, {"service": True}, {"severity": "info"}, {"urgency": "low"}, {}])
_FILTERS = [
    {"query": query, "status": status, **next(_NARROWED)}
    for query in ("disk", "disk 2", "host-1", "sear", "7", "nowhere")
    for status in ("all", "resolved", "open", "triggered")
]


def _page_by_page(wanted: AlertFilter) -> list[int]:
    numbers: list[int] = []
    after = ""
    while True:
        page = list_alerts(wanted, after=after, limit=5)
        numbers += [alert.number for alert in page.alerts]
        after = page.next_cursor
        if not after:
            return numbers


def _expected(wanted: AlertFilter) -> list[int]:
    states = {"all": ("triggered", "acknowledged", "resolved"), "open": ("triggered", "acknowledged")}
    return [
        alert.number
        for alert in Alert.objects.select_related("service").order_by("-opened_at", "-id")
        if alert.state in states.get(wanted.status, (wanted.status,))
        and wanted.service in (None, alert.service_id)
        and wanted.urgency in ("", alert.urgency)
        and wanted.severity in ("", alert.severity)
        and (_holds_all(alert, wanted.query) or wanted.query == str(alert.number))
    ]


def _holds_all(alert: Alert, query: str) -> bool:
    texts = (alert.summary, alert.dedup_key, alert.source, alert.service.name)
    return all(any(word in text for text in texts) for word in query.split())


@pytest.mark.parametrize("written", ["before", "after"])
def test_an_alert_that_commits_late_is_not_passed_over(world: World, written: str) -> None:
    """Numbers are drawn before the commit, some before the transaction has written anything at all."""
    world.fires("first")
    with psycopg.connect(database_url()) as slow:
        number = slow.execute("SELECT nextval('alerts_alert_number')").fetchone()
        if written == "before":
            slow.execute(INSERT, number)
        world.fires("higher")
        for _ in range(5):
            world.watchdog.fill_search(now=world.now)
        assert taken_in() == []  # nobody can tell yet
        assert found("late") == []
        assert found("higher") == ["higher"]
        if written == "after":
            slow.execute(INSERT, number)
        slow.commit()
        assert found("late") == ["late"]
    world.watchdog.fill_search(now=world.now)
    assert taken_in() == ["first", "late", "higher"]
    assert found("late") == ["late"]
    Alert.objects.filter(summary="late").delete()  # it opened without an entry in the record, as no real one does
    world.received()


def test_in_a_storm_without_a_quiet_moment_alerts_are_taken_in_all_the_same(world: World) -> None:
    """Some transaction is always under way; that each of them ends is enough."""
    filler = SearchFiller()
    world.fires("first")
    with psycopg.connect(database_url()) as one, psycopg.connect(database_url()) as other:
        one.execute("SELECT nextval('alerts_alert_number')")
        filler.fill()
        world.fires("second")
        other.execute("SELECT nextval('alerts_alert_number')")
        one.rollback()
        filler.fill()
        assert taken_in() == ["first"]
        one.execute("SELECT nextval('alerts_alert_number')")
        other.rollback()
        filler.fill()
        assert taken_in() == ["first", "second"]
    world.received()


def test_a_backup_that_reads_for_hours_holds_nothing_up(world: World) -> None:
    world.fires("disk-full")
    with psycopg.connect(database_url()) as backup:
        backup.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        backup.execute("SELECT count(*) FROM alerts_alert, alerts_alert_number")
        world.watchdog.fill_search(now=world.now)
        assert taken_in() == ["disk-full"]
    world.received()


def test_many_engines_take_each_alert_in_once(world: World) -> None:
    for number in range(30):
        world.fires(f"host-{number}")

    def fill() -> None:
        filler = SearchFiller()
        for _ in range(20):
            filler.fill(limit=4)
        connection.close()

    threads = [threading.Thread(target=fill) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert taken_in() == [f"host-{number}" for number in range(30)]
    assert SearchText.objects.count() == 30
    world.received()


def test_taking_in_that_fails_is_said_and_rests_and_sealing_goes_on(world: World) -> None:
    world.fires("disk-full")
    failures = FILL_FAILURES._value.get()
    with psycopg.connect(database_url()) as blocking:
        blocking.execute("LOCK TABLE alerts_searchtext IN ACCESS EXCLUSIVE MODE")
        world.watchdog.fill_search(now=world.now)
        world.watchdog.fill_search(now=world.now)
    assert FILL_FAILURES._value.get() == failures + 1
    world.expects_log("search.filling.failed")
    world.watchdog.seal(now=world.now)
    world.watchdog.fill_search(now=world.now)
    assert taken_in() == []
    assert found("full") == ["disk-full"]
    world.pauses(seconds=61)
    world.settle()
    world.watchdog.fill_search(now=world.now)
    assert taken_in() == ["disk-full"]
    world.received()
