"""From files to one document: read, check every value, merge, check references. All of it or nothing."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from pydantic import ValidationError

from watchbill.domain.oncall import rules as oncall
from watchbill.domain.oncall.rotation_rules import RotationDraft, check_rotations, rotation_rule
from watchbill.domain.organization_file.problems import FilesRefused, Problem, Source, schema_problems
from watchbill.domain.organization_file.schema import (
    BridgeEntry,
    FileEntry,
    OrganizationEntry,
    PolicyEntry,
    RoleEntry,
    RotationEntry,
    ScheduleEntry,
    ServiceEntry,
    TeamEntry,
    UserEntry,
)
from watchbill.domain.people.rules import ContactKinds
from watchbill.ground.local_time import instant_of
from watchbill.ground.refusals import ChangeRefused
from watchbill.ground.yaml_text import YamlError, YamlText, read_yaml

Named = UserEntry | TeamEntry | ScheduleEntry | PolicyEntry | ServiceEntry | RoleEntry | BridgeEntry
SECTIONS = ("users", "teams", "schedules", "policies", "services", "roles", "bridges")


@dataclass(kw_only=True)
class Document:
    """Everything the files say, by e-mail address or name, in the order of the files.

    `sources` is keyed by section and name; the organization's is ("organization", "").
    """

    organization: OrganizationEntry | None = None
    users: dict[str, UserEntry] = field(default_factory=dict)
    teams: dict[str, TeamEntry] = field(default_factory=dict)
    schedules: dict[str, ScheduleEntry] = field(default_factory=dict)
    policies: dict[str, PolicyEntry] = field(default_factory=dict)
    services: dict[str, ServiceEntry] = field(default_factory=dict)
    roles: dict[str, RoleEntry] = field(default_factory=dict)
    bridges: dict[str, BridgeEntry] = field(default_factory=dict)
    sources: dict[tuple[str, str], Source] = field(default_factory=dict)


def parse_files(files: Sequence[tuple[str, str]], *, kinds: ContactKinds) -> Document:
    """(name, text) each. Raises FilesRefused with everything that is wrong in the files by themselves."""
    problems: list[Problem] = []
    read = [(name, *found) for name, text in files if (found := _read(name, text, kinds, problems)) is not None]
    document = Document()
    for name, text, entry in read:
        _merge(document, name, text, entry, problems)
    problems += _inner_problems(document)
    if problems:
        raise FilesRefused(problems)
    return document


def schedules_from_files(files: Sequence[tuple[str, str]], *, kinds: ContactKinds) -> dict[str, oncall.Schedule]:
    """For a rota without a database: by name, with e-mail addresses as user ids."""
    document = parse_files(files, kinds=kinds)
    return {name: _calculable(entry) for name, entry in document.schedules.items()}


def zone_from_files(files: Sequence[tuple[str, str]], *, kinds: ContactKinds) -> str:
    """The organization's, UTC where the files name none."""
    entry = parse_files(files, kinds=kinds).organization
    return entry.time_zone if entry is not None else "UTC"


def _read(file: str, content: str, kinds: ContactKinds, problems: list[Problem]) -> tuple[YamlText, FileEntry] | None:
    try:
        text = read_yaml(content)
    except YamlError as error:
        problems.append(Problem(file=file, line=error.line, path="", message=error.message))
        return None
    try:
        entry = FileEntry.model_validate({} if text.data is None else text.data, context={"kinds": kinds})
    except ValidationError as error:
        problems.extend(schema_problems(error, file=file, text=text))
        return None
    return text, entry


def _merge(document: Document, file: str, text: YamlText, entry: FileEntry, problems: list[Problem]) -> None:
    if entry.organization is not None:
        source = Source(file=file, text=text, place=("organization",))
        if document.organization is not None:
            problems.append(source.problem(_twice("the organization", document.sources["organization", ""])))
        document.organization = entry.organization
        document.sources["organization", ""] = source
    for section in SECTIONS:
        held: dict[str, Named] = getattr(document, section)
        for index, item in enumerate(getattr(entry, section)):
            source = Source(file=file, text=text, place=(section, index))
            key = key_of(item)
            if key in held:
                problems.append(source.problem(_twice(key, document.sources[section, key])))
                continue
            try:
                held[key] = _in_utc(item) if isinstance(item, ScheduleEntry) else item
            except OverflowError:
                problems.append(source.problem("has a time outside the calendar; choose years 1970 to 9000"))
            document.sources[section, key] = source


def key_of(item: Named) -> str:
    return item.email if isinstance(item, UserEntry) else item.name


def _twice(what: str, first: Source) -> str:
    return f"{what} is defined in {first.line()} already; keep one of them"


def _in_utc(schedule: ScheduleEntry) -> ScheduleEntry:
    """Times without an offset are the schedule's local times."""
    zone = ZoneInfo(schedule.time_zone)

    def utc(moment: datetime) -> datetime:
        return instant_of(moment, zone) if moment.tzinfo is None else moment.astimezone(UTC)

    update: dict[str, object] = {}
    if schedule.rotations is not None:
        update["rotations"] = tuple(
            rotation.model_copy(update={"ends": utc(rotation.ends)}) if rotation.ends else rotation
            for rotation in schedule.rotations
        )
    if schedule.overrides is not None:
        update["overrides"] = tuple(
            override.model_copy(update={"start": utc(override.start), "end": utc(override.end)})
            for override in schedule.overrides
        )
    return schedule.model_copy(update=update)


def _inner_problems(document: Document) -> Iterator[Problem]:
    for email, user in document.users.items():
        yield from _contact_problems(user, document.sources["users", email])
    for name, schedule in document.schedules.items():
        yield from _schedule_problems(schedule, document.sources["schedules", name])
    yield from _key_problems(document)


def _contact_problems(user: UserEntry, source: Source) -> Iterator[Problem]:
    names = [contact.name for contact in user.contacts or ()]
    for index in _repeated(names):
        yield source.problem(
            f'"{names[index]}" stands twice; give every contact its own name', "contacts", index, "name"
        )


def _schedule_problems(schedule: ScheduleEntry, source: Source) -> Iterator[Problem]:
    # The same checks as the verb's; who the members are does not matter to them.
    drafts = [rotation_draft(rotation, {}) for rotation in schedule.rotations or ()]
    try:
        check_rotations(drafts)
    except ChangeRefused as refused:
        yield source.problem(refused.reason, *inner_place(refused.field))
    for index, override in enumerate(schedule.overrides or ()):
        if override.end <= override.start:
            yield source.problem("is not after the start; choose a later end", "overrides", index, "end")


def _key_problems(document: Document) -> Iterator[Problem]:
    seen: dict[str, str] = {}
    for name, service in document.services.items():
        source = document.sources["services", name]
        for index, integration in enumerate(service.integrations or ()):
            if integration.key is None:
                continue
            if integration.key in seen:
                message = f"is used in {seen[integration.key]} already; choose another key, or leave it out to get one"
                yield source.problem(message, "integrations", index, "key")
            here = source.problem("", "integrations", index, "key")
            seen.setdefault(integration.key, f"{here.file}:{here.line}")


def _repeated(names: Sequence[str]) -> Iterable[int]:
    return [index for index, name in enumerate(names) if name in names[:index]]


def inner_place(field_name: str) -> tuple[str | int, ...]:
    """The place of `levels[0].timeout` inside its entry."""
    steps = field_name.replace("[", ".").replace("]", "").split(".")
    return tuple(int(step) if step.isascii() and step.isdigit() else step for step in steps if step)


def rotation_draft(entry: RotationEntry, user_ids: Mapping[str, UUID]) -> RotationDraft:
    """`user_ids` by e-mail address; one that is missing becomes nobody."""
    return RotationDraft(
        name=entry.name,
        member_ids=tuple(user_ids.get(member) for member in entry.members),
        every=entry.every.count,
        unit=entry.every.unit,
        handoff_time=entry.handoff.time,
        starts_date=entry.starts,
        handoff_weekday=entry.handoff.weekday,
        ends_at=entry.ends,
        per_turn=entry.per_turn,
        windows=_windows(entry),
    )


def _windows(entry: RotationEntry) -> tuple[oncall.Window, ...]:
    return tuple(
        oncall.Window(
            starts_weekday=window.start.weekday or 0,
            starts_time=window.start.time,
            ends_weekday=window.end.weekday or 0,
            ends_time=window.end.time,
        )
        for window in entry.windows
    )


def _calculable(entry: ScheduleEntry) -> oncall.Schedule:
    return oncall.Schedule(
        name=entry.name,
        time_zone=entry.time_zone,
        rotations=tuple(
            rotation_rule(
                rotation_draft(rotation, {}),
                members=[None if member == oncall.NOBODY else member for member in rotation.members],
            )
            for rotation in entry.rotations or ()
        ),
        overrides=tuple(
            # All at once, so that the later one in the file wins, as it does after an apply.
            oncall.Override(
                user=override.user,
                starts_at=override.start,
                ends_at=override.end,
                created_at=datetime.min.replace(tzinfo=UTC),
                id=f"{index:06}",
            )
            for index, override in enumerate(entry.overrides or ())
        ),
    )
