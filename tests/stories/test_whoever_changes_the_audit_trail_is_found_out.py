"""Seals chain the entries; whatever is done to entries or seals behind the product's back is named by its sequence."""

import threading
from datetime import timedelta

import psycopg
import pytest
from django.db import connection, transaction
from typer.testing import CliRunner

from tests.harness.world import World
from watchbill.cli.audit import app
from watchbill.config import database_url
from watchbill.domain.audit.actions import record
from watchbill.domain.audit.contract import ENGINE, Record
from watchbill.domain.audit.models import Entry, Seal
from watchbill.domain.audit.sealing import Sealer
from watchbill.domain.audit.sealing_rules import Head
from watchbill.domain.audit.verification import Finding, Kind, Verdict, verify


def write(world: World, *subjects: str) -> None:
    with transaction.atomic():
        rows = [
            Record(
                action="team.changed", subject_kind="team", subject_id=None, subject_label=name, details={"é": [1.5]}
            )
            for name in subjects
        ]
        record(rows, actor=ENGINE, now=world.now)


def sealed(world: World, count: int = 9) -> Head:
    write(world, *(f"team {number}" for number in range(count)))
    Sealer().seal(now=world.now)
    verdict = verify(now=world.now)
    assert verdict.finding is None
    assert verdict.head.sequence == count
    return verdict.head


def execute(*statements: str) -> None:
    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)


def finding(world: World, *anchors: Head) -> Finding:
    found = verify(now=world.now, anchors=anchors).finding
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("done", "sequence", "kind"),
    [
        ("UPDATE audit_entry SET actor_label = 'somebody else' WHERE id = 4", 4, Kind.EDITED),
        ("UPDATE audit_entry SET details = '{\"é\": [1.50001]}' WHERE id = 5", 5, Kind.EDITED),
        ("UPDATE audit_entry SET at = at + interval '1 microsecond' WHERE id = 6", 6, Kind.EDITED),
        ("UPDATE audit_entry SET at = at - interval '3 years' WHERE id = 6", 6, Kind.EDITED),
        ("DELETE FROM audit_entry WHERE id = 3", 3, Kind.DELETED),
        ("DELETE FROM audit_seal WHERE sequence = 3", 3, Kind.DELETED),
        ("DELETE FROM audit_seal WHERE sequence = 1", 1, Kind.DELETED),
        (
            "INSERT INTO audit_entry OVERRIDING SYSTEM VALUE SELECT id, at + interval '1 day', actor_kind, actor_id, "
            "'x', via, source_address, action, subject_kind, subject_id, subject_label, details "
            "FROM audit_entry WHERE id = 2",
            2,
            Kind.INSERTED,
        ),
    ],
)
def test_an_entry_that_was_tampered_with_is_named(world: World, done: str, sequence: int, kind: Kind) -> None:
    sealed(world)
    execute(done)
    found = finding(world)
    assert (found.sequence, found.kind) == (sequence, kind), found


def test_an_edit_with_a_new_entry_hash_breaks_the_chain(world: World) -> None:
    sealed(world)
    execute(
        "UPDATE audit_seal SET entry_hash = repeat('a', 64) WHERE sequence = 4",
    )
    assert finding(world).kind == Kind.EDITED
    execute(
        "UPDATE audit_entry SET via = 'x' WHERE id = 4",
        "UPDATE audit_seal SET entry_hash = (SELECT entry_hash FROM audit_seal WHERE sequence = 5) WHERE sequence = 4",
    )
    assert finding(world).sequence == 4


def test_an_entry_squeezed_in_with_its_own_seal_is_found(world: World) -> None:
    sealed(world)
    write(world, "forged")
    Sealer().seal(now=world.now)
    execute(
        "UPDATE audit_seal SET sequence = sequence + 1000",
        "UPDATE audit_seal SET sequence = 4 WHERE sequence = 1010",
        "UPDATE audit_seal SET sequence = sequence - 1000 WHERE sequence BETWEEN 1001 AND 1003",
        "UPDATE audit_seal SET sequence = sequence - 999 WHERE sequence > 1003",
    )
    assert finding(world).sequence == 4
    execute("UPDATE audit_seal SET chain_hash = repeat('b', 64) WHERE sequence = 4")
    found = finding(world)
    assert (found.sequence, found.kind) == (4, Kind.INSERTED)


@pytest.mark.parametrize(("one", "other"), [(4, 5), (2, 8)])
def test_seals_in_another_order_are_found(world: World, one: int, other: int) -> None:
    sealed(world)
    for sequence, becomes in ((one, 1000), (other, one), (1000, other)):
        Seal.objects.filter(sequence=sequence).update(sequence=becomes)
    found = finding(world)
    assert (found.sequence, found.kind) == (one, Kind.REORDERED)


def test_what_is_cut_off_the_end_is_found_by_an_anchor_or_by_entries_without_seals(world: World) -> None:
    head = sealed(world)
    execute("DELETE FROM audit_seal WHERE sequence > 6")
    world.pauses(seconds=61)
    assert finding(world).kind == Kind.UNSEALED
    execute("DELETE FROM audit_entry WHERE id > 6")
    assert verify(now=world.now).finding is None  # nothing in the database knows better
    found = finding(world, head)
    assert (found.sequence, found.kind) == (7, Kind.TRUNCATED)


def test_a_whole_new_chain_does_not_fit_an_anchor(world: World) -> None:
    head = sealed(world)
    execute("UPDATE audit_entry SET actor_label = 'x' WHERE id = 2", "DELETE FROM audit_seal")
    Sealer().seal(now=world.now)
    assert verify(now=world.now).finding is None
    found = finding(world, head)
    assert (found.sequence, found.kind) == (9, Kind.EDITED)


def test_an_entry_dated_back_stands_out(world: World) -> None:
    sealed(world)
    world.clock.at -= timedelta(hours=3)
    write(world, "as if it had been long ago")
    Sealer().seal(now=world.now)
    assert verify(now=world.now).backdated == (10,)


def test_an_entry_that_commits_late_is_sealed_all_the_same(world: World) -> None:
    """Ids are given before the commit: a sealer that looked only above the last id would lose this one."""
    sealer = Sealer()
    with psycopg.connect(database_url()) as slow:
        slow.execute(
            "INSERT INTO audit_entry (at, actor_kind, actor_label, via, action, subject_kind, subject_label) "
            "VALUES (%s, 'system', 'slow', 'web', 'team.changed', 'team', 'late')",
            [world.now],
        )
        write(world, "early")
        for _ in range(6):
            sealer.seal(now=world.now)
            world.clock.at += timedelta(seconds=11)
        assert sealer.settled == 0
        assert Seal.objects.count() == 1
        slow.commit()
    for _ in range(4):
        sealer.seal(now=world.now)
        world.clock.at += timedelta(seconds=11)
    assert Seal.objects.count() == 2
    assert sealer.settled == 2
    assert verify(now=world.now).finding is None


def test_a_pass_looks_only_at_what_is_new(world: World) -> None:
    sealer = Sealer()
    write(world, *"abc")
    assert sealer.seal(now=world.now) == 3
    world.clock.at += timedelta(seconds=11)
    sealer.seal(now=world.now)
    assert sealer.settled == 3
    write(world, "d")
    assert sealer.seal(now=world.now) == 1
    assert list(Seal.objects.order_by("sequence").values_list("entry_id", flat=True)) == [1, 2, 3, 4]


def test_sealers_of_many_engines_make_one_chain(world: World) -> None:
    write(world, *(str(number) for number in range(600)))

    def seal() -> None:
        sealer = Sealer()
        for _ in range(40):
            sealer.seal(now=world.now, limit=20)
        connection.close()

    threads = [threading.Thread(target=seal) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    while Sealer().seal(now=world.now):
        pass
    assert Seal.objects.count() == Entry.objects.count() == 600
    assert verify(now=world.now).finding is None


def test_the_command_says_where_the_chain_breaks(world: World) -> None:
    head = sealed(world)
    whole = CliRunner().invoke(app, ["verify", "--anchor", str(head)])
    assert whole.exit_code == 0, whole.output
    assert "9 entries are sealed and unchanged" in whole.stdout
    assert str(head) in whole.stdout
    execute("UPDATE audit_entry SET via = 'x' WHERE id = 4")
    broken = CliRunner().invoke(app, ["verify"])
    assert broken.exit_code == 1
    assert "BROKEN at sequence 4 (edited): entry 4 is not what was sealed: it was edited." in broken.stdout
    assert CliRunner().invoke(app, ["verify", "--anchor", "9"]).exit_code == 2


def test_everything_that_happens_is_sealed(world: World) -> None:
    alert = world.fires("disk-full")
    world.expects(("primary", "webhook"))
    world.acknowledges("primary", alert)
    Sealer().seal(now=world.now)
    verdict: Verdict = verify(now=world.now)
    assert verdict.finding is None
    assert verdict.head.sequence == Entry.objects.count() > 3
