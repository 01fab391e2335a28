"""`watchbill incident verify|verification`: ask monitoring whether it is over, and read what it answered."""

import typer

from watchbill import composition
from watchbill.cli.host import AsJson, host_actor, now, tell_json
from watchbill.cli.incident_names import Number, incident_id
from watchbill.cli.tables import show_table
from watchbill.domain.incidents.reads import EVERYTHING, visible_to
from watchbill.domain.verification.actions import verify as ask_monitoring
from watchbill.domain.verification.reads import standing_of
from watchbill.ground.text import one_line


def verify(incident: Number) -> None:
    """Ask monitoring whether it is over; the worker asks, `incident verification` shows the answers."""
    ask_monitoring(
        incident_id=incident_id(incident), has_source=composition.has_metrics(), actor=host_actor(), now=now()
    )
    typer.echo(f"Asked. `watchbill incident verification {incident}` shows the answers.")


def verification(incident: Number, *, as_json: AsJson = False) -> None:
    """Show what monitoring answered last, and which alerts still fire."""
    standing = standing_of(visible_to(EVERYTHING).get(id=incident_id(incident)))
    rows = [(one.service, one.name, one.get_verdict_display(), one.healthy_when, one.words) for one in standing.results]
    if as_json:
        names = ("service", "check", "verdict", "healthy_when", "words")
        tell_json(
            {
                "state": standing.latest.state if standing.latest else "never",
                "asked_at": standing.latest.asked_at if standing.latest else None,
                "results": [dict(zip(names, row, strict=True)) for row in rows],
                "firing": [alert.number for alert in standing.firing],
            }
        )
        return
    if standing.latest is not None:
        typer.echo(f"{standing.latest.get_state_display()}, asked by {one_line(standing.latest.asked_by)}.")
    show_table(["service", "check", "verdict", "healthy when", "answer"], rows, nothing="Nothing was asked yet.")
    if standing.firing_count:
        named = ", ".join(f"#{alert.number}" for alert in standing.firing)
        typer.echo(f"Alerts of its services that are open: {standing.firing_count} ({named}).")


def add_to(app: typer.Typer) -> None:
    for command in (verify, verification):
        app.command()(command)
