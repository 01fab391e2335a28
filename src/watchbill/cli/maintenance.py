"""`watchbill maintenance …`: windows in which a service's alerts wait."""

from typing import Annotated
from uuid import UUID

import typer

from watchbill.cli.host import AsJson, found, host_actor, instant, now, tell_json
from watchbill.cli.tables import at_text, show_table
from watchbill.domain.alerts.maintenance_actions import cancel_maintenance
from watchbill.domain.services.maintenance_actions import plan_maintenance
from watchbill.domain.services.reads import maintenance, service_id_of

app = typer.Typer(no_args_is_help=True, help="Maintenance: alerts of a service are kept and paged when it is over.")


@app.command("list")
def list_(*, as_json: AsJson = False) -> None:
    """What is under way and to come."""
    rows = maintenance(now=now())
    if as_json:
        tell_json(
            [
                {"id": row.id, "service": row.service, "start": row.starts_at, "end": row.ends_at, "reason": row.reason}
                for row in rows
            ]
        )
        return
    show_table(
        ["id", "service", "start", "end", "reason", "by"],
        ((row.id, row.service, row.starts_at, row.ends_at, row.reason, row.created_by) for row in rows),
        nothing="No maintenance is planned.",
    )


@app.command()
def plan(
    service: Annotated[str, typer.Argument(help="The service's name or id.")],
    *,
    end: Annotated[str, typer.Option(help="ISO 8601; without an offset the organization's local time.")],
    reason: Annotated[str, typer.Option(help="Shown beside every alert that waits.")],
    start: Annotated[
        str, typer.Option(help="ISO 8601; without an offset the organization's local time; now if left out.")
    ] = "",
) -> None:
    """Let a service's alerts wait for a while. Every maintenance ends."""
    at = now()
    made = plan_maintenance(
        found(service_id_of, "service", service),
        starts_at=instant(start, option="--start") if start else at,
        ends_at=instant(end, option="--end"),
        reason=reason,
        actor=host_actor(),
        now=at,
    )
    typer.echo(f"{made.id}: from {at_text(made.starts_at)} to {at_text(made.ends_at)}.")


@app.command("end")
def end_(window: Annotated[UUID, typer.Argument(help="The id from `watchbill maintenance list`.")]) -> None:
    """End one now, or cancel one that has not begun; the alerts that wait for it go on at once."""
    cancel_maintenance(window, actor=host_actor(), now=now())
    typer.echo(f"{window} is over.")
