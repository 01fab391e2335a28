import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from watchbill.cli.process import app
from watchbill.domain.process.default_document import default_text

LONGER = "~ escalation_policy.levels[3].timeout: 15m -> 20m\n"


@pytest.fixture
def ours(tmp_path: Path) -> Path:
    path = tmp_path / "ours.yaml"
    path.write_text(default_text().replace("timeout: 15m", "timeout: 20m"))
    return path


def run(*arguments: str | Path, code: int = 0, given: str | None = None) -> str:
    result = CliRunner().invoke(app, [str(argument) for argument in arguments], input=given)
    assert result.exit_code == code, result.output
    return result.stderr if code == 2 else result.stdout


# These have no database: a test without the mark may not touch it.
def test_a_sound_document_passes_without_a_database(ours: Path) -> None:
    assert run("check", ours) == (
        f"{ours} is sound: 4 severities, 15 roles, 3 escalation levels, 6 metrics, 3 checklists.\n"
    )


def test_a_document_comes_from_standard_input_too() -> None:
    assert run("check", "-", given=default_text()).startswith("- is sound")


def test_an_unsound_document_is_explained(ours: Path) -> None:
    ours.write_text(ours.read_text().replace("timeout: 20m", "timeout: soon"))
    said = run("check", ours, code=2)
    assert said.startswith(f"{ours}:")
    assert "escalation_policy.levels[3].timeout: 'soon' is not a duration: it has no number." in said
    assert "Write it as 90s, 5m, 1h30m or 2d." in said


def test_a_file_that_cannot_be_read_is_explained(tmp_path: Path) -> None:
    assert run("check", tmp_path / "none.yaml", code=2) == (
        f"{tmp_path / 'none.yaml'}: No such file or directory. Name a file that can be read.\n"
    )
    (tmp_path / "latin.yaml").write_bytes(b"name: caf\xe9")
    assert "Save it as UTF-8" in run("check", tmp_path / "latin.yaml", code=2)


def test_the_difference_to_the_shipped_process_needs_no_database(ours: Path) -> None:
    assert run("diff", ours, "--against-default", code=1) == LONGER
    assert json.loads(run("diff", ours, "--against-default", "--json", code=1)) == [
        {"path": "escalation_policy.levels[3].timeout", "old": "15m", "new": "20m"}
    ]


def test_no_difference_leaves_with_nothing(tmp_path: Path) -> None:
    same = tmp_path / "same.yaml"
    same.write_text(run("show", "--default"))
    assert run("diff", same, "--against-default") == ""


@pytest.mark.django_db
def test_a_process_is_applied_and_shown(ours: Path) -> None:
    assert run("show") == default_text()
    assert run("versions") == "The default process runs; none was applied yet.\n"
    assert run("diff", ours, code=1) == LONGER
    assert run("apply", ours, "--note", "managers sit in meetings") == f"{LONGER}Version 1 runs from now on.\n"
    assert run("apply", ours) == "Nothing to change: version 1 runs already.\n"
    assert run("show") == ours.read_text()
    assert run("show", "--version", "1") == ours.read_text()
    assert json.loads(run("show", "--json"))["escalation_policy"]["levels"][2]["timeout"] == "20m"
    assert run("diff", ours) == ""
    assert run("versions").endswith("Command on the host  managers sit in meetings\n")
    assert [row["number"] for row in json.loads(run("versions", "--json"))] == [1]


@pytest.mark.django_db
def test_an_unknown_version_is_named() -> None:
    assert run("show", "--version", "9", code=2).startswith("there is no process version 9")


@pytest.mark.django_db
def test_an_unsound_process_is_not_applied(ours: Path) -> None:
    ours.write_text("format: 1\n")
    assert "severities: is missing. Add `severities:` here." in run("apply", ours, code=2)
    assert run("versions") == "The default process runs; none was applied yet.\n"


@pytest.mark.django_db
@pytest.mark.parametrize("verb", ["check", "apply"])
def test_a_number_that_nobody_can_mean_is_explained(ours: Path, verb: str) -> None:
    ours.write_text(f"format: 1\nname: 0x{'f' * 10_000}\n")
    said = run(verb, ours, code=2)
    assert ":2: " in said
    assert "A number of 10002 characters is not taken here" in said
    assert len(said) < 500


def test_a_check_leaves_nothing_behind(tmp_path: Path) -> None:
    (tmp_path / "process.yaml").write_text(default_text())
    outside = {name: value for name, value in os.environ.items() if not name.startswith("WATCHBILL_")}
    command = [sys.executable, "-m", "watchbill.cli.main", "process", "check", "process.yaml"]
    said = subprocess.run(command, cwd=tmp_path, env=outside, check=True, capture_output=True, text=True).stdout
    assert said.startswith("process.yaml is sound")
    assert [path.name for path in tmp_path.iterdir()] == ["process.yaml"]


def test_an_installed_package_brings_the_default_process_along(tmp_path: Path) -> None:
    root = Path(__file__).parents[2]
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)],
        cwd=root,
        check=True,
        capture_output=True,
    )
    (wheel,) = tmp_path.glob("*.whl")
    # Python imports from a wheel as from any zip, but the document is a file: unpack it as an installer does.
    installed = tmp_path / "installed"
    subprocess.run([sys.executable, "-m", "zipfile", "-e", str(wheel), str(installed)], check=True)
    script = "from watchbill.domain.process import default_document as d; print(d.__file__); print(d.default_text())"
    answer = subprocess.run(
        [sys.executable, "-c", script],
        env=os.environ | {"PYTHONPATH": str(installed)},
        cwd=tmp_path,
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    assert answer.startswith(str(installed))
    assert answer.endswith(default_text() + "\n")
