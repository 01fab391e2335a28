"""What every process does first: its log, and the bond to its supervisor when it has one."""

import os

from watchbill.config import config
from watchbill.ground import log, parent


def begin(process: str) -> None:
    settings = config()
    log.configure(style=settings.log_format, level=settings.log_level, process=process)
    supervisor = os.environ.get("WATCHBILL_SUPERVISOR")
    if supervisor:
        parent.end_with_parent(int(supervisor))
    gate = os.environ.get("WATCHBILL_GATE")
    if gate:
        _wait_until_closed(int(gate))


def _wait_until_closed(gate: int) -> None:
    """Loading code takes longer than preparing the database, so the two go on side by side."""
    os.read(gate, 1)
    os.close(gate)
