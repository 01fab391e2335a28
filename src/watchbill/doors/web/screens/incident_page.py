"""The page of one incident: what is shown of it to whom."""

from django.http import HttpRequest, HttpResponse

from watchbill.domain.access.models import User
from watchbill.domain.bridges.reads import bridge_of
from watchbill.domain.communications.reads import owed_words
from watchbill.domain.incidents import rules
from watchbill.domain.incidents.looking_reads import present_in
from watchbill.domain.incidents.models import NEVER_WAS, UNRESOLVED, ChangeState, Incident, IncidentState
from watchbill.domain.incidents.reads import (
    IncidentDetail,
    IncidentFilter,
    Viewer,
    insiders_of,
    list_incidents,
)
from watchbill.domain.incidents.related_reads import related_to
from watchbill.domain.incidents.timeline_reads import mark_of
from watchbill.domain.warrooms.reads import rooms_of
from watchbill.doors.web.guards import caller
from watchbill.doors.web.incident_cards import pressing
from watchbill.doors.web.incident_room import responders, room_of
from watchbill.doors.web.incident_words import GROUPS
from watchbill.doors.web.live import stamp_of
from watchbill.doors.web.needs_you import needs_in
from watchbill.doors.web.page import actor_of, now_of, show, viewer_id, zone_of
from watchbill.doors.web.screens.incident_parts import incident_id, looked_before, shown_of
from watchbill.doors.web.screens.incident_verification import verification_of
from watchbill.doors.web.screens.incidents import severities_of
from watchbill.doors.web.wiring import chat_label, wired
from watchbill.ground.refusals import ChangeRefused


def show_incident(
    request: HttpRequest, number: int, *, refused: ChangeRefused | None = None, verb: str = ""
) -> HttpResponse:
    now = now_of(request)
    found = incident_id(request, number)
    mark = mark_of(found)
    shown = shown_of(request, found, mark)
    detail = shown.detail
    incident = detail.incident
    me = viewer_id(request)
    people = list(responders())
    others, related = _others(incident, me), related_to(incident, viewer=me, now=now)
    may_respond = caller(request).may("incident.respond").allowed
    return show(
        request,
        "incidents/incident.html",
        {
            "detail": detail,
            "incident": incident,
            "tab": "room",
            "is_open": incident.state in UNRESOLVED,
            "is_resolved": incident.state == IncidentState.RESOLVED,
            "may_respond": may_respond,
            "needs": needs_in(incident, actor_of(request), ways=wired().ways(), now=now) if may_respond else None,
            "waiting_changes": [one for one in detail.changes if one.state == ChangeState.PROPOSED],
            "pressing": pressing(detail.clocks) if incident.state in UNRESOLVED else None,
            "prefix": detail.prefix_of(me),
            "room": room_of(
                request, incident, shown.lines(zone_of(request)), mark=mark, looked=looked_before(request, found, mark)
            ),
            "rests_mitigated": detail.severity.resolved_means == "mitigated",
            "may_tick": may_respond and incident.state not in NEVER_WAS,
            "groups": GROUPS,
            "owed": owed_words(incident, now=now),
            "present": present_in(incident.id, viewer=me, now=now),
            "commander": next((line for line in detail.seats if line.role == rules.COMMANDER), None),
            "insiders": insiders_of(incident),
            "outsiders": _outsiders(incident, people),
            "next_rung": next((line for line in detail.ladder if line.state == "next"), None),
            "prompted": _prompted(detail),
            "severities": severities_of(incident),
            "responders": people,
            "merge_into": [one for one in others if _may_be_merged(incident, one)],
            "bridge": bridge_of(incident.id),
            "chat": [(chat_label(room.host), room) for room in rooms_of(incident.id)],
            "unrelated": [one for one in others if one.id not in {known.incident.id for known in related}],
            "verification": verification_of(incident),
            "related": related,
            "may_verify": incident.state not in (*NEVER_WAS, IncidentState.CLOSED),
            "refused": refused,
            "refused_verb": verb,
            "typed": request.POST if refused else {},
            "since": stamp_of(now),
        },
        status=422 if refused else 200,
    )


def _prompted(detail: IncidentDetail) -> str:
    """The number of the tier that time says to go to, as long as it is not resolved."""
    due = [line for line in detail.ladder if line.prompts and line.state == "done"]
    tiers = {tier.id: str(tier.tier) for tier in detail.tiers}
    return tiers.get(due[-1].prompts, "") if due and detail.incident.state in UNRESOLVED else ""


def _outsiders(incident: Incident, people: list[User]) -> list[User]:
    """Who could be let in."""
    if not incident.restricted:
        return []
    inside = {one.id for one in insiders_of(incident)}
    return [one for one in people if one.id not in inside]


def _may_be_merged(incident: Incident, other: Incident) -> bool:
    """As `merge` allows it: what is real and a drill stay apart, and nothing restricted becomes open."""
    return incident.drill == other.drill and (other.restricted or not incident.restricted)


def _others(incident: Incident, viewer: Viewer) -> list[Incident]:
    found = list_incidents(IncidentFilter(status="open"), viewer=viewer)
    return [one for one in found if one.id != incident.id]
