"""Whether the time of a refused sign-in tells if there is such a person: differences of medians, door included."""

import json
import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

from benchmarks.figures import Figure, at_most
from watchbill.ground.postgres import EmbeddedPostgres

TRIES = 1000
BOUND_MS = 5.0
STRANGER = "unknown address"


def measure(*, short: bool = False) -> list[Figure]:
    tries = 20 if short else TRIES
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
                [sys.executable, "-m", "benchmarks.sign_in_process", str(tries)],
                env=environment,
                check=True,
                stdout=subprocess.PIPE,
                text=True,
            )
        finally:
            database.stop()
    runs: dict[str, list[float]] = json.loads(done.stdout)
    medians = {kind: statistics.median(taken) for kind, taken in runs.items()}
    figures = [Figure(f"sign-in refused, {STRANGER}, median", medians[STRANGER], "ms", runs=runs[STRANGER])]
    for kind in medians.keys() - {STRANGER}:
        apart = abs(medians[kind] - medians[STRANGER])
        figures.append(
            at_most(f"sign-in refused, {kind}, from {STRANGER}, {tries:,} each", apart, "ms", BOUND_MS, runs[kind])
        )
    return figures
