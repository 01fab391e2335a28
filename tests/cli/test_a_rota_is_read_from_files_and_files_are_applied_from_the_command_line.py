import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from tests.harness.organization_files import EXAMPLE, SECONDARY
from tests.house.tree import ROOT
from watchbill.cli.main import root
from watchbill.domain.access.models import User

RANGE = ["--from", "2026-12-21T10:00", "--to", "2026-12-28T09:00Z"]  # the first is the schedule's local time
SHIFTS = [
    {
        "start": "2026-12-21T09:00:00Z",
        "end": "2026-12-24T17:00:00Z",
        "users": ["lead@example.org"],
        "source": "rotation:weekly",
    },
    {
        "start": "2026-12-24T17:00:00Z",
        "end": "2026-12-25T09:00:00Z",
        "users": ["responder@example.org"],
        "source": "override",
    },
    {
        "start": "2026-12-25T09:00:00Z",
        "end": "2026-12-28T09:00:00Z",
        "users": ["lead@example.org"],
        "source": "rotation:weekly",
    },
]


@pytest.fixture
def paths(tmp_path: Path) -> list[str]:
    for name, text in (("org.yaml", EXAMPLE), ("more.yaml", SECONDARY)):
        (tmp_path / name).write_text(text)
    return [str(tmp_path / "org.yaml"), str(tmp_path / "more.yaml")]


def run(*arguments: str) -> Result:
    return CliRunner().invoke(root(), list(arguments))


def test_a_rota_is_read_from_a_file_without_a_database(paths: list[str]) -> None:
    # No database mark: a query would fail here. The policy's unknown schedule is not asked about.
    result = run("shifts", "payments-primary", *RANGE, "--file", paths[0], "--json")
    assert (result.exit_code, json.loads(result.stdout)) == (0, SHIFTS)
    result = run("oncall", "payments-primary", "--at", "2026-12-24T18:00Z", "--file", paths[0], "--json")
    assert (result.exit_code, json.loads(result.stdout)) == (0, [SHIFTS[1]])
    result = run("oncall", "payments-primary", "--at", "2025-12-24T18:00Z", "--file", paths[0], "--json")
    assert (result.exit_code, json.loads(result.stdout)) == (0, [])
    result = run("shifts", "payments-primary", *RANGE, "--file", paths[0])
    assert "Thu 2026-12-24 18:00  to  Fri 2026-12-25 10:00  responder@example.org  (override)" in result.stdout


def test_a_schedule_that_is_not_there_and_a_time_that_is_none(paths: list[str]) -> None:
    result = run("oncall", "payments", "--file", paths[0])
    assert result.exit_code == 1
    assert 'no schedule "payments" in these files; they define: payments-primary' in result.stderr
    result = run("oncall", "payments-primary", "--file", paths[0], "--at", "noon")
    assert result.exit_code == 2
    assert "is no time" in result.stderr
    assert run("shifts", "payments-primary", "--file", paths[0], "--from", "2026-02-01", "--to", "2026-01-01").exit_code


def test_holes_are_printed_as_nobody_in_the_zone_that_is_named(paths: list[str]) -> None:
    # The rotation began on 5 January: before that nothing decides.
    span = ["--from", "2026-01-03T10:00", "--to", "2026-01-06T10:00", "--file", paths[0]]
    lines = run("shifts", "payments-primary", *span).stdout.splitlines()
    assert lines == [
        "payments-primary, times in Europe/Berlin",
        "Sat 2026-01-03 10:00  to  Mon 2026-01-05 10:00  nobody",
        "Mon 2026-01-05 10:00  to  Tue 2026-01-06 10:00  lead@example.org  (rotation:weekly)",
    ]
    assert [one["users"] for one in json.loads(run("shifts", "payments-primary", *span, "--json").stdout)] == [
        ["lead@example.org"]
    ]


def test_who_is_on_call_is_asked_of_all_schedules_at_once(paths: list[str]) -> None:
    # The time is the organization's, which is in one of the files; the second schedule has nobody then.
    asked = ["oncall", "--at", "2026-12-28T10:00", "--file", paths[0], "--file", paths[1]]
    first, second = run(*asked).stdout.splitlines()
    assert first == (
        "payments-primary    Mon 2026-12-28 10:00  to  Mon 2027-01-04 10:00"
        "  responder@example.org  (rotation:weekly)  Europe/Berlin"
    )
    assert second == "payments-secondary  nobody"
    period = {"start": "2026-12-28T09:00:00Z", "end": "2027-01-04T09:00:00Z"}
    nobody = {"start": None, "end": None, "users": [], "source": "nobody"}
    assert json.loads(run(*asked, "--json").stdout) == [
        {"schedule": "payments-primary", **period, "users": ["responder@example.org"], "source": "rotation:weekly"},
        {"schedule": "payments-secondary", **nobody},
    ]

    refused = run("shifts", "--file", paths[0], "--file", paths[1])
    assert refused.exit_code == 2
    assert (
        refused.stderr
        == "give a schedule, like `watchbill shifts NAME`; there are: payments-primary, payments-secondary\n"
    )


@pytest.mark.django_db
def test_who_is_on_call_is_asked_of_the_whole_instance(paths: list[str]) -> None:
    assert run("oncall").stdout == "There is no schedule yet.\n"
    run("apply", *paths)
    result = run("oncall", "--at", "2026-12-24T19:00", "--json")
    assert "--at 2026-12-24T19:00 is read as Europe/Berlin time: 2026-12-24T18:00:00Z" in result.stderr
    found = json.loads(result.stdout)
    assert [one["schedule"] for one in found] == ["payments-primary", "payments-secondary"]
    assert found[0]["users"] == ["responder@example.org"]


@pytest.mark.django_db
def test_files_are_applied_exported_and_asked(paths: list[str], tmp_path: Path) -> None:
    refused = run("apply", paths[0])
    assert refused.exit_code == 1
    assert refused.stderr.startswith(f"{paths[0]}:29: policies[0].levels[1].targets[0]: there is no schedule")
    rehearsed = run("apply", *paths, "--dry-run")
    assert rehearsed.stdout.splitlines()[0] == "+ user lead@example.org"
    assert rehearsed.stdout.splitlines()[-1] == "15 to create, 0 to change, 0 to remove. Nothing was changed."
    assert not User.objects.exists()
    applied = run("apply", *paths)
    assert "15 created, 0 changed, 0 removed" in applied.stdout
    assert "signing secret of responder@example.org hook: whs_" in applied.stdout
    assert run("apply", *paths).stdout == "Nothing to do: everything is as the files say.\n"
    (tmp_path / "export.yaml").write_text(run("export").stdout)
    assert run("apply", str(tmp_path / "export.yaml"), "--prune").stdout.startswith("Nothing to do")
    asked = run("shifts", "payments-primary", *RANGE, "--json")
    assert json.loads(asked.stdout) == SHIFTS
    assert run("oncall", "nowhere").exit_code == 1
    assert run("apply", str(tmp_path / "missing.yaml")).exit_code == 1


@pytest.mark.django_db
def test_the_example_that_is_shipped_is_accepted_as_it_is_and_reaches_somebody() -> None:
    example = str(ROOT / "docs" / "examples" / "organization.yaml")
    rehearsed = run("apply", example, "--dry-run")
    assert (rehearsed.exit_code, rehearsed.stderr) == (0, "")
    assert "0 to change, 0 to remove. Nothing was changed." in rehearsed.stdout
    assert run("apply", example).exit_code == 0
    assert [one["users"] != [] for one in json.loads(run("oncall", "--json").stdout)] == [True, True]
    explained = json.loads(run("explain", "checkout", "--json").stdout)
    assert explained["reaches_somebody"]
    assert all(target["people"] for step in explained["steps"] for target in step["targets"])
