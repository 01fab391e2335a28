"""How much of a stranger's request is read, for how long, and in which encoding."""

import asyncio
import codecs
import zlib
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from watchbill.doors.ingest.answers import Answer, refused, unrecognized
from watchbill.ground.json_text import JsonRefused, read_json

Receive = Callable[[], Awaitable[dict[str, Any]]]
Headers = Mapping[bytes, bytes]

BODY_BYTES_MAX = 1024 * 1024
PAGERDUTY_BYTES_MAX = 512 * 1024
BODY_SECONDS_MAX = 10.0
DEPTH_MAX = 32
KEYS_MAX = 1000
# One notification holds a whole group of alerts: the larger the outage, the more of them. The body's size bounds it.
NOTIFICATION_KEYS_MAX = 200_000
# Codecs that take time in proportion to what they read. Python has others: one took a minute for half a megabyte.
_CHARSETS = frozenset(
    {
        *("utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-le", "utf-32-be", "ascii"),
        *("iso8859-1", "iso8859-2", "iso8859-5", "iso8859-9", "iso8859-15", "cp1250", "cp1251", "cp1252", "koi8-r"),
        *("shift_jis", "euc_jp", "euc_kr", "gbk", "gb18030", "big5"),
    }
)
_GZIP = 31  # zlib's window size for a gzip header


class Refused(Exception):
    """The request is answered with `answer` and goes no further."""

    def __init__(self, answer: Answer) -> None:
        super().__init__(answer.status)
        self.answer = answer


class SenderGone(Exception):
    """The connection closed before the body was complete: there is nobody to answer."""


async def read_body(receive: Receive, headers: Headers, *, bytes_max: int) -> bytes:
    """The body as sent, at most `bytes_max` long, within ten seconds."""
    announced = headers.get(b"content-length", b"0")
    if not announced.isdigit() or len(announced) > 18 or int(announced) > bytes_max:
        raise Refused(_too_large(bytes_max))
    try:
        async with asyncio.timeout(BODY_SECONDS_MAX):
            return await _read_all(receive, bytes_max)
    except TimeoutError as error:
        slow = f"The body took longer than {BODY_SECONDS_MAX:.0f} seconds. Send it again."
        raise Refused(refused(408, "timeout", "The body did not arrive in time.", [slow], close=True)) from error


async def _read_all(receive: Receive, bytes_max: int) -> bytes:
    chunks = bytearray()
    while True:
        message = await receive()
        if message["type"] != "http.request":
            raise SenderGone
        chunk: bytes = message.get("body", b"")
        if not message.get("more_body", False):
            if not chunks and len(chunk) <= bytes_max:
                return chunk
            chunks += chunk
            break
        chunks += chunk
        if len(chunks) > bytes_max:
            break
    if len(chunks) > bytes_max:
        raise Refused(_too_large(bytes_max))
    return bytes(chunks)


def decode(body: bytes, headers: Headers, *, bytes_max: int, keys_max: int = KEYS_MAX) -> Any:
    """The JSON value: unpacked, bounded, storable."""
    encoding = headers.get(b"content-encoding", b"").strip().lower()
    if encoding and encoding != b"identity":
        body = _unpack(body, encoding, bytes_max)
    try:
        return read_json(body, charset=_charset(headers), depth_max=DEPTH_MAX, keys_max=keys_max)
    except JsonRefused as error:
        raise Refused(unrecognized(str(error))) from error


def _unpack(body: bytes, encoding: bytes, bytes_max: int) -> bytes:
    """Stops at the limit, so a bomb costs no more memory than an honest body."""
    if encoding not in (b"gzip", b"x-gzip"):
        error = "The content-encoding is not known here. Send the body plain or as gzip."
        raise Refused(refused(415, "unsupported encoding", "The body cannot be unpacked.", [error]))
    unpacking = zlib.decompressobj(_GZIP)
    try:
        plain = unpacking.decompress(body, bytes_max + 1)
    except zlib.error as error:
        raise Refused(unrecognized("The body is not valid gzip.")) from error
    if len(plain) > bytes_max:
        raise Refused(_too_large(bytes_max))
    if not unpacking.eof:
        raise Refused(unrecognized("The gzip body is incomplete."))
    return plain


def _charset(headers: Headers) -> str:
    content_type = headers.get(b"content-type", b"")
    if b"charset" not in content_type.lower():
        return "utf-8"
    named = content_type.lower().partition(b"charset=")[2].partition(b";")[0].strip(b" \"'").decode("latin-1")
    try:
        found = codecs.lookup(named or "utf-8").name
    except (LookupError, ValueError):
        return "utf-8"
    return found if found in _CHARSETS else "utf-8"


def _too_large(bytes_max: int) -> Answer:
    error = f"The body is larger than {bytes_max} bytes. Send less detail."
    return refused(413, "too large", "The event is too large.", [error], close=True)
