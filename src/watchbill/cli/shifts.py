"""`watchbill shifts`"""

import json
from datetime import timedelta
from pathlib import Path
from typing import Annotated

import typer

from watchbill.cli.rota import find_rota
from watchbill.domain.oncall.rules import shifts_between
from watchbill.ground.clock import SystemClock

USUAL_RANGE = timedelta(days=28)
RANGE_MAX = timedelta(days=3 * 366)


def shifts(
    schedule: Annotated[str, typer.Argument(help="The schedule's name; in the database also its id.")],
    *,
    starts: Annotated[str, typer.Option("--from", help="ISO 8601; now if left out.")] = "",
    ends: Annotated[str, typer.Option("--to", help="ISO 8601; four weeks later if left out.")] = "",
    file: Annotated[
        list[Path] | None, typer.Option("--file", help="Read the schedule from organization files; no server needed.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="As JSON, in UTC.")] = False,
) -> None:
    """Who is on call when. Times without an offset are the schedule's local times."""
    rota = find_rota(schedule, files=file or [])
    starts_at = rota.instant(starts, option="--from") if starts else SystemClock().now()
    ends_at = rota.instant(ends, option="--to") if ends else starts_at + USUAL_RANGE
    if not starts_at < ends_at <= starts_at + RANGE_MAX:
        raise typer.BadParameter("lies before --from, or more than 3 years after it", param_hint="--to")
    found = shifts_between(rota.schedule, starts_at=starts_at, ends_at=ends_at)
    if as_json:
        typer.echo(json.dumps([rota.as_json(shift) for shift in found], indent=2))
        return
    for shift in found:
        typer.echo(rota.in_words(shift))
    if not found:
        typer.echo("Nobody is on call in this time.")
