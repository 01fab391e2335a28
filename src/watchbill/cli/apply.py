"""`watchbill apply`"""

from pathlib import Path
from typing import Annotated

import typer

from watchbill import composition
from watchbill.cli.organization_files import read_files, refusals_told
from watchbill.config import secret_key
from watchbill.domain.audit.contract import Actor
from watchbill.domain.organization_file.actions import Applied, apply_files
from watchbill.ground.clock import SystemClock

_ACTOR = Actor(kind="system", label="watchbill apply", via="cli")


def apply(
    files: Annotated[
        list[Path], typer.Argument(help="Organization files, taken together; - reads standard input.", allow_dash=True)
    ],
    *,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would change, and change nothing.")] = False,
    prune: Annotated[
        bool, typer.Option("--prune", help="Also remove what the files do not name; people are disabled, not deleted.")
    ] = False,
) -> None:
    """Make people, teams, schedules, policies and services as the files say. All of it or nothing."""
    with refusals_told():
        applied = apply_files(
            read_files(files),
            kinds=composition.contact_kinds(),
            secret_key=secret_key(),
            actor=_ACTOR,
            now=SystemClock().now(),
            prune=prune,
            dry_run=dry_run,
        )
    _tell(applied, dry_run=dry_run)


def _tell(applied: Applied, *, dry_run: bool) -> None:
    for change in applied.changes:
        typer.echo(str(change))
    counts = {sign: sum(change.sign == sign for change in applied.changes) for sign in "+~-"}
    words = f"{counts['+']} to create, {counts['~']} to change, {counts['-']} to remove"
    if not applied.changes:
        typer.echo("Nothing to do: everything is as the files say.")
    elif dry_run:
        typer.echo(f"{words}. Nothing was changed.")
    else:
        typer.echo(
            words.replace("to create", "created").replace("to change", "changed").replace("to remove", "removed")
        )
        for made in applied.made:
            typer.echo(f"Made, and shown only now: {made}")
