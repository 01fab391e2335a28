"""A real instance on a PostgreSQL that is then stopped: customers still read what was published last."""

import json
import tempfile
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.harness.instances import Instance, wait_for
from watchbill.ground.postgres import EmbeddedPostgres


@pytest.fixture
def folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="watchbill-status-") as made:
        yield Path(made)


@pytest.fixture
def database(folder: Path) -> Iterator[EmbeddedPostgres]:
    started = EmbeddedPostgres(folder / "database", settings={"fsync": "off"})
    started.start()
    yield started
    started.stop()


def test_status_and_summary_answer_200_when_postgresql_is_stopped(folder: Path, database: EmbeddedPostgres) -> None:
    with Instance(folder / "data", WATCHBILL_DATABASE_URL=database.url()) as instance:
        assert httpx.get(f"{instance.url}/status").status_code == 503
        failing = "Checkout=major_outage"
        for words in (
            ("component", "add", "Checkout", "--group", "Shop"),
            ("settings", "--name", "Acme status"),
            ("publish", "investigating", "Card payments fail.", "--title", "Payments", "--component", failing),
        ):
            done = instance.run("status-page", *words)
            assert done.returncode == 0, done.stderr
        wait_for("the page is written", lambda: "Card payments fail." in httpx.get(f"{instance.url}/status").text)
        exported = folder / "exported"
        (exported / "incidents").mkdir(parents=True)
        (exported / "incidents" / f"{'0' * 32}.html").write_text("of an incident that was taken back")
        (exported / "robots.txt").write_text("not ours")
        assert instance.run("status-page", "export", str(exported)).returncode == 0
        assert not (exported / "incidents" / f"{'0' * 32}.html").exists()
        assert (exported / "robots.txt").exists()
        assert "Card payments fail." in (exported / "index.html").read_text()
        shown = json.loads(instance.run("status-page", "show", "--json").stdout)
        assert shown["status"] == {"indicator": "critical", "description": "Major System Outage"}
        assert shown["is_current"]

        database.stop()
        assert wait_for("the database is away", lambda: not instance.is_ready())

        page = httpx.get(f"{instance.url}/status")
        assert (page.status_code, page.headers["content-type"]) == (200, "text/html; charset=utf-8")
        assert "Major System Outage" in page.text
        summary = httpx.get(f"{instance.url}/status/api/v2/summary.json")
        assert (summary.status_code, summary.headers["access-control-allow-origin"]) == (200, "*")
        assert summary.json()["incidents"][0]["name"] == "Payments"
        assert httpx.get(f"{instance.url}/status/history.atom").status_code == 200
        away = httpx.get(f"{instance.url}/status/subscribe", timeout=60)
        assert (away.status_code, "history.atom" in away.text) == (503, True)
