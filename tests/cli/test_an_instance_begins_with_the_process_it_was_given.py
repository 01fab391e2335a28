"""WATCHBILL_PROCESS_FILE: applied at the first start, and never again: people's later versions stay."""

from pathlib import Path

from tests.harness.instances import Instance, watchbill
from watchbill.domain.process.default_document import default_text


def test_the_first_start_applies_it_and_the_next_one_leaves_what_people_applied(tmp_path: Path) -> None:
    first, later = tmp_path / "first.yaml", tmp_path / "later.yaml"
    first.write_text(default_text().replace("timeout: 15m", "timeout: 20m"))
    later.write_text(default_text().replace("timeout: 15m", "timeout: 25m"))
    with Instance(tmp_path / "data", WATCHBILL_PROCESS_FILE=str(first)) as instance:
        assert instance.run("process", "show").stdout == first.read_text()
        assert f"The incident process of {first} is applied." in instance.log.read_text()
        assert "WATCHBILL_PROCESS_FILE  the first process" in instance.run("process", "versions").stdout
        assert instance.run("process", "apply", str(later)).returncode == 0
        instance.start()
        assert instance.run("process", "show").stdout == later.read_text()
        assert instance.run("migrate").stdout == "The database is up to date.\n"


def test_one_that_is_unsound_stops_the_start_and_says_where(tmp_path: Path) -> None:
    ours = tmp_path / "ours.yaml"
    ours.write_text(default_text().replace("timeout: 15m", "timeout: soon"))
    started = watchbill(tmp_path / "data", "up", "--port", "1", WATCHBILL_PROCESS_FILE=str(ours))
    assert started.returncode == 1
    assert f"{ours}:" in started.stderr
    assert "'soon' is not a duration" in started.stderr
    gone = watchbill(tmp_path / "data", "up", "--port", "1", WATCHBILL_PROCESS_FILE=str(tmp_path / "none.yaml"))
    assert gone.returncode == 1
    assert f"WATCHBILL_PROCESS_FILE: {tmp_path / 'none.yaml'} cannot be read" in gone.stderr
