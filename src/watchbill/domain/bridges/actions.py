"""Which incident has which bridge: given when its room opens, changed by hand, freed at its end.

Whoever gives or frees one holds the rows of the whole pool, so that two incidents never get the same; behind that
stands a constraint of the table.
"""

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import transaction

from watchbill.domain.audit.contract import ENGINE, Actor
from watchbill.domain.audit.models import Entry
from watchbill.domain.bridges import rules
from watchbill.domain.bridges.models import Bridge, BridgeKind, BridgeUse, Meeting, MeetingState, Part
from watchbill.domain.bridges.reads import has_open_room, used_by
from watchbill.domain.errands.actions import ask
from watchbill.domain.incidents.actions import REASON_MAX, unresolved
from watchbill.domain.incidents.locking import locked
from watchbill.domain.incidents.models import UNRESOLVED, Incident
from watchbill.domain.incidents.records import CHANGED, entry, record
from watchbill.domain.incidents.workflow_actions import complete_room_evidence
from watchbill.ground.ids import new_id
from watchbill.ground.refusals import ChangeRefused, Unknown

# The errand by which a meeting is made for one incident.
MAKE = "bridge.make"


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """One of the pool, or a link or a number that somebody gives by hand."""

    bridge_id: UUID | None = None
    url: str = ""
    phone: str = ""
    pin: str = ""


class GiveBridge:
    """Follows an incident: a bridge when its room is open, none when it is over. `makes`: the kind that can be made."""

    def __init__(self, *, makes: str = "") -> None:
        self._makes = makes

    def __call__(self, incident_id: UUID, now: datetime) -> None:
        incident = Incident.objects.filter(id=incident_id).first()
        if incident is None:
            return
        held = {use.part: use for use in _uses(incident)}
        if incident.state not in UNRESOLVED:
            if held or Meeting.objects.filter(incident=incident, state=MeetingState.WANTED).exists():
                _free_all(incident_id, now=now)
        elif set(held) != set(Part.values) and has_open_room(incident):
            _give_what_is_missing(incident_id, makes=self._makes, now=now)


@transaction.atomic
def _give_what_is_missing(incident_id: UUID, *, makes: str, now: datetime) -> None:
    incident = locked(incident_id, no_key=True)
    if incident.state not in UNRESOLVED:
        return
    pool = _locked_pool()
    held = {use.part: use for use in _uses(incident)}
    given: dict[str, BridgeUse] = {}
    if Part.VOICE not in held:
        if (use := _meeting_made(incident, now=now) or _from_pool(incident, Part.VOICE, pool, now=now)) is not None:
            given[Part.VOICE] = use
        _want_meeting(incident, makes=makes, now=now)
    if Part.BACKUP not in held:
        has_voice = Part.VOICE in held or Part.VOICE in given
        use = _from_pool(incident, Part.BACKUP, pool, now=now)
        if use is None and not has_voice:
            use = _yielded(incident, pool, now=now)
        if use is not None:
            given[Part.BACKUP] = use
    _tell_given(incident, held, given, pool, now=now)
    _state_on_step(incident, pool)


def _tell_given(
    incident: Incident,
    held: Mapping[str, BridgeUse],
    given: Mapping[str, BridgeUse],
    pool: Sequence[Bridge],
    *,
    now: datetime,
) -> None:
    voice, backup = given.get(Part.VOICE), given.get(Part.BACKUP)
    busy = "" if voice or Part.VOICE in held else _busy_words(incident, pool)
    if voice or backup:
        names = {"bridge": voice.name if voice else "", "phone": backup.name if backup else ""}
        record([entry(incident, "incident.bridge_opened", **names, why=busy)], actor=ENGINE, now=now)
    elif not held and busy and not Entry.objects.filter(subject_id=incident.id, action="incident.bridge_missing"):
        record([entry(incident, "incident.bridge_missing", why=busy)], actor=ENGINE, now=now)


def _state_on_step(incident: Incident, pool: Sequence[Bridge]) -> None:
    """The step of the workflow that opens room and bridge says which of them there is."""
    names = ", ".join(use.name for use in _uses(incident))
    if names:
        words = f"the bridge is {names}"
    elif Meeting.objects.filter(incident=incident, state=MeetingState.WANTED).exists():
        words = "a meeting is being made"
    else:
        words = _busy_words(incident, pool) or "no bridge is set up"
    complete_room_evidence(incident, words)


def change(*, incident_id: UUID, choice: Choice, reason: str, actor: Actor, now: datetime) -> BridgeUse:
    """Another bridge, by hand; the one before is free again. Raises ChangeRefused, Unknown."""
    with transaction.atomic():
        incident = unresolved(incident_id)
        if not reason.strip():
            raise ChangeRefused("reason", "say why: people in the bridge before have to know")
        pool = _locked_pool()
        before = BridgeUse.objects.filter(incident=incident, part=Part.VOICE, freed_at=None).first()
        chosen = _chosen(incident, choice, pool, actor=actor, now=now)
        if before is not None and before.bridge_id is not None and before.bridge_id == chosen.bridge_id:
            raise ChangeRefused("bridge", f"{before.name} is the bridge of this incident already")
        BridgeUse.objects.filter(incident=incident, part=Part.VOICE, freed_at=None).update(freed_at=now)
        if chosen.bridge_id is not None:  # perhaps its own phone bridge, which takes the first place now
            BridgeUse.objects.filter(incident=incident, bridge_id=chosen.bridge_id, freed_at=None).update(freed_at=now)
        chosen.save()
        Meeting.objects.filter(incident=incident, state=MeetingState.WANTED).update(state=MeetingState.NOT_NEEDED)
        details = {"before": before.name if before else "", "after": chosen.name, "why": reason.strip()[:REASON_MAX]}
        record([entry(incident, "incident.bridge_changed", **details)], actor=actor, now=now)
        _state_on_step(incident, pool)
        _tell_waiting(now=now)
    return chosen


def _chosen(incident: Incident, choice: Choice, pool: Sequence[Bridge], *, actor: Actor, now: datetime) -> BridgeUse:
    if choice.bridge_id is not None:
        bridge = next((one for one in pool if one.id == choice.bridge_id), None)
        if bridge is None:
            raise Unknown("bridge", "there is no such bridge, or not any more; choose another")
        user = used_by([bridge.id]).get(bridge.id)
        if user is not None and user.id != incident.id and not rules.is_shared(bridge):
            whose = "another incident" if user.restricted else f"#{user.number}"
            raise ChangeRefused("bridge", f"{bridge.name} is in use by {whose}; choose another, or give a link")
        return _use(incident, Part.VOICE, bridge, by=actor.label, now=now)
    url = rules.check_link(choice.url, kind=BridgeKind.PHONE)
    phone, pin = rules.check_phone(choice.phone), rules.check_pin(choice.pin)
    if not url and not phone:
        raise ChangeRefused("url", "choose a bridge, or give a link or a number by which people join")
    return BridgeUse(
        id=new_id(),
        incident=incident,
        part=Part.VOICE,
        name="link given by hand" if url else "number given by hand",
        kind=BridgeKind.LINK if url else BridgeKind.PHONE,
        url=url,
        phone=phone,
        pin=pin,
        taken_at=now,
        taken_by=actor.label[:254],
    )


def meeting_takes_over(incident_id: UUID, *, now: datetime) -> None:
    """The meeting that was made becomes the bridge of its incident; what it had from the pool is free again.

    In the caller's transaction.
    """
    incident = locked(incident_id, no_key=True)
    pool = _locked_pool()
    before = BridgeUse.objects.filter(incident=incident, part=Part.VOICE, freed_at=None).first()
    if before is not None:
        BridgeUse.objects.filter(id=before.id).update(freed_at=now)
    use = _meeting_made(incident, now=now)
    if use is None:
        return
    details = {"before": before.name if before else "", "bridge": use.name}
    record([entry(incident, "incident.bridge_made", **details)], actor=ENGINE, now=now)
    _state_on_step(incident, pool)
    _tell_waiting(now=now)


def look_again(*, now: datetime) -> None:
    """At every meeting that is still to be made."""
    wanted = Meeting.objects.filter(state=MeetingState.WANTED)
    ask(MAKE, wanted.values_list("incident_id", flat=True), due_at=now)


@transaction.atomic
def _free_all(incident_id: UUID, *, now: datetime) -> None:
    incident = locked(incident_id, no_key=True)
    _locked_pool()
    if incident.state in UNRESOLVED:
        return
    uses = _uses(incident)
    BridgeUse.objects.filter(id__in=[use.id for use in uses]).update(freed_at=now)
    Meeting.objects.filter(incident=incident, state=MeetingState.WANTED).update(state=MeetingState.NOT_NEEDED)
    if uses:
        names = ", ".join(use.name for use in uses)
        record([entry(incident, "incident.bridge_freed", bridge=names)], actor=ENGINE, now=now)
        _tell_waiting(now=now)


def _tell_waiting(*, now: datetime) -> None:
    """Incidents that found no bridge free look again."""
    waiting = Incident.objects.filter(state__in=UNRESOLVED, steps_done__phase="declare", steps_done__step="open-room")
    served = BridgeUse.objects.filter(part=Part.VOICE, freed_at=None).values("incident_id")
    ask(CHANGED, waiting.exclude(id__in=served).values_list("id", flat=True), due_at=now)


def _locked_pool() -> list[Bridge]:
    return list(Bridge.objects.select_for_update(no_key=True).filter(removed_at=None).order_by("order", "name", "id"))


def _uses(incident: Incident) -> list[BridgeUse]:
    return list(BridgeUse.objects.filter(incident=incident, freed_at=None).order_by("-part"))


def _from_pool(incident: Incident, part: Part, pool: Sequence[Bridge], *, now: datetime) -> BridgeUse | None:
    found = rules.first_free(
        pool,
        phone=part == Part.BACKUP,
        taken=set(BridgeUse.objects.filter(freed_at=None, shared=False).values_list("bridge_id", flat=True)),
        team_id=incident.service.team_id if incident.service else None,
    )
    if found is None:
        return None
    use = _use(incident, part, found, by=ENGINE.label, now=now)
    use.save()
    return use


def _yielded(incident: Incident, pool: Sequence[Bridge], *, now: datetime) -> BridgeUse | None:
    """The phone bridge of an incident that has a voice bridge too, for one that has nothing."""
    served = BridgeUse.objects.filter(part=Part.VOICE, freed_at=None).values("incident_id")
    spare = BridgeUse.objects.filter(part=Part.BACKUP, freed_at=None, incident_id__in=served).select_related("incident")
    by_bridge = {use.bridge_id: use for use in spare}
    team_id = incident.service.team_id if incident.service else None
    for bridge in pool:
        use = by_bridge.get(bridge.id)
        if use is None or bridge.team_id not in (None, team_id):
            continue
        BridgeUse.objects.filter(id=use.id).update(freed_at=now)
        whom = "another incident" if incident.restricted else f"#{incident.number}"
        why = f"{whom} has no other bridge"
        record([entry(use.incident, "incident.bridge_yielded", bridge=use.name, why=why)], actor=ENGINE, now=now)
        taken = _use(incident, Part.BACKUP, bridge, by=ENGINE.label, now=now)
        taken.save()
        return taken
    return None


def _meeting_made(incident: Incident, *, now: datetime) -> BridgeUse | None:
    """The meeting that was made for it, once more after it was reopened too."""
    meeting = Meeting.objects.filter(incident=incident, state=MeetingState.MADE).first()
    if meeting is None:
        return None
    return BridgeUse.objects.create(
        incident=incident,
        part=Part.VOICE,
        name=f"{meeting.get_kind_display()} of #{incident.number}",
        kind=meeting.kind,
        url=meeting.url,
        pin=meeting.passcode,
        taken_at=now,
        taken_by=ENGINE.label,
    )


def _use(incident: Incident, part: Part, bridge: Bridge, *, by: str, now: datetime) -> BridgeUse:
    return BridgeUse(
        id=new_id(),
        incident=incident,
        part=part,
        bridge=bridge,
        shared=rules.is_shared(bridge),
        name=bridge.name,
        kind=bridge.kind,
        url=rules.link_for(bridge, number=incident.number, restricted=incident.restricted, token=secrets.token_hex(8)),
        phone=bridge.phone,
        pin=bridge.pin,
        taken_at=now,
        taken_by=by[:254],
    )


def _want_meeting(incident: Incident, *, makes: str, now: datetime) -> None:
    """Nothing of a restricted incident goes out, not even that there is one."""
    if not makes or incident.restricted:
        return
    _, made = Meeting.objects.get_or_create(
        incident=incident, defaults={"kind": makes, "marker": f"wb-{new_id().hex[-12:]}", "wanted_at": now}
    )
    if made:
        ask(MAKE, [incident.id], due_at=now)


def _busy_words(incident: Incident, pool: Sequence[Bridge]) -> str:
    """Why it has no voice bridge; nothing when nobody ever made a pool."""
    team_id = incident.service.team_id if incident.service else None
    ours = [one.id for one in pool if not rules.is_phone(one) and one.team_id in (None, team_id)]
    if not ours:
        return "the pool has no voice bridge for it" if pool else ""
    others = [one for one in used_by(ours).values() if one.id != incident.id]
    names = [f"#{one.number}" for one in sorted(others, key=lambda one: one.number) if not one.restricted]
    names += ["another incident"] if any(one.restricted for one in others) else []
    return f"every voice bridge is in use by {', '.join(names)}"
