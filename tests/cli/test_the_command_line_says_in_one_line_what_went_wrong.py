"""Help, errors and exit codes of `watchbill`."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from tests.harness.instances import watchbill
from watchbill import __version__
from watchbill.cli import main
from watchbill.config import Config


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


@pytest.mark.parametrize(
    ("name", "typed", "allowed"),
    [
        ("WATCHBILL_SMTP_SECURITY", "ssl", ("'starttls'", "'tls'", "'none'")),  # taken for none it shows the password
        ("WATCHBILL_LOG_FORMAT", "text", ("'json'", "'console'")),
        ("WATCHBILL_LOG_LEVEL", "loud", ("'DEBUG'", "'INFO'", "'WARNING'", "'ERROR'")),
    ],
)
def test_a_choice_that_there_is_not_is_refused_with_those_there_are(
    tmp_path: Path, name: str, typed: str, allowed: tuple[str, ...]
) -> None:
    asked = watchbill(tmp_path, "migrate", **{name: typed})
    assert asked.returncode == 1
    assert asked.stderr.startswith(f"watchbill: {name}: ")
    assert asked.stderr.count("\n") == 1
    for choice in allowed:
        assert choice in asked.stderr


def test_a_choice_may_be_written_in_any_case(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WATCHBILL_SMTP_SECURITY", " TLS")
    monkeypatch.setenv("WATCHBILL_LOG_LEVEL", "warning")
    settings = Config()
    assert (settings.smtp_security, settings.log_level) == ("tls", "WARNING")


def test_the_traceback_is_shown_when_debugging(tmp_path: Path) -> None:
    asked = watchbill(tmp_path / "nowhere", "migrate", WATCHBILL_LOG_LEVEL="DEBUG")
    assert asked.returncode == 1
    assert "Traceback" in asked.stderr
