"""The incident process that an instance begins with: WATCHBILL_PROCESS_FILE, applied while none was applied yet."""

from collections.abc import Callable
from datetime import datetime

from watchbill.config import config
from watchbill.domain.audit.contract import Actor
from watchbill.domain.process.reads import running_version
from watchbill.doors.process import apply_process

_ACTOR = Actor(kind="system", label="WATCHBILL_PROCESS_FILE", via="cli")


class ProcessFileUnreadable(Exception):
    pass


def begin_with_process(*, now: datetime, say: Callable[[str], None]) -> None:
    """Later versions are applied by people: the file must not undo them at the next start.

    Raises ProcessFileUnreadable and domain.process.rules.InvalidProcess.
    """
    path = config().process_file
    if path is None or running_version() is not None:
        return
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ProcessFileUnreadable(f"WATCHBILL_PROCESS_FILE: {path} cannot be read: {error}") from error
    apply_process(text, file=str(path), note="the first process", actor=_ACTOR, now=now)
    say(f"The incident process of {path} is applied.")
