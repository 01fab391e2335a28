"""`watchbill incident bridge`: how to join one, and another bridge by hand."""

from typing import Annotated

import typer

from watchbill.cli.host import AsJson, found, host_actor, now, tell_json
from watchbill.cli.incident_names import AsPerson, Number, incident_id, person_as
from watchbill.cli.tables import show_table
from watchbill.domain.bridges.actions import Choice, change
from watchbill.domain.bridges.reads import IncidentBridge, bridge_id_of, bridge_of


def bridge(
    incident: Number,
    *,
    to: Annotated[str, typer.Option(help="Another bridge of the pool: its name or id.")] = "",
    url: Annotated[str, typer.Option(help="Another link.")] = "",
    phone: Annotated[str, typer.Option(help="A number.")] = "",
    pin: Annotated[str, typer.Option(help="The number's PIN.")] = "",
    reason: Annotated[str, typer.Option(help="Why it is changed; it stands on the timeline.")] = "",
    person: AsPerson = "",
    as_json: AsJson = False,
) -> None:
    """Say how to join an incident's bridge, or change it."""
    wanted = incident_id(incident)
    if to or url or phone or pin:
        choice = Choice(bridge_id=found(bridge_id_of, "bridge", to) if to else None, url=url, phone=phone, pin=pin)
        who = person_as(person) if person else host_actor()
        change(incident_id=wanted, choice=choice, reason=reason, actor=who, now=now())
    _show(bridge_of(wanted), as_json=as_json)


def _show(held: IncidentBridge, *, as_json: bool) -> None:
    if as_json:
        ways = [
            {"name": one.name, "kind": one.kind, "url": one.url, "phone": one.phone, "pin": one.pin}
            for one in held.ways
        ]
        tell_json({"ways": ways, "trouble": held.trouble})
        return
    show_table(
        ["bridge", "kind", "link", "number", "PIN"],
        ((one.name, one.kind_label, one.url, one.phone, one.pin) for one in held.ways),
        nothing="It has no bridge.",
    )
    if held.trouble:
        typer.echo(f"No meeting could be made: {held.trouble}")


def add_to(app: typer.Typer) -> None:
    app.command()(bridge)
