"""Pages of a list: `?cursor=&limit=`, and `next` in the answer until there is no more."""

import base64
import binascii
from collections.abc import Callable, Iterable
from typing import Annotated, Generic, TypeVar

from pydantic import Field

from watchbill.domain.alerts.listing import CursorRefused
from watchbill.doors.api.values import Input, Output, Text

LIMIT = 50
LIMIT_MAX = 200

Limit = Annotated[int, Field(ge=1, le=LIMIT_MAX)]
Cursor = Annotated[Text, Field(max_length=600)]
T = TypeVar("T")
Row = TypeVar("Row")


class ListQuery(Input):
    cursor: Cursor = ""
    limit: Limit = LIMIT


class Page(Output, Generic[T]):
    """`next` is the cursor of the following page; null on the last one."""

    items: list[T]
    next: str | None


def page_of(
    rows: Iterable[Row], *, cursor: str, limit: int, key: Callable[[Row], str], show: Callable[[Row], T]
) -> Page[T]:
    """For lists that an organization keeps short. `key` is unique and gives the order. Raises CursorRefused."""
    after = _read(cursor) if cursor else ""
    found = sorted((row for row in rows if key(row) > after), key=key)
    shown = found[:limit]
    return Page(items=[show(row) for row in shown], next=_made(key(shown[-1])) if len(found) > limit else None)


def _made(text: str) -> str:
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def _read(cursor: str) -> str:
    try:
        return base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True).decode()
    except (binascii.Error, ValueError) as error:
        raise CursorRefused("is not one of this list. Start from the first page, without a cursor.") from error
