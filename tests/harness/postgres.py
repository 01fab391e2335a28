"""A real PostgreSQL for the tests: the embedded one, one server per test process, one fresh database each."""

import atexit
import shutil
import tempfile
from pathlib import Path

from watchbill.ground.postgres import EmbeddedPostgres

_server: EmbeddedPostgres | None = None


def server() -> EmbeddedPostgres:
    """Started once per process. Without fsync: these tests are about behaviour; durability has its own."""
    global _server
    if _server is None:
        directory = Path(tempfile.mkdtemp(prefix="watchbill-tests-"))
        _server = EmbeddedPostgres(
            directory, settings={"fsync": "off", "full_page_writes": "off", "max_connections": "60"}
        )
        _server.start()
        atexit.register(_end, directory)
    return _server


def _end(directory: Path) -> None:
    if _server is not None:
        _server.stop()
    shutil.rmtree(directory, ignore_errors=True)
