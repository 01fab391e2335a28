"""What a room in a chat tool says of its incident: topic, card, rules, and what was written in the built-in room."""

import hashlib
from collections.abc import Iterator, Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from watchbill.domain.bridges.reads import JoinBy, bridge_of
from watchbill.domain.incidents import rules as incident_rules
from watchbill.domain.incidents.models import UNRESOLVED, Incident, Post, PostKind, Seat, SeatState
from watchbill.domain.incidents.process_followed import process_of, role_label, severity_label
from watchbill.domain.incidents.reads import clocks_of
from watchbill.domain.people.models import Organization
from watchbill.domain.warrooms.contract import (
    Block,
    Button,
    ButtonAction,
    Buttons,
    ChatMessage,
    Facts,
    Heading,
    Links,
    Words,
)
from watchbill.domain.warrooms.models import ChatRoom

_ROLE_BUTTONS_MAX = 2


def zone() -> ZoneInfo:
    row = Organization.objects.filter(id=1).first()
    return ZoneInfo(row.time_zone if row is not None else "UTC")


def incident_url(incident: Incident, base_url: str) -> str:
    return f"{base_url}/incidents/{incident.number}"


def topic_of(incident: Incident) -> str:
    commander = next((name for role, name in _holders(incident) if role == incident_rules.COMMANDER), "nobody yet")
    drill = "DRILL · " if incident.drill else ""
    status = incident.get_state_display()
    return f"{drill}{severity_label(incident)} · {status} · Commander: {commander} · {named(incident)}"


def named(incident: Incident) -> str:
    return f"#{incident.number} {incident.title}"


def card_of(room: ChatRoom, *, base_url: str, former: ChatRoom | None, now: datetime) -> ChatMessage:
    """Says nothing that changes by itself as time goes by, so that it is written anew only when something happened."""
    incident, ways = room.incident, bridge_of(room.incident_id).ways
    blocks: list[Block] = [
        Heading(("Drill: " if incident.drill else "") + named(incident)),
        Facts((*_facts(incident, now=now), *_numbers(ways))),
        Links(_links(incident, ways, base_url=base_url, former=former)),
    ]
    if incident.state in UNRESOLVED:
        blocks.append(Buttons(_buttons(incident)))
    summary = f"{severity_label(incident)} {incident.get_state_display().lower()}: {named(incident)}"
    return ChatMessage(summary=summary, blocks=tuple(blocks))


def rules_of(incident: Incident) -> ChatMessage | None:
    lines = []
    for rule in process_of(incident).war_room.channel_rules:
        prefixes = ", ".join(
            f"{one.prefix} {' or '.join(role_label(incident, role) for role in one.roles)}" for one in rule.prefixes
        )
        lines.append(f"• {rule.label}" + (f" ({prefixes})" if prefixes else ""))
    if not lines:
        return None
    text = "\n".join([*lines, "• Whatever is written here stands in the incident's record"])
    return ChatMessage(summary="How this room is used", blocks=(Words(text, lead="How this room is used"),))


def message_of(post: Post, *, lead: str = "") -> ChatMessage:
    """`lead`: other words than who wrote it."""
    lead = lead or _lead(post)
    return ChatMessage(summary=f"{lead}: {post.text}", blocks=(Words(post.text, lead=lead),))


def digest_of(message: ChatMessage) -> str:
    return hashlib.sha256(repr(message).encode("utf-8", "replace")).hexdigest()


def _lead(post: Post) -> str:
    if post.kind == PostKind.UPDATE:
        return f"Status update by {post.author}"
    if post.kind == PostKind.NOTE:
        return f"{post.author} noted for {_time(post.at)}"
    return f"{post.prefix} {post.author}".strip()


def _facts(incident: Incident, *, now: datetime) -> tuple[tuple[str, str], ...]:
    facts = [("Severity", severity_label(incident)), ("Status", incident.get_state_display())]
    if incident.service is not None:
        facts.append(("Service", incident.service.name))
    facts.append(("Declared", f"{_time(incident.declared_at)} by {incident.declared_by}"))
    if incident.acknowledged_at is not None:
        facts.append(("Acknowledged", f"{_time(incident.acknowledged_at)} by {incident.acknowledged_by}"))
    holders = dict(_holders(incident))
    for one in process_of(incident).war_room.roles:
        facts.append((role_label(incident, one.role), holders.get(one.role, "nobody yet")))
    for clock in clocks_of(incident, now=now):
        if clock.met_at is not None:
            facts.append((clock.label, f"{clock.limit}: done {_time(clock.met_at)}"))
        elif clock.due_at is not None and incident.state in UNRESOLVED:
            facts.append((clock.label, f"{clock.limit}: due {_time(clock.due_at)}"))
    return tuple(facts)


def _numbers(ways: Sequence[JoinBy]) -> Iterator[tuple[str, str]]:
    for way in ways:
        if way.phone:
            yield "Dial", f"{way.phone}, PIN {way.pin}#" if way.pin else way.phone
        elif way.pin:
            yield f"Passcode of {way.name}", way.pin


def _links(
    incident: Incident, ways: Sequence[JoinBy], *, base_url: str, former: ChatRoom | None
) -> tuple[tuple[str, str], ...]:
    links = [(f"Join {way.name}", way.url) for way in ways if way.url]
    links.append(("The incident in Watchbill", incident_url(incident, base_url)))
    if former is not None and former.url:
        links.append(("The room before this one", former.url))
    return tuple(links)


def _buttons(incident: Incident) -> tuple[Button, ...]:
    """The roles that nobody has, the most important ones first."""
    held = {role for role, _ in _holders(incident)}
    found = [Button("Acknowledge", ButtonAction.ACKNOWLEDGE, str(incident.id))]
    free = [one.role for one in process_of(incident).war_room.roles if one.role not in held]
    for role in free[:_ROLE_BUTTONS_MAX]:
        label = f"Take role: {role_label(incident, role)}"
        found.append(Button(label, ButtonAction.TAKE_ROLE, f"{incident.id}/{role}"))
    found.append(Button("Post update", ButtonAction.POST_UPDATE, str(incident.id)))
    return tuple(found)


def _holders(incident: Incident) -> Sequence[tuple[str, str]]:
    seats = Seat.objects.filter(incident=incident, state=SeatState.HELD)
    return list(seats.order_by("role").values_list("role", "user__name"))


def _time(at: datetime) -> str:
    return f"{at.astimezone(zone()):%Y-%m-%d %H:%M %Z}"
