"""What `apply`, `oncall` and `shifts` share: reading files, saying what is wrong with them."""

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import typer

from watchbill.domain.organization_file.problems import FilesRefused

CHARACTERS_MAX = 4_000_000


def read_files(paths: Sequence[Path]) -> list[tuple[str, str]]:
    """(name, text) each; - is standard input."""
    return [("standard input" if str(path) == "-" else str(path), _read(path)) for path in paths]


@contextmanager
def refusals_told() -> Iterator[None]:
    """One line per problem on standard error, then exit 1."""
    try:
        yield
    except FilesRefused as refused:
        typer.echo(str(refused), err=True)
        raise typer.Exit(1) from refused


def _read(path: Path) -> str:
    try:
        if str(path) == "-":
            return sys.stdin.read(CHARACTERS_MAX)
        return path.read_text(encoding="utf-8")
    except OSError as error:
        typer.echo(f"{path}: cannot be read ({error.strerror}); give the path of a file", err=True)
    except UnicodeDecodeError:
        typer.echo(f"{path}: is not UTF-8 text; save it as UTF-8", err=True)
    raise typer.Exit(1)
