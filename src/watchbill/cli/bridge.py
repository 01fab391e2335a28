"""`watchbill bridge …`: the pool of bridges that incidents get."""

from dataclasses import replace
from typing import Annotated
from uuid import UUID

import typer

from watchbill.cli.host import AsJson, found, host_actor, now, tell_json
from watchbill.cli.tables import show_table
from watchbill.domain.bridges.models import Bridge
from watchbill.domain.bridges.pool_actions import add_bridge, change_bridge, draft_of, remove_bridge
from watchbill.domain.bridges.reads import bridge_id_of, pool
from watchbill.domain.bridges.rules import BridgeDraft
from watchbill.domain.incidents.reads import EVERYTHING
from watchbill.domain.people.reads import team_id_of

app = typer.Typer(no_args_is_help=True, help="Bridges: where people talk who work on an incident.")

Named = Annotated[str, typer.Argument(metavar="BRIDGE", help="Its name or id.")]
Url = Annotated[str | None, typer.Option(help="The link; with {name} in it another room for each incident.")]
Phone = Annotated[str | None, typer.Option(help="The number that is dialled.")]
Pin = Annotated[str | None, typer.Option(help="Dialled after the number.")]
Order = Annotated[int | None, typer.Option(help="The lowest that is free is taken first.")]
ForTeam = Annotated[str | None, typer.Option("--team", help="Only for incidents of this team; empty for everybody.")]


@app.command("list")
def list_(*, as_json: AsJson = False) -> None:
    """List the pool in the order in which bridges are taken."""
    lines = pool(viewer=EVERYTHING)
    if as_json:
        tell_json(
            [
                {
                    "id": line.bridge.id,
                    "name": line.bridge.name,
                    "kind": line.bridge.kind,
                    "url": line.bridge.url,
                    "phone": line.bridge.phone,
                    "pin": line.bridge.pin,
                    "order": line.bridge.order,
                    "team": line.bridge.team.name if line.bridge.team else None,
                    "incidents": list(line.users),
                }
                for line in lines
            ]
        )
        return
    show_table(
        ["order", "name", "kind", "link or number", "team", "in use by"],
        (
            (
                line.bridge.order,
                line.bridge.name,
                line.bridge.kind,
                line.bridge.url or line.bridge.phone,
                line.bridge.team.name if line.bridge.team else "",
                ", ".join(f"#{number}" for number in line.users),
            )
            for line in lines
        ),
        nothing="There is no bridge yet; `watchbill bridge add` makes one.",
    )


@app.command()
def add(
    name: Annotated[str, typer.Argument(help="What people call it.")],
    *,
    kind: Annotated[str, typer.Option(help="zoom, google-meet, jitsi, link or phone.")],
    url: Url = None,
    phone: Phone = None,
    pin: Pin = None,
    order: Order = None,
    team: ForTeam = None,
) -> None:
    """Add one to the pool."""
    draft = _with(BridgeDraft(name=name, kind=kind), url=url, phone=phone, pin=pin, order=order, team=team)
    made = add_bridge(draft, actor=host_actor(), now=now())
    typer.echo(f"{made.name} is in the pool.")


@app.command()
def change(
    bridge: Named,
    *,
    name: Annotated[str | None, typer.Option(help="What people call it from now on.")] = None,
    kind: Annotated[str | None, typer.Option(help="zoom, google-meet, jitsi, link or phone.")] = None,
    url: Url = None,
    phone: Phone = None,
    pin: Pin = None,
    order: Order = None,
    team: ForTeam = None,
) -> None:
    """Change one; what is left out stays. An incident that has it keeps what it was given."""
    wanted = found(bridge_id_of, "bridge", bridge)
    held = draft_of(Bridge.objects.get(id=wanted))
    renamed = replace(held, name=held.name if name is None else name, kind=held.kind if kind is None else kind)
    draft = _with(renamed, url=url, phone=phone, pin=pin, order=order, team=team)
    change_bridge(wanted, draft, actor=host_actor(), now=now())
    typer.echo(f"{draft.name} is changed.")


@app.command()
def remove(bridge: Named) -> None:
    """Remove one from the pool; an incident that has it keeps it to its end."""
    remove_bridge(found(bridge_id_of, "bridge", bridge), actor=host_actor(), now=now())
    typer.echo("Removed.")


def _with(
    held: BridgeDraft, *, url: str | None, phone: str | None, pin: str | None, order: int | None, team: str | None
) -> BridgeDraft:
    return replace(
        held,
        url=held.url if url is None else url,
        phone=held.phone if phone is None else phone,
        pin=held.pin if pin is None else pin,
        order=held.order if order is None else order,
        team_id=held.team_id if team is None else _team(team),
    )


def _team(text: str) -> UUID | None:
    return found(team_id_of, "team", text) if text else None
