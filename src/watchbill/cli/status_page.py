"""`watchbill status-page …`: publish from the host, and lay the page's files out for another server."""

import re
from pathlib import Path
from typing import Annotated
from uuid import UUID

import typer

from watchbill import composition
from watchbill.cli import status_page_parts
from watchbill.cli.host import AsJson, found, host_actor, now, tell_json
from watchbill.cli.incident_names import incident_id
from watchbill.cli.tables import at_text, show_table
from watchbill.config import config
from watchbill.domain.communications.public_word import public_word
from watchbill.domain.errands.actions import try_now
from watchbill.domain.status_page import actions, reads
from watchbill.domain.status_page.document import page_document
from watchbill.domain.status_page.models import ComponentState, PublicStatus, PublicUpdate
from watchbill.domain.status_page.page_actions import write_again
from watchbill.domain.status_page.reads import component_id_of
from watchbill.domain.status_page.rules import WRITE
from watchbill.ground.file_tree import lay_out
from watchbill.ground.refusals import ChangeRefused, Unknown
from watchbill.ground.text import one_line

app = typer.Typer(no_args_is_help=True, help="The public status page: show it, publish, export its files.")
status_page_parts.add_to(app)

# What an export may remove: pages of incidents that were taken back.
_OURS = re.compile(r"incidents/[0-9a-f]{32}\.html|logo\.(png|jpeg)")

States = Annotated[
    list[str], typer.Option("--component", help="Its name or id and its state, like 'Checkout=partial_outage'.")
]
Body = Annotated[str, typer.Argument(help="What customers read.")]


@app.command()
def show(*, as_json: AsJson = False) -> None:
    """What the public sees now, and when it was written last."""
    document = page_document(base_url=config().base_url, now=now())
    page = reads.page()
    if document is None or page is None:
        raise Unknown("", "there is no status page yet; `watchbill status-page component add` begins one")
    trouble = reads.trouble()
    if as_json:
        tell_json(
            {
                "address": document.address,
                "status": {"indicator": document.indicator, "description": document.description},
                "last_written": page.written_at,
                "is_current": page.written_changes == page.changes,
                "trouble": trouble.last_error if trouble else "",
                "subscribers": reads.subscribers_count(),
                "incidents": [{"id": one.id, "title": one.title} for one in document.unresolved],
            }
        )
        return
    typer.echo(f"{one_line(document.name)}: {document.description}. {document.address}")
    written = f"written {at_text(page.written_at)}" if page.written_at else "not written yet"
    typer.echo(f"{written}{'' if page.written_changes == page.changes else ', changes wait'}")
    if trouble is not None:
        typer.echo(f"It cannot be written: {one_line(trouble.last_error)}", err=True)
    for incident in document.unresolved:
        typer.echo(f"{incident.id}: {one_line(incident.title)} ({incident.standing.status})")


@app.command("incidents")
def incidents(*, as_json: AsJson = False) -> None:
    """Public incidents and their updates, with the ids by which they are corrected."""
    rows = reads.public_incidents(limit=50)
    updates = reads.updates_of(row.id for row in rows)
    lines = [(row, one) for row in rows for one in updates[row.id]]
    if as_json:
        tell_json([_facts(one) | {"title": row.title} for row, one in lines])
        return
    show_table(
        ["incident", "update", "at", "status", "title", "text"],
        ((row.id, one.id, one.at, one.status, row.title, one.body) for row, one in lines),
        nothing="Nothing was published.",
    )


@app.command()
def publish(
    status: Annotated[PublicStatus, typer.Argument(help="Where it stands.")],
    body: Body,
    *,
    title: Annotated[str, typer.Option(help="What customers read first; needed when it is new.")] = "",
    component: States = [],  # noqa: B006 - Typer makes a list of it
    incident: Annotated[str, typer.Option(help="The internal incident it is about: its number or id.")] = "",
    public: Annotated[str, typer.Option(help="The public incident it goes on with: its id.")] = "",
    as_json: AsJson = False,
) -> None:
    """Publish: a new public incident, or the next update of one."""
    states, at = _states(component), now()
    may_say = public_word(actor=host_actor(), ways=composition.ways(), now=at)
    if public:
        made = actions.publish_update(
            public_id=_uuid(public, option="--public"),
            title=title,
            status=status,
            body=body,
            components=states,
            actor=host_actor(),
            now=at,
            may_say=may_say,
        )
    else:
        made = actions.publish(
            incident_id=incident_id(incident) if incident else None,
            title=title,
            status=status,
            body=body,
            components=states,
            actor=host_actor(),
            now=at,
            may_say=may_say,
        )
    if as_json:
        tell_json(_facts(made))
        return
    typer.echo(f"Published as {made.status}: public incident {made.public_incident_id}, update {made.id}.")


@app.command()
def correct(update: Annotated[UUID, typer.Argument(help="The update's id.")], body: Body) -> None:
    """Replace the words of an update; the first stay in the record."""
    who, at = host_actor(), now()
    may_say = public_word(actor=who, ways=composition.ways(), now=at)
    actions.correct(update_id=update, body=body, actor=who, now=at, may_say=may_say)
    typer.echo("Corrected.")


@app.command()
def retract(
    update: Annotated[UUID, typer.Argument(help="The update's id.")],
    *,
    why: Annotated[str, typer.Option(help="For the record; the public does not see it.")],
) -> None:
    """Take an update off the page; it stays in the record."""
    actions.retract(update_id=update, why=why, actor=host_actor(), now=now())
    typer.echo("Taken off the page.")


@app.command()
def write() -> None:
    """Let the worker write the page's files now."""
    write_again(now=now())
    page = reads.page()
    if page is not None:
        try_now(WRITE, page.id, now=now())
    typer.echo("The worker is asked.")


@app.command()
def export(directory: Annotated[Path, typer.Argument(help="Where the files go; other files there stay.")]) -> None:
    """Write the page's files into a directory, for another web server, an object store or a CDN.

    It needs the database and nothing else of Watchbill.
    """
    document = page_document(base_url=config().base_url, now=now())
    if document is None:
        raise Unknown("", "there is no status page yet; `watchbill status-page component add` begins one")
    files = composition.render_status_page(document)
    try:
        lay_out(directory, files, ours=_OURS)
    except OSError as error:
        raise ChangeRefused("directory", f"the files cannot be written: {error}") from error
    typer.echo(f"{len(files)} files in {directory}.")


def _states(given: list[str]) -> dict[UUID, ComponentState]:
    found_states = {}
    for text in given:
        name, _, state = text.rpartition("=")
        if state not in ComponentState.values or not name:
            words = f"write it like 'Checkout=partial_outage'; states: {', '.join(ComponentState.values)}"
            raise typer.BadParameter(f"{text!r}: {words}", param_hint="--component")
        found_states[found(component_id_of, "status-page component", name)] = ComponentState(state)
    return found_states


def _uuid(text: str, *, option: str) -> UUID:
    try:
        return UUID(text)
    except ValueError as error:
        raise typer.BadParameter(f"{text!r} is no id", param_hint=option) from error


def _facts(update: PublicUpdate) -> dict[str, object]:
    return {
        "incident": update.public_incident_id,
        "update": update.id,
        "status": update.status,
        "at": update.at,
        "text": update.body,
    }
