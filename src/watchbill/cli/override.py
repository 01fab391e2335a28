"""`watchbill override …`: somebody else takes the watch for a while."""

from typing import Annotated
from uuid import UUID

import typer

from watchbill.cli.host import AsJson, found, host_actor, instant, now, tell_json
from watchbill.cli.tables import at_text, show_table
from watchbill.domain.oncall.override_actions import add_override, cancel_override
from watchbill.domain.oncall.reads import schedule, schedule_id_of
from watchbill.domain.people.reads import person_id_of

app = typer.Typer(no_args_is_help=True, help="Overrides: somebody else takes the watch for a while.")

Schedule = Annotated[str, typer.Argument(help="The schedule's name or id.")]


@app.command("list")
def list_(name: Schedule, *, as_json: AsJson = False) -> None:
    """Overrides of a schedule that are not over."""
    detail = schedule(found(schedule_id_of, "schedule", name), now=now())
    rows = detail.overrides if detail else ()
    if as_json:
        tell_json([{"id": row.id, "user": row.email, "start": row.starts_at, "end": row.ends_at} for row in rows])
        return
    show_table(
        ["id", "person", "start", "end", "by"],
        ((row.id, row.email, row.starts_at, row.ends_at, row.created_by) for row in rows),
        nothing="There are no overrides.",
    )


@app.command()
def add(
    name: Schedule,
    user: Annotated[str, typer.Argument(metavar="EMAIL", help="Who takes the watch.")],
    *,
    start: Annotated[
        str, typer.Option(help="ISO 8601; without an offset the schedule's local time; now if left out.")
    ] = "",
    end: Annotated[str, typer.Option(help="ISO 8601; without an offset the schedule's local time.")],
) -> None:
    """Put somebody on call instead."""
    at = now()
    schedule_id = found(schedule_id_of, "schedule", name)
    detail = schedule(schedule_id, now=at)
    zone = detail.draft.time_zone if detail else ""
    made = add_override(
        schedule_id,
        user_id=found(person_id_of, "person", user),
        starts_at=instant(start, option="--start", zone=zone) if start else at,
        ends_at=instant(end, option="--end", zone=zone),
        actor=host_actor(),
        now=at,
    )
    typer.echo(f"{made.id}: {made.user.email} from {at_text(made.starts_at)} to {at_text(made.ends_at)}.")


@app.command("end")
def end_(override: Annotated[UUID, typer.Argument(help="The id from `watchbill override list`.")]) -> None:
    """End one under way, or cancel one that has not begun."""
    cancel_override(override, actor=host_actor(), now=now())
    typer.echo(f"{override} is over.")
