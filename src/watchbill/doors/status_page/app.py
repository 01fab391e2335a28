"""Shows the page's files under /status, in front of Django: it needs no database and no session."""

import asyncio
import hashlib
import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import format_datetime, parsedate_to_datetime
from pathlib import Path
from typing import Any

from watchbill.doors.status_page.site import WITHOUT_SLASH
from watchbill.ground.file_tree import CURRENT

Scope = dict[str, Any]
Send = Callable[[Mapping[str, Any]], Awaitable[None]]
Headers = list[tuple[bytes, bytes]]

_ROOT = "/status"
# These take forms and are Django's.
_FORMS = ("/status/subscribe", "/status/confirm/", "/status/unsubscribe/")
# Each part begins with a letter or digit, so no part is "..", and nothing hidden is shown.
_PATH = re.compile(r"(?:[A-Za-z0-9][A-Za-z0-9._-]*/)*[A-Za-z0-9][A-Za-z0-9._-]*")
_PATH_LENGTH_MAX = 200
_TYPES = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".json": "application/json; charset=utf-8",
    ".atom": "application/atom+xml; charset=utf-8",
    ".rss": "application/rss+xml; charset=utf-8",
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".jpeg": "image/jpeg",
}
_FOR_PROGRAMS = (".json", ".atom", ".rss")
_CACHE = b"public, max-age=10, stale-while-revalidate=60, stale-if-error=86400"
_POLICY = (
    b"default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
_NOTHING = b"There is nothing at this address of the status page.\n"
_NOT_WRITTEN = b"The status page has not been written yet. Its worker does so within five minutes of its start.\n"


@dataclass(frozen=True, slots=True)
class _File:
    content: bytes
    changed_at: datetime
    kind: str

    @property
    def etag(self) -> str:
        return f'"{hashlib.sha256(self.content).hexdigest()[:32]}"'


class StatusPageApp:
    def __init__(self, directory: Path) -> None:
        self._directory = directory

    @staticmethod
    def is_asked(scope: Scope) -> bool:
        path: str = scope.get("path", "")
        return (
            scope["type"] == "http" and (path == _ROOT or path.startswith(f"{_ROOT}/")) and not path.startswith(_FORMS)
        )

    async def __call__(self, scope: Scope, send: Send) -> None:
        method: str = scope["method"]
        if method not in ("GET", "HEAD", "OPTIONS"):
            await _answer(send, 405, [(b"allow", b"GET, HEAD, OPTIONS")], b"This address takes GET.\n")
            return
        found = await asyncio.to_thread(self._read, scope["path"])
        if found is None and not await asyncio.to_thread((self._directory / CURRENT).exists):
            headers = [*_headers(".txt"), (b"retry-after", b"60")]
            await _answer(send, 503, headers, _NOT_WRITTEN, is_head=method == "HEAD")
            return
        if found is None:
            await _answer(send, 404, _headers(".txt"), b"" if method == "HEAD" else _NOTHING)
            return
        headers = _headers(found.kind)
        if method == "OPTIONS":
            await _answer(send, 204, [*headers, (b"access-control-allow-methods", b"GET, HEAD")], b"")
            return
        headers += [
            (b"etag", found.etag.encode()),
            (b"last-modified", format_datetime(found.changed_at, usegmt=True).encode()),
            (b"cache-control", _CACHE),
        ]
        if _is_known(dict(scope["headers"]), found):
            await _answer(send, 304, headers, b"")
        else:
            await _answer(send, 200, headers, found.content, is_head=method == "HEAD")

    def _read(self, path: str) -> _File | None:
        inside = path.removeprefix(_ROOT)
        name = WITHOUT_SLASH if not inside else inside.removeprefix("/") or "index.html"
        kind = Path(name).suffix
        if len(name) > _PATH_LENGTH_MAX or not _PATH.fullmatch(name) or kind not in _TYPES:
            return None
        file = self._directory / CURRENT / name
        try:
            return _File(file.read_bytes(), datetime.fromtimestamp(int(file.stat().st_mtime), UTC), kind)
        except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
            return None


def _headers(kind: str) -> Headers:
    headers = [
        (b"content-type", _TYPES.get(kind, "text/plain; charset=utf-8").encode()),
        (b"x-content-type-options", b"nosniff"),
        (b"referrer-policy", b"no-referrer"),
        (b"content-security-policy", _POLICY),
    ]
    if kind in _FOR_PROGRAMS:
        headers.append((b"access-control-allow-origin", b"*"))
    return headers


def _is_known(headers: Mapping[bytes, bytes], found: _File) -> bool:
    """What the reader holds is what there is."""
    tags = headers.get(b"if-none-match")
    if tags is not None:
        return any(tag.strip().removeprefix("W/") in (found.etag, "*") for tag in tags.decode("latin-1").split(","))
    try:
        since = parsedate_to_datetime(headers.get(b"if-modified-since", b"").decode("latin-1"))
    except ValueError:
        return False
    return since.tzinfo is not None and found.changed_at <= since


async def _answer(send: Send, status: int, headers: Headers, body: bytes, *, is_head: bool = False) -> None:
    length = [] if status in (204, 304) else [(b"content-length", b"%d" % len(body))]
    await send({"type": "http.response.start", "status": status, "headers": [*headers, *length]})
    await send({"type": "http.response.body", "body": b"" if is_head else body})
