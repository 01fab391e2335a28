"""Debian's PostgreSQL with PgBouncer in transaction mode in front of it, as operators have it."""

import os
import pwd
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Any, Self

import psycopg

from tests.harness.instances import free_port, wait_for

# Few sessions, and another one for each transaction: whatever is left behind on one, somebody else meets.
_POOLER = """
[databases]
watchbill = host=127.0.0.1 port={server_port} dbname=watchbill
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {port}
unix_socket_dir =
auth_type = trust
auth_file = {directory}/users.txt
admin_users = watchbill
pool_mode = transaction
default_pool_size = {sessions}
server_round_robin = 1
logfile = {directory}/pgbouncer.log
"""
SESSIONS = 5


class PooledPostgres:
    """`url` leads through the pooler, `direct_url` does not. The role is an ordinary one that owns its database."""

    def __init__(self, *, hands_out_the_direct_way: bool) -> None:
        self.hands_out_the_direct_way = hands_out_the_direct_way
        self._directory = Path(tempfile.mkdtemp(prefix="watchbill-pooled-"))
        self._user = "postgres" if os.geteuid() == 0 else None  # neither of the two runs as root
        self._server_port, self._port = free_port(), free_port()
        self._processes: list[subprocess.Popen[bytes]] = []
        self.url = f"postgresql://watchbill@127.0.0.1:{self._port}/watchbill"
        self.direct_url = f"postgresql://watchbill@127.0.0.1:{self._server_port}/watchbill"

    @property
    def settings(self) -> dict[str, str]:
        direct = {"WATCHBILL_DATABASE_DIRECT_URL": self.direct_url} if self.hands_out_the_direct_way else {}
        return {"WATCHBILL_DATABASE_URL": self.url, **direct}

    def __enter__(self) -> Self:
        if self._user is not None:
            account = pwd.getpwnam(self._user)
            os.chown(self._directory, account.pw_uid, account.pw_gid)
        data = self._directory / "data"
        programs = max(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: int(path.parent.name))
        self._run(programs / "initdb", "-D", data, "-U", "postgres", "--auth=trust", "--encoding=utf8")
        settings = (
            f"port={self._server_port}", "listen_addresses=127.0.0.1", "unix_socket_directories=", "fsync=off",
            "timezone=Europe/Berlin",
        )  # fmt: skip
        self._start(programs / "postgres", "-D", data, *(word for one in settings for word in ("-c", one)))
        owner = f"postgresql://postgres@127.0.0.1:{self._server_port}/postgres"
        wait_for("PostgreSQL", lambda: _answers(owner))
        with psycopg.connect(owner, autocommit=True) as connection:
            connection.execute("CREATE ROLE watchbill LOGIN")
            connection.execute("CREATE DATABASE watchbill OWNER watchbill")
        self.start_pooler()
        return self

    def __exit__(self, *_: object) -> None:
        for process in reversed(self._processes):
            process.terminate()
            process.wait(30)
        shutil.rmtree(self._directory, ignore_errors=True)

    def start_pooler(self) -> None:
        values = {"server_port": self._server_port, "port": self._port, "directory": self._directory}
        (self._directory / "pgbouncer.ini").write_text(_POOLER.format(sessions=SESSIONS, **values))
        (self._directory / "users.txt").write_text('"watchbill" ""\n')
        program = shutil.which("pgbouncer", path=f"{os.environ['PATH']}:/usr/sbin")
        self._start(program, "-q", self._directory / "pgbouncer.ini")
        wait_for("PgBouncer", lambda: _answers(self.url))

    def kill_pooler(self) -> None:
        pooler = self._processes.pop()
        pooler.kill()
        pooler.wait(30)

    def sessions(self, query: str) -> dict[int, Any]:
        """What the query answers in each of the server's sessions that the pooler holds."""
        found: dict[int, Any] = {}
        with psycopg.connect(self.url, autocommit=True, prepare_threshold=None) as connection:

            def all_of_them() -> bool:
                row = connection.execute(f"SELECT pg_backend_pid(), ARRAY({query})").fetchone()
                assert row is not None
                found[row[0]] = row[1]
                count = connection.execute(
                    "SELECT count(*) FROM pg_stat_activity WHERE client_port IS NOT NULL AND datname = 'watchbill' "
                    "AND backend_type = 'client backend' AND application_name <> 'direct'"
                ).fetchone()
                assert count is not None
                return len(found) >= min(count[0], SESSIONS)

            wait_for("every session", all_of_them)
        return found

    def _run(self, *command: object) -> None:
        subprocess.run([str(word) for word in command], user=self._user, cwd="/", check=True, capture_output=True)

    def _start(self, *command: object) -> None:
        with (self._directory / "processes.log").open("ab") as log:
            words = [str(word) for word in command]
            self._processes.append(subprocess.Popen(words, user=self._user, cwd="/", stdout=log, stderr=log))


def _answers(url: str) -> bool:
    try:
        with psycopg.connect(url, connect_timeout=5):
            return True
    except psycopg.OperationalError:
        return False
