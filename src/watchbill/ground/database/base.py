"""A database that takes no writes is one that is away: so it is while another server takes over.

The server that was the primary answers, and refuses. Whoever waits for a database that does not answer waits for this
one too, and the connection is given up, because the next one may lead to the new primary.
"""

from types import TracebackType
from typing import Any

from django.db.backends.postgresql import base
from django.db.utils import DatabaseErrorWrapper, OperationalError
from django.utils.functional import cached_property
from psycopg.errors import ReadOnlySqlTransaction


class _Errors(DatabaseErrorWrapper):
    wrapper: Any

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if isinstance(error, ReadOnlySqlTransaction):
            self.wrapper.errors_occurred = True
            self.wrapper.takes_no_writes = True
            raise OperationalError(*error.args).with_traceback(traceback) from error
        super().__exit__(kind, error, traceback)


class DatabaseWrapper(base.DatabaseWrapper):
    takes_no_writes = False

    @cached_property
    def wrap_database_errors(self) -> Any:
        return _Errors(self)

    def connect(self) -> None:
        self.takes_no_writes = False
        super().connect()

    def is_usable(self) -> bool:
        return not self.takes_no_writes and bool(super().is_usable())

    def _close(self) -> None:
        if self.takes_no_writes and self.connection is not None:
            self.connection.close()  # or a pool would hand it out again
        super()._close()  # type: ignore[misc]  # the stubs do not know it
