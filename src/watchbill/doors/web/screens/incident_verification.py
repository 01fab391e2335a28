"""Verify on an incident's page: the button, what monitoring answered, and what still fires."""

from typing import Any
from uuid import UUID

from django.http import HttpRequest

from watchbill.domain.incidents.models import Incident
from watchbill.domain.verification.actions import verify as ask_monitoring
from watchbill.domain.verification.models import VerificationState
from watchbill.domain.verification.reads import standing_of
from watchbill.doors.web.charts import chart_of
from watchbill.doors.web.page import actor_of, now_of
from watchbill.doors.web.wiring import wired

# Beyond these the answers are words alone, so that a phone can load the page; the API has all numbers.
CHARTS_MAX = 20


def verify(request: HttpRequest, incident_id: UUID) -> str:
    ask_monitoring(
        incident_id=incident_id, has_source=wired().has_metrics, actor=actor_of(request), now=now_of(request)
    )
    return "Monitoring is asked; its answers appear under Verify."


def verification_of(incident: Incident) -> dict[str, Any]:
    """What `incidents/_verify.html` shows."""
    standing = standing_of(incident)
    return {
        "standing": standing,
        "has_metrics": wired().has_metrics,
        "is_asking": standing.latest is not None and standing.latest.state == VerificationState.ASKED,
        "answers": [
            (one, chart_of(one) if number < CHARTS_MAX else None) for number, one in enumerate(standing.results)
        ],
    }
