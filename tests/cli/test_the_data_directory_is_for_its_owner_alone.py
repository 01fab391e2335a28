"""What lies in the data directory of the embedded server can be read by nobody else, and its log holds no values."""

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from watchbill.ground.postgres import EmbeddedPostgres


@pytest.fixture(scope="module")
def directory() -> Iterator[Path]:
    # Not one of pytest's: each session takes away the right of way to them from the user that PostgreSQL runs as.
    made = Path(tempfile.mkdtemp(prefix="watchbill-data-directory-"))
    yield made
    shutil.rmtree(made, ignore_errors=True)


@pytest.fixture(scope="module")
def server(directory: Path) -> Iterator[EmbeddedPostgres]:
    started = EmbeddedPostgres(directory / "data", settings={"fsync": "off", "log_min_duration_statement": "0"})
    started.start()
    yield started
    started.stop()


def test_nobody_else_may_list_it_or_read_what_is_in_it(server: EmbeddedPostgres) -> None:
    # Started by root, the server runs as a user of its own, who must be able to pass through.
    assert server.data_dir.stat().st_mode & 0o777 & ~0o011 == 0o700
    assert server.directory.stat().st_mode & 0o777 == 0o700
    assert server.log.stat().st_mode & 0o777 == 0o600


def test_a_log_that_everybody_could_read_is_closed_at_the_next_start(server: EmbeddedPostgres) -> None:
    server.stop()
    server.log.chmod(0o644)
    server.start()
    assert server.log.stat().st_mode & 0o777 == 0o600


def test_the_log_holds_statements_without_their_values(server: EmbeddedPostgres) -> None:
    with psycopg.connect(server.url(), autocommit=True) as connection:
        connection.execute("SELECT 'slow', %s::text", ["canary"])
        with pytest.raises(psycopg.errors.DivisionByZero):
            connection.execute("SELECT 'failed', 1 / 0 + length(%s::text)", ["canary"])
    log = server.log.read_text()
    assert "SELECT 'slow', $1::text" in log
    assert "SELECT 'failed', 1 / 0" in log
    assert "canary" not in log
