"""Callers of the REST API: each is somebody of the cast with a token of a scope, or signed in with a browser."""

import json
from dataclasses import dataclass
from typing import Any

from django.http import HttpResponse
from django.test import Client

from watchbill.domain.access.actions import add_token
from watchbill.domain.access.models import User
from watchbill.domain.access.token_rules import LIFETIME
from watchbill.ground.clock import SystemClock


@dataclass
class ApiCaller:
    token: str

    def __post_init__(self) -> None:
        self._client = Client(enforce_csrf_checks=True)

    def ask(self, method: str, path: str, body: Any = None, *, raw: bytes | None = None) -> HttpResponse:
        headers = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        data = raw if raw is not None else b"" if body is None else json.dumps(body).encode()
        return self._client.generic(method, f"/api/v1{path}", data, content_type="application/json", headers=headers)

    def get(self, path: str, *, expect: int = 200) -> Any:
        return self._checked(self.ask("GET", path), expect)

    def post(self, path: str, body: Any = None, *, expect: int = 200) -> Any:
        return self._checked(self.ask("POST", path, body), expect)

    def put(self, path: str, body: Any = None, *, expect: int = 200) -> Any:
        return self._checked(self.ask("PUT", path, body), expect)

    def patch(self, path: str, body: Any = None, *, expect: int = 200) -> Any:
        return self._checked(self.ask("PATCH", path, body), expect)

    def delete(self, path: str, *, expect: int = 204) -> Any:
        return self._checked(self.ask("DELETE", path), expect)

    def _checked(self, answer: HttpResponse, expect: int) -> Any:
        assert answer.status_code == expect, f"{answer.status_code}: {answer.content.decode()[:2000]}"
        if answer.status_code >= 400:
            assert answer["Content-Type"] == "application/problem+json"
            problem = json.loads(answer.content)
            assert set(problem) == {"type", "title", "status", "detail", "errors"}
            assert problem["status"] == expect
            assert problem["detail"]
            return problem
        return json.loads(answer.content) if answer.content else None


def caller(user: User, *, scope: str = "full") -> ApiCaller:
    made = add_token(user.id, name="test", scope=scope, lifetime=LIFETIME, now=SystemClock().now())
    return ApiCaller(made.secret)
