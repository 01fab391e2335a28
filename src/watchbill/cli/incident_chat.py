"""`watchbill incident chat`: the rooms of an incident in chat tools, and another try."""

from dataclasses import asdict
from typing import Annotated

import typer

from watchbill.cli.host import AsJson, host_actor, now, tell_json
from watchbill.cli.incident_names import AsPerson, Number, incident_id, person_as
from watchbill.cli.tables import show_table
from watchbill.domain.warrooms.actions import try_now as try_room_now
from watchbill.domain.warrooms.reads import rooms_of


def chat(
    incident: Number,
    *,
    try_now: Annotated[bool, typer.Option("--try-now", help="Try again what did not work.")] = False,
    person: AsPerson = "",
    as_json: AsJson = False,
) -> None:
    """Show the rooms of an incident in chat tools, and what does not work there."""
    wanted = incident_id(incident)
    if try_now:
        try_room_now(incident_id=wanted, actor=person_as(person) if person else host_actor(), now=now())
    rooms = rooms_of(wanted)
    if as_json:
        tell_json([asdict(room) for room in rooms])
        return
    show_table(
        ["tool", "state", "name", "link"],
        ((room.host, room.state, room.name, room.url) for room in rooms),
        nothing="It has none.",
    )
    for room in rooms:
        for trouble in room.troubles:
            typer.echo(f"{room.host}: {trouble}")
        for name, why in room.not_in:
            typer.echo(f"{room.host}: {name} is not in it: {why}")


def add_to(app: typer.Typer) -> None:
    app.command()(chat)
