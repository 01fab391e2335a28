"""`watchbill shifts`"""

import json
from datetime import timedelta
from pathlib import Path
from typing import Annotated

import typer

from watchbill.cli.rota import find_rota, find_rotas
from watchbill.domain.oncall.rules import gaps_between, shifts_between
from watchbill.ground.clock import SystemClock
from watchbill.ground.text import one_line

USUAL_RANGE = timedelta(days=28)
RANGE_MAX = timedelta(days=3 * 366)


def shifts(
    schedule: Annotated[str, typer.Argument(help="The schedule's name; in the database also its id.")] = "",
    *,
    starts: Annotated[str, typer.Option("--from", help="ISO 8601; now if left out.")] = "",
    ends: Annotated[str, typer.Option("--to", help="ISO 8601; four weeks later if left out.")] = "",
    file: Annotated[
        list[Path] | None, typer.Option("--file", help="Read the schedule from organization files; no server needed.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="As JSON, in UTC.")] = False,
) -> None:
    """Who is on call when. Times without an offset are the schedule's local times."""
    if not schedule:
        known = ", ".join(one_line(rota.schedule.name) for rota in find_rotas(files=file or [])) or "none yet"
        typer.echo(f"give a schedule, like `watchbill shifts NAME`; there are: {known}", err=True)
        raise typer.Exit(2)
    rota = find_rota(schedule, files=file or [])
    starts_at = rota.instant(starts, option="--from") if starts else SystemClock().now()
    ends_at = rota.instant(ends, option="--to") if ends else starts_at + USUAL_RANGE
    if not starts_at < ends_at <= starts_at + RANGE_MAX:
        raise typer.BadParameter("lies before --from, or more than 3 years after it", param_hint="--to")
    found = shifts_between(rota.schedule, starts_at=starts_at, ends_at=ends_at)
    if as_json:
        typer.echo(json.dumps([rota.as_json(shift) for shift in found], indent=2))
        return
    lines = [(shift.starts_at, rota.in_words(shift)) for shift in found]
    holes = gaps_between(rota.schedule, starts_at=starts_at, ends_at=ends_at)
    lines += [(start, rota.hole_in_words(start, end)) for start, end in holes]
    typer.echo(f"{one_line(rota.schedule.name)}, times in {rota.schedule.time_zone}")
    for _, line in sorted(lines):
        typer.echo(line)
