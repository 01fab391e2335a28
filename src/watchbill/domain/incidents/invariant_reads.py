"""What must hold for incidents at every committed state, as queries: asked with those of alerts each minute."""

from collections.abc import Mapping

DRIVERLESS = "incident_driverless"
REACHED_NOBODY = "incident_reached_nobody"
LEFT_ALONE = "incident_left_alone"

# A ladder with a rung to come has the timer that brings it.
_DRIVERLESS = """
SELECT incident.id::text FROM incidents_incident AS incident
LEFT JOIN timers_timer AS timer ON timer.kind = 'incident.ladder' AND timer.subject_id = incident.id
     AND timer.generation = incident.generation AND timer.quarantined_at IS NULL
WHERE incident.state IN ('open', 'mitigated') AND incident.next_rung_at IS NOT NULL AND timer.id IS NULL
LIMIT %(limit)s
"""
# Somebody was to be woken, nobody has it, nobody is being told, and nothing will try again.
_REACHED_NOBODY = """
SELECT incident.id::text FROM incidents_incident AS incident
WHERE incident.state = 'open' AND incident.acknowledged_at IS NULL
  AND EXISTS (SELECT 1 FROM incidents_call AS made WHERE made.incident_id = incident.id
              AND made.reason IN ('ladder', 'tier', 'fallback', 'merged')
              AND made.called_at >= coalesce(incident.back_at, incident.reopened_at, incident.declared_at))
  AND NOT EXISTS (SELECT 1 FROM paging_page AS page WHERE page.subject_id = incident.id
                  AND page.subject_kind = 'incident' AND page.state = 'active' AND page.urgency = 'high'
                  AND page.created_at >= coalesce(incident.back_at, incident.reopened_at, incident.declared_at))
  AND NOT EXISTS (SELECT 1 FROM incidents_seat AS seat JOIN access_user AS holder ON holder.id = seat.user_id
                  WHERE seat.incident_id = incident.id AND seat.state = 'held' AND seat.role = 'technical-lead'
                  AND holder.is_active)
  AND NOT EXISTS (SELECT 1 FROM timers_timer AS timer
                  WHERE timer.kind = 'incident.try_again' AND timer.subject_id = incident.id
                  AND timer.quarantined_at IS NULL)
  AND NOT EXISTS (SELECT 1 FROM timers_timer AS timer JOIN incidents_call AS made ON made.id = timer.subject_id
                  WHERE timer.kind = 'escalation.unreached' AND made.incident_id = incident.id
                  AND timer.quarantined_at IS NULL)
LIMIT %(limit)s
"""
# Whoever said "I am on it" has no account any more.
_LEFT_ALONE = """
SELECT incident.id::text FROM incidents_incident AS incident
JOIN access_user AS person ON person.id = incident.acknowledged_by_id
WHERE incident.state = 'open' AND NOT person.is_active
LIMIT %(limit)s
"""
_OFFER_WITHOUT_END = """
SELECT seat.id::text FROM incidents_seat AS seat
LEFT JOIN timers_timer AS timer ON timer.kind = 'incident.offer_expires' AND timer.subject_id = seat.id
WHERE seat.state = 'offered' AND timer.id IS NULL
LIMIT %(limit)s
"""
_PAGED_AFTER_END = """
SELECT page.id::text FROM paging_page AS page JOIN incidents_incident AS incident ON incident.id = page.subject_id
WHERE page.subject_kind = 'incident' AND page.state = 'active' AND incident.state NOT IN ('open', 'mitigated')
LIMIT %(limit)s
"""

CHECKS: Mapping[str, str] = {
    DRIVERLESS: _DRIVERLESS,
    REACHED_NOBODY: _REACHED_NOBODY,
    LEFT_ALONE: _LEFT_ALONE,
    "offer_without_end": _OFFER_WITHOUT_END,
    "paged_after_end": _PAGED_AFTER_END,
}
