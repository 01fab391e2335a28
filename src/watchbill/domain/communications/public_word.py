"""What the public reads of an incident needs the same word, as a statement or published directly."""

from collections.abc import Callable
from datetime import datetime

from watchbill.domain.audit.contract import Actor
from watchbill.domain.communications.approval import approvers_of
from watchbill.domain.communications.models import Audience
from watchbill.domain.communications.publishing import ApprovalMissing
from watchbill.domain.escalation.steps import Ways
from watchbill.domain.incidents.models import Incident


def public_word(*, actor: Actor, ways: Ways, now: datetime) -> Callable[[Incident], None]:
    """For the actions of the status page, which know no approvers: raises ApprovalMissing when others decide."""

    def check(incident: Incident) -> None:
        who = approvers_of(incident, Audience.PUBLIC, ways=ways, now=now)
        if who.role and not who.include(actor):
            words = f"{who.names} has to approve what the public reads of this incident"
            raise ApprovalMissing("", f"{words}: write it as its statement for the public, and ask them there")

    return check
