"""The process that an incident follows: the version that ran when it was declared, whatever is applied later."""

from watchbill.domain.incidents.models import Incident
from watchbill.domain.incidents.rules import Standing
from watchbill.domain.process.default_document import default_document
from watchbill.domain.process.reads import document_with_id
from watchbill.domain.process.schema import ProcessDocument
from watchbill.domain.process.schema.severities import Severity


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
        return f"Whom it names is paged when business hours begin, {incident.next_rung_at:%a %Y-%m-%d %H:%M} UTC."
    return "Those whom it names are being paged."


def phase_label(incident: Incident) -> str:
    return next((one.label for one in process_of(incident).war_room.workflow if one.id == incident.phase), "")


def role_label(incident: Incident, role: str) -> str:
    return next((one.label for one in process_of(incident).roles if one.id == role), role)


def standing_of(incident: Incident) -> Standing:
    """Restored means mitigated where the severity's target says so."""
    mitigated = severity_in(incident).resolved_means == "mitigated" and incident.mitigated_at is not None
    return Standing(
        acknowledged=incident.acknowledged_at is not None,
        restored=mitigated or incident.resolved_at is not None,
    )
