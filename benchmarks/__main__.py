"""`make bench`: every measurement there is, one table, one JSON file a run.

`python -m benchmarks ingest paging` runs those alone; `--short` shows only that they work, its figures mean little.
"""

import json
import os
import platform
import sys
import time
from pathlib import Path
from typing import Protocol

from benchmarks import footprint, ingest, paging, reading, room, schedules, sign_in, timers
from benchmarks.figures import Figure


class Measurement(Protocol):
    def __call__(self, *, short: bool) -> list[Figure]: ...


MEASUREMENTS: tuple[tuple[str, Measurement], ...] = (
    ("ingest", ingest.measure),
    ("paging", paging.measure),
    ("timers", timers.measure),
    ("schedules", schedules.measure),
    ("reading", reading.measure),
    ("sign_in", sign_in.measure),
    ("room", room.measure),
    ("footprint", footprint.measure),
)

RESULTS = Path(__file__).parent / "results"


def main(wanted: list[str]) -> int:
    short = "--short" in wanted
    names = [name for name in wanted if name != "--short"]
    unknown = set(names) - {name for name, _ in MEASUREMENTS}
    if unknown:
        sys.exit(
            f"no measurement is called {', '.join(sorted(unknown))}: {', '.join(name for name, _ in MEASUREMENTS)}"
        )
    load_before = os.getloadavg()
    figures: list[Figure] = []
    for name, measure in MEASUREMENTS:
        if not names or name in names:
            print(f"measuring {name} ...", file=sys.stderr, flush=True)
            figures += measure(short=short)
    _print(figures)
    print(f"load average before {load_before[0]:.1f}, after {os.getloadavg()[0]:.1f}")
    _write(figures, load_before=load_before, short=short)
    return 0 if all(figure.met is not False for figure in figures) else 1


def _print(figures: list[Figure]) -> None:
    width = max((len(figure.name) for figure in figures), default=0)
    for figure in figures:
        verdict = {True: "met", False: "NOT MET", None: ""}[figure.met]
        print(f"{figure.name:<{width}}  {figure.value:>12,.3g} {figure.unit:<10} {figure.target:<12} {verdict}")


def _write(figures: list[Figure], *, load_before: tuple[float, float, float], short: bool) -> None:
    RESULTS.mkdir(exist_ok=True)
    measured_at = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime())
    report = {
        "measured_at": measured_at,
        "machine": {"processors": os.cpu_count(), "system": platform.platform(), "python": platform.python_version()},
        "short": short,
        "load_before": load_before,
        "load_after": os.getloadavg(),
        "figures": [figure.as_json() for figure in figures],
    }
    (RESULTS / f"{measured_at}.json").write_text(json.dumps(report, indent=2) + "\n")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
