"""`{id}` in an address is the uuid or the name; elsewhere names stand for the things, as in organization files."""

from collections.abc import Callable
from uuid import UUID

from watchbill.domain.escalation.policy_reads import policy_id_of
from watchbill.domain.oncall.reads import schedule_id_of
from watchbill.domain.people.reads import person_id_of, team_id_of
from watchbill.domain.services.reads import service_id_of
from watchbill.doors.api.problems import NotFound
from watchbill.ground.refusals import Unknown


def service_id(text: str, *, field: str = "") -> UUID:
    return _found(service_id_of, "service", text, field)


def policy_id(text: str, *, field: str = "") -> UUID:
    return _found(policy_id_of, "policy", text, field)


def schedule_id(text: str, *, field: str = "") -> UUID:
    return _found(schedule_id_of, "schedule", text, field)


def team_id(text: str, *, field: str = "") -> UUID:
    return _found(team_id_of, "team", text, field)


def person_id(text: str, *, field: str = "") -> UUID:
    return _found(person_id_of, "person", text, field)


def _found(look_up: Callable[[str], UUID | None], what: str, text: str, field: str) -> UUID:
    """`field` "": it stood in the address. Raises NotFound, or Unknown that names the field."""
    found = look_up(text)
    if found is not None:
        return found
    if field:
        raise Unknown(field, f"there is no {what} {text!r}; create it first, or correct the name")
    raise NotFound(f"There is no {what} {text!r}. Name it by its id or its name.")
