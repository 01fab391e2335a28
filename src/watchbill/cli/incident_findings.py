"""`watchbill incident impact|affected|think|settle|moment|propose|change`: what is found out and changed."""

from typing import Annotated
from uuid import UUID

import typer

from watchbill import composition
from watchbill.cli.host import AsJson, host_actor, instant, now, tell_json
from watchbill.cli.host import found as found_by
from watchbill.cli.incident_names import AsPerson, Number, Reason, incident_id, person_as
from watchbill.cli.tables import show_table
from watchbill.domain.incidents import assess_actions, change_actions, follow_up_actions
from watchbill.domain.incidents.assess_actions import ImpactDraft
from watchbill.domain.incidents.change_actions import ChangeDraft
from watchbill.domain.incidents.reads import EVERYTHING, visible_to
from watchbill.domain.incidents.related_reads import may_be_affected, related_to
from watchbill.domain.people.reads import person_id_of
from watchbill.domain.services.reads import service_id_of

ChangeNumber = Annotated[int, typer.Argument(metavar="CHANGE", help="Its number within the incident.")]


def impact(
    incident: Number,
    *,
    customers: Annotated[str, typer.Option(help="How many, like: about 40 % of orders.")] = "",
    notice: Annotated[str, typer.Option(help="What they notice.")] = "",
    facing: Annotated[bool | None, typer.Option("--facing/--not-facing", help="Whether customers see it.")] = None,
) -> None:
    """Say whom it harms and how."""
    draft = ImpactDraft(customer_impact=notice, customers_affected=customers, customer_facing=facing)
    assess_actions.set_impact(incident_id=incident_id(incident), draft=draft, actor=host_actor(), now=now())
    typer.echo("Noted.")


def affected(
    incident: Number,
    services: Annotated[list[str], typer.Argument(help="Names or ids; all of them.")],
    *,
    add: Annotated[bool, typer.Option("--add", help="Beside those that are named already.")] = False,
) -> None:
    """Name the services that suffer, beside the one it was declared for."""
    ids = {found_by(service_id_of, "service", text) for text in services}
    if add:
        for one in sorted(ids):
            assess_actions.add_affected(
                incident_id=incident_id(incident), service_id=one, actor=host_actor(), now=now()
            )
        typer.echo("Noted.")
        return
    assess_actions.set_affected(incident_id=incident_id(incident), service_ids=ids, actor=host_actor(), now=now())
    typer.echo("Noted.")


def related(incident: Number, *, as_json: AsJson = False) -> None:
    """List related incidents, and the services that may be affected too, each with the reason."""
    row = visible_to(EVERYTHING).get(id=incident_id(incident))
    found, dependents = related_to(row, viewer=EVERYTHING, now=now()), may_be_affected(row)
    if as_json:
        tell_json(
            {
                "incidents": [{"number": one.incident.number, "because": one.reasons} for one in found],
                "may_be_affected": [{"service": one.service.name, "because": one.because} for one in dependents],
            }
        )
        return
    show_table(
        ["#", "declared", "status", "title", "because"],
        (
            (
                one.incident.number,
                one.incident.declared_at,
                one.incident.state,
                one.incident.title,
                "; ".join(one.reasons),
            )
            for one in found
        ),
        nothing="There is no related incident.",
    )
    for one in dependents:
        typer.echo(f"May be affected too: {one.service.name} {one.because}.")


def think(incident: Number, text: Annotated[str, typer.Argument(help="What might be the cause.")]) -> None:
    """Add a working hypothesis."""
    made = assess_actions.think(incident_id=incident_id(incident), text=text, actor=host_actor(), now=now())
    typer.echo(f"Noted as {made.id}.")


def settle(
    incident: Number,
    hypothesis: Annotated[UUID, typer.Argument(help="Its id.")],
    state: Annotated[str, typer.Argument(help="confirmed, ruled-out or open")],
    *,
    why: Annotated[str, typer.Option(help="By what.")] = "",
) -> None:
    """Confirm a hypothesis or rule it out."""
    assess_actions.settle(
        incident_id=incident_id(incident), hypothesis_id=hypothesis, state=state, why=why, actor=host_actor(), now=now()
    )
    typer.echo("Noted.")


def moment(
    incident: Number,
    moment: Annotated[str, typer.Argument(help="Like started_at or detected_at.")],
    at: Annotated[str, typer.Argument(help="ISO 8601; without an offset the organization's local time.")],
    *,
    reason: Reason,
) -> None:
    """Correct when something happened; the former time stays in the record."""
    assess_actions.set_moment(
        incident_id=incident_id(incident),
        moment=moment,
        at=instant(at, option="AT"),
        reason=reason,
        actor=host_actor(),
        now=now(),
    )
    typer.echo("Corrected.")


def propose(
    incident: Number,
    *,
    what: Annotated[str, typer.Option(help="What is changed.")],
    where: Annotated[str, typer.Option(help="Where.")],
    rollback: Annotated[str, typer.Option(help="How it is taken back.")],
) -> None:
    """Propose a change to production."""
    made = change_actions.propose(
        incident_id=incident_id(incident),
        draft=ChangeDraft(what=what, where=where, rollback=rollback),
        actor=host_actor(),
        ways=composition.ways(),
        now=now(),
    )
    typer.echo(f"Change {made.number}: {made.get_state_display().lower()}.")


def change(
    incident: Number,
    number: ChangeNumber,
    do: Annotated[str, typer.Argument(help="approve, decline, apply, helped, no-effect, worse or roll-back")],
    *,
    person: AsPerson,
    text: Annotated[str, typer.Option(help="Why, or what came of it.")] = "",
) -> None:
    """Approve, decline, apply or roll back a change, or say what came of it."""
    found, who, at = incident_id(incident), person_as(person), now()
    if do in ("approve", "decline"):
        approved = do == "approve"
        made = change_actions.decide(incident_id=found, number=number, approved=approved, why=text, actor=who, now=at)
    elif do == "apply":
        made = change_actions.apply_change(incident_id=found, number=number, actor=who, now=at)
    elif do == "roll-back":
        made = change_actions.roll_back(incident_id=found, number=number, actor=who, now=at)
    else:
        made = change_actions.observe(incident_id=found, number=number, outcome=do, effect=text, actor=who, now=at)
    typer.echo(f"Change {made.number}: {made.get_state_display().lower()}.")


def follow_up(
    incident: Number,
    text: Annotated[str, typer.Argument(help="What is to be done.")],
    *,
    owner: Annotated[str, typer.Option(help="Who does it: an address.")] = "",
    due: Annotated[str, typer.Option(help="Until when; ISO 8601.")] = "",
) -> None:
    """Add an action item."""
    made = follow_up_actions.add_follow_up(
        incident_id=incident_id(incident),
        text=text,
        owner_id=found_by(person_id_of, "person", owner) if owner else None,
        due=instant(due, option="--due") if due else None,
        actor=host_actor(),
        now=now(),
    )
    typer.echo(f"Noted as {made.id}.")


def settle_follow_up(
    incident: Number,
    follow_up: Annotated[UUID, typer.Argument(help="Its id.")],
    state: Annotated[str, typer.Argument(help="done, waived or open")],
    *,
    why: Annotated[str, typer.Option(help="Why it is not needed.")] = "",
) -> None:
    """Say that a follow-up is done, or not needed."""
    follow_up_actions.settle_follow_up(
        incident_id=incident_id(incident), follow_up_id=follow_up, state=state, why=why, actor=host_actor(), now=now()
    )
    typer.echo("Noted.")


def add_to(app: typer.Typer) -> None:
    for command in (impact, affected, related, think, settle, moment, follow_up, settle_follow_up, propose, change):
        app.command()(command)
