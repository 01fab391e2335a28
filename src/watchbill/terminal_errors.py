"""What the terminal says when a command fails: one line with the remedy, or everything when debugging."""

import os
import sys
from collections.abc import Sequence
from types import TracebackType

import psycopg
from django.db.utils import OperationalError, ProgrammingError

from watchbill.config import config
from watchbill.ground.text import storable

_UNDEFINED_TABLE = "42P01"
# numeric_value_out_of_range, datetime_field_overflow
_OUT_OF_RANGE = ("22003", "22008")
_USAGE = 2


def show(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    """For `sys.excepthook`: the interpreter ends with exit code 1 after it."""
    if os.environ.get("WATCHBILL_LOG_LEVEL", "").upper() == "DEBUG" or issubclass(kind, KeyboardInterrupt):
        sys.__excepthook__(kind, error, trace)
        return
    sys.stderr.write(f"watchbill: {in_one_line(error)}\n")


def check_arguments(arguments: Sequence[str]) -> None:
    """Bytes that are no UTF-8 could neither be stored nor compared. Exits with the code of a usage error."""
    for number, one in enumerate(arguments, start=1):
        if storable(one) != one:
            remedy = "type it anew, and let the terminal or the script that made it use UTF-8"
            sys.stderr.write(f"watchbill: argument {number}, {one!r}, is no UTF-8 text; {remedy}\n")
            sys.exit(_USAGE)


def in_one_line(error: BaseException) -> str:
    cause = error.__cause__ if isinstance(error.__cause__, psycopg.Error) else error
    sqlstate = cause.sqlstate if isinstance(cause, psycopg.Error) else None
    if isinstance(error, OperationalError | psycopg.OperationalError) and sqlstate is None:
        return _unreachable(cause)
    if isinstance(error, ProgrammingError | psycopg.ProgrammingError) and sqlstate == _UNDEFINED_TABLE:
        return f"{_instance()} has no tables of this version yet. Run `watchbill migrate` first."
    if isinstance(error, OverflowError) or sqlstate in _OUT_OF_RANGE:
        return "A number or a time is too large or too small to count with. Use one that is nearer."
    if isinstance(error, UnicodeError):
        return "A text holds bytes or characters that are no UTF-8. Write it in UTF-8."
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
