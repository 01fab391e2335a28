"""How long until an instance is ready, and the memory that all of its processes hold."""

import statistics
import time
from collections import defaultdict
from pathlib import Path

from benchmarks import carrier as carriers
from benchmarks import instance as instances
from benchmarks.figures import Figure, at_most
from benchmarks.instance import Instance
from benchmarks.organization import Organization

_SETTLES_SECONDS = 5


def measure(*, short: bool = False) -> list[Figure]:
    with carriers.running(instances.free_port()) as carrier, instances.running(Organization(carrier)) as instance:
        starts = []
        for _ in range(1 if short else 3):
            instance.stop()
            starts.append(instance.start())
        time.sleep(_SETTLES_SECONDS)
        memory = _memory_mb(instance)
    return [
        at_most("footprint: started to ready, warm, median", statistics.median(starts), "s", 5, starts),
        at_most("footprint: memory of all processes", sum(memory.values()), "MB", 400, []),
        *(Figure(f"footprint: memory of {name}", megabytes, "MB") for name, megabytes in sorted(memory.items())),
    ]


def _memory_mb(instance: Instance) -> dict[str, float]:
    """What is shared is divided among those who share it: the sum counts every page once."""
    memory: dict[str, float] = defaultdict(float)
    for pid, name in instance.processes().items():
        rollup = (Path("/proc") / str(pid) / "smaps_rollup").read_text()
        kilobytes = next(int(line.split()[1]) for line in rollup.splitlines() if line.startswith("Pss:"))
        memory["postgres, all its processes" if name.startswith("postgres") else name] += kilobytes / 1024
    return memory
