"""What people may ask for by a command or a button in a chat tool: the same actions, under the same rights, as by every
door. Answers are words for whoever asked."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from watchbill.domain.access.models import User
from watchbill.domain.audit.contract import Actor
from watchbill.domain.escalation.steps import Ways
from watchbill.domain.incidents import actions, ending_actions, role_actions, room_actions
from watchbill.domain.incidents.models import Incident
from watchbill.domain.incidents.process_followed import (
    answered_words,
    called_words,
    process_of,
    role_label,
    severity_label,
)
from watchbill.domain.incidents.reads import (
    IncidentFilter,
    incident_detail,
    incident_id_of,
    list_incidents,
    visible_to,
)
from watchbill.domain.oncall.watch import everybody_on_watch
from watchbill.domain.people.reads import person_id_of
from watchbill.domain.services.models import Service
from watchbill.doors.callers import Caller, Forbidden
from watchbill.ground.refusals import ChangeRefused, Unknown
from watchbill.ground.text import one_line

LISTED_MAX = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """`incident_id`: of the room in which it was asked, if it is one. `rest`: what stands behind the verb.
    `command`: what stands before it in that tool.
    """

    caller: Caller
    command: str
    incident_id: UUID | None
    rest: str
    ways: Ways
    base_url: str
    now: datetime

    @property
    def user(self) -> User:
        return self.caller.user

    @property
    def actor(self) -> Actor:
        return self.caller.actor


@dataclass(frozen=True, slots=True)
class Answer:
    """`carried_out`: False when what was asked was not done. `by_form`: to be asked for by a form, where there are any;
    the text is for where there are none.
    """

    text: str
    carried_out: bool = True
    by_form: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Verb:
    """`needs`: the right in the table of permissions. `once`: the same words again soon are taken for a repetition.
    `of_incident`: about the incident of the room, unless another one is named.
    """

    needs: str
    words: str
    do: Callable[[Asked], str]
    once: bool = False
    of_incident: bool = False


def answer(text: str, asked: Asked) -> Answer:
    """Whatever was asked, an answer in words; nothing is raised that a person could mend."""
    verb, rest = verb_in(text)
    if verb is None:
        return Answer(_help(asked))
    try:
        asked.caller.check(verb.needs)
        return Answer(verb.do(replace(asked, rest=rest)))
    except (Forbidden, ChangeRefused) as refused:
        return not_done(refused)


def not_done(refused: Forbidden | ChangeRefused) -> Answer:
    words = f"That was not done: {refused.reason}." if isinstance(refused, ChangeRefused) else str(refused)
    return Answer(words, carried_out=False)


def verb_in(text: str) -> tuple[Verb | None, str]:
    first, _, rest = text.strip().partition(" ")
    return VERBS.get(first.lower()), rest.strip()


def link_code_in(text: str) -> str:
    """The code behind `link`, which is for people of whom nobody knows yet who they are."""
    first, _, rest = text.strip().partition(" ")
    return rest.strip() if first.lower() == "link" else ""


def is_of_the_room(text: str) -> bool:
    """Whether the words ask about the incident of the room in which they stand, and about nothing else."""
    verb, rest = verb_in(text)
    return verb is not None and verb.of_incident and not rest.startswith("#")


def acknowledge(asked: Asked, incident_id: UUID) -> str:
    incident = _seen(asked, incident_id)
    answered = actions.acknowledge(incident_id=incident.id, actor=asked.actor, now=asked.now)
    return f"{_named(incident)}: {answered_words(answered, person_id=asked.user.id)}"


def take_role(asked: Asked, incident_id: UUID, role: str) -> str:
    incident = _seen(asked, incident_id)
    role_actions.take(incident_id=incident.id, role=role, actor=asked.actor, now=asked.now)
    return f"You are {role_label(incident, role).lower()} of {_named(incident)}."


def post_update(asked: Asked, incident_id: UUID, text: str) -> str:
    incident = _seen(asked, incident_id)
    room_actions.post_update(incident_id=incident.id, text=text, actor=asked.actor, now=asked.now)
    return f"The status update for {_named(incident)} is posted."


def _help(asked: Asked) -> str:
    return "\n".join(f"{asked.command} {name} {verb.words}".rstrip() for name, verb in VERBS.items())


def _declare(asked: Asked) -> str:
    severity, _, rest = asked.rest.partition(" ")
    service, title = _service_and_title(rest.strip())
    wanted = actions.Declaration(title=title, severity=severity, service_id=service.id if service else None)
    incident = actions.declare(wanted, actor=asked.actor, now=asked.now).incident
    return f"Declared {_named(incident)} ({severity_label(incident)}). {called_words(incident)} {_url(asked, incident)}"


def _service_and_title(text: str) -> tuple[Service | None, str]:
    """`for <service>: <title>`, or the title alone."""
    if not text.lower().startswith("for ") or ":" not in text:
        return None, text
    name, _, title = text[4:].partition(":")
    service = Service.objects.filter(name__iexact=name.strip(), archived_at=None).first()
    if service is None:
        raise Unknown("service", f"there is no service {name.strip()!r}")
    return service, title.strip()


def _acknowledge(asked: Asked) -> str:
    incident_id, _ = _incident(asked)
    return acknowledge(asked, incident_id)


def _status(asked: Asked) -> str:
    if asked.incident_id is None and not asked.rest:
        found = list_incidents(IncidentFilter(), viewer=asked.user.id, limit=LISTED_MAX)
        lines = [f"{_named(one)} ({severity_label(one)}, {one.get_state_display().lower()})" for one in found]
        return "\n".join(lines) or "No incident is open."
    incident_id, _ = _incident(asked)
    detail = incident_detail(incident_id, viewer=asked.user.id, ways=asked.ways, now=asked.now)
    if detail is None:
        raise Unknown("", "there is no such incident")
    incident = detail.incident
    roles = [f"{seat.label}: {seat.held.user.name if seat.held else 'nobody yet'}" for seat in detail.seats]
    clocks = [f"{clock.label} {clock.limit}: {clock.tone.value}" for clock in detail.clocks]
    first = f"{_named(incident)} ({severity_label(incident)}, {incident.get_state_display().lower()})"
    return "\n".join([first, *roles, *clocks, _url(asked, incident)])


def _role(asked: Asked) -> str:
    incident_id, rest = _incident(asked)
    incident = _seen(asked, incident_id)
    wanted = rest.removeprefix("take ").strip().lower()
    known = {one.role: role_label(incident, one.role) for one in process_of(incident).war_room.roles}
    if not wanted:
        return "\n".join([f"Say which role you take: {asked.command} role <role>", *known])
    role = next((one for one, label in known.items() if wanted in (one, label.lower(), _initials(label))), None)
    if role is None:
        raise ChangeRefused("role", f"there is no role {wanted!r}; use one of {', '.join(known)}")
    return take_role(asked, incident_id, role)


def _page(asked: Asked) -> str:
    """A tier, or one person for a role."""
    incident_id, rest = _incident(asked)
    first, _, more = rest.partition(" ")
    if first.lower() == "tier":
        number, _, reason = more.strip().partition(" ")
        if not (number.isascii() and number.isdigit() and len(number) < 4):
            raise ChangeRefused("tier", "write it like: page tier 2 the database team is needed")
        called = actions.escalate_to_tier(
            incident_id=incident_id,
            tier=int(number),
            reason=reason,
            actor=asked.actor,
            ways=asked.ways,
            now=asked.now,
        )
        return called.words(f"Tier {int(number)}")
    user_id = person_id_of(first) if first else None
    role = more.strip().removeprefix("as ").strip().lower()
    if user_id is None or not role:
        raise ChangeRefused("", "write it like: page tier 2 <reason>, or: page ada@example.org as technical-lead")
    seat = role_actions.offer(
        incident_id=incident_id, role=role, user_id=user_id, actor=asked.actor, ways=asked.ways, now=asked.now
    )
    return f"{seat.user.name} is asked to be {role_label(_seen(asked, incident_id), role).lower()}, and paged."


def _update(asked: Asked) -> str:
    incident_id, rest = _incident(asked)
    return post_update(asked, incident_id, rest)


def _resolve(asked: Asked) -> str:
    incident_id, rest = _incident(asked)
    incident = ending_actions.resolve(incident_id=incident_id, pass_over=rest, actor=asked.actor, now=asked.now)
    return f"{_named(incident)} is resolved."


def _oncall(asked: Asked) -> str:
    wanted = asked.rest.lower()
    watches = [one for one in everybody_on_watch(now=asked.now) if wanted in one.schedule_name.lower()]
    lines = [
        f"{one_line(one.schedule_name)}: {', '.join(person.name for person in one.people) or 'nobody'}"
        for one in watches[:LISTED_MAX]
    ]
    if len(watches) > LISTED_MAX:
        lines.append(f"and {len(watches) - LISTED_MAX} more: add a part of the schedule's name")
    return "\n".join(lines) or "There is no such schedule."


def _link(asked: Asked) -> str:
    return f"Here you are {asked.user}. To link this account to somebody else's: {asked.base_url}/me/chat-accounts"


def _incident(asked: Asked) -> tuple[UUID, str]:
    """The one that is named by `#12`, otherwise the one of the room; and what stands behind it."""
    first, _, rest = asked.rest.partition(" ")
    if first.startswith("#") or (asked.incident_id is None and first.isascii() and first.isdigit()):
        found = incident_id_of(first, viewer=asked.user.id)
        if found is None:
            raise Unknown("", f"there is no incident {first[:20]}")
        return found, rest.strip()
    if asked.incident_id is None:
        raise ChangeRefused("", "say which incident: write its number behind the verb, like #12")
    return _seen(asked, asked.incident_id).id, asked.rest


def _seen(asked: Asked, incident_id: UUID) -> Incident:
    incident = visible_to(asked.user.id).filter(id=incident_id).first()
    if incident is None:
        raise Unknown("", "there is no such incident")
    return incident


def _named(incident: Incident) -> str:
    return f"#{incident.number} {one_line(incident.title)}"


def _url(asked: Asked, incident: Incident) -> str:
    return f"{asked.base_url}/incidents/{incident.number}"


def _initials(label: str) -> str:
    return "".join(word[0] for word in label.lower().split())


VERBS: Mapping[str, Verb] = {
    "declare": Verb(
        needs="incident.declare", words="<severity> [for <service>:] <what is wrong>", do=_declare, once=True
    ),
    "ack": Verb(needs="incident.respond", words="[#12]: you are on it", do=_acknowledge, of_incident=True),
    "status": Verb(
        needs="incident.read",
        words="[#12]: how it stands; without a number all that are open",
        do=_status,
        of_incident=True,
    ),
    "role": Verb(needs="incident.respond", words="[#12] <role>: you take it", do=_role, of_incident=True),
    "page": Verb(
        needs="incident.respond",
        words="[#12] tier <n> <reason>, or <address> as <role>",
        do=_page,
        once=True,
        of_incident=True,
    ),
    "update": Verb(
        needs="incident.respond", words="[#12] <text>: post a status update", do=_update, once=True, of_incident=True
    ),
    "resolve": Verb(
        needs="incident.respond", words="[#12] [why not to wait for what is not done]", do=_resolve, of_incident=True
    ),
    "oncall": Verb(needs="schedule.read", words="[part of a schedule's name]: who is on call", do=_oncall),
    "link": Verb(needs="incident.read", words="<code from your page in Watchbill>: this account is yours", do=_link),
    "help": Verb(needs="incident.read", words="", do=_help),
}
