"""An instance as operators start it: `watchbill up` with its own database on disk, fsync on."""

import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from benchmarks.organization import Organization
from watchbill.ground.postgres import EmbeddedPostgres

RESULTS = Path(__file__).parent / "results"
_READY_SECONDS_MAX = 120


class Instance:
    def __init__(self, directory: Path, organization: Organization) -> None:
        self.data_dir = directory / "data"
        self.port = free_port()
        self.log = directory / "watchbill.log"
        self._file = directory / "organization.yaml"
        self._file.write_text(organization.text())
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def database_url(self) -> str:
        return EmbeddedPostgres(self.data_dir).url()

    def start(self) -> float:
        """Seconds until `/readyz` says yes."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith("WATCHBILL_")}
        environment = {**kept, "WATCHBILL_OUTBOUND_ALLOW": "127.0.0.0/8", "WATCHBILL_LOG_LEVEL": "WARNING"}
        command = [sys.executable, "-m", "watchbill.cli.main", "up", "--data-dir", str(self.data_dir)]
        begins = time.monotonic()
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                [*command, "--port", str(self.port), "--apply", str(self._file)],
                env=environment,
                stdout=log,
                stderr=log,
            )
        while not self._is_ready():
            if self._process.poll() is not None or time.monotonic() - begins > _READY_SECONDS_MAX:
                raise RuntimeError(f"the instance did not become ready:\n{self.log.read_text()[-3000:]}")
            time.sleep(0.02)
        return time.monotonic() - begins

    def stop(self) -> None:
        if self._process is not None:
            self._process.send_signal(signal.SIGINT)
            self._process.wait(60)
            self._process = None

    def kill(self) -> None:
        """Every process at once, the database's too, with nothing said before."""
        assert self._process is not None
        victims = list(self.processes())
        for pid in victims:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self._process.wait(20)
        self._process = None
        while any(_is_alive(pid) for pid in victims):
            time.sleep(0.01)

    def processes(self) -> dict[int, str]:
        """Process id to what it is, for all that this instance consists of."""
        assert self._process is not None
        named = {self._process.pid: "supervisor"}
        state = json.loads((self.data_dir / "processes.json").read_text())
        named |= {one["pid"]: name for name, one in state.items() if one["pid"]}
        children = _children()
        waiting = list(named)
        while waiting:
            pid = waiting.pop()
            for child in children.get(pid, []):
                if child not in named:
                    named[child] = f"{named[pid]} child"
                    waiting.append(child)
        return named

    def _is_ready(self) -> bool:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/readyz", timeout=2) as answer:
                return bool(answer.status == 200)
        except OSError:
            return False


@contextmanager
def running(organization: Organization) -> Iterator[Instance]:
    # Not below /tmp where that is memory: commits must reach a disk.
    with tempfile.TemporaryDirectory(prefix="watchbill-bench-", dir="/var/tmp", ignore_cleanup_errors=True) as name:
        directory = Path(name)
        directory.chmod(0o755)
        instance = Instance(directory, organization)
        instance.start()
        try:
            yield instance
        finally:
            instance.stop()
            _keep(instance.log)


def _keep(log: Path) -> None:
    """What went wrong during a measurement is worth more than the figure."""
    text = log.read_text(errors="replace")
    if '"error"' in text or "Traceback" in text or '"critical"' in text:
        RESULTS.mkdir(exist_ok=True)
        kept = RESULTS / f"{time.strftime('%Y%m%dT%H%M%SZ', time.gmtime())}.log"
        kept.write_text(text)
        print(f"the instance complained: {kept}", file=sys.stderr)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _children() -> dict[int, list[int]]:
    found: dict[int, list[int]] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with suppress(OSError):
                parent = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
                found.setdefault(parent, []).append(int(entry.name))
    return found


def _is_alive(pid: int) -> bool:
    try:
        return (Path("/proc") / str(pid) / "stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False
