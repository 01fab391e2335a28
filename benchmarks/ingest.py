"""Durable ingest against Alertmanager's ingest in memory: same machine, same run, same generator, turn by turn.

Watchbill writes event, alert, run, timer and audit entry and answers after the commit; Alertmanager keeps alerts in
memory. The generator shares the processors with both in turn, so only the ratio travels to other machines.
"""

import os
import re
import secrets
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg

from benchmarks.figures import Figure, at_least, at_most
from watchbill.ground.ids import new_id
from watchbill.ground.postgres import EmbeddedPostgres
from watchbill.ground.secrets import digest

ROUNDS = int(os.environ.get("WATCHBILL_BENCH_ROUNDS", "3"))
SECONDS = 8
CONNECTIONS = 256
ROUTING_KEY = "R" + "0" * 31
LOAD = Path(__file__).parent / "load"
WATCHBILL, ALERTMANAGER = "http://127.0.0.1:18765", "http://127.0.0.1:18766"
_QUIET_ROUTE = "route: {receiver: none, group_wait: 1h, group_interval: 1h}\nreceivers: [{name: none}]\n"


class Missing(Exception):
    """A tool that `make lab` installs is not there."""


def measure(*, short: bool = False) -> list[Figure]:
    for tool in ("wrk", "prometheus-alertmanager"):
        if shutil.which(tool) is None:
            raise Missing(f"{tool} is not installed. Run `make lab` first.")
    # Not below /tmp where that is memory: commits must reach a disk.
    with tempfile.TemporaryDirectory(prefix="watchbill-bench-", dir="/var/tmp") as name:
        directory = Path(name)
        directory.chmod(0o755)
        with _alertmanager(directory), _watchbill(directory) as url:
            return _measure(url, rounds=1 if short else ROUNDS)


def _measure(database_url: str, *, rounds: int) -> list[Figure]:
    for base, script in ((ALERTMANAGER, "alertmanager"), (WATCHBILL, "watchbill")):
        _load(base, script, key="unique", seconds=3)
    rates: dict[tuple[str, str], list[float]] = {}
    lost = 0
    for _ in range(rounds):
        for key in ("unique", "hot"):
            rates.setdefault(("alertmanager", key), []).append(_load(ALERTMANAGER, "alertmanager", key=key)["rate"])
            before = _stored(database_url)
            done = _load(WATCHBILL, "watchbill", key=key)
            lost += max(0, done["requests"] - (_stored(database_url) - before))
            rates.setdefault(("watchbill", key), []).append(done["rate"])
    figures = [Figure("ingest: accepted events not found in the database", lost, "events", "= 0", lost == 0)]
    for key in ("unique", "hot"):
        ours, theirs = rates["watchbill", key], rates["alertmanager", key]
        ratios = [mine / other for mine, other in zip(ours, theirs, strict=True)]
        figures.append(
            Figure(f"ingest: Watchbill, {key} keys, durable", statistics.median(ours), "events/s", runs=ours)
        )
        figures.append(
            Figure(f"ingest: Alertmanager, {key} keys, memory", statistics.median(theirs), "events/s", runs=theirs)
        )
        figures.append(at_least(f"ingest: ratio, {key} keys", statistics.median(ratios), "", 1.0, ratios))
        figures.append(_latency_at_half_load(statistics.median(ours), key, rounds=rounds))
    return figures


def _latency_at_half_load(rate: float, key: str, *, rounds: int) -> Figure:
    """Each connection pauses between requests so that all together send half of what was reached."""
    pause_ms = max(1, round(1000 * CONNECTIONS / (rate / 2)) - 5)
    runs = [_load(WATCHBILL, "watchbill", key=key, delay_ms=pause_ms) for _ in range(rounds)]
    name = f"ingest: p99 latency at half load, {key} keys ({statistics.median(run['rate'] for run in runs):,.0f}/s)"
    return at_most(name, statistics.median(run["p99_ms"] for run in runs), "ms", 100, runs)


def _load(base: str, script: str, *, key: str, seconds: int = SECONDS, delay_ms: int = 0) -> dict[str, Any]:
    environment = {
        **os.environ, "KEY": key, "RUN": secrets.token_hex(4), "DELAY_MS": str(delay_ms), "ROUTING_KEY": ROUTING_KEY
    }  # fmt: skip
    command = ["wrk", "-t1", f"-c{CONNECTIONS}", f"-d{seconds}", "--latency", "-s", str(LOAD / f"{script}.lua"), base]
    output = subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout
    refused = re.search(r"Non-2xx or 3xx responses: (\d+)", output)
    if refused:
        raise RuntimeError(f"{base} refused {refused[1]} requests: the run counts for nothing\n{output}")
    return {
        "rate": float(_found(r"Requests/sec:\s+([\d.]+)", output)),
        "requests": int(_found(r"(\d+) requests in", output)),
        "p99_ms": _milliseconds(_found(r"99%\s+([\d.]+\w+)", output)),
    }


def _found(pattern: str, text: str) -> str:
    match = re.search(pattern, text)
    if match is None:
        raise RuntimeError(f"the generator's report has no {pattern}:\n{text}")
    return match[1]


def _milliseconds(text: str) -> float:
    number, unit = re.fullmatch(r"([\d.]+)(us|ms|s)", text).groups()  # type: ignore[union-attr]  # wrk's own format
    return float(number) * {"us": 0.001, "ms": 1, "s": 1000}[unit]


def _stored(database_url: str) -> int:
    with psycopg.connect(database_url) as connection:
        row = connection.execute("SELECT count(*) FROM alerts_event").fetchone()
    return int(row[0]) if row else 0


@contextmanager
def _alertmanager(directory: Path) -> Iterator[None]:
    config = directory / "alertmanager.yml"
    config.write_text(_QUIET_ROUTE)
    command = ["prometheus-alertmanager", f"--config.file={config}", f"--storage.path={directory / 'alertmanager'}"]
    command += [f"--web.listen-address={ALERTMANAGER.removeprefix('http://')}", "--cluster.listen-address="]
    with _running(command, ready=f"{ALERTMANAGER}/-/ready"):
        yield


@contextmanager
def _watchbill(directory: Path) -> Iterator[str]:
    data_dir = directory / "data"
    postgres = EmbeddedPostgres(data_dir)
    postgres.start()
    environment = {
        **os.environ,
        "WATCHBILL_DATA_DIR": str(data_dir),
        "WATCHBILL_DATABASE_URL": postgres.url(),
        "WATCHBILL_SECRET_KEY": "for measuring only",
        "DJANGO_SETTINGS_MODULE": "watchbill.settings",
    }
    try:
        migrate = [sys.executable, "-m", "django", "migrate", "--verbosity", "0"]
        subprocess.run(migrate, env=environment, check=True)
        _add_integration(postgres.url())
        web = [sys.executable, "-m", "watchbill.processes.web", "--port", WATCHBILL.rsplit(":", 1)[1]]
        with _running(web, ready=f"{WATCHBILL}/readyz", env=environment):
            yield postgres.url()
    finally:
        postgres.stop()


def _add_integration(database_url: str) -> None:
    service, integration = new_id(), new_id()
    with psycopg.connect(database_url) as connection:
        connection.execute(
            "INSERT INTO services_service (id, name, description, urgency_rule, runbook_url, created_at) "
            "VALUES (%s, 'bench', '', 'high', '', now())",
            [service],
        )
        connection.execute(
            "INSERT INTO services_integration"
            " (id, service_id, kind, name, digest, hint, sealed_key, settings, created_at)"
            " VALUES (%s, %s, 'pagerduty-events-v2', '', %s, '', '', '{}', now())",
            [integration, service, digest(ROUTING_KEY)],
        )


@contextmanager
def _running(command: list[str], *, ready: str, env: dict[str, str] | None = None) -> Iterator[None]:
    process = subprocess.Popen(command, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        _wait_until_ready(process, ready)
        yield
    finally:
        process.terminate()
        process.wait(20)


def _wait_until_ready(process: "subprocess.Popen[bytes]", address: str) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and process.poll() is None:
        try:
            with urllib.request.urlopen(address, timeout=2):  # noqa: S310 - our own http address
                return
        except OSError:
            time.sleep(0.1)
    raise RuntimeError(f"{process.args!r} did not become ready at {address}")
