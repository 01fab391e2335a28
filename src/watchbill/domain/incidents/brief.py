"""An incident in short: the same facts for the list of the API and for receivers of events."""

from typing import Any

from watchbill.domain.incidents.models import Incident
from watchbill.domain.incidents.process_followed import severity_label


def facts(incident: Incident) -> dict[str, Any]:
    return {
        "id": incident.id,
        "number": incident.number,
        "title": incident.title,
        "severity": incident.severity,
        "severity_label": severity_label(incident),
        "status": str(incident.state),
        "phase": incident.phase,
        "service": incident.service.name if incident.service else None,
        "restricted": incident.restricted,
        "drill": incident.drill,
        "merged_into": incident.merged_into.number if incident.merged_into else None,
        "declared_at": incident.declared_at,
        "declared_by": incident.declared_by,
        "detected_at": incident.detected_at,
        "acknowledged_at": incident.acknowledged_at,
        "acknowledged_by": incident.acknowledged_by or None,
        "mitigated_at": incident.mitigated_at,
        "resolved_at": incident.resolved_at,
        "closed_at": incident.closed_at,
        "updated_at": incident.updated_at,
    }
