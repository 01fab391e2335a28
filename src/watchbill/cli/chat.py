"""`watchbill chat …`: how a chat tool is set up, and whose account there is whose."""

from dataclasses import asdict
from typing import Annotated

import typer

from watchbill.chat.slack_manifest import manifest as slack_manifest
from watchbill.cli.host import AsJson, host_actor, now, tell_json
from watchbill.cli.person import find_person
from watchbill.cli.tables import show_table
from watchbill.composition import chat_hosts, instance
from watchbill.domain.warrooms import link_actions
from watchbill.domain.warrooms.reads import accounts_of

app = typer.Typer(no_args_is_help=True, help="Chat tools: set one up, link accounts.")

Email = Annotated[str, typer.Argument(metavar="EMAIL", help="The person's e-mail address.")]


@app.command()
def manifest(
    *,
    http: Annotated[
        bool, typer.Option("--http", help="For an instance that Slack calls, instead of Socket Mode.")
    ] = False,
) -> None:
    """Print the manifest from which the organization makes its Slack app."""
    typer.echo(slack_manifest(base_url=instance().base_url if http else ""), nl=False)


@app.command()
def accounts(email: Email, *, as_json: AsJson = False) -> None:
    """List somebody's accounts in chat tools."""
    rows = accounts_of(find_person(email).id)
    if as_json:
        tell_json([asdict(row) for row in rows])
        return
    show_table(
        ["number", "tool", "name", "id there", "by"],
        ((row.id, row.host, row.name, row.external_id, "code" if row.linked_at else "address") for row in rows),
        nothing="There is none; `watchbill chat link` makes a code for one.",
    )


@app.command()
def link(email: Email) -> None:
    """Make a code; whoever writes it in a chat tool within ten minutes acts there as this person."""
    code = link_actions.make_code(find_person(email).id, actor=host_actor(), now=now())
    typer.echo(code)
    for host in chat_hosts():
        typer.echo(f"In {host.label}: {host.command} link {code}", err=True)


@app.command()
def unlink(email: Email, number: Annotated[int, typer.Argument(help="As `accounts` shows it.")]) -> None:
    """Take an account away that was linked by a code."""
    link_actions.unlink(number, user_id=find_person(email).id, actor=host_actor(), now=now())
    typer.echo("Unlinked.")
