"""JSON from strangers: bounded in depth and keys, lenient in encoding, and storable once it is read."""

import codecs
import json
from typing import Any

import orjson

from watchbill.ground.text import storable

_UNICODE_MARKS = (codecs.BOM_UTF8, codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_DIGITS_SAFE = 18  # whole numbers longer than this are kept as text: a JSON number that large loses digits elsewhere


class JsonRefused(Exception):
    """The message says which bound was passed, or that this is not JSON."""


def read_json(body: bytes, *, charset: str = "utf-8", depth_max: int, keys_max: int) -> Any:
    """Text without NUL and lone surrogates, numbers that are finite. Bytes that are no text become U+FFFD."""
    try:
        value = orjson.loads(body if charset == "utf-8" else _text(body, charset))
    except orjson.JSONDecodeError:
        # orjson is strict; a sender that cut an emoji in half or writes NaN has still something to say.
        return _bounded(_read_leniently(_text(body, charset)), depth_max, keys_max)
    # Brackets and colons inside strings only make these counts larger, so a small count needs no walk.
    small = body.count(b"{") + body.count(b"[") <= depth_max and body.count(b":") <= keys_max
    if small and charset == "utf-8" and b"\\u0000" not in body:
        return value
    return _bounded(value, depth_max, keys_max)


def _text(body: bytes, charset: str) -> str:
    if body.startswith(_UNICODE_MARKS):
        charset = "utf-8-sig" if body.startswith(codecs.BOM_UTF8) else "utf-16"
    return body.decode(charset, "replace")


def _read_leniently(text: str) -> Any:
    try:
        return json.loads(text, strict=False, parse_constant=str, parse_int=_whole_number, parse_float=_number)
    except RecursionError as error:
        raise JsonRefused("The JSON is nested too deeply.") from error
    except ValueError as error:
        raise JsonRefused("JSON parse error") from error


def _whole_number(digits: str) -> int | str:
    return int(digits) if len(digits) <= _DIGITS_SAFE else digits


def _number(digits: str) -> float | str:
    value = float(digits)
    return value if abs(value) <= 1.7e308 else digits


def _bounded(value: Any, depth_max: int, keys_max: int) -> Any:
    """Level by level, so that depth costs no stack; only then is the value rebuilt."""
    keys = depth = 0
    level = [value]
    while level:
        below: list[Any] = []
        for item in level:
            if isinstance(item, dict):
                keys += len(item)
                below.extend(item.values())
            elif isinstance(item, list):
                below.extend(item)
        depth += any(isinstance(item, dict | list) for item in level)
        if depth > depth_max:
            raise JsonRefused(f"The JSON is nested deeper than {depth_max} levels. Send less structure.")
        if keys > keys_max:
            raise JsonRefused(f"The JSON has more than {keys_max} keys. Send fewer fields.")
        level = below
    return _clean(value)


def _clean(value: Any) -> Any:
    if isinstance(value, str):
        return storable(value)
    if isinstance(value, dict):
        return {storable(key): _clean(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_clean(item) for item in value]
    return value
