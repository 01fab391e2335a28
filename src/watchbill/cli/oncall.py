"""`watchbill oncall`"""

import json
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from watchbill.cli.host import instant
from watchbill.cli.rota import Rota, common_zone, find_rota, find_rotas
from watchbill.domain.oncall.rules import NOBODY
from watchbill.ground.clock import SystemClock
from watchbill.ground.text import one_line


def oncall(
    schedule: Annotated[
        str, typer.Argument(help="The schedule's name; in the database also its id. All of them if left out.")
    ] = "",
    *,
    at: Annotated[str, typer.Option("--at", help="ISO 8601; now if left out.")] = "",
    file: Annotated[
        list[Path] | None, typer.Option("--file", help="Read the schedule from organization files; no server needed.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="As JSON, in UTC.")] = False,
) -> None:
    """Who is on call at one moment. Times without an offset are local: the schedule's, or the organization's."""
    if not schedule:
        _all(at=at, files=file or [], as_json=as_json)
        return
    rota = find_rota(schedule, files=file or [])
    shift = rota.shift_at(rota.instant(at, option="--at") if at else SystemClock().now())
    if as_json:
        typer.echo(json.dumps([rota.as_json(shift)] if shift else [], indent=2))
        return
    typer.echo(f"{rota.in_words(shift)}  {rota.schedule.time_zone}" if shift else "Nobody is on call.")


def _all(*, at: str, files: list[Path], as_json: bool) -> None:
    rotas = find_rotas(files=files)
    moment = instant(at, option="--at", zone=common_zone(files=files)) if at else SystemClock().now()
    if as_json:
        typer.echo(json.dumps([_entry(rota, moment) for rota in rotas], indent=2))
        return
    width = max((len(one_line(rota.schedule.name)) for rota in rotas), default=0)
    for rota in rotas:
        shift = rota.shift_at(moment)
        who = f"{rota.in_words(shift)}  {rota.schedule.time_zone}" if shift else NOBODY
        typer.echo(f"{one_line(rota.schedule.name):{width}}  {who}")
    if not rotas:
        typer.echo("There is no schedule yet.")


def _entry(rota: Rota, at: datetime) -> dict[str, object]:
    """A schedule that has nobody is there too: it is what is looked for."""
    shift = rota.shift_at(at)
    found = rota.as_json(shift) if shift else {"start": None, "end": None, "users": [], "source": NOBODY}
    return {"schedule": rota.schedule.name, **found}
