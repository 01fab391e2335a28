"""Whose word a statement needs before it goes out."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from watchbill.domain.audit.contract import Actor
from watchbill.domain.communications.models import Statement
from watchbill.domain.communications.reads import approvers
from watchbill.domain.communications.recipients import people_behind
from watchbill.domain.escalation.steps import Ways
from watchbill.domain.incidents import rules as incident_rules
from watchbill.domain.incidents.charge import in_charge
from watchbill.domain.incidents.models import Incident
from watchbill.domain.incidents.process_followed import role_label


@dataclass(frozen=True, slots=True, kw_only=True)
class Approvers:
    """`role` empty: nobody has to be asked. `people`: id and name. `anybody`: a program declared it."""

    role: str
    label: str
    people: tuple[tuple[UUID, str], ...]
    anybody: bool = False

    @property
    def names(self) -> str:
        return " or ".join(name for _, name in self.people) or self.label

    def include(self, actor: Actor) -> bool:
        return self.anybody or any(identity == actor.id for identity, _ in self.people)


def approvers_of(incident: Incident, audience: str, *, ways: Ways, now: datetime) -> Approvers:
    """Where nobody stands behind the role, whoever is in charge decides: news must not wait for an empty chair."""
    role = approvers()[audience]
    if not role:
        return Approvers(role="", label="", people=())
    if role != incident_rules.COMMANDER:
        people = people_behind(incident, role, ways=ways, now=now)
        if people:
            named = tuple((one.id, one.name) for one in people)
            return Approvers(role=role, label=role_label(incident, role), people=named)
    who = in_charge(incident)
    if who.user_id is None:
        return Approvers(role=role, label="whoever responds", people=(), anybody=True)
    return Approvers(role=role, label=role_label(incident, role), people=((who.user_id, who.name),))


def may_decide(one: Statement, actor: Actor, *, ways: Ways, now: datetime) -> bool:
    return approvers_of(one.incident, one.audience, ways=ways, now=now).include(actor)
