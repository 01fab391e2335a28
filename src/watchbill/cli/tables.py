"""Tables for the terminal; text from outside cannot move the cursor or colour anything."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, tzinfo

from rich.cells import cell_len
from rich.console import Console
from rich.table import Table
from rich.text import Text

from watchbill.ground.text import one_line

_GAP = 2
# Sentences: a column that is one word wide cannot be read.
_PROSE = ("title", "summary", "reason", "step", "where from", "subject")
_PROSE_MIN = 24


def show_table(columns: Sequence[str], rows: Iterable[Sequence[object]], *, nothing: str, zone: tzinfo = UTC) -> None:
    """No word is broken: what does not fit beside the first columns is left out and named, the last column first."""
    cells = [[_cell(value, zone) for value in row] for row in rows]
    console = Console(soft_wrap=False)
    if not cells:
        console.print(Text(nothing))
        return
    kept = _fitting(columns, cells, console.width)
    table = Table(box=None, pad_edge=False, header_style="bold")
    for number, column in enumerate(columns[:kept]):
        table.add_column(column, overflow="fold", min_width=min(_narrowest(column, cells, number), console.width))
    for row in cells:
        table.add_row(*(Text(value) for value in row[:kept]))
    console.print(table)
    if kept < len(columns):
        left = ", ".join(columns[kept:])
        console.print(Text(f"Left out: {left}. COLUMNS=200 before the command shows them; so does --json."))


def at_text(moment: datetime | None, zone: tzinfo = UTC) -> str:
    if moment is None:
        return ""
    return moment.astimezone(zone).isoformat(sep=" ", timespec="seconds").replace("+00:00", "Z")


def _fitting(columns: Sequence[str], cells: Sequence[Sequence[str]], width: int) -> int:
    """How many columns fit without breaking a word; never none."""
    needed = 0
    for number, column in enumerate(columns):
        needed += _narrowest(column, cells, number) + (_GAP if number else 0)
        if needed > width and number:
            return number
    return len(columns)


def _narrowest(column: str, cells: Sequence[Sequence[str]], number: int) -> int:
    texts = [column, *(row[number] for row in cells)]
    longest_word = max(cell_len(word) for text in texts for word in (text.split() or [""]))
    enough = min(_PROSE_MIN, max(map(cell_len, texts))) if column in _PROSE else 0
    return max(longest_word, enough)


def _cell(value: object, zone: tzinfo) -> str:
    if isinstance(value, datetime):
        return at_text(value, zone)
    return "" if value is None else one_line(str(value))
