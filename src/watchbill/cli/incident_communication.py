"""`watchbill incident owed|asked|draft|statement|approval|publish|told|...`: what is said of it, and to whom."""

from pathlib import Path
from typing import Annotated

import typer

from watchbill import composition
from watchbill.cli.host import AsJson, host_actor, instant, now, tell_json
from watchbill.cli.incident_names import AsPerson, Number, incident_id, person_as
from watchbill.cli.tables import at_text, show_table
from watchbill.config import config
from watchbill.domain.communications import publishing, reads, statement_actions
from watchbill.domain.communications.models import UNPUBLISHED, Statement
from watchbill.domain.communications.proposals import proposed
from watchbill.domain.communications.statement_actions import Text
from watchbill.domain.communications.told_actions import note_told
from watchbill.domain.incidents.models import Incident
from watchbill.domain.incidents.reads import EVERYTHING, visible_to
from watchbill.domain.status_page.reads import components
from watchbill.ground.refusals import Unknown
from watchbill.ground.text import one_line

Item = Annotated[str, typer.Argument(help="Of the plan, like customer-email; or an audience, like internal.")]


def owed(incident: Number, *, as_json: AsJson = False) -> None:
    """Show what an incident owes to whom, and how that stands."""
    plan = reads.plan_of(_incident(incident), now=now())
    if as_json:
        tell_json(
            {
                "owed": plan.owed_words,
                "a_customer_asked": plan.inquiry is not None,
                "items": [
                    {
                        "item": line.plan.item,
                        "audience": line.plan.audience,
                        "need": line.plan.need.value,
                        "why": line.plan.why,
                        "due_at": line.plan.due_at,
                        "told_at": line.plan.told_at,
                        "draft": line.draft.state if line.draft else None,
                    }
                    for line in plan.lines
                ],
            }
        )
        return
    show_table(
        ["item", "audience", "state", "because", "due", "told", "draft"],
        (
            (
                line.plan.item,
                line.plan.audience,
                line.plan.need.value,
                line.plan.why,
                line.plan.due_at,
                line.plan.told_at,
                line.draft.state if line.draft else "",
            )
            for line in plan.lines
        ),
        nothing="Its severity asks for no communication.",
    )


def asked(
    incident: Number,
    *,
    not_after_all: Annotated[bool, typer.Option("--not-after-all", help="No customer asked.")] = False,
    who: Annotated[str, typer.Option(help="Who asked, and what.")] = "",
) -> None:
    """Say that a customer asked about it: some severities owe an answer then."""
    statement_actions.note_inquiry(
        incident_id=incident_id(incident), asked=not not_after_all, who=who, actor=host_actor(), now=now()
    )
    typer.echo("Noted.")


def draft(
    incident: Number,
    item: Item,
    *,
    subject: Annotated[str, typer.Option(help="Left out: from the template.")] = "",
    body: Annotated[str, typer.Option(help="The text. Left out: from the template.")] = "",
    file: Annotated[Path | None, typer.Option(help="Read the text from this file.")] = None,
    moment: Annotated[str, typer.Option(help="first, update, resolved or back; left out: what comes next.")] = "",
    status: Annotated[
        str, typer.Option(help="For the status page: investigating, identified, monitoring, resolved.")
    ] = "",
    component: Annotated[
        list[str] | None,
        typer.Option(
            help="For the status page, NAME=STATE, once for each; none at all: those of the affected services."
        ),
    ] = None,
) -> None:
    """Draft a statement, or change its draft; nothing goes out yet."""
    found, moment_now = _incident(incident), now()
    planned = reads.plan_item(found, item, now=moment_now)
    text = proposed(found, planned, moment=moment or planned.moment, base_url=config().base_url, now=moment_now)
    written = file.read_text(encoding="utf-8") if file is not None else body
    made = statement_actions.save_draft(
        incident_id=found.id,
        item=item,
        text=Text(
            subject=subject or text.subject,
            body=written or text.body,
            status=status or text.status,
            components=_components(component) if component else text.components,
        ),
        moment=moment,
        revision=None,
        actor=host_actor(),
        now=moment_now,
    )
    _show(found, made)


def statement(incident: Number, item: Item, *, as_json: AsJson = False) -> None:
    """Show the draft of an item, or what went out last and what became of each letter."""
    found = _incident(incident)
    held = _held(found, item)
    if not as_json:
        _show(found, held)
        return
    tell_json(
        {
            "subject": held.subject,
            "body": held.body,
            "state": held.state,
            "revision": held.revision,
            "published_at": held.published_at,
            "letters": [
                {"address": one.address, "state": one.state, "reason": one.reason} for one in reads.letters_of(held)
            ],
        }
    )


def approval(
    incident: Number,
    item: Item,
    do: Annotated[str, typer.Argument(help="ask, approve or decline")],
    *,
    person: AsPerson = "",
    why: Annotated[str, typer.Option(help="Why not.")] = "",
) -> None:
    """Ask for the approval of a draft, or give or refuse it for a person."""
    found = _incident(incident)
    held, who = _held(found, item), person_as(person) if person else host_actor()
    ways, at = composition.ways(), now()
    if do == "ask":
        statement_actions.ask_approval(
            incident_id=found.id, statement_id=held.id, revision=None, actor=who, ways=ways, now=at
        )
    elif do in ("approve", "decline"):
        statement_actions.decide(
            incident_id=found.id,
            statement_id=held.id,
            approved=do == "approve",
            why=why,
            revision=None,
            actor=who,
            ways=ways,
            now=at,
        )
    else:
        raise typer.BadParameter("use ask, approve or decline", param_hint="DO")
    typer.echo("Done.")


def publish(incident: Number, item: Item, *, person: AsPerson = "") -> None:
    """Publish the draft of an item: on the status page, or as letters."""
    found = _incident(incident)
    who = person_as(person) if person else host_actor()
    done = publishing.publish(
        incident_id=found.id,
        statement_id=_held(found, item).id,
        revision=None,
        actor=who,
        ways=composition.ways(),
        now=now(),
    )
    where = "on the status page" if done.audience == "public" else f"to {done.sent_to}"
    typer.echo(f"Published {where}." if not found.drill else f"A drill: recorded, and sent to {done.sent_to}.")


def told(
    incident: Number,
    item: Item,
    how: Annotated[str, typer.Argument(metavar="HOW", help="By what means, and who heard what.")],
    *,
    at: Annotated[str, typer.Option(help="When; ISO 8601. Left out: just now.")] = "",
    person: AsPerson = "",
) -> None:
    """Note that people were told by other means; nothing is sent, and the plan counts it."""
    found, moment_now = _incident(incident), now()
    noted = note_told(
        incident_id=found.id,
        item=item,
        how=how,
        at=instant(at, option="--at") if at else None,
        actor=person_as(person) if person else host_actor(),
        now=moment_now,
    )
    typer.echo(f"Noted: {one_line(noted.label)}, told {at_text(noted.published_at or moment_now)}.")


def discard(incident: Number, item: Item) -> None:
    """Discard the draft of an item; nothing goes out."""
    found = _incident(incident)
    statement_actions.discard(incident_id=found.id, statement_id=_held(found, item).id, actor=host_actor(), now=now())
    typer.echo("Discarded.")


def send_again(incident: Number, item: Item) -> None:
    """Send the letters of an item once more that failed or may not have arrived."""
    found = _incident(incident)
    count = publishing.send_again(
        incident_id=found.id, statement_id=_held(found, item).id, actor=host_actor(), now=now()
    )
    typer.echo(f"{count} on their way once more.")


def _incident(text: str) -> Incident:
    return visible_to(EVERYTHING).get(id=incident_id(text))


def _held(found: Incident, item: str) -> Statement:
    held = reads.statement_of_item(found, item)
    if held is None:
        raise Unknown("", f"nothing was written for {item!r} yet; `watchbill incident draft` does it")
    return held


def _components(wanted: list[str]) -> dict[str, str]:
    known = {one.name: str(one.id) for one in components()}
    chosen = {}
    for one in wanted:
        name, _, state = one.rpartition("=")
        if name not in known:
            raise Unknown("component", f"the status page has no component {name!r}; there are {', '.join(known)}")
        chosen[known[name]] = state
    return chosen


def _show(found: Incident, held: Statement) -> None:
    typer.echo(f"{one_line(held.label)}, {held.get_state_display().lower()}, revision {held.revision}")
    if held.state in UNPUBLISHED:
        reach = publishing.reach_of(found, held.audience, ways=composition.ways(), now=now())
        typer.echo(f"Goes to {reach.words}.")
    elif held.published_at is not None:
        typer.echo(f"Published {at_text(held.published_at)} by {one_line(held.published_by)}.")
    typer.echo(f"\n{one_line(held.subject)}\n\n{held.body}\n")
    if held.published_at is not None:
        show_table(
            ["address", "state", "because", "reason"],
            ((one.address, one.state, one.why, one.reason) for one in reads.letters_of(held)),
            nothing="",
        )


def add_to(app: typer.Typer) -> None:
    for command in (owed, asked, draft, statement, approval, publish, told, discard):
        app.command()(command)
    app.command("send-again")(send_again)
