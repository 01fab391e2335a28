"""What to do so that the database says what the files say: pure, in the order in which it can be done."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from pydantic import BaseModel

from watchbill.domain.access.models import Role
from watchbill.domain.organization_file.current import HeldOverride, State
from watchbill.domain.organization_file.problems import Source
from watchbill.domain.organization_file.rules import Document
from watchbill.domain.organization_file.schema import (
    ContactEntry,
    Entry,
    IntegrationEntry,
    OverrideEntry,
    RuleEntry,
    ScheduleEntry,
    ServiceEntry,
    UserEntry,
)
from watchbill.ground.durations import format_duration


class Section(StrEnum):
    """What a change is about; `actions` has one function for each."""

    USER = "user"
    ENABLED = "user enabled"
    CONTACT = "contact"
    RULES = "notification rules"
    ORGANIZATION = "organization"
    TEAM = "team"
    SCHEDULE = "schedule"
    ROTATIONS = "rotations of schedule"
    OVERRIDE = "override of schedule"
    POLICY = "policy"
    SERVICE = "service"
    INTEGRATION = "integration of service"
    CHECKS = "checks of service"
    DEPENDENCIES = "dependencies of service"
    ROLE = "role"
    BRIDGE = "bridge"


@dataclass(frozen=True, kw_only=True)
class Change:
    """`before` is None for a creation, `after` for a removal. `owner`: the user, schedule or service it belongs to.

    `source` and `inner` say where in the files it comes from; a removal comes from nowhere. `kept`: fields of which
    the files say nothing. `after` has them as they were read, to be shown; what is written is what is there by then.
    """

    section: Section
    owner: str
    name: str
    before: Any
    after: Any
    source: Source | None = None
    inner: tuple[str | int, ...] = ()
    kept: frozenset[str] = frozenset()

    @property
    def sign(self) -> str:
        return "+" if self.before is None else "-" if self.after is None else "~"

    def __str__(self) -> str:
        what = f"{self.owner} {self.name}".strip()
        line = f"{self.sign} {self.section} {what}".rstrip()
        return f"{line}: {', '.join(_differences(self.before, self.after))}" if self.sign == "~" else line


def plan(document: Document, state: State, *, now: datetime, prune: bool) -> list[Change]:
    """Nothing when the database says it already."""
    return [
        *_users(document, state, prune=prune),
        *_organization(document, state),
        *_teams(document, state, prune=prune),
        *_schedules(document, state, now=now, prune=prune),
        *_policies(document, state),
        *_services(document, state, prune=prune),
        *_roles(document, state),
        *_bridges(document, state),
        *_removals(document, state, prune=prune),
    ]


def _users(document: Document, state: State, *, prune: bool) -> Iterator[Change]:
    # Owners first, so that one can step down in the same breath as another steps up.
    for email, wanted in sorted(document.users.items(), key=lambda item: item[1].role != Role.OWNER):
        source = document.sources["users", email]
        held = state.users.get(email)
        yield from _difference(Section.USER, wanted, held, source, leave_out=("disabled", "contacts", "rules"))
        if held is not None and held.disabled and not wanted.disabled:
            yield Change(section=Section.ENABLED, owner="", name=email, before=False, after=True, source=source)
        yield from _contacts(wanted, held, source)
        yield from _rules(wanted, held, source, prune=prune)


def _contacts(wanted: UserEntry, held: UserEntry | None, source: Source) -> Iterator[Change]:
    there = {contact.name: contact for contact in (held.contacts or () if held else ())}
    for index, contact in enumerate(wanted.contacts or ()):
        before = there.get(contact.name)
        after = contact
        if before is not None and contact.secret is None:
            after = contact.model_copy(update={"secret": before.secret})
        if before != after:
            yield Change(
                section=Section.CONTACT,
                owner=wanted.email,
                name=contact.name,
                before=before,
                after=after,
                source=source,
                inner=("contacts", index),
                kept=frozenset({"secret"} if before is not None and contact.secret is None else ()),
            )


def _rules(wanted: UserEntry, held: UserEntry | None, source: Source, *, prune: bool) -> Iterator[Change]:
    for urgency in ("high", "low"):
        before: tuple[RuleEntry, ...] = getattr(held.rules, urgency, None) or () if held else ()
        after: tuple[RuleEntry, ...] | None = getattr(wanted.rules, urgency, None)
        if after is None and not prune:
            continue
        if before != (after or ()):
            yield Change(
                section=Section.RULES,
                owner=wanted.email,
                name=urgency,
                before=before or None,
                after=after or None,
                source=source,
                inner=("rules", urgency),
            )


def _organization(document: Document, state: State) -> Iterator[Change]:
    if document.organization is not None:
        source = document.sources["organization", ""]
        yield from _difference(Section.ORGANIZATION, document.organization, state.organization, source)


def _teams(document: Document, state: State, *, prune: bool) -> Iterator[Change]:
    for name, team in document.teams.items():
        wanted = team.model_copy(update={"members": ()}) if prune and team.members is None else team
        yield from _difference(Section.TEAM, wanted, state.teams.get(name), document.sources["teams", name])


def _policies(document: Document, state: State) -> Iterator[Change]:
    for name, wanted in document.policies.items():
        yield from _difference(Section.POLICY, wanted, state.policies.get(name), document.sources["policies", name])


def _roles(document: Document, state: State) -> Iterator[Change]:
    for name, wanted in document.roles.items():
        yield from _difference(Section.ROLE, wanted, state.roles.get(name), document.sources["roles", name])


def _bridges(document: Document, state: State) -> Iterator[Change]:
    for name, wanted in document.bridges.items():
        yield from _difference(Section.BRIDGE, wanted, state.bridges.get(name), document.sources["bridges", name])


def _difference(
    section: Section, wanted: Entry, held: Entry | None, source: Source, *, leave_out: Sequence[str] = ()
) -> Iterator[Change]:
    """A list that the files leave out (None) says nothing."""
    ignored = {*leave_out, *(name for name in type(wanted).model_fields if getattr(wanted, name) is None)}
    ignored -= {"lead", "manager", "team", "policy", "acknowledgement_timeout", "service"}  # there None says: none
    if held is not None and not _fields_that_differ(held, wanted, ignored):
        return
    name = wanted.email if isinstance(wanted, UserEntry) else str(getattr(wanted, "name", ""))
    kept = {field: getattr(held, field) for field in ignored} if held is not None else {}
    after = wanted.model_copy(update=kept)
    yield Change(section=section, owner="", name=name, before=held, after=after, source=source, kept=frozenset(kept))


def _schedules(document: Document, state: State, *, now: datetime, prune: bool) -> Iterator[Change]:
    for name, wanted in document.schedules.items():
        source = document.sources["schedules", name]
        held = state.schedules.get(name)
        yield from _difference(Section.SCHEDULE, wanted, held, source, leave_out=("rotations", "overrides"))
        rotations = wanted.rotations if wanted.rotations is not None else () if prune else None
        if held is not None and rotations is not None and rotations != held.rotations:
            yield Change(
                section=Section.ROTATIONS, owner="", name=name, before=held.rotations, after=rotations, source=source
            )
        yield from _overrides(wanted, state, source, now=now)


def _overrides(wanted: ScheduleEntry, state: State, source: Source, *, now: datetime) -> Iterator[Change]:
    there = state.overrides.get(wanted.name, [])
    has_past = wanted.name in state.schedules or wanted.name in state.archived_schedules
    for index, override in enumerate(wanted.overrides or ()):
        # What is over cannot be changed any more, and need not be taken out of the file.
        if (has_past and override.end <= now) or any(held.answers(override) for held in there):
            continue
        yield Change(
            section=Section.OVERRIDE,
            owner=wanted.name,
            name=_override_words(override),
            before=None,
            after=override,
            source=source,
            inner=("overrides", index),
        )


def _services(document: Document, state: State, *, prune: bool) -> Iterator[Change]:
    pairs = [(name, wanted, state.services.get(name)) for name, wanted in document.services.items()]
    if prune:  # first, so that a key can move from one service to another
        gone = [
            (ServiceEntry(name=name), held) for name, held in state.services.items() if name not in document.services
        ]
        for wanted, held in [*gone, *((wanted, held) for _, wanted, held in pairs)]:
            yield from _surplus_integrations(wanted, held)
    for name, wanted, held in pairs:
        source = document.sources["services", name]
        yield from _difference(
            Section.SERVICE, wanted, held, source, leave_out=("integrations", "checks", "depends_on")
        )
        yield from _list_of_service(Section.CHECKS, "checks", wanted, held, source, prune=prune)
        for index, (entry, before) in enumerate(_matched(wanted, held)):
            after = entry if before is None else _as_held(entry, before)
            if after != before:
                yield Change(
                    section=Section.INTEGRATION,
                    owner=name,
                    name=entry.name or entry.kind,
                    before=before,
                    after=after,
                    source=source,
                    inner=("integrations", index),
                )
    for _, wanted, held in pairs:  # when all that may be needed are there
        source = document.sources["services", wanted.name]
        yield from _list_of_service(Section.DEPENDENCIES, "depends_on", wanted, held, source, prune=prune)


def _list_of_service(
    section: Section, part: str, wanted: ServiceEntry, held: ServiceEntry | None, source: Source, *, prune: bool
) -> Iterator[Change]:
    before: tuple[Any, ...] = getattr(held, part) or () if held else ()
    after: tuple[Any, ...] | None = getattr(wanted, part)
    if (after is not None or prune) and before != (after or ()):
        yield Change(
            section=section, owner="", name=wanted.name, before=before or None, after=after or None, source=source
        )


def _matched(wanted: ServiceEntry, held: ServiceEntry | None) -> list[tuple[IntegrationEntry, IntegrationEntry | None]]:
    """By key; those without a key by kind and name, each stored one once."""
    left = list(held.integrations or ()) if held else []
    entries = wanted.integrations or ()
    by_key = {entry.key: entry for entry in left}
    found = {id(entry): by_key.get(entry.key) for entry in entries if entry.key is not None}
    left = [entry for entry in left if not any(entry is match for match in found.values())]
    for entry in entries:
        if entry.key is None:
            match = next((other for other in left if (other.kind, other.name) == (entry.kind, entry.name)), None)
            left = [other for other in left if other is not match]
            found[id(entry)] = match
    return [(entry, found[id(entry)]) for entry in entries]


def _as_held(entry: IntegrationEntry, held: IntegrationEntry) -> IntegrationEntry:
    return entry.model_copy(update={"key": held.key, "grace": entry.grace or None})


def _surplus_integrations(wanted: ServiceEntry, held: ServiceEntry | None) -> Iterator[Change]:
    matched = [match for _, match in _matched(wanted, held)]
    for entry in (held.integrations or ()) if held else ():
        if not any(entry is match for match in matched):
            yield _removal(Section.INTEGRATION, wanted.name, entry.name or entry.kind, entry)


def _removals(document: Document, state: State, *, prune: bool) -> Iterator[Change]:
    """Above before below; people at the very end, when nothing needs them any more."""
    if prune:
        for section, key in ((Section.BRIDGE, "bridges"), (Section.ROLE, "roles")):
            yield from _gone(section, key, document, state)
        for section, key in ((Section.SERVICE, "services"), (Section.POLICY, "policies")):
            yield from _gone(section, key, document, state)
        for name, schedule in document.schedules.items():
            for held in state.overrides.get(name, []):
                if not any(held.answers(override) for override in schedule.overrides or ()):
                    yield _removal(Section.OVERRIDE, name, _override_words(held.entry), held)
        for section, key in ((Section.SCHEDULE, "schedules"), (Section.TEAM, "teams")):
            yield from _gone(section, key, document, state)
        for email, user in document.users.items():
            yield from _surplus_contacts(user, state.users.get(email))
    for email, user in document.users.items():
        there = state.users.get(email)
        if user.disabled and not (there is not None and there.disabled):
            source = document.sources["users", email]
            yield Change(section=Section.ENABLED, owner="", name=email, before=True, after=False, source=source)
    if prune:
        for email, there in state.users.items():
            if email not in document.users and not there.disabled:
                yield _removal(Section.USER, "", email, there)


def _gone(section: Section, key: str, document: Document, state: State) -> Iterator[Change]:
    for name, held in getattr(state, key).items():
        if name not in getattr(document, key):
            yield _removal(section, "", name, held)


def _surplus_contacts(wanted: UserEntry, held: UserEntry | None) -> Iterator[Change]:
    names = {contact.name for contact in wanted.contacts or ()}
    for contact in (held.contacts or ()) if held else ():
        if contact.name not in names:
            yield _removal(Section.CONTACT, wanted.email, contact.name, contact)


def _removal(section: Section, owner: str, name: str, before: Entry | HeldOverride) -> Change:
    return Change(section=section, owner=owner, name=name, before=before, after=None)


def _override_words(override: OverrideEntry) -> str:
    return f"{override.user} {override.start:%Y-%m-%dT%H:%M}Z to {override.end:%Y-%m-%dT%H:%M}Z"


def _fields_that_differ(before: BaseModel, after: BaseModel, ignored: set[str]) -> list[str]:
    names = (name for name in type(after).model_fields if name not in ignored)
    return [name for name in names if getattr(before, name) != getattr(after, name)]


def _differences(before: Any, after: Any) -> list[str]:
    """In words; the text of a secret or a key is never part of it."""
    if not isinstance(before, BaseModel) or not isinstance(after, BaseModel):
        return [f"{_words(before)} -> {_words(after)}"]
    names = _fields_that_differ(before, after, {"secret"} if isinstance(after, ContactEntry) else {"pin"})
    return [f"{name} {_words(getattr(before, name))} -> {_words(getattr(after, name))}" for name in names] or [
        "secret replaced" if isinstance(after, ContactEntry) else "PIN replaced"
    ]


def _words(value: Any) -> str:
    if isinstance(value, BaseModel):
        inner = (f"{name} {_words(part)}" for name, part in value if part not in (None, ()))
        return "{" + ", ".join(inner) + "}"
    if isinstance(value, tuple):
        return "[" + ", ".join(_words(part) for part in value) + "]"
    if isinstance(value, timedelta):
        return format_duration(value)
    return "none" if value is None or value == "" else str(value)
