"""`watchbill up`: the database and the product's processes, started in order, kept alive, stopped in order.

It lives as long as the instance, so it imports the standard library and three small modules of the ground only.
"""

import argparse
import contextlib
import errno
import json
import os
import select
import signal
import socket
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

from watchbill.ground import secret_file
from watchbill.ground.postgres import DataDirectoryInUse, EmbeddedPostgres, PostgresFailed
from watchbill.ground.pulse import Pulse

_STOP_SECONDS_MAX = 15.0
_RESTART_SECONDS_MIN, _RESTART_SECONDS_MAX = 0.1, 10.0
# A child that ran this long was healthy: its next death starts the back-off anew.
_HEALTHY_SECONDS = 60.0
_PORT_SECONDS_MAX = 5.0
_READY_SECONDS_MAX = 120.0
_SILENT_SECONDS_MAX = 30.0


@dataclass
class Child:
    """Stopped in the order of `stops`: what takes in work first, what finishes it last."""

    name: str
    command: list[str]
    process: subprocess.Popen[bytes] | None = None
    starts: int = 0
    started_at: float = 0.0
    failures: int = 0
    restart_at: float = 0.0

    def start(self, environment: dict[str, str], *, gate: int | None = None) -> None:
        """With a gate it loads its code, and goes on when the other end of the gate is closed."""
        # A session of its own: Ctrl-C in the terminal reaches the supervisor alone, which stops the rest in order.
        self.process = subprocess.Popen(  # noqa: S603 - our own modules, no shell
            self.command,
            env=environment if gate is None else {**environment, "WATCHBILL_GATE": str(gate)},
            stdin=subprocess.DEVNULL,
            pass_fds=() if gate is None else (gate,),
            start_new_session=True,
        )
        self.starts += 1
        self.started_at = time.monotonic()

    def ended(self) -> int | None:
        return None if self.process is None else self.process.poll()

    def plan_restart(self, now: float) -> float:
        self.failures = 0 if now - self.started_at >= _HEALTHY_SECONDS else self.failures + 1
        delay = min(_RESTART_SECONDS_MIN * 2.0 ** max(0, self.failures - 1), _RESTART_SECONDS_MAX)
        self.process, self.restart_at = None, now + delay
        return delay

    def stop(self) -> None:
        if self.process is None or self.process.poll() is not None:
            return
        self.process.terminate()
        try:
            self.process.wait(_STOP_SECONDS_MAX)
        except subprocess.TimeoutExpired:
            _say(f"{self.name} did not stop within {_STOP_SECONDS_MAX:.0f} s and is ended")
            self.process.kill()
            self.process.wait()


@dataclass
class Supervisor:
    data_dir: Path
    host: str
    port: int
    apply: list[str]
    embedded: bool
    postgres: EmbeddedPostgres = field(init=False)
    children: list[Child] = field(init=False)
    pulse: Pulse = field(init=False)
    asked_to_stop: bool = False
    _wrote_state: bool = False
    ready: bool = False

    def __post_init__(self) -> None:
        self.postgres = EmbeddedPostgres(self.data_dir)
        module = [sys.executable, "-m"]
        self.children = [
            Child("web", [*module, "watchbill.processes.web", "--host", self.host, "--port", str(self.port)]),
            Child("engine", [*module, "watchbill.processes.engine"]),
            Child("worker", [*module, "watchbill.processes.worker"]),
        ]
        self.pulse = Pulse(self.host, self.port, silent_seconds_max=_SILENT_SECONDS_MAX)
        self.environment = {
            # Each arena of the C library holds memory of its own; two are enough for our few threads.
            "MALLOC_ARENA_MAX": "2",
            **os.environ,
            "WATCHBILL_SUPERVISOR": str(os.getpid()),
        }

    def run(self) -> int:
        wake = self._listen_for_signals()
        try:
            if not self._start():
                return 1
            while not self.asked_to_stop:
                self._wait(wake)
                self._drain(wake)
                self._look_after_postgres()
                self._look_after_children()
                self._end_web_if_it_is_silent()
                self._announce_when_ready()
        finally:
            self._stop()
        return 0

    def _listen_for_signals(self) -> int:
        def stop(_number: int, _frame: object) -> None:
            if self.asked_to_stop:
                _say("Stopping already; what still runs gets at most a few seconds more.")
            self.asked_to_stop = True

        read_end, write_end = os.pipe()
        os.set_blocking(read_end, False)
        os.set_blocking(write_end, False)
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, stop)
        signal.signal(signal.SIGCHLD, lambda _number, _frame: None)
        signal.set_wakeup_fd(write_end, warn_on_full_buffer=False)
        return read_end

    def _start(self) -> bool:
        self.started_at = time.monotonic()
        secret_file.make_if_missing(self.data_dir)
        if self.embedded:
            if not self.postgres.directory.exists():
                _say(f"First start: making a database in {self.data_dir} ...")
            self.postgres.start()
        read_end, write_end = os.pipe()
        for child in self.children:
            child.start(self.environment, gate=read_end)
        os.close(read_end)
        prepare = [sys.executable, "-m", "watchbill.processes.prepare", *self.apply]
        prepared = subprocess.run(prepare, env=self.environment, check=False).returncode == 0  # noqa: S603 - ours
        if not prepared or self.asked_to_stop:
            return prepared
        os.close(write_end)
        self._write_state()
        return True

    def _wait(self, wake: int) -> None:
        heard = [one.fileno() for one in self.pulse.reads()]
        select.select([wake, *heard], self.pulse.writes(), [], self._seconds_to_wait())

    def _seconds_to_wait(self) -> float:
        if not self.ready:
            return 0.05
        due = [child.restart_at for child in self.children if child.process is None]
        if self.children[0].process is not None:
            due.append(self.pulse.looks_at)
        return max(0.0, min(due) - time.monotonic())

    def _look_after_postgres(self) -> None:
        if not self.embedded or self.postgres.process is None or self.postgres.process.poll() is None:
            return
        _say(f"PostgreSQL ended ({_why(self.postgres.process.returncode)}); starting it again")
        delay = _RESTART_SECONDS_MIN
        while not self.asked_to_stop:
            try:
                self.postgres.start()
            except PostgresFailed as error:
                _say(f"{error}\nTrying again in {delay:.1f} s")
                time.sleep(delay)
                delay = min(delay * 2, _RESTART_SECONDS_MAX)
            else:
                self._write_state()
                return

    def _look_after_children(self) -> None:
        now = time.monotonic()
        changed = False
        for child in self.children:
            code = child.ended()
            if code is not None:
                delay = child.plan_restart(now)
                _say(
                    f"{child.name} ended ({_why(code)}); starting it again in {delay:.1f} s (start {child.starts + 1})"
                )
            if child.process is None and child.restart_at <= now and not self.asked_to_stop:
                child.start(self.environment)
                changed = True
        if changed:
            self._write_state()

    def _end_web_if_it_is_silent(self) -> None:
        """It runs and does nothing for anybody. Its event loop does not turn, so asking it to stop would not help."""
        web = self.children[0]
        if web.process is None or not self.pulse.is_gone(web.process.pid, now=time.monotonic()):
            return
        _say(f"{web.name} has not answered for {_SILENT_SECONDS_MAX:.0f} s and is ended")
        web.process.kill()

    def _announce_when_ready(self) -> None:
        if self.ready:
            return
        if _answers_ready(self.host, self.port):
            self.ready = True
            seconds = time.monotonic() - self.started_at
            _say(f"Watchbill is ready after {seconds:.1f} s: {os.environ.get('WATCHBILL_BASE_URL', self.address())}")
        elif time.monotonic() - self.started_at > _READY_SECONDS_MAX:
            self.ready = True
            _say(f"Not ready after {_READY_SECONDS_MAX:.0f} s: look at the log above and at {self.address()}/readyz")

    def address(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"http://{host}:{self.port}"

    def _stop(self) -> None:
        _say("Stopping ...")
        for child in self.children:
            child.stop()
        if self.embedded:
            self.postgres.stop()
        if self._wrote_state:  # of another instance in this directory, which refused us, it stays
            with contextlib.suppress(FileNotFoundError):
                self._state_file().unlink()
        _say("Stopped.")

    def _write_state(self) -> None:
        """For `watchbill doctor` and whoever wants to know the process ids."""
        state: dict[str, object] = {
            "supervisor": {"pid": os.getpid(), "starts": 1, "base_url": os.environ.get("WATCHBILL_BASE_URL", "")}
        }
        for child in self.children:
            state[child.name] = {"pid": child.process.pid if child.process else None, "starts": child.starts}
        if self.postgres.process is not None:
            state["postgres"] = {"pid": self.postgres.process.pid, "starts": 1}
        making = self._state_file().with_suffix(".new")
        making.write_text(json.dumps(state))
        making.rename(self._state_file())
        self._wrote_state = True

    def _state_file(self) -> Path:
        return self.data_dir / "processes.json"

    @staticmethod
    def _drain(wake: int) -> None:
        with contextlib.suppress(BlockingIOError):
            os.read(wake, 4096)


def _answers_ready(host: str, port: int) -> bool:
    """Plain sockets, because an HTTP client would cost more memory than the rest of this process."""
    target = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104 - compared, not bound
    request = f"GET /readyz HTTP/1.1\r\nHost: {target}:{port}\r\nConnection: close\r\n\r\n"
    with contextlib.suppress(OSError), socket.create_connection((target, port), timeout=2) as connection:
        connection.sendall(request.encode())
        return connection.recv(64).startswith(b"HTTP/1.1 200")
    return False


def _is_taken(host: str, port: int) -> bool:
    """Asked before anything starts: otherwise whoever holds the port would answer for us. What else is wrong with the
    address, the web process says."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except socket.gaierror:
        return False
    family, kind, _, _, address = found[0]
    with socket.socket(family, kind) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # as the web process does
        try:
            probe.bind(address)
        except OSError as error:
            return error.errno == errno.EADDRINUSE
    return False


def _why(code: int) -> str:
    return f"signal {signal.Signals(-code).name}" if code < 0 else f"exit code {code}"


def _say(text: str) -> None:
    sys.stderr.write(f"watchbill: {text}\n")
    sys.stderr.flush()


def main() -> int:
    parser = argparse.ArgumentParser(prog="watchbill up")
    parser.add_argument("--data-dir", type=Path, required=True)
    parser.add_argument("--host", required=True)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--apply", action="append", default=[])
    parser.add_argument("--own-server", action="store_true", help="the database is a server elsewhere")
    given = parser.parse_args()
    patience = time.monotonic() + _PORT_SECONDS_MAX
    while _is_taken(given.host, given.port) and time.monotonic() < patience:
        time.sleep(0.2)  # the processes of a supervisor that was killed end within seconds
    if _is_taken(given.host, given.port):
        _say(f"Port {given.port} is taken, perhaps by a Watchbill that runs already; choose another with --port.")
        return 1
    supervisor = Supervisor(given.data_dir, given.host, given.port, given.apply, embedded=not given.own_server)
    try:
        return supervisor.run()
    except (PostgresFailed, DataDirectoryInUse) as error:
        _say(str(error))
        return 1


if __name__ == "__main__":
    sys.exit(main())
