"""The files of the repository, as the house's own tests look at them."""

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "src" / "watchbill"
_NOT_OURS = {"__pycache__", "node_modules", "watchbill-data", "dist", "build", "results"}
_TEXT = {".py", ".md", ".html", ".css", ".js", ".txt", ".yaml", ".toml", ".lock", ".in", ".lua", ".svg", ""}


@cache
def modules() -> dict[str, ast.Module]:
    """Path relative to the package, and its syntax tree. Migrations are data and stay out."""
    paths = sorted(path for path in PACKAGE.rglob("*.py") if "migrations" not in path.parts)
    return {path.relative_to(PACKAGE).as_posix(): ast.parse(path.read_text(encoding="utf-8")) for path in paths}


def templates() -> dict[str, str]:
    found = sorted(PACKAGE.rglob("*.html"))
    return {path.relative_to(PACKAGE).as_posix(): path.read_text(encoding="utf-8") for path in found}


def documents() -> dict[str, str]:
    found = [*ROOT.glob("*.md"), *sorted((ROOT / "docs").rglob("*.md"))]
    return {path.relative_to(ROOT).as_posix(): path.read_text(encoding="utf-8") for path in found}


def texts() -> Iterator[tuple[str, str]]:
    """Every text file that belongs to the repository."""
    for path in sorted(ROOT.rglob("*")):
        inside = path.relative_to(ROOT)
        hidden = any(part.startswith(".") and part not in (".ci", ".gitignore") for part in inside.parts)
        if hidden or _NOT_OURS.intersection(inside.parts) or path.suffix not in _TEXT or not path.is_file():
            continue
        yield inside.as_posix(), path.read_text(encoding="utf-8", errors="replace")
