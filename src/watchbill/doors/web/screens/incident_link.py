"""What the link in a message about an incident shows: a button that says "I am on it", and the roles one is asked for.

As at every such link, opening it changes nothing.
"""

from collections.abc import Sequence

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from watchbill.domain.access.models import User
from watchbill.domain.audit.contract import Actor
from watchbill.domain.bridges.reads import bridges_of
from watchbill.domain.incidents import actions, role_actions
from watchbill.domain.incidents.models import UNRESOLVED, Incident
from watchbill.domain.incidents.process_followed import role_label, severity_label
from watchbill.domain.incidents.reads import offers_to, waiting_for
from watchbill.doors.web.page import now_of, show, zone_named
from watchbill.doors.web.wiring import wired
from watchbill.ground.refusals import ChangeRefused


def incident_link(request: HttpRequest, person: User, incidents: Sequence[Incident]) -> HttpResponse:
    refused = ""
    if request.method == "POST":
        try:
            _act(request, person, incidents)
        except ChangeRefused as error:
            refused = error.reason
        else:
            return redirect(request.path)
    bridges = bridges_of(one.id for one in incidents)
    waiting, offers = waiting_for(person.id, incidents), offers_to(person.id, incidents)
    return show(
        request,
        "incidents/link.html",
        {
            "person": person,
            "zone": zone_named(person.time_zone),
            "refused": refused,
            "waiting": bool(waiting),
            "lines": [
                {
                    "incident": one,
                    "severity": severity_label(one),
                    "is_open": one.state in UNRESOLVED,
                    "bridge": bridges[one.id],
                    "mine": one.acknowledged_by_id == person.id,
                    "offers": [(seat.role, role_label(one, seat.role)) for seat in offers.get(one.id, ())],
                }
                for one in incidents
            ],
        },
    )


def _act(request: HttpRequest, person: User, incidents: Sequence[Incident]) -> None:
    actor, now = person_by_link(request, person), now_of(request)
    role = request.POST.get("role", "")
    number = request.POST.get("incident", "")
    if not role:
        for one in incidents:
            actions.acknowledge(incident_id=one.id, actor=actor, now=now)
        return
    for one in incidents:
        if str(one.number) == number and request.POST.get("do") == "decline":
            role_actions.decline(incident_id=one.id, role=role, actor=actor, ways=wired().ways(), now=now)
        elif str(one.number) == number:
            role_actions.take(incident_id=one.id, role=role, actor=actor, now=now)


def person_by_link(request: HttpRequest, person: User) -> Actor:
    address = request.META.get("REMOTE_ADDR", "")
    return Actor(kind="person", id=person.id, label=str(person), via="mail-link", source_address=address)
