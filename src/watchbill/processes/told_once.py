"""What is shown once, and lets somebody in: to whoever sits at the terminal, and otherwise into a file.

Without a terminal standard error is a log, which is kept, sent on, and read by more people than may sign in.
"""

import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path


def tell(lines: Sequence[str], *, about: str, file: Path, say: Callable[[str], None]) -> None:
    """`lines` hold secrets, `about` says what they are. The file is for its owner alone, and replaced by the next."""
    if sys.stderr.isatty():
        for line in lines:
            say(line)
        return
    making = file.with_name(f"{file.name}.{os.getpid()}")
    descriptor = os.open(making, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as written:
        written.write("".join(f"{line}\n" for line in lines))
    making.replace(file)
    say(f"{about} stands in {file}, for this account alone.")
