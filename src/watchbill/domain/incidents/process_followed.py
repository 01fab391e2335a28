"""The process that an incident follows: the version that ran when it was declared, whatever is applied later."""

from uuid import UUID
from zoneinfo import ZoneInfo

from watchbill.domain.access.models import User
from watchbill.domain.incidents.models import UNRESOLVED, Incident
from watchbill.domain.incidents.rules import Rung, Standing, ladder
from watchbill.domain.people.reads import organization
from watchbill.domain.process.default_document import default_document
from watchbill.domain.process.reads import document_with_id
from watchbill.domain.process.schema import ProcessDocument
from watchbill.domain.process.schema.severities import Severity
from watchbill.ground.text import one_line


def process_of(incident: Incident) -> ProcessDocument:
    identity = incident.process_version_id
    return default_document() if identity is None else document_with_id(identity)


def severity_in(incident: Incident) -> Severity:
    """As the incident's own process defines it."""
    return next(one for one in process_of(incident).severities if one.id == incident.severity)


def severity_label(incident: Incident) -> str:
    """For messages, which leave whatever is wrong: the id where the process has no such severity."""
    known = {one.id: one.label for one in process_of(incident).severities}
    return known.get(incident.severity, incident.severity.upper())


def called_words(incident: Incident) -> str:
    """What a declaration causes at once, for whoever declared it."""
    if not severity_in(incident).pages:
        return "It pages nobody; a ticket is kept with it."
    if incident.next_rung_at is not None and incident.next_rung_at > incident.declared_at:
        known = organization()
        zone = known.time_zone if known is not None else "UTC"
        begins = f"{incident.next_rung_at.astimezone(ZoneInfo(zone)):%a %Y-%m-%d %H:%M}"
        return f"Whom it names is paged when business hours begin, {begins} in {zone}."
    return "Those whom it names are being paged."


def answered_words(incident: Incident, *, person_id: UUID | None, called: str = "") -> str:
    """What an acknowledgement caused, the same at every door. `called`: the name to use where the reader is not the
    person who answered.
    """
    if incident.state not in UNRESOLVED:
        return "It is over: nothing waits for an answer."
    are, know = (f"{called} is", f"{called} knows") if called else ("You are", "you know")
    pages = "Pages to them" if called else "Your pages"
    if incident.acknowledged_at is None:
        return f"Noted: {know} of it. {pages} have stopped; who can work on it is still being called."
    if incident.acknowledged_by_id == person_id:
        return f"{are} on it. {pages} have stopped; those of the others go on."
    by = one_line(incident.acknowledged_by)
    return f"Noted: {know} of it; {by} is on it already. {pages} have stopped; those of the others go on."


def phase_label(incident: Incident) -> str:
    return next((one.label for one in process_of(incident).war_room.workflow if one.id == incident.phase), "")


def role_label(incident: Incident, role: str) -> str:
    return next((one.label for one in process_of(incident).roles if one.id == role), role)


def ladder_of(incident: Incident) -> tuple[Rung, ...]:
    """Of its severity as its own process says, from when it was raised last."""
    return ladder(
        process_of(incident),
        severity_in(incident),
        raised_at=incident.raised_at,
        unresolved_since=incident.unresolved_since,
        raised="Back after it was mitigated:"
        if incident.back_at
        else "Reopened"
        if incident.reopened_at
        else "Declared",
    )


def _has_left(user_id: UUID | None) -> bool:
    return user_id is not None and User.objects.filter(id=user_id, is_active=False).exists()


def standing_of(incident: Incident) -> Standing:
    """Restored means mitigated where the severity's target says so. Who has left works on nothing."""
    mitigated = severity_in(incident).resolved_means == "mitigated" and incident.mitigated_at is not None
    return Standing(
        acknowledged=incident.acknowledged_at is not None and not _has_left(incident.acknowledged_by_id),
        restored=mitigated or incident.resolved_at is not None,
    )
