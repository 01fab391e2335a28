"""`watchbill incident mitigate|back|resolve|reopen|close|cancel|merge`: how one comes to its end, and back."""

from typing import Annotated

import typer

from watchbill import composition
from watchbill.cli.host import host_actor, now
from watchbill.cli.incident_names import AsPerson, Number, Reason, incident_id, person_as
from watchbill.domain.incidents import ending_actions


def mitigate(incident: Number) -> None:
    """Say that customers are no longer harmed."""
    row = ending_actions.mitigate(incident_id=incident_id(incident), actor=host_actor(), now=now())
    typer.echo(f"#{row.number} is mitigated.")


def back(incident: Number, *, reason: Reason) -> None:
    """Say that it is back after it was mitigated: the ladder goes on."""
    row = ending_actions.not_mitigated(incident_id=incident_id(incident), reason=reason, actor=host_actor(), now=now())
    typer.echo(f"#{row.number} is open.")


def resolve(
    incident: Number,
    *,
    person: AsPerson = "",
    pass_over: Annotated[str, typer.Option("--pass-over", help="Why not to wait for what is not done.")] = "",
) -> None:
    """Resolve it. What is not confirmed and verified stands in the way."""
    who = person_as(person) if person else host_actor()
    row = ending_actions.resolve(incident_id=incident_id(incident), actor=who, now=now(), pass_over=pass_over)
    typer.echo(f"#{row.number} is resolved.")


def reopen(incident: Number, *, reason: Reason) -> None:
    """It was not over."""
    row = ending_actions.reopen(incident_id=incident_id(incident), reason=reason, actor=host_actor(), now=now())
    typer.echo(f"#{row.number} is open.")


def close(
    incident: Number,
    *,
    person: AsPerson = "",
    pass_over: Annotated[str, typer.Option("--pass-over", help="Why not to wait for what is not done.")] = "",
) -> None:
    """Close it, once what its severity requires is done."""
    who = person_as(person) if person else host_actor()
    row = ending_actions.close(incident_id=incident_id(incident), actor=who, now=now(), pass_over=pass_over)
    typer.echo(f"#{row.number} is closed.")


def cancel(incident: Number, *, reason: Reason) -> None:
    """It is no incident after all."""
    row = ending_actions.cancel(incident_id=incident_id(incident), reason=reason, actor=host_actor(), now=now())
    typer.echo(f"#{row.number} is cancelled.")


def merge(incident: Number, into: Annotated[str, typer.Argument(help="The one that stays.")]) -> None:
    """Merge a duplicate into another incident."""
    other = ending_actions.merge(
        incident_id=incident_id(incident),
        into=incident_id(into),
        actor=host_actor(),
        ways=composition.ways(),
        now=now(),
    )
    typer.echo(f"Merged into #{other.number}.")


def add_to(app: typer.Typer) -> None:
    for command in (mitigate, back, resolve, reopen, close, cancel, merge):
        app.command()(command)
