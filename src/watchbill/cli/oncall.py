"""`watchbill oncall`"""

import json
from pathlib import Path
from typing import Annotated

import typer

from watchbill.cli.rota import find_rota
from watchbill.ground.clock import SystemClock


def oncall(
    schedule: Annotated[str, typer.Argument(help="The schedule's name; in the database also its id.")],
    *,
    at: Annotated[str, typer.Option("--at", help="ISO 8601; now if left out.")] = "",
    file: Annotated[
        list[Path] | None, typer.Option("--file", help="Read the schedule from organization files; no server needed.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="As JSON, in UTC.")] = False,
) -> None:
    """Who is on call at one moment. Times without an offset are the schedule's local times."""
    rota = find_rota(schedule, files=file or [])
    shift = rota.shift_at(rota.instant(at, option="--at") if at else SystemClock().now())
    if as_json:
        typer.echo(json.dumps([rota.as_json(shift)] if shift else [], indent=2))
        return
    typer.echo(rota.in_words(shift) if shift else "Nobody is on call.")
