"""Times at the end of the calendar, numbers without end, bytes that are no text: a line with the remedy, no trace."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.harness.instances import Instance, watchbill

ORGANIZATION = """
organization: {name: Example, time_zone: UTC}
users: [{email: a@example.org, name: Ána, role: owner, time_zone: UTC}]
schedules:
  - name: weekly
    time_zone: Europe/Berlin
    rotations: [{name: all, members: [a@example.org], every: 1 week, handoff: "Monday 10:00", starts: 2026-01-05}]
"""
BYTES = "a\udcff\udcfeb"


@pytest.fixture(scope="module")
def instance(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Instance]:
    directory = tmp_path_factory.mktemp("odd")
    (directory / "org.yaml").write_text(ORGANIZATION, encoding="utf-8")
    with Instance(directory / "data", "--apply", str(directory / "org.yaml")) as started:
        yield started


def refused(instance: Instance, *arguments: str) -> str:
    asked = instance.run(*arguments)
    assert asked.returncode in (1, 2), asked.stdout
    for trace in ("Error:", "Traceback", "WATCHBILL_LOG_LEVEL"):
        assert trace not in asked.stderr.replace("UsageError:", "")
    return " ".join(asked.stderr.replace("│", " ").split())


@pytest.mark.parametrize(
    ("command", "at"),
    [
        (("oncall", "weekly", "--at"), "9999-12-31T23:59"),
        (("shifts", "weekly", "--from"), "9999-12-31T23:59:59-23:00"),
        (("alert", "snooze", "1", "--until"), "0001-01-01T00:00+14:00"),
    ],
)
def test_a_time_at_the_end_of_the_calendar(instance: Instance, command: tuple[str, ...], at: str) -> None:
    assert "use a year from 1900 to 9000" in refused(instance, *command, at)


def test_a_number_without_end(instance: Instance) -> None:
    number = "9" * 5000
    assert "there is no alert" in refused(instance, "alert", "show", number)
    assert "there is no incident" in refused(instance, "incident", "show", number)
    assert refused(instance, "alert", "list", "--limit", number)
    assert "is not a duration" in refused(instance, "alert", "snooze", "1", "--for", f"{number}h")


@pytest.mark.parametrize("command", [("alert", "list", "-q"), ("oncall",)])
def test_bytes_that_are_no_text(instance: Instance, command: tuple[str, ...]) -> None:
    said = refused(instance, *command, BYTES)
    assert f"argument {len(command) + 1}, 'a\\udcff\\udcfeb', is no UTF-8 text; type it anew" in said


def test_a_file_that_is_no_text(instance: Instance, tmp_path: Path) -> None:
    (tmp_path / "latin.yaml").write_bytes("organization: {name: Müller, time_zone: UTC}".encode("latin-1"))
    assert "UTF-8" in refused(instance, "apply", str(tmp_path / "latin.yaml"))


def test_a_terminal_that_lacks_a_character_still_shows_the_rest(instance: Instance) -> None:
    asked = watchbill(instance.data_dir, "person", "list", PYTHONIOENCODING="ascii")
    assert asked.returncode == 0, asked.stderr
    assert "\\xc1na" in asked.stdout
