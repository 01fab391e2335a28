"""`watchbill token …`: make, list and revoke the tokens with which programs call the API."""

import json
from datetime import datetime, timedelta
from typing import Annotated
from uuid import UUID

import typer

from watchbill.cli.person import HOST, find_person
from watchbill.domain.access import reads
from watchbill.domain.access.models import Scope
from watchbill.domain.access.token_rules import LIFETIME
from watchbill.domain.people.account_actions import create_token, revoke_token
from watchbill.ground.clock import SystemClock
from watchbill.ground.durations import parse_duration

app = typer.Typer(no_args_is_help=True, help="Tokens for programs: make, list and revoke them.")

Email = Annotated[str, typer.Option("--email", help="Whose token it is; it may do what that person may, at most.")]


@app.command()
def create(
    *,
    email: Email,
    scope: Annotated[Scope, typer.Option(help="full, read, or ingest (send events, nothing else).")],
    name: Annotated[str, typer.Option(help="What it is for, to recognize it later.")] = "made on the host",
    expires: Annotated[str, typer.Option(help="How long it works, like 90d or 1y.")] = "1y",
) -> None:
    """Make a token and print it: it is shown this once, and nothing else is printed."""
    made = create_token(
        find_person(email).id,
        name=name,
        scope=scope,
        lifetime=_lifetime(expires),
        actor=HOST,
        now=SystemClock().now(),
    )
    typer.echo(made.secret)


@app.command("list")
def list_(
    *,
    email: Annotated[str | None, typer.Option("--email", help="Only this person's.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="As JSON.")] = False,
) -> None:
    """List the tokens, the newest first. What is shown of them cannot be used."""
    found = reads.tokens(user_id=find_person(email).id if email else None)
    if as_json:
        rows = [
            {
                "id": str(line.id),
                "email": line.email,
                "name": line.name,
                "hint": line.hint,
                "scope": line.scope,
                "created_at": line.created_at.isoformat(),
                "expires_at": line.expires_at and line.expires_at.isoformat(),
                "last_used_at": line.last_used_at and line.last_used_at.isoformat(),
                "revoked_at": line.revoked_at and line.revoked_at.isoformat(),
            }
            for line in found
        ]
        typer.echo(json.dumps(rows, ensure_ascii=False, indent=2))
        return
    now = SystemClock().now()
    for line in found:
        typer.echo(
            f"{line.id}  {line.hint:<10}  {line.scope:<6}  {_state(line, now=now):<20}  {line.email}  {line.name}"
        )
    if not found:
        typer.echo("There are no tokens.")


@app.command()
def revoke(token_id: Annotated[UUID, typer.Argument(help="The id from `watchbill token list`.")]) -> None:
    """End a token at once. Ending it twice does no harm."""
    revoke_token(token_id, actor=HOST, now=SystemClock().now())
    typer.echo(f"{token_id} is revoked.")


def _lifetime(text: str) -> timedelta:
    """A year is 365 days here; the rest is as everywhere."""
    years = text.removesuffix("y")
    if text.endswith("y") and years.isdecimal() and len(years) < 3:
        return int(years) * LIFETIME
    try:
        return parse_duration(text)
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint="--expires") from error


def _state(line: reads.TokenLine, *, now: datetime) -> str:
    if line.revoked_at is not None:
        return f"revoked {line.revoked_at:%Y-%m-%d}"
    if line.expires_at is None:
        return "never expires"
    return f"{'expired' if line.expires_at <= now else 'until'} {line.expires_at:%Y-%m-%d}"
