"""How much a request to the screens or the API may bring: refused before it is read, or cut off while it is.

Django puts a body that it does not keep in memory on the disk before anybody asks who sends it.
"""

from collections.abc import Awaitable, Callable

from watchbill.doors.health import Message, Scope, Send

Receive = Callable[[], Awaitable[Message]]

# Forms and JSON stay below Django's own limit of 2.5 MiB; files come to these addresses alone, several at once.
BODY_MAX = 3 << 20
FILES_AT_ONCE = 4
_TAKE_FILES = ("/write", "/note", "/attachments")


def bytes_max(path: str, *, file_max: int) -> int:
    takes_files = path.rstrip("/").endswith(_TAKE_FILES) and path.startswith(("/incidents/", "/api/v1/incidents/"))
    return FILES_AT_ONCE * file_max + BODY_MAX if takes_files else BODY_MAX


def announces_too_much(scope: Scope, limit: int) -> bool:
    announced = dict(scope.get("headers", ())).get(b"content-length", b"0")
    return not announced.isdigit() or len(announced) > 18 or int(announced) > limit


async def refuse(send: Send, limit: int) -> None:
    words = f"This is more than the {limit >> 20} MiB that are taken at once. Send less, or one file after another.\n"
    headers = [
        (b"content-type", b"text/plain; charset=utf-8"),
        (b"connection", b"close"),
        (b"cache-control", b"no-store"),
    ]
    await send({"type": "http.response.start", "status": 413, "headers": headers})
    await send({"type": "http.response.body", "body": words.encode()})


def bounded(receive: Receive, limit: int) -> Receive:
    """Whoever sends more than was announced is treated as gone."""
    left = limit

    async def received() -> Message:
        nonlocal left
        message = await receive()
        left -= len(message.get("body", b""))
        return message if left >= 0 else {"type": "http.disconnect"}

    return received
