"""Writes docs/operate/commands.md from the commands' own help: `python tools/commands_page.py`."""

from collections.abc import Iterator
from pathlib import Path

import typer.main
from typer.core import TyperGroup

from watchbill.cli.main import root

PAGE = Path(__file__).parent.parent / "docs" / "operate" / "commands.md"

_HEAD = """# Commands

`watchbill COMMAND --help` tells the arguments and options. Most that show something take `--json`.

This page is written by `python tools/commands_page.py`; a test keeps it true.

| Command | What it does |
|---|---|
"""


def page() -> str:
    return _HEAD + "".join(f"| `watchbill {name}` | {what} |\n" for name, what in commands())


def commands() -> Iterator[tuple[str, str]]:
    """Each command by its whole name, with its help in one line; a group stands before its commands."""
    group = typer.main.get_command(root())
    if not isinstance(group, TyperGroup):
        raise TypeError("the command line has no commands")
    for name, command in group.commands.items():
        yield name, _one_line(command.help)
        if isinstance(command, TyperGroup):
            yield from ((f"{name} {inner}", _one_line(one.help)) for inner, one in command.commands.items())


def _one_line(text: str | None) -> str:
    return " ".join((text or "").split()).replace("|", "\\|")


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
