"""Zoom and Google Meet faked at the wire: they speak the protocol, check what they get, and keep what was made."""

import base64
import json
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs, urlsplit

from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from tests.harness.carriers import Answer, FakeHttpCarrier, Request


def _json(status: int, data: object) -> Answer:
    return Answer(status, json.dumps(data).encode(), {"Content-Type": "application/json"})


class _Host(FakeHttpCarrier):
    """`lose_the_answer`: the next call is done, and nothing is said about it. `complaints`: what was sent wrongly."""

    def __init__(self) -> None:
        super().__init__()
        self.complaints: list[str] = []
        self.tokens_given = 0
        self._token = ""
        self._loses = False

    def expire_tokens(self) -> None:
        self._token = ""

    def lose_the_answer(self) -> None:
        self._loses = True

    def _next_answer(self, path: str) -> Answer:
        if self._scripted_by_path.get(path):
            return super()._next_answer(path)
        request = self.requests[-1]
        answer = self._token_answer(request) if path == self.token_path else self._checked(request)
        if self._loses and path != self.token_path:
            self._loses = False
            return Answer.drop()
        return answer

    token_path = ""

    def _token_answer(self, request: Request) -> Answer:
        form = {name: values[0] for name, values in parse_qs(request.body.decode()).items()}
        is_form = request.headers.get("content-type") == "application/x-www-form-urlencoded"
        trouble = self.token_trouble(request, form)
        if request.method != "POST" or not is_form or trouble:
            self.complaints.append(trouble or "a token is asked for by a form")
            return _json(400, {"reason": "Invalid client_id or client_secret", "error": "invalid_client"})
        self.tokens_given += 1
        self._token = f"token-{self.tokens_given}"
        return _json(200, {"access_token": self._token, "token_type": "bearer", "expires_in": 3599})

    def _checked(self, request: Request) -> Answer:
        if not self._token or request.headers.get("authorization") != f"Bearer {self._token}":
            return _json(401, {"code": 124, "message": "Invalid access token."})
        if request.body and request.headers.get("content-type") != "application/json":
            self.complaints.append("a body without its type")
        return self.answer(request)

    def token_trouble(self, request: Request, form: dict[str, str]) -> str:
        raise NotImplementedError

    def answer(self, request: Request) -> Answer:
        raise NotImplementedError


class FakeZoom(_Host):
    """Account `account`, client `client`, secret `s3cret`."""

    token_path = "/oauth/token"
    meetings_path = "/v2/users/me/meetings"

    def __init__(self) -> None:
        super().__init__()
        self.meetings: list[dict[str, Any]] = []
        self.hides_new_ones = False

    def token_trouble(self, request: Request, form: dict[str, str]) -> str:
        wanted = "Basic " + base64.b64encode(b"client:s3cret").decode()
        if request.headers.get("authorization") != wanted:
            return "wrong client or secret"
        return "" if form == {"grant_type": "account_credentials", "account_id": "account"} else f"wrong form: {form}"

    def answer(self, request: Request) -> Answer:
        parts = urlsplit(request.path)
        if parts.path == self.meetings_path and request.method == "POST":
            return self._made(json.loads(request.body))
        if parts.path == self.meetings_path:
            return self._listed(parse_qs(parts.query))
        found = [one for one in self.meetings if parts.path == f"/v2/meetings/{one['id']}"]
        return _json(200, found[0]) if found else _json(404, {"code": 3001, "message": "Meeting does not exist."})

    def _made(self, body: dict[str, Any]) -> Answer:
        datetime.strptime(body["start_time"], "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
        if body.keys() != {"topic", "type", "start_time", "duration", "settings"} or body["type"] != 2:
            self.complaints.append(f"unexpected fields: {body}")
        if body["settings"] != {"join_before_host": True, "jbh_time": 0, "waiting_room": False}:
            self.complaints.append(f"people would have to wait: {body['settings']}")
        if len(body["topic"]) > 200:
            return _json(400, {"code": 300, "message": "Validation Failed."})
        number = 91000000000 + len(self.meetings)
        made = {
            "id": number,
            "topic": body["topic"],
            "type": 2,
            "join_url": f"https://zoom.example.org/j/{number}?pwd=abc",
            "start_url": f"https://zoom.example.org/s/{number}?zak=secret-of-the-host",
            "password": "472913",
        }
        self.meetings.append(made)
        return _json(201, made)

    def _listed(self, asked: dict[str, list[str]]) -> Answer:
        if asked.get("type") != ["scheduled"]:
            self.complaints.append(f"asked for others than the scheduled ones: {asked}")
        rows = [{name: one[name] for name in ("id", "topic", "type", "join_url")} for one in self.meetings]
        shown = [] if self.hides_new_ones else rows
        return _json(200, {"page_size": 50, "next_page_token": "", "meetings": shown})


class FakeMeet(_Host):
    """Knows the key of a service account `watchbill@example.iam.gserviceaccount.com`, and one refresh token."""

    token_path = "/token"
    email = "watchbill@example.iam.gserviceaccount.com"

    def __init__(self) -> None:
        super().__init__()
        self.key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        self.spaces: list[dict[str, Any]] = []
        self.acts_for: str | None = None
        self.now: datetime | None = None

    def key_file(self) -> str:
        pem = self.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
        return json.dumps({"type": "service_account", "client_email": self.email, "private_key": pem})

    def token_trouble(self, request: Request, form: dict[str, str]) -> str:
        if form.get("grant_type") == "refresh_token":
            wanted = {"grant_type": "refresh_token", "client_id": "app", "client_secret": "s", "refresh_token": "r"}
            return "" if form == wanted else f"wrong form: {form}"
        if form.get("grant_type") != "urn:ietf:params:oauth:grant-type:jwt-bearer":
            return f"wrong grant: {form}"
        signed, _, signature = form["assertion"].rpartition(".")
        self.key.public_key().verify(_bytes(signature), signed.encode(), padding.PKCS1v15(), SHA256())
        header, claims = (json.loads(_bytes(part)) for part in signed.split("."))
        assert self.now is not None
        at = int(self.now.timestamp())
        if header != {"alg": "RS256", "typ": "JWT"} or not at - 300 <= claims["iat"] <= at < claims["exp"] <= at + 3600:
            return f"wrong token: {header} {claims}"
        self.acts_for = claims.get("sub")
        wanted_claims = (self.email, "https://www.googleapis.com/auth/meetings.space.created", f"{self.url}/token")
        return "" if (claims["iss"], claims["scope"], claims["aud"]) == wanted_claims else f"wrong claims: {claims}"

    def answer(self, request: Request) -> Answer:
        if (request.method, request.path) != ("POST", "/v2/spaces"):
            return _json(404, {"error": {"code": 404, "message": "Not found."}})
        if json.loads(request.body) != {"config": {"accessType": "TRUSTED"}}:
            self.complaints.append(f"unexpected fields: {request.body!r}")
        code = f"abc-mnop-x{len(self.spaces):02}"
        space = {"name": f"spaces/s{len(self.spaces)}", "meetingUri": f"https://meet.example.org/{code}"}
        self.spaces.append(space)
        return _json(200, {**space, "meetingCode": code, "config": {"accessType": "TRUSTED"}})


def _bytes(part: str) -> bytes:
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))
