"""Tables for the terminal; text from outside cannot move the cursor or colour anything."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime

from rich.console import Console
from rich.table import Table
from rich.text import Text

from watchbill.ground.text import one_line


def show_table(columns: Sequence[str], rows: Iterable[Sequence[object]], *, nothing: str) -> None:
    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in columns:
        table.add_column(column, overflow="fold")
    count = 0
    for row in rows:
        table.add_row(*(Text(_cell(value)) for value in row))
        count += 1
    console = Console(soft_wrap=False)
    console.print(table if count else Text(nothing))


def at_text(moment: datetime | None) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M:%SZ}" if moment else ""


def _cell(value: object) -> str:
    if isinstance(value, datetime):
        return at_text(value)
    return "" if value is None else one_line(str(value))
