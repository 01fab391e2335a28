"""A set of files that changes as a whole: readers see the old ones or the new ones, never some of both."""

import os
import re
import shutil
from collections.abc import Mapping
from pathlib import Path

CURRENT = "current"
_KEPT = 2  # whoever opened the one before may still read from it


def swap(directory: Path, files: Mapping[str, bytes], *, name: str) -> None:
    """Into a directory of their own, then `current` is turned to it. `name` must be new."""
    directory.mkdir(parents=True, exist_ok=True)
    fresh = directory / name
    for path, content in files.items():
        target = fresh / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)
    link = directory / f".{name}"
    link.symlink_to(name)
    link.replace(directory / CURRENT)
    _remove_old(directory, kept=name)


def lay_out(directory: Path, files: Mapping[str, bytes], *, ours: re.Pattern[str]) -> None:
    """Plainly into a directory, each file at once. What is called like `ours` and is not among them is removed."""
    for path, content in files.items():
        target = directory / path
        target.parent.mkdir(parents=True, exist_ok=True)
        unfinished = target.with_name(f".{target.name}.new")
        unfinished.write_bytes(content)
        unfinished.replace(target)
    for found in [one for one in directory.rglob("*") if one.is_file()]:
        inside = found.relative_to(directory).as_posix()
        if ours.fullmatch(inside) and inside not in files:
            found.unlink()


def _remove_old(directory: Path, *, kept: str) -> None:
    found = [one for one in directory.iterdir() if one.is_dir() and not one.is_symlink() and one.name != kept]
    by_age = sorted(found, key=os.path.getmtime, reverse=True)
    for one in by_age[_KEPT - 1 :]:
        shutil.rmtree(one, ignore_errors=True)
