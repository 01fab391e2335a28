"""`watchbill communication …`: texts, whose word they need, customers' contacts, and who hears of incidents."""

import sys
from pathlib import Path
from typing import Annotated
from uuid import UUID

import typer

from watchbill.cli.host import AsJson, host_actor, now, tell_json
from watchbill.cli.host import found as found_by
from watchbill.cli.tables import show_table
from watchbill.domain.communications import reads, setup_actions
from watchbill.domain.people.reads import person_id_of
from watchbill.domain.services.reads import service_id_of

app = typer.Typer(no_args_is_help=True, help="What is said about incidents: texts, approvals, readers.")

Audience = Annotated[str, typer.Argument(help="public, customers, executives or internal")]
Moment = Annotated[str, typer.Argument(help="first, update, resolved or back")]
Service = Annotated[str, typer.Option(help="Its name or id; left out: every service.")]


@app.command()
def templates(*, as_json: AsJson = False) -> None:
    """List the texts and who changed them."""
    rows = reads.templates()
    if as_json:
        tell_json(
            [{"audience": one.audience, "moment": one.moment, "subject": one.subject, "body": one.body} for one in rows]
        )
        return
    show_table(
        ["audience", "moment", "subject", "changed", "by"],
        ((one.audience, one.moment, one.subject, one.changed_at, one.changed_by) for one in rows),
        nothing="",
    )


@app.command()
def template(
    audience: Audience,
    moment: Moment,
    *,
    subject: Annotated[str, typer.Option(help="The new subject.")] = "",
    file: Annotated[Path | None, typer.Option(help="Read the new text from this file; - is standard input.")] = None,
    reset: Annotated[bool, typer.Option("--reset", help="Take the text that comes with Watchbill.")] = False,
) -> None:
    """Show a text, change it, or take the one that comes with Watchbill."""
    if reset:
        setup_actions.reset_template(audience=audience, moment=moment, actor=host_actor(), now=now())
    elif subject or file is not None:
        setup_actions.check_key(audience, moment)
        held = reads.template(audience, moment)
        setup_actions.set_template(
            audience=audience,
            moment=moment,
            subject=subject or held.subject,
            body=_read(file) if file is not None else held.body,
            actor=host_actor(),
            now=now(),
        )
    setup_actions.check_key(audience, moment)
    shown = reads.template(audience, moment)
    typer.echo(f"{shown.subject}\n\n{shown.body}")


@app.command()
def approver(
    audience: Annotated[str, typer.Argument(help="Left out: show them all.")] = "",
    role: Annotated[str, typer.Argument(help="incident-commander or executive-on-call; nobody: none is needed.")] = "",
) -> None:
    """Show or say whose word is needed before something goes to an audience."""
    if audience and role:
        wanted = "" if role == "nobody" else role
        setup_actions.set_approver(audience=audience, role=wanted, actor=host_actor(), now=now())
    show_table(
        ["audience", "needs the word of"],
        ((one, held or "nobody") for one, held in reads.approvers().items()),
        nothing="",
    )


@app.command()
def contacts(*, service: Service = "", as_json: AsJson = False) -> None:
    """List the contacts of customers."""
    wanted = found_by(service_id_of, "service", service) if service else None
    rows = reads.customer_contacts(service_id=wanted)
    if as_json:
        tell_json([{"id": one.id, "address": one.address, "name": one.name} for one in rows])
        return
    show_table(
        ["id", "service", "address", "name"],
        ((one.id, one.service.name if one.service else "every service", one.address, one.name) for one in rows),
        nothing="There are no contacts of customers.",
    )


@app.command("add-contacts")
def add_contacts(
    file: Annotated[Path, typer.Argument(help="One address a line, perhaps with a name; - is standard input.")],
    *,
    service: Service = "",
) -> None:
    """Add contacts of customers: all of the file, or nothing."""
    done = setup_actions.import_contacts(
        service_id=found_by(service_id_of, "service", service) if service else None,
        text=_read(file),
        actor=host_actor(),
        now=now(),
    )
    typer.echo(f"{done.added} added, {done.known} were there already.")


@app.command("remove-contact")
def remove_contact(contact: Annotated[UUID, typer.Argument(help="Its id.")]) -> None:
    """Take out a contact of a customer."""
    setup_actions.remove_contacts(contact_ids=[contact], actor=host_actor(), now=now())
    typer.echo("Taken out.")


@app.command()
def subscriptions(*, as_json: AsJson = False) -> None:
    """List who of the organization hears of which incidents."""
    rows = reads.subscriptions()
    if as_json:
        tell_json([{"id": one.id, "person": one.user.email, "audience": one.audience} for one in rows])
        return
    show_table(
        ["id", "person", "audience", "service", "severity"],
        (
            (
                one.id,
                one.user.email,
                one.audience,
                one.service.name if one.service else "every service",
                f"{one.severity} and worse" if one.severity else "all",
            )
            for one in rows
        ),
        nothing="Nobody has subscribed.",
    )


@app.command()
def subscribe(
    person: Annotated[str, typer.Argument(help="An address.")],
    *,
    audience: Annotated[str, typer.Option(help="internal or executives")] = "internal",
    service: Service = "",
    severity: Annotated[str, typer.Option(help="That one and worse; left out: all.")] = "",
) -> None:
    """Let a person hear of incidents by e-mail."""
    setup_actions.subscribe(
        user_id=found_by(person_id_of, "person", person),
        audience=audience,
        service_id=found_by(service_id_of, "service", service) if service else None,
        severity=severity,
        actor=host_actor(),
        now=now(),
    )
    typer.echo("Subscribed.")


@app.command()
def unsubscribe(subscription: Annotated[UUID, typer.Argument(help="Its id.")]) -> None:
    """End a subscription."""
    setup_actions.unsubscribe(subscription_id=subscription, actor=host_actor(), now=now())
    typer.echo("Ended.")


def _read(file: Path) -> str:
    return sys.stdin.read() if str(file) == "-" else file.read_text(encoding="utf-8")
