"""`watchbill incident …`: declare incidents, look at them, and drive one from the host."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated
from uuid import UUID

import typer

from watchbill import composition
from watchbill.cli import (
    incident_bridge,
    incident_chat,
    incident_communication,
    incident_ending,
    incident_findings,
    incident_room,
    incident_verification,
)
from watchbill.cli.host import AsJson, host_actor, instant, now, tell_json
from watchbill.cli.host import found as found_by
from watchbill.cli.incident_names import AsPerson, Number, Reason, incident_id, person_as
from watchbill.cli.tables import at_text, show_table
from watchbill.domain.alerts.listing import alert_id_of
from watchbill.domain.incidents import actions, role_actions, room_actions, workflow_actions
from watchbill.domain.incidents.models import Incident
from watchbill.domain.incidents.process_followed import answered_words, called_words, severity_label
from watchbill.domain.incidents.reads import EVERYTHING, IncidentDetail, IncidentFilter, incident_detail, list_incidents
from watchbill.domain.people.reads import person_id_of
from watchbill.domain.services.reads import service_id_of
from watchbill.doors.incident_export import export as export_record
from watchbill.doors.incident_export import export_zip
from watchbill.ground.refusals import Unknown
from watchbill.ground.text import one_line

app = typer.Typer(no_args_is_help=True, help="Incidents: declare them, look at them, say what is done.")


class Status(StrEnum):
    OPEN = "open"
    ENDED = "ended"
    ALL = "all"


@app.command()
def declare(
    title: Annotated[str, typer.Argument(help="What is wrong, in a few words.")],
    *,
    severity: Annotated[str, typer.Option(help="Like sev1; when in doubt, the higher.")],
    service: Annotated[str, typer.Option(help="Its name or id: it decides who is on call, lead and manager.")] = "",
    alert: Annotated[list[str], typer.Option(help="What it is about: an alert's number or id.")] = [],  # noqa: B006 - Typer makes a list of it
    restricted: Annotated[bool, typer.Option(help="Only those who are named or paged see it.")] = False,
    drill: Annotated[bool, typer.Option(help="All is real, marked DRILL, and counts in no figure.")] = False,
    summary: Annotated[str, typer.Option(help="What is known so far.")] = "",
    as_json: AsJson = False,
) -> None:
    """Declare an incident: whom the severity names is paged at once."""
    made = actions.declare(
        actions.Declaration(
            title=title,
            severity=severity,
            service_id=found_by(service_id_of, "service", service) if service else None,
            alert_ids=tuple(found_by(alert_id_of, "alert", text) for text in alert),
            restricted=restricted,
            drill=drill,
            summary=summary,
        ),
        actor=host_actor(),
        now=now(),
    )
    if as_json:
        tell_json(_facts(made.incident) | {"joined": made.joined})
        return
    row = made.incident
    if made.joined:
        typer.echo(f"#{row.number} is about this already: joined. {one_line(row.title)}")
    else:
        typer.echo(f"#{row.number} is declared as {severity_label(row)}. {called_words(row)}")


@app.command("list")
def list_(
    *,
    status: Annotated[Status, typer.Option(help="Which ones.")] = Status.OPEN,
    severity: Annotated[str, typer.Option(help="Of this severity only.")] = "",
    service: Annotated[str, typer.Option(help="Of one service only: its name or id.")] = "",
    as_json: AsJson = False,
) -> None:
    """List incidents, the newest first."""
    wanted = IncidentFilter(
        status=status.value,
        severity=severity.lower(),
        service=found_by(service_id_of, "service", service) if service else None,
    )
    rows = list_incidents(wanted, viewer=EVERYTHING)
    if as_json:
        tell_json([_facts(row) for row in rows])
        return
    show_table(
        ["#", "declared", "severity", "status", "title", "service", "on it", "phase"],
        (
            (
                row.number,
                row.declared_at,
                severity_label(row),
                row.state,
                row.title,
                row.service.name if row.service else "",
                row.acknowledged_by,
                row.phase,
            )
            for row in rows
        ),
        nothing="There are no such incidents.",
    )


@app.command()
def show(incident: Number, *, as_json: AsJson = False) -> None:
    """Show one incident: clocks, ladder, roles, steps, who was paged and why."""
    detail = _detail(incident)
    row = detail.incident
    if as_json:
        tell_json(
            _facts(row)
            | {
                "clocks": {one.id: {"due_at": one.due_at, "state": one.tone.value} for one in detail.clocks},
                "roles": {line.role: line.held.user.email if line.held else None for line in detail.seats},
                "pages": [
                    {"person": page.user.email, "at": page.created_at, "reason": page.reason, "state": page.state}
                    for page in detail.pages
                ],
            }
        )
        return
    typer.echo(f"#{row.number} {one_line(row.title)}")
    service = f", {row.service.name}" if row.service else ""
    typer.echo(f"{severity_label(row)}, {row.state}{service}, since {at_text(row.declared_at)}")
    show_table(
        ["clock", "limit", "due", "state"],
        ((one.label, one.limit, one.due_at, one.tone.value) for one in detail.clocks),
        nothing="",
    )
    show_table(
        ["ladder", "step", "condition", "state"],
        ((rung.at, rung.label, rung.condition, rung.state) for rung in detail.ladder),
        nothing="Its severity pages nobody.",
    )
    show_table(
        ["role", "has it", "asked"],
        (
            (
                line.label,
                line.held.user.name if line.held else "",
                line.offered.user.name if line.offered else "",
            )
            for line in detail.seats
        ),
        nothing="",
    )
    show_table(
        ["paged", "person", "state", "reason"],
        ((page.created_at, page.user.email, page.state, page.reason) for page in detail.pages),
        nothing="Nobody was paged.",
    )


@app.command()
def export(
    incident: Number,
    *,
    kind: Annotated[str, typer.Option("--as", help="markdown, csv or json")] = "markdown",
    whole: Annotated[Path | None, typer.Option("--zip", help="Write everything with its files there instead.")] = None,
) -> None:
    """Print the whole record of one incident."""
    if whole is not None:
        whole.write_bytes(export_zip(_detail(incident)))
        typer.echo(f"Written to {whole}.")
        return
    typer.echo(export_record(_detail(incident), kind))


@app.command()
def acknowledge(incident: Number, *, person: AsPerson) -> None:
    """Say that a person is on it: the pages of that person stop, those of the others go on."""
    actor = person_as(person)
    row = actions.acknowledge(incident_id=incident_id(incident), actor=actor, now=now())
    typer.echo(f"#{row.number}: {answered_words(row, person_id=actor.id, called=person)}")


@app.command()
def severity(incident: Number, severity: Annotated[str, typer.Argument(help="Like sev1.")], *, reason: Reason) -> None:
    """Change the severity: who is due already is paged once, nobody twice for the same."""
    row = actions.change_severity(
        incident_id=incident_id(incident), severity=severity, reason=reason, actor=host_actor(), now=now()
    )
    typer.echo(f"#{row.number} is {severity_label(row)}.")


@app.command()
def room(incident: Number) -> None:
    """Open the war room: every role that nobody has is offered."""
    row = actions.open_room(incident_id=incident_id(incident), actor=host_actor(), ways=composition.ways(), now=now())
    typer.echo(f"#{row.number}: the roles are offered.")


@app.command()
def tier(incident: Number, tier: Annotated[int, typer.Argument(help="1 to 4.")], *, reason: Reason) -> None:
    """Page the people of a tier."""
    called = actions.escalate_to_tier(
        incident_id=incident_id(incident),
        tier=tier,
        reason=reason,
        actor=host_actor(),
        ways=composition.ways(),
        now=now(),
    )
    typer.echo(called.words(f"Tier {tier}"))


@app.command()
def role(
    incident: Number,
    role: Annotated[str, typer.Argument(help="Like incident-commander.")],
    do: Annotated[str, typer.Argument(help="take, offer, decline, hand-over or take-over")],
    *,
    person: AsPerson,
    to: Annotated[str, typer.Option(help="Whom to offer it or hand it over to.")] = "",
    summary: Annotated[str, typer.Option(help="What the next one has to know.")] = "",
    reason: Annotated[str, typer.Option(help="Why it is taken over from somebody.")] = "",
) -> None:
    """Take, offer, decline, hand over or take over a role."""
    found, who, at = incident_id(incident), person_as(person), now()
    other = found_by(person_id_of, "person", to) if to else None
    if do == "take":
        role_actions.take(incident_id=found, role=role, actor=who, now=at)
    elif do == "take-over":
        role_actions.take_over(incident_id=found, role=role, reason=reason, actor=who, ways=composition.ways(), now=at)
    elif do == "decline":
        role_actions.decline(incident_id=found, role=role, actor=who, ways=composition.ways(), now=at)
    elif do in ("offer", "hand-over") and other is None:
        raise typer.BadParameter("say to whom", param_hint="--to")
    elif do == "offer" and other is not None:
        role_actions.offer(incident_id=found, role=role, user_id=other, actor=who, ways=composition.ways(), now=at)
    elif do == "hand-over" and other is not None:
        role_actions.hand_over(
            incident_id=found, role=role, to=other, summary=summary, actor=who, ways=composition.ways(), now=at
        )
    else:
        raise typer.BadParameter("use take, offer, decline, hand-over or take-over", param_hint="DO")
    typer.echo("Done.")


@app.command()
def step(
    incident: Number,
    step: Annotated[str, typer.Argument(help="Like resolve/confirm.")],
    *,
    undone: Annotated[bool, typer.Option("--undone", help="It is not done after all.")] = False,
    evidence: Annotated[str, typer.Option(help="What shows it.")] = "",
) -> None:
    """Say that a step of the workflow is done."""
    workflow_actions.tick_step(
        incident_id=incident_id(incident), step=step, done=not undone, evidence=evidence, actor=host_actor(), now=now()
    )
    typer.echo("Noted.")


@app.command()
def write(
    incident: Number,
    text: Annotated[str, typer.Argument(help="What to say.")],
    *,
    at: Annotated[str, typer.Option(help="When it happened, if before; ISO 8601.")] = "",
    thread: Annotated[str, typer.Option(help="The id of the message that this answers.")] = "",
) -> None:
    """Write to the room, or add something that happened before to the timeline."""
    found, moment = incident_id(incident), now()
    if at:
        room_actions.note(incident_id=found, text=text, at=instant(at, option="--at"), actor=host_actor(), now=moment)
    else:
        room_actions.write(
            incident_id=found, text=text, thread=UUID(thread) if thread else None, actor=host_actor(), now=moment
        )
    typer.echo("Written.")


@app.command()
def correct(
    incident: Number,
    entry: Annotated[UUID, typer.Argument(help="The id of what was written.")],
    text: Annotated[str, typer.Argument(help="What shall stand there.")],
    *,
    person: AsPerson,
) -> None:
    """Correct what this person wrote; what stood there stays in the record."""
    room_actions.correct(
        incident_id=incident_id(incident), post_id=entry, text=text, actor=person_as(person), now=now()
    )
    typer.echo("Corrected.")


@app.command()
def pin(
    incident: Number,
    entry: Annotated[UUID, typer.Argument(help="The id of the message.")],
    *,
    off: Annotated[bool, typer.Option("--off", help="Unpin it.")] = False,
) -> None:
    """Pin a message above the timeline."""
    room_actions.pin(incident_id=incident_id(incident), post_id=entry, pinned=not off, actor=host_actor(), now=now())
    typer.echo("Unpinned." if off else "Pinned.")


@app.command()
def update(incident: Number, text: Annotated[str, typer.Argument(help="What is known, done, and next.")]) -> None:
    """Post a status update: the clock of updates begins anew."""
    room_actions.post_update(incident_id=incident_id(incident), text=text, actor=host_actor(), now=now())
    typer.echo("Posted.")


@app.command()
def insider(incident: Number, person: Annotated[str, typer.Argument(help="An address.")]) -> None:
    """Let somebody see a restricted incident."""
    user_id = found_by(person_id_of, "person", person)
    actions.add_insider(incident_id=incident_id(incident), user_id=user_id, actor=host_actor(), now=now())
    typer.echo("Done.")


def _detail(text: str) -> IncidentDetail:
    detail = incident_detail(incident_id(text), viewer=EVERYTHING, ways=composition.ways(), now=now())
    if detail is None:
        raise Unknown("", f"there is no incident {text!r}")
    return detail


def _facts(row: Incident) -> dict[str, object]:
    return {
        "id": row.id,
        "number": row.number,
        "title": row.title,
        "severity": row.severity,
        "status": row.state,
        "phase": row.phase,
        "service": row.service.name if row.service else None,
        "restricted": row.restricted,
        "drill": row.drill,
        "declared_at": row.declared_at,
        "declared_by": row.declared_by,
        "acknowledged_at": row.acknowledged_at,
        "acknowledged_by": row.acknowledged_by or None,
        "mitigated_at": row.mitigated_at,
        "resolved_at": row.resolved_at,
        "closed_at": row.closed_at,
    }


incident_ending.add_to(app)
incident_findings.add_to(app)
incident_bridge.add_to(app)
incident_chat.add_to(app)
incident_communication.add_to(app)
incident_room.add_to(app)
incident_verification.add_to(app)
