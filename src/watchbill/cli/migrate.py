"""`watchbill migrate`"""

import typer

from watchbill import upgrade


def migrate() -> None:
    """Bring the database to this version (safe while others run or start)."""
    upgrade.migrate(say=typer.echo)
