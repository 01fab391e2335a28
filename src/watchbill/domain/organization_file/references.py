"""Every name in the files must lead somewhere: to an entry of the files, or to what is in the database."""

from collections.abc import Collection, Iterator
from difflib import get_close_matches

from watchbill.domain.oncall.rules import NOBODY
from watchbill.domain.organization_file.current import State
from watchbill.domain.organization_file.problems import Problem, Source
from watchbill.domain.organization_file.rules import Document
from watchbill.domain.organization_file.schema import ScheduleEntry, UserEntry
from watchbill.domain.services.dependency_rules import cycle_in, cycle_words

_SECTION_OF_TARGET = {"schedule": "schedules", "user": "users", "team-lead": "teams", "team-manager": "teams"}
_WORDS = {"users": "user", "teams": "team", "schedules": "schedule", "policies": "policy", "services": "service"}


def reference_problems(document: Document, state: State, *, prune: bool) -> list[Problem]:
    return [*_References(document, state, prune=prune).problems()]


class _References:
    def __init__(self, document: Document, state: State, *, prune: bool) -> None:
        self._prune = prune
        self._document = document
        self._state = state
        self._known: dict[str, Collection[str]] = {
            "users": {*document.users, *state.users},
            "teams": {*document.teams, *state.teams},
            "schedules": {*document.schedules, *state.schedules},
            "policies": {*document.policies, *state.policies},
            "services": {*document.services, *state.services},
        }

    def problems(self) -> Iterator[Problem]:
        document = self._document
        if document.organization is not None:
            source = document.sources["organization", ""]
            for index, email in enumerate(document.organization.fallback or ()):
                yield from self._missing("users", email, source, "fallback", index)
        for email, user in document.users.items():
            yield from self._rule_problems(user, document.sources["users", email])
        for name, team in document.teams.items():
            source = document.sources["teams", name]
            yield from self._missing("users", team.lead, source, "lead")
            yield from self._missing("users", team.manager, source, "manager")
            for index, email in enumerate(team.members or ()):
                yield from self._missing("users", email, source, "members", index)
        for name, schedule in document.schedules.items():
            yield from self._schedule_problems(schedule, document.sources["schedules", name])
        for name, policy in document.policies.items():
            source = document.sources["policies", name]
            yield from self._missing("teams", policy.team, source, "team")
            for number, level in enumerate(policy.levels):
                for index, target in enumerate(level.targets):
                    kind, _, named = target.partition(":")
                    section = _SECTION_OF_TARGET[kind]
                    yield from self._missing(section, named, source, "levels", number, "targets", index)
        for name, service in document.services.items():
            source = document.sources["services", name]
            yield from self._missing("teams", service.team, source, "team")
            yield from self._missing("policies", service.policy, source, "policy")
            for index, needed in enumerate(service.depends_on or ()):
                yield from self._missing("services", needed, source, "depends_on", index)
        yield from self._circles()
        for name, role in document.roles.items():
            source = document.sources["roles", name]
            yield from self._missing("teams", role.team, source, "team")
            yield from self._missing("services", role.service, source, "service")
            for index, target in enumerate(role.targets):
                kind, _, named = target.partition(":")
                yield from self._missing(_SECTION_OF_TARGET[kind], named, source, "targets", index)

    def _circles(self) -> Iterator[Problem]:
        """In what the services will be when the files are applied; each circle is told once."""
        held = {name: one.depends_on or () for name, one in self._state.services.items() if not self._prune}
        given = {name: one.depends_on for name, one in self._document.services.items() if one.depends_on is not None}
        links = held | given
        told: set[str] = set()
        for name in given:
            way = () if name in told else cycle_in(links, start=name)
            told.update(way)
            if way:
                message = f"goes round in a circle: {cycle_words(way)}; leave one of them out"
                yield self._document.sources["services", name].problem(message, "depends_on")

    def _schedule_problems(self, schedule: ScheduleEntry, source: Source) -> Iterator[Problem]:
        yield from self._missing("teams", schedule.team, source, "team")
        for number, rotation in enumerate(schedule.rotations or ()):
            for index, member in enumerate(rotation.members):
                if member != NOBODY:
                    yield from self._missing("users", member, source, "rotations", number, "members", index)
        for number, override in enumerate(schedule.overrides or ()):
            yield from self._missing("users", override.user, source, "overrides", number, "user")

    def _rule_problems(self, user: UserEntry, source: Source) -> Iterator[Problem]:
        held = self._state.users.get(user.email)
        names = [contact.name for contact in (user.contacts or ())]
        names += [contact.name for contact in (held.contacts or ())] if held else []
        for urgency in ("high", "low"):
            for index, rule in enumerate(getattr(user.rules, urgency, None) or ()):
                if rule.contact not in names:
                    remedy = f"add it under contacts{_guess(rule.contact, names)}"
                    message = f'{user.email} has no contact "{rule.contact}"; {remedy}'
                    yield source.problem(message, "rules", urgency, index, "contact")

    def _missing(self, section: str, name: str | None, source: Source, *inner: str | int) -> Iterator[Problem]:
        known = self._known[section]
        if name is not None and name not in known:
            what = _WORDS[section]
            message = f'there is no {what} "{name}"; define it under {section}{_guess(name, known)}'
            yield source.problem(message, *inner)


def _guess(name: str, known: Collection[str]) -> str:
    close = get_close_matches(name, sorted(known), n=1)
    return f', or did you mean "{close[0]}"?' if close else ", or correct the name"
