from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection, transaction

from watchbill.domain.audit.contract import Actor
from watchbill.domain.audit.models import Entry
from watchbill.domain.paging.reads import default_rules
from watchbill.domain.process import reads
from watchbill.domain.process.actions import Applied, AppliedMeanwhile, NoteTooLong
from watchbill.domain.process.default_document import default_document, default_text
from watchbill.domain.process.models import ProcessVersion, VersionImmutable
from watchbill.domain.process.rules import Change, InvalidProcess
from watchbill.doors.process import apply_process

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
OWNER = Actor(kind="person", label="owner@example.org", via="web", source_address="192.0.2.7")
PATIENT = default_text().replace("timeout: 15m", "timeout: 20m")
TIMEOUT_LONGER = Change(path="escalation_policy.levels[3].timeout", old="15m", new="20m")


def apply(text: str, *, note: str = "", now: datetime = NOW) -> Applied:
    return apply_process(text, file="ours.yaml", note=note, actor=OWNER, now=now)


@pytest.mark.django_db
def test_until_one_is_applied_the_default_process_runs() -> None:
    assert reads.running() == default_document()
    assert reads.running_text() == default_text()
    assert reads.running_version() is None
    assert reads.versions() == []


@pytest.mark.django_db
def test_what_is_applied_runs_and_says_what_changed() -> None:
    applied = apply(PATIENT, note="managers sit in meetings")
    assert applied.created
    assert applied.changes == (TIMEOUT_LONGER,)
    assert reads.running().escalation_policy.levels[2].timeout == timedelta(minutes=20)
    assert reads.running_text() == PATIENT
    version = reads.get(1)
    assert (version.applied_at, version.applied_by_label, version.note) == (
        NOW,
        "owner@example.org",
        "managers sit in meetings",
    )


@pytest.mark.django_db
def test_who_changed_the_process_and_how_is_on_record() -> None:
    version = apply(PATIENT, note="managers sit in meetings").version
    entry = Entry.objects.get(action="process.applied", subject_id=version.id)
    assert (entry.at, entry.actor_label, entry.via) == (NOW, "owner@example.org", "web")
    assert entry.subject_label == "Process version 1"
    assert entry.details == {
        "note": "managers sit in meetings",
        "changes": [{"path": TIMEOUT_LONGER.path, "old": "15m", "new": "20m"}],
    }


@pytest.mark.django_db
def test_the_same_process_again_makes_no_version_and_no_record() -> None:
    first = apply(PATIENT)
    again = apply(PATIENT + "\n# a comment changes nothing\n", now=NOW + timedelta(hours=1))
    assert (again.created, again.version.number, again.changes) == (False, first.version.number, ())
    assert ProcessVersion.objects.count() == 1
    assert Entry.objects.filter(action="process.applied").count() == 1


@pytest.mark.django_db
def test_going_back_is_a_new_version_and_the_former_ones_stay() -> None:
    apply(PATIENT)
    apply(default_text(), now=NOW + timedelta(hours=1))
    assert [version.number for version in reads.versions()] == [2, 1]
    assert reads.running() == default_document()
    assert reads.document_of(reads.get(1)).escalation_policy.levels[2].timeout == timedelta(minutes=20)


@pytest.mark.django_db
@pytest.mark.parametrize(("text", "note"), [("format: 1\n", ""), (PATIENT, "x" * 501)], ids=["unsound", "long note"])
def test_what_is_refused_writes_nothing(text: str, note: str) -> None:
    with pytest.raises((InvalidProcess, NoteTooLong)):
        apply(text, note=note)
    assert ProcessVersion.objects.count() == 0
    assert Entry.objects.filter(action="process.applied").count() == 0


@pytest.mark.django_db
def test_a_version_that_was_never_applied_is_named() -> None:
    with pytest.raises(reads.VersionUnknown, match="there is no process version 7"):
        reads.get(7)


@pytest.mark.django_db
def test_a_version_can_be_neither_changed_nor_removed() -> None:
    version = apply(PATIENT).version
    version.note = "rewritten"
    with pytest.raises(VersionImmutable):
        version.save()
    with pytest.raises(VersionImmutable):
        version.delete()
    with pytest.raises(VersionImmutable):
        ProcessVersion.objects.update(note="rewritten")
    with pytest.raises(VersionImmutable):
        ProcessVersion.objects.all().delete()
    with pytest.raises(VersionImmutable), transaction.atomic():
        ProcessVersion.objects.bulk_update([version], ["note"])
    assert reads.get(1).note == ""


@pytest.mark.django_db
def test_pages_follow_the_new_process_from_then_on() -> None:
    assert [rule.after_seconds for rule in default_rules()["high"]] == [0, 60, 120]
    apply(default_text().replace("{kind: sms, after: 2m", "{kind: sms, after: 3m"))
    assert [rule.after_seconds for rule in default_rules()["high"]] == [0, 60, 180]


@pytest.mark.django_db(transaction=True)
def test_of_writers_at_the_same_moment_each_makes_a_version_of_its_own_or_is_told() -> None:
    def write(minutes: int) -> str:
        try:
            with transaction.atomic():
                return f"version {apply(PATIENT.replace('20m', f'{minutes}m', 1)).version.number}"
        except AppliedMeanwhile:
            return "told"
        finally:
            connection.close()

    with ThreadPoolExecutor(max_workers=4) as pool:
        outcomes = list(pool.map(write, [21, 22, 23, 24]))
    made = sorted(outcome for outcome in outcomes if outcome != "told")
    assert made
    assert made == [f"version {number}" for number in range(1, len(made) + 1)]
    assert ProcessVersion.objects.count() == len(made)
