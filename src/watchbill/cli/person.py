"""`watchbill person …`: what an operator must be able to do on the host, even when nobody can sign in."""

from dataclasses import asdict
from typing import Annotated

import typer

from watchbill.cli.host import AsJson, tell_json
from watchbill.cli.tables import show_table
from watchbill.config import base_url_of, config
from watchbill.domain.access.models import User
from watchbill.domain.audit.contract import Actor
from watchbill.domain.people.account_actions import create_setup_link
from watchbill.domain.people.actions import PersonUnknown, disable_person, enable_person
from watchbill.domain.people.reads import people
from watchbill.domain.services.reads import uses_of_person
from watchbill.ground.clock import SystemClock

HOST = Actor(kind="system", label="Command on the host", via="cli")

app = typer.Typer(no_args_is_help=True, help="People: let them in, or shut them out.")

Email = Annotated[str, typer.Argument(metavar="EMAIL", help="The person's e-mail address.")]


@app.command("list")
def list_(*, as_json: AsJson = False) -> None:
    """List everybody, the disabled ones too."""
    rows = [detail.person for detail in people()]
    if as_json:
        tell_json([asdict(row) for row in rows])
        return
    show_table(
        ["email", "name", "role", "zone", "state"],
        ((row.email, row.name, row.role, row.time_zone, "active" if row.is_active else "disabled") for row in rows),
        nothing="There is nobody yet.",
    )


@app.command()
def disable(email: Email) -> None:
    """Shut somebody out at once: sessions and tokens end, and no page goes there any more."""
    found, now = find_person(email), SystemClock().now()
    disable_person(found.id, uses=uses_of_person(found.id, now=now), actor=HOST, now=now)
    typer.echo(f"{found.email} is disabled.")


@app.command()
def enable(email: Email) -> None:
    """Let somebody in again. Tokens and sessions of before stay ended."""
    found = find_person(email)
    enable_person(found.id, actor=HOST, now=SystemClock().now())
    typer.echo(f"{found.email} is enabled.")


@app.command("setup-link")
def setup_link(email: Email) -> None:
    """Print a link by which the person sets a new password; it works once, for a day."""
    made = create_setup_link(find_person(email).id, actor=HOST, now=SystemClock().now())
    typer.echo(setup_address(made.secret))


def find_person(email: str) -> User:
    found = User.objects.filter(email=email.strip().lower()).first()
    if found is None:
        raise PersonUnknown("email", f"nobody here has the address {email}; look at the spelling, or add the person")
    return found


def setup_address(secret: str) -> str:
    return f"{base_url_of(config())}/setup/{secret}"
