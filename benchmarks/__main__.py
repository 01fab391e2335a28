"""`make bench`: every measurement there is, one table, one JSON file a run. `python -m benchmarks ingest` runs one."""

import json
import os
import platform
import sys
import time
from collections.abc import Callable
from pathlib import Path

from benchmarks import ingest
from benchmarks.figures import Figure

MEASUREMENTS: tuple[tuple[str, Callable[[], list[Figure]]], ...] = (("ingest", ingest.measure),)

RESULTS = Path(__file__).parent / "results"


def main(wanted: list[str]) -> int:
    figures: list[Figure] = []
    for name, measure in MEASUREMENTS:
        if not wanted or name in wanted:
            print(f"measuring {name} ...", file=sys.stderr, flush=True)
            figures += measure()
    _print(figures)
    _write(figures)
    return 0 if all(figure.met is not False for figure in figures) else 1


def _print(figures: list[Figure]) -> None:
    width = max((len(figure.name) for figure in figures), default=0)
    for figure in figures:
        verdict = {True: "met", False: "NOT MET", None: ""}[figure.met]
        print(f"{figure.name:<{width}}  {figure.value:>12,.3g} {figure.unit:<10} {figure.target:<12} {verdict}")


def _write(figures: list[Figure]) -> None:
    RESULTS.mkdir(exist_ok=True)
    measured_at = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime())
    report = {
        "measured_at": measured_at,
        "machine": {"processors": os.cpu_count(), "system": platform.platform(), "python": platform.python_version()},
        "load_before": os.getloadavg(),
        "figures": [figure.as_json() for figure in figures],
    }
    (RESULTS / f"{measured_at}.json").write_text(json.dumps(report, indent=2) + "\n")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
