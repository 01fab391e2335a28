"""The list of alerts and one alert with 100,000 alerts stored: time on the server for each answer, door included."""

import json
import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

from benchmarks.figures import Figure, at_most
from watchbill.ground.postgres import EmbeddedPostgres

ALERTS = int(os.environ.get("WATCHBILL_BENCH_ALERTS", "100000"))
# What is nowhere is looked for everywhere: ten times as many alerts may take three times as long.
BOUND_MS = 100.0 if ALERTS <= 100_000 else 300.0


def measure(*, short: bool = False) -> list[Figure]:
    rounds = 10 if short else 40
    with tempfile.TemporaryDirectory(prefix="watchbill-bench-", dir="/var/tmp") as name:
        directory = Path(name)
        directory.chmod(0o755)
        database = EmbeddedPostgres(directory)
        database.start()
        try:
            environment = {
                **os.environ,
                "WATCHBILL_DATABASE_URL": database.url(),
                "WATCHBILL_SECRET_KEY": "for measuring only",
            }
            # In a process of its own, because the settings are read once per process.
            done = subprocess.run(
                [sys.executable, "-m", "benchmarks.reading_process", str(ALERTS), str(rounds)],
                env=environment,
                check=True,
                stdout=subprocess.PIPE,
                text=True,
            )
        finally:
            database.stop()
    measured = json.loads(done.stdout)
    filling = Figure("taking an alert in for searching", measured["filling_microseconds"], "us", runs=[])
    return [*(_figure(name, runs) for name, runs in measured["milliseconds"].items()), filling]


def _figure(name: str, runs: list[float]) -> Figure:
    p95 = statistics.quantiles(runs, n=20)[-1]
    return at_most(f"{name}, {ALERTS:,} alerts, p95", p95, "ms", BOUND_MS, runs)
