"""`watchbill contact …`: how somebody is reached, confirmed and tried out from the host."""

from dataclasses import asdict
from typing import Annotated

import typer

from watchbill.cli.host import AsJson, host_actor, now, tell_json
from watchbill.cli.person import find_person
from watchbill.cli.tables import show_table
from watchbill.composition import configured_families, contact_kinds, instance
from watchbill.domain.paging import contact_changes, contact_messages
from watchbill.domain.paging.contact_changes import Setting
from watchbill.domain.paging.contact_message_reads import last_messages
from watchbill.domain.people.reads import ContactLine, person
from watchbill.domain.people.rules import ContactDraft
from watchbill.ground.refusals import Unknown

app = typer.Typer(no_args_is_help=True, help="Contacts: add, confirm by a code, try out, remove.")

Email = Annotated[str, typer.Argument(metavar="EMAIL", help="The person's e-mail address.")]
ContactName = Annotated[str, typer.Argument(metavar="CONTACT", help="The contact's name.")]


@app.command("list")
def list_(email: Email, *, as_json: AsJson = False) -> None:
    """List somebody's contacts, and what became of the last code or test page."""
    contacts = _contacts(email)
    last = last_messages([contact.id for contact in contacts], now=now())
    if as_json:
        tell_json(
            [asdict(one) | {"last_message": asdict(last[one.id]) if one.id in last else None} for one in contacts]
        )
        return
    show_table(
        ["name", "kind", "address", "state", "last code or test"],
        (
            (
                one.name,
                one.kind,
                one.address,
                "resting" if one.disabled_at else "works" if one.verified_at else "not confirmed",
                f"{last[one.id].kind}: {last[one.id].state} {last[one.id].error}".strip() if one.id in last else "",
            )
            for one in contacts
        ),
        nothing="There is no contact yet.",
    )


@app.command()
def add(email: Email, name: ContactName, kind: str, address: str) -> None:
    """Add a contact; a code goes to it, and it is used when the code was entered."""
    made = contact_changes.add_contact(
        find_person(email).id,
        ContactDraft(name=name, kind=kind, address=address),
        vouched=False,
        setting=_setting(),
        actor=host_actor(),
        now=now(),
    )
    if made.secret:
        typer.echo(f"Its signing secret, shown only now: {made.secret}")
    typer.echo("It is added and works." if made.code is None else f"It is added. {made.code.words}")


@app.command("send-code")
def send_code(email: Email, name: ContactName) -> None:
    """Send a code of six digits to the contact; it holds for ten minutes."""
    contact_messages.send_code(_contact(email, name).id, actor=host_actor(), now=now())
    typer.echo("A code is on its way.")


@app.command()
def confirm(email: Email, name: ContactName, code: str) -> None:
    """Confirm the contact by the code that came there."""
    contact_messages.confirm(
        _contact(email, name).id, code, secret_key=instance().secret_key, actor=host_actor(), now=now()
    )
    typer.echo("Confirmed; it is used from now on.")


@app.command()
def test(email: Email, name: ContactName) -> None:
    """Send a test page; `watchbill contact list` says what became of it."""
    contact_messages.send_test(_contact(email, name).id, actor=host_actor(), now=now())
    typer.echo("A test page is on its way.")


@app.command()
def remove(email: Email, name: ContactName) -> None:
    """Remove a contact, and the rules that use it."""
    contact_changes.remove_contact(_contact(email, name).id, setting=_setting(), actor=host_actor(), now=now())
    typer.echo("It is removed.")


def _contacts(email: str) -> tuple[ContactLine, ...]:
    found = person(find_person(email).id)
    return found.contacts if found else ()


def _contact(email: str, name: str) -> ContactLine:
    held = next((one for one in _contacts(email) if one.name == name), None)
    if held is None:
        raise Unknown("", f"{email} has no contact {name!r}; `watchbill contact list {email}` shows those there are")
    return held


def _setting() -> Setting:
    return Setting(kinds=contact_kinds(), secret_key=instance().secret_key, families=configured_families())
