"""A whole instance as its users start it: `watchbill up` in a directory of its own, on a port of its own."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from ipaddress import ip_address
from pathlib import Path
from typing import TypeVar
from urllib.error import URLError
from urllib.request import urlopen

# Of the process's own; only so that a broken machine cannot hang the suite.
PATIENCE_SECONDS = 90.0
T = TypeVar("T")


def wait_for(what: str, probe: Callable[[], T | None], *, seconds: float = PATIENCE_SECONDS) -> T:
    """Poll until the probe answers something true."""
    deadline = time.monotonic() + seconds
    while True:
        found = probe()
        if found:
            return found
        if time.monotonic() > deadline:
            raise AssertionError(f"{what}: not within {seconds:.0f} s")
        time.sleep(0.05)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def command_environment(data_dir: Path, **more: str) -> dict[str, str]:
    """Without the settings of the test process, which has another database."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("WATCHBILL_")}
    return {**kept, "WATCHBILL_DATA_DIR": str(data_dir), **more}


def watchbill(data_dir: Path, *arguments: str, **more: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "watchbill.cli.main", *arguments],
        env=command_environment(data_dir, **more),
        capture_output=True,
        text=True,
        timeout=PATIENCE_SECONDS,
        check=False,
    )


def listening(pid: int) -> set[tuple[str, int]]:
    """Addresses as the kernel writes them are turned into those that people know."""
    mine = {str(one.readlink()) for one in Path(f"/proc/{pid}/fd").iterdir() if one.is_symlink()}
    found = set()
    for table in ("tcp", "tcp6"):
        for line in Path(f"/proc/{pid}/net/{table}").read_text().splitlines()[1:]:
            _, local, _, state, *rest = line.split()
            if state == "0A" and f"socket:[{rest[5]}]" in mine:
                address, _, port = local.partition(":")
                raw = bytes.fromhex(address)
                words = b"".join(raw[at : at + 4][::-1] for at in range(0, len(raw), 4))
                found.add((str(ip_address(words)), int(port, 16)))
    return found


class Instance:
    def __init__(self, data_dir: Path, *arguments: str, **settings: str) -> None:
        self.data_dir = data_dir
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.log = data_dir.with_suffix(".log")
        self._arguments = arguments
        self._settings = settings
        self.process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> "Instance":
        self.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self.stop()

    def start(self) -> None:
        self.stop()
        command = [sys.executable, "-m", "watchbill.cli.main", "up", "--data-dir", str(self.data_dir)]
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [*command, "--port", str(self.port), *self._arguments],
                env=command_environment(self.data_dir, **self._settings),
                stderr=log,
                stdout=log,
            )
        wait_for("ready", self._ready_or_ended)
        assert self.process.poll() is None, self.log.read_text()

    def stop(self) -> int:
        """Ctrl-C, as in a terminal."""
        if self.process is None:
            return 0
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
        return self.process.wait(PATIENCE_SECONDS)

    def is_ready(self) -> bool:
        return self.answers("/readyz")

    def answers(self, path: str) -> bool:
        try:
            with urlopen(f"{self.url}{path}", timeout=5) as answer:
                return bool(answer.status == 200)
        except (URLError, OSError):
            return False

    def processes(self) -> dict[str, int]:
        """Name to process id; empty for a moment while one of them is away."""
        try:
            state = json.loads((self.data_dir / "processes.json").read_text())
        except FileNotFoundError:
            return {}
        return {name: process["pid"] for name, process in state.items() if process["pid"]}

    def listens(self, name: str) -> set[tuple[str, int]]:
        """Where one of its processes takes connections: address and port."""
        return listening(self.processes()[name])

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return watchbill(self.data_dir, *arguments, **self._settings)

    def _ready_or_ended(self) -> bool:
        assert self.process is not None
        return self.process.poll() is not None or self.is_ready()
