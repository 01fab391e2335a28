"""How the commands about incidents name an incident, a person who acts, and a reason."""

from typing import Annotated
from uuid import UUID

import typer

from watchbill.cli.host import found as found_by
from watchbill.cli.host import host_actor
from watchbill.domain.audit.contract import Actor
from watchbill.domain.incidents.reads import EVERYTHING, incident_id_of
from watchbill.domain.people.reads import person_id_of

Number = Annotated[str, typer.Argument(metavar="INCIDENT", help="Its number or id.")]
Reason = Annotated[str, typer.Option("--reason", help="Why; it stands on the timeline.")]
AsPerson = Annotated[str, typer.Option("--as", metavar="ADDRESS", help="The person who does it.")]


def incident_id(text: str) -> UUID:
    return found_by(lambda given: incident_id_of(given, viewer=EVERYTHING), "incident", text)


def person_as(address: str) -> Actor:
    """The host's user acts for a person; the record names both."""
    host = host_actor()
    user_id = found_by(person_id_of, "person", address)
    return Actor(kind="person", label=f"{address} ({host.label})", via="cli", id=user_id)
