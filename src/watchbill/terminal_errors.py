"""What the terminal says when a command fails: one line with the remedy, or everything when debugging."""

import os
import sys
from types import TracebackType

import psycopg
from django.db.utils import OperationalError, ProgrammingError

from watchbill.config import config

_UNDEFINED_TABLE = "42P01"


def show(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    """For `sys.excepthook`: the interpreter ends with exit code 1 after it."""
    if os.environ.get("WATCHBILL_LOG_LEVEL", "").upper() == "DEBUG" or issubclass(kind, KeyboardInterrupt):
        sys.__excepthook__(kind, error, trace)
        return
    sys.stderr.write(f"watchbill: {in_one_line(error)}\n")


def in_one_line(error: BaseException) -> str:
    cause = error.__cause__ if isinstance(error.__cause__, psycopg.Error) else error
    sqlstate = cause.sqlstate if isinstance(cause, psycopg.Error) else None
    if isinstance(error, OperationalError | psycopg.OperationalError) and sqlstate is None:
        return _unreachable(cause)
    if isinstance(error, ProgrammingError | psycopg.ProgrammingError) and sqlstate == _UNDEFINED_TABLE:
        return f"{_instance()} has no tables of this version yet. Run `watchbill migrate` first."
    text = " ".join(str(error).split())
    if type(error).__module__.startswith("watchbill."):
        return text or type(error).__name__
    name = type(error).__name__
    return (
        f"{name}: {text} (WATCHBILL_LOG_LEVEL=DEBUG shows where)"
        if text
        else f"{name} (WATCHBILL_LOG_LEVEL=DEBUG shows where)"
    )


def _unreachable(cause: BaseException) -> str:
    reason = " ".join(str(cause).split())
    if config().database_url:
        return f"{_instance()} does not answer ({reason}). Start that server, or correct WATCHBILL_DATABASE_URL."
    return (
        f"{_instance()} is not running. Start it with `watchbill up --data-dir {config().data_dir}`, or say which "
        "instance you mean with WATCHBILL_DATA_DIR (its data directory) or WATCHBILL_DATABASE_URL (its server)."
    )


def _instance() -> str:
    """Which instance was looked for, without a password."""
    url = config().database_url
    if url:
        return f"The PostgreSQL server {url.rpartition('@')[2] or url} (WATCHBILL_DATABASE_URL)"
    return f"The instance in {config().data_dir.resolve()} (WATCHBILL_DATA_DIR)"
