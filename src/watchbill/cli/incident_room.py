"""`watchbill incident attach|attachments|attachment|page`: files of the room, and paging somebody by name."""

from pathlib import Path
from typing import Annotated
from uuid import UUID

import typer

from watchbill import composition
from watchbill.cli.host import found as found_by
from watchbill.cli.host import host_actor, instant, now
from watchbill.cli.incident_names import Number, Reason, incident_id
from watchbill.cli.tables import show_table
from watchbill.domain.incidents import page_actions, room_actions
from watchbill.domain.incidents.attachment_reads import attachment_of, attachments_of, content_of
from watchbill.domain.incidents.attachment_rules import NewFile
from watchbill.domain.incidents.reads import EVERYTHING
from watchbill.domain.people.reads import person_id_of
from watchbill.ground.refusals import Unknown


def attach(
    incident: Number,
    files: Annotated[
        list[Path], typer.Argument(metavar="FILE...", exists=True, dir_okay=False, help="Pictures or text.")
    ],
    *,
    text: Annotated[str, typer.Option(help="What to say with it; otherwise the names stand there.")] = "",
    alt: Annotated[str, typer.Option(help="What the picture shows, for whoever cannot see it.")] = "",
    at: Annotated[str, typer.Option(help="When it happened, if before; ISO 8601.")] = "",
    thread: Annotated[str, typer.Option(help="The id of the message that this answers.")] = "",
) -> None:
    """Attach screenshots or log excerpts: PNG, JPEG, WebP, GIF or plain text."""
    found, moment = incident_id(incident), now()
    given = room_actions.Files(
        new=[NewFile(name=path.name, content=path.read_bytes(), alt=alt) for path in files],
        limits=composition.attachment_limits(),
    )
    if at:
        when = instant(at, option="--at")
        room_actions.note(incident_id=found, text=text, at=when, files=given, actor=host_actor(), now=moment)
    else:
        room_actions.write(
            incident_id=found,
            text=text,
            thread=UUID(thread) if thread else None,
            files=given,
            actor=host_actor(),
            now=moment,
        )
    typer.echo("Attached.")


def attachments(incident: Number) -> None:
    """List the files of an incident."""
    rows = attachments_of(incident_id(incident), viewer=EVERYTHING)
    show_table(
        ["id", "added", "by", "bytes", "name", "shows"],
        ((str(one.id), one.added_at, one.added_by, one.size, one.name, one.alt) for one in rows),
        nothing="It has no files.",
    )


def attachment(
    incident: Number,
    identity: Annotated[UUID, typer.Argument(metavar="ID", help="From `watchbill incident attachments`.")],
    *,
    to: Annotated[Path, typer.Option(help="Where to write it.")],
) -> None:
    """Write one file of an incident to the disk."""
    found = attachment_of(incident_id(incident), identity, viewer=EVERYTHING)
    if found is None:
        raise Unknown("", f"there is no file {identity} in this incident")
    to.write_bytes(content_of(found))
    typer.echo(f"{found.name} is in {to}.")


def page(incident: Number, person: Annotated[str, typer.Argument(help="An address.")], *, reason: Reason) -> None:
    """Page one person for an incident; the reason is what they read first."""
    row, user = page_actions.page_person(
        incident_id=incident_id(incident),
        user_id=found_by(person_id_of, "person", person),
        reason=reason,
        actor=host_actor(),
        ways=composition.ways(),
        now=now(),
    )
    typer.echo(f"#{row.number}: {user.name} is being paged.")


def add_to(app: typer.Typer) -> None:
    for command in (attach, attachments, attachment, page):
        app.command()(command)
