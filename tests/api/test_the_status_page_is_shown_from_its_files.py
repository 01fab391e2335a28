"""Types, tags, caches and foreign origins of the public files; nothing beside them can be read."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from watchbill.doors.status_page.app import StatusPageApp
from watchbill.ground.file_tree import swap


@pytest.fixture
def app(tmp_path: Path) -> StatusPageApp:
    (tmp_path / "secret.key").write_text("the instance's secret")
    swap(
        tmp_path / "status-page",
        {
            "index.html": b"<h1>front</h1>",
            "index.without-slash.html": b"<h1>front at /status</h1>",
            "api/v2/summary.json": b"{}",
            "history.atom": b"<feed/>",
            "logo.png": b"\x89PNG",
        },
        name="1-a",
    )
    (tmp_path / "status-page" / "1-a" / ".hidden.html").write_text("hidden")
    (tmp_path / "status-page" / "1-a" / "notes.txt").write_text("of no known type")
    return StatusPageApp(tmp_path / "status-page")


def ask(app: StatusPageApp, path: str, *, method: str = "GET", **headers: str) -> tuple[int, dict[str, str], bytes]:
    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)

    given = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    asyncio.run(app({"type": "http", "method": method, "path": path, "headers": given}, send))
    found = {name.decode(): value.decode() for name, value in sent[0]["headers"]}
    return sent[0]["status"], found, sent[1]["body"]


def test_it_answers_with_types_that_browsers_and_programs_expect(app: StatusPageApp) -> None:
    for path, kind, is_open in (
        ("/status", "text/html; charset=utf-8", False),
        ("/status/", "text/html; charset=utf-8", False),
        ("/status/api/v2/summary.json", "application/json; charset=utf-8", True),
        ("/status/history.atom", "application/atom+xml; charset=utf-8", True),
        ("/status/logo.png", "image/png", False),
    ):
        status, headers, body = ask(app, path)
        assert (status, headers["content-type"], int(headers["content-length"])) == (200, kind, len(body))
        assert (headers.get("access-control-allow-origin") == "*") == is_open
        assert headers["cache-control"].startswith("public, max-age=")
        assert headers["x-content-type-options"] == "nosniff"
        assert "default-src 'none'" in headers["content-security-policy"]
    assert ask(app, "/status")[2] == b"<h1>front at /status</h1>"


def test_who_has_it_already_is_not_sent_it_again(app: StatusPageApp) -> None:
    _, headers, _ = ask(app, "/status/api/v2/summary.json")
    assert ask(app, "/status/api/v2/summary.json", if_none_match=headers["etag"])[0] == 304
    assert ask(app, "/status/api/v2/summary.json", if_none_match=f'"x", W/{headers["etag"]}')[0] == 304
    assert ask(app, "/status/api/v2/summary.json", if_none_match='"x"')[0] == 200
    assert ask(app, "/status/api/v2/summary.json", if_modified_since=headers["last-modified"])[0] == 304
    assert ask(app, "/status/api/v2/summary.json", if_modified_since="Thu, 01 Jan 1970 00:00:00 GMT")[0] == 200
    assert ask(app, "/status/api/v2/summary.json", if_modified_since="yesterday")[0] == 200
    status, headers, body = ask(app, "/status/api/v2/summary.json", method="HEAD")
    assert (status, headers["content-length"], body) == (200, "2", b"")
    assert ask(app, "/status/api/v2/summary.json", method="OPTIONS")[0] == 204
    assert ask(app, "/status/", method="POST")[0] == 405


@pytest.mark.parametrize(
    "path",
    [
        "/status/../secret.key",
        "/status/../../secret.key",
        "/status//etc/passwd",
        "/status/api/../../../secret.key",
        "/status/.hidden.html",
        "/status/notes.txt",
        "/status/api",
        "/status/api/",
        "/status/index.html/x.html",
        "/status/index.html\x00.html",
        "/status/..\\secret.key",
        "/status/" + "a" * 5000 + ".html",
        "/status/nothing.html",
    ],
)
def test_nothing_else_is_shown_and_all_of_it_looks_the_same(app: StatusPageApp, path: str) -> None:
    status, headers, body = ask(app, path)
    assert (status, body) == (404, b"There is nothing at this address of the status page.\n")
    assert headers == ask(app, "/status/no.html")[1]


def test_before_it_was_written_it_says_so_and_when_to_come_again(tmp_path: Path) -> None:
    status, headers, body = ask(StatusPageApp(tmp_path), "/status")
    assert (status, headers["retry-after"]) == (503, "60")
    assert body.startswith(b"The status page has not been written yet.")


def test_addresses_of_other_doors_are_not_taken() -> None:
    def asked(path: str) -> bool:
        return StatusPageApp.is_asked({"type": "http", "path": path})

    assert asked("/status")
    assert asked("/status/x")
    for path in ("/statuses", "/status-page", "/status/subscribe", "/status/confirm/x", "/status/unsubscribe/x", "/"):
        assert not asked(path)
