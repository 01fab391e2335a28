"""`watchbill migrate`"""

import typer

from watchbill import upgrade
from watchbill.ground.clock import SystemClock
from watchbill.processes.first_process import begin_with_process


def migrate() -> None:
    """Bring the database to this version (safe while others run or start)."""
    upgrade.migrate(say=typer.echo)
    begin_with_process(now=SystemClock().now(), say=typer.echo)
