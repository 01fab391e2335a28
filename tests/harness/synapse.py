"""A real Matrix homeserver for the tests: Synapse, one per test process, with SQLite and an empty directory."""

import atexit
import hashlib
import hmac
import json
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Any, cast
from urllib.parse import quote

import httpx

from tests.harness.instances import free_port, wait_for

SERVER_NAME = "synapse.test"
PYTHON = Path(__file__).parents[2] / ".lab/synapse/bin/python"
_ADMIN = "/_synapse/admin"
_SECRET = "for tests only"
_MANY = {"per_second": 10_000, "burst_count": 10_000}

_synapse: "Synapse | None" = None


def synapse() -> "Synapse":
    """Started once per process; its rooms and people stay, so each story has an account of its own and free aliases."""
    global _synapse
    if _synapse is None:
        _synapse = Synapse()
        atexit.register(_synapse.stop)
    return _synapse


class Synapse:
    def __init__(self) -> None:
        self._directory = Path(tempfile.mkdtemp(prefix="watchbill-synapse-"))
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self._accounts = self._looked = 0
        self._people: dict[str, tuple[str, dict[str, Any]]] = {}
        (self._directory / "homeserver.yaml").write_text(json.dumps(self._settings()))  # JSON is YAML too
        (self._directory / "log.yaml").write_text(json.dumps(self._logging()))
        arguments = ("-m", "synapse.app.homeserver", "-c", str(self._directory / "homeserver.yaml"))
        subprocess.run([str(PYTHON), *arguments, "--generate-keys"], check=True, capture_output=True)
        with (self._directory / "output.log").open("wb") as output:
            self._process = subprocess.Popen([str(PYTHON), *arguments], stdout=output, stderr=output)
        self._http = httpx.Client(base_url=self.url, timeout=30)
        wait_for("Synapse", self._answers)
        self.admin_token = self.registers("admin", admin=True)

    def stop(self) -> None:
        self._http.close()
        self._process.kill()
        self._process.wait(30)
        shutil.rmtree(self._directory, ignore_errors=True)

    # What an administrator does

    def registers(self, name: str, *, admin: bool = False) -> str:
        """A new account; its access token."""
        nonce = self.asks("GET", f"{_ADMIN}/v1/register", "")["nonce"]
        words = (nonce, name, "password", "admin" if admin else "notadmin")
        mac = hmac.new(_SECRET.encode(), "\0".join(words).encode(), hashlib.sha1).hexdigest()
        body = {"nonce": nonce, "username": name, "password": "password", "admin": admin, "mac": mac}
        return str(self.asks("POST", f"{_ADMIN}/v1/register", "", body)["access_token"])

    def new_account(self, prefix: str = "watchbill", *, admin: bool = False) -> tuple[str, str]:
        """A name that nobody had, and its access token."""
        self._accounts += 1
        name = f"{prefix}-{self._accounts}"
        return f"@{name}:{SERVER_NAME}", self.registers(name, admin=admin)

    def has(self, name: str, email: str, **more: Any) -> str:
        """Somebody with a confirmed address; their name in Matrix."""
        user_id = f"@{name}:{SERVER_NAME}"
        if self._people.get(name) == (email, more):
            return user_id
        self._people[name] = (email, more)
        threepids = [{"medium": "email", "address": email}] if email else []
        body = {"displayname": name.title(), "threepids": threepids, **more}
        self.administers("PUT", f"/v2/users/{quote(user_id)}", body)
        return user_id

    def signs_in(self, user_id: str) -> str:
        return str(self.administers("POST", f"/v1/users/{quote(user_id)}/login", {})["access_token"])

    def limits(self, user_id: str, *, per_second: int, burst: int) -> None:
        body = {"messages_per_second": per_second, "burst_count": burst}
        self.administers("POST", f"/v1/users/{quote(user_id)}/override_ratelimit", body)

    def forgets_aliases(self) -> None:
        """So that each story finds its names free."""
        headers = {"Authorization": f"Bearer {self.admin_token}"}
        for alias in {room["canonical_alias"] for room in self.administers("GET", "/v1/rooms?limit=1000")["rooms"]}:
            path = f"/_matrix/client/v3/directory/room/{quote(alias or '')}"
            if alias and self._http.get(path).is_success:
                assert self._http.delete(path, headers=headers).is_success

    def administers(self, method: str, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
        return self.asks(method, f"{_ADMIN}{path}", self.admin_token, body)

    def asks(self, method: str, path: str, token: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
        answer = self._ask(method, path, token, body)
        assert answer.is_success, f"{method} {path}: {answer.status_code} {answer.text}"
        return cast(dict[str, Any], answer.json())

    def rooms_of(self, token: str) -> dict[str, Any]:
        """As `/sync` tells them. Synapse repeats its answer to the same question for a while, so each is another."""
        self._looked += 1
        return dict(self.asks("GET", f"/_matrix/client/v3/sync?timeout={self._looked}", token).get("rooms", {}))

    def tries(self, method: str, path: str, token: str, body: dict[str, Any]) -> int:
        return self._ask(method, path, token, body).status_code

    def _ask(self, method: str, path: str, token: str, body: dict[str, Any] | None) -> httpx.Response:
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        return self._http.request(method, path, headers=headers, json=body)

    def _answers(self) -> bool:
        assert self._process.poll() is None, (self._directory / "output.log").read_text()[-3000:]
        try:
            return self._http.get("/health").status_code == 200
        except httpx.TransportError:
            return False

    def _settings(self) -> dict[str, Any]:
        listener = {
            "port": self.port,
            "bind_addresses": ["127.0.0.1"],
            "type": "http",
            "resources": [{"names": ["client"], "compress": False}],
        }
        return {
            "server_name": SERVER_NAME,
            "listeners": [listener],
            "database": {"name": "sqlite3", "args": {"database": str(self._directory / "homeserver.db")}},
            "log_config": str(self._directory / "log.yaml"),
            "media_store_path": str(self._directory / "media"),
            "signing_key_path": str(self._directory / "signing.key"),
            "pid_file": str(self._directory / "pid"),
            "registration_shared_secret": _SECRET,
            "macaroon_secret_key": _SECRET,
            "form_secret": _SECRET,
            "report_stats": False,
            "trusted_key_servers": [],
            "presence": {"enabled": False},
            "rc_message": _MANY,
            "rc_registration": _MANY,
            "rc_login": {"address": _MANY, "account": _MANY, "failed_attempts": _MANY},
            "rc_joins": {"local": _MANY, "remote": _MANY},
            "rc_joins_per_room": _MANY,
            "rc_invites": {"per_room": _MANY, "per_user": _MANY, "per_issuer": _MANY},
            "rc_room_creation": _MANY,
        }

    def _logging(self) -> dict[str, Any]:
        return {"version": 1, "root": {"level": "WARNING", "handlers": ["console"]}} | {
            "handlers": {"console": {"class": "logging.StreamHandler"}}, "disable_existing_loggers": False
        }  # fmt: skip


def is_installed() -> bool:
    """Where it has to be there (in CI), its absence is a failure of the tests that skip without it."""
    return PYTHON.exists()
