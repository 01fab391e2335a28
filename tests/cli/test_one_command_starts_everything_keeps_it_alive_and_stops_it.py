"""`watchbill up` on real processes: killed one by one they come back, and Ctrl-C leaves nothing behind."""

import contextlib
import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.request import urlopen

import pytest

from tests.harness.instances import Instance, free_port, wait_for

EVERYTHING = {"supervisor", "web", "engine", "worker", "postgres"}


@pytest.fixture(scope="module")
def instance(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Instance]:
    ports = {f"WATCHBILL_{name}_METRICS_PORT": str(free_port()) for name in ("ENGINE", "WORKER")}
    with Instance(tmp_path_factory.mktemp("instance") / "data", **ports) as started:
        yield started


@pytest.mark.parametrize("name", ["web", "engine", "worker", "postgres"])
def test_a_killed_process_comes_back(instance: Instance, name: str) -> None:
    wait_for("everything to run", lambda: set(instance.processes()) >= EVERYTHING)
    killed = instance.processes()[name]
    os.kill(killed, signal.SIGKILL)
    wait_for(f"a new {name}", lambda: instance.processes().get(name, killed) != killed)
    wait_for("ready again", instance.is_ready)


@pytest.mark.parametrize(
    ("name", "figures"),
    [
        ("engine", ("watchbill_timer_lateness_seconds", "watchbill_invariants_broken", "watchbill_errands_late")),
        (
            "worker",
            (
                "watchbill_errand_defects_total",
                "watchbill_errands_put_off_total",
                "watchbill_slack_connected",
                "watchbill_matrix_connected",
            ),
        ),
    ],
)
def test_engine_and_worker_show_their_figures_to_this_host_alone(
    instance: Instance, name: str, figures: tuple[str, ...]
) -> None:
    wait_for("everything to run", lambda: set(instance.processes()) >= EVERYTHING)
    [(address, port)] = wait_for(f"{name} to listen", lambda: instance.listens(name))
    assert address == "127.0.0.1"
    with urlopen(f"http://127.0.0.1:{port}/metrics", timeout=30) as answer:
        text = answer.read().decode()
    for figure in figures:
        assert f"# HELP {figure.removesuffix('_total')}" in text


def test_a_second_start_in_the_same_directory_is_refused_with_the_reason(instance: Instance) -> None:
    second = instance.run("up", "--data-dir", str(instance.data_dir), "--port", "1")
    assert second.returncode == 1
    assert "an instance already runs in" in second.stderr
    assert instance.is_ready()


def test_the_secret_key_is_made_once_and_readable_by_its_owner_alone(instance: Instance) -> None:
    path = instance.data_dir / "secret.key"
    assert path.stat().st_mode & 0o777 == 0o600
    assert len(path.read_text()) >= 60


def test_migrate_finds_nothing_to_do_while_everything_runs(instance: Instance) -> None:
    done = instance.run("migrate")
    assert (done.returncode, done.stdout) == (0, "The database is up to date.\n")


def test_ctrl_c_stops_everything(tmp_path: Path) -> None:
    instance = Instance(tmp_path / "data")
    instance.start()
    processes = instance.processes()
    assert set(processes) == EVERYTHING
    assert [instance.listens(name) for name in ("engine", "worker")] == [set(), set()]
    assert {address for address, _ in instance.listens("web")} == {"127.0.0.1"}
    assert instance.stop() == 0
    assert [name for name, pid in processes.items() if Path(f"/proc/{pid}").exists()] == []
    assert instance.log.read_text().rstrip().endswith("watchbill: Stopped.")


def test_when_the_supervisor_is_killed_its_processes_end_and_the_next_start_works(tmp_path: Path) -> None:
    with Instance(tmp_path / "data") as instance:
        processes = instance.processes()
        os.kill(processes["supervisor"], signal.SIGKILL)
        ours = [processes[name] for name in ("web", "engine", "worker")]
        wait_for("the end of its processes", lambda: not any(Path(f"/proc/{pid}").exists() for pid in ours))
        instance.start()
        assert instance.is_ready()


def test_a_start_right_after_the_supervisor_was_killed_waits_for_the_port(tmp_path: Path) -> None:
    with Instance(tmp_path / "data") as instance:
        killed = instance.processes()
        os.kill(killed["supervisor"], signal.SIGKILL)
        assert instance.process is not None
        instance.process.wait()
        instance.start()  # for a moment the former web process may still answer
        wait_for("everything to be new", lambda: not set(instance.processes().values()) & set(killed.values()))
        wait_for("everything to run", lambda: set(instance.processes()) >= EVERYTHING)
        wait_for("ready", instance.is_ready)


def test_a_port_that_is_taken_is_said_before_anything_starts(instance: Instance, tmp_path: Path) -> None:
    other = tmp_path / "other"
    second = instance.run("up", "--data-dir", str(other), "--port", str(instance.port))
    assert second.returncode == 1
    assert f"Port {instance.port} is taken" in second.stderr
    assert "choose another with --port" in second.stderr
    assert not other.exists()


def test_a_web_process_that_answers_nobody_any_more_is_ended_and_comes_back(instance: Instance) -> None:
    wait_for("everything to run", lambda: set(instance.processes()) >= EVERYTHING)
    wait_for("ready", instance.is_ready)
    ready_at = time.monotonic()  # a process that has not answered yet may take as long as it needs
    wait_for("an answer that the supervisor heard", lambda: time.monotonic() - ready_at > 15)
    before = instance.processes()
    os.kill(before["web"], signal.SIGSTOP)
    try:
        wait_for("a new web process", lambda: instance.processes().get("web", before["web"]) != before["web"])
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.kill(before["web"], signal.SIGCONT)
    wait_for("ready again", instance.is_ready)
    assert "web has not answered for 30 s and is ended" in instance.log.read_text()
    assert {**instance.processes(), "web": 0} == {**before, "web": 0}


def test_a_database_that_does_not_answer_ends_no_web_process(instance: Instance) -> None:
    wait_for("everything to run", lambda: set(instance.processes()) >= EVERYTHING)
    wait_for("ready", instance.is_ready)
    before = instance.processes()
    asleep = [before["postgres"], *children_of(before["postgres"])]
    for pid in asleep:
        os.kill(pid, signal.SIGSTOP)
    try:
        stopped_at = time.monotonic()
        wait_for("longer than a silent process is given", lambda: time.monotonic() - stopped_at > 40)
        assert instance.answers("/healthz")
    finally:
        for pid in asleep:
            os.kill(pid, signal.SIGCONT)
    wait_for("ready again", instance.is_ready)
    assert instance.processes()["web"] == before["web"]


def children_of(pid: int) -> list[int]:
    return [int(one) for one in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
