"""Help, errors and exit codes of `watchbill`."""

from pathlib import Path

from typer.testing import CliRunner

from tests.harness.instances import watchbill
from watchbill import __version__
from watchbill.cli import main


def test_help_lists_every_command_in_the_order_of_use(tmp_path: Path) -> None:
    shown = watchbill(tmp_path, "--help").stdout
    places = [shown.index(f"│ {name} ") for name, _ in main.NOUNS]
    assert places == sorted(places)


def test_every_command_has_a_help_of_its_own() -> None:
    for name, _ in main.NOUNS:
        asked = CliRunner().invoke(main.root(), [name, "--help"])
        assert asked.exit_code == 0, asked.output
        assert "Usage:" in asked.output


def test_the_version(tmp_path: Path) -> None:
    assert watchbill(tmp_path, "--version").stdout == f"watchbill {__version__}\n"


def test_a_wrong_word_is_a_usage_error(tmp_path: Path) -> None:
    asked = watchbill(tmp_path, "nonsense")
    assert asked.returncode == 2
    assert "nonsense" in asked.stderr


def test_an_instance_that_is_not_there_is_named_with_the_remedy(tmp_path: Path) -> None:
    asked = watchbill(tmp_path / "nowhere", "migrate")
    assert asked.returncode == 1
    assert asked.stderr.count("\n") == 1
    assert f"The instance in {tmp_path}/nowhere (WATCHBILL_DATA_DIR) is not running." in asked.stderr
    assert "watchbill up --data-dir" in asked.stderr
    assert not (tmp_path / "nowhere").exists()


def test_a_server_that_is_not_there_is_named_without_its_password(tmp_path: Path) -> None:
    url = "postgresql://watchbill:hush@127.0.0.1:1/watchbill"
    asked = watchbill(tmp_path, "migrate", WATCHBILL_DATABASE_URL=url)
    assert asked.returncode == 1
    assert "127.0.0.1:1/watchbill (WATCHBILL_DATABASE_URL) does not answer" in asked.stderr
    assert "hush" not in asked.stderr


def test_a_setting_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    asked = watchbill(tmp_path, "migrate", WATCHBILL_SMTP_PORT="many")
    assert asked.returncode == 1
    assert asked.stderr.startswith("watchbill: WATCHBILL_SMTP_PORT: ")


def test_the_traceback_is_shown_when_debugging(tmp_path: Path) -> None:
    asked = watchbill(tmp_path / "nowhere", "migrate", WATCHBILL_LOG_LEVEL="DEBUG")
    assert asked.returncode == 1
    assert "Traceback" in asked.stderr
