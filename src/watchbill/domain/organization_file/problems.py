"""What is wrong with the files, where, and what to do about it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from watchbill.domain.organization_file import schema
from watchbill.domain.people.rules import listed
from watchbill.ground.yaml_text import Place, YamlText


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """`line` counts from 1; 0 is the file as a whole. `file` is empty when no file is at fault."""

    file: str
    line: int
    path: str
    message: str

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}: " if self.line else f"{self.file}: " if self.file else ""
        return f"{place}{self.path}: {self.message}" if self.path else f"{place}{self.message}"


class FilesRefused(Exception):
    """Nothing was changed. One line per problem, in the order of files and lines."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__("\n".join(str(problem) for problem in problems))
        self.problems = tuple(problems)


@dataclass(frozen=True, kw_only=True)
class Source:
    """Where an entry stands: for the errors about it."""

    file: str
    text: YamlText
    place: Place

    def problem(self, message: str, *inner: str | int) -> Problem:
        place = (*self.place, *inner)
        return Problem(file=self.file, line=self.text.line_of(place), path=path_text(place), message=message)

    def line(self) -> str:
        return f"{self.file}:{self.text.line_of(self.place)}"


def path_text(place: Place) -> str:
    """users[1].contacts[0].kind"""
    return "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in place).removeprefix(".")


def schema_problems(error: ValidationError, *, file: str, text: YamlText) -> list[Problem]:
    found = []
    for details in error.errors(include_url=False):
        place: Place = tuple(details["loc"])
        message = _message(details, place)
        found.append(Problem(file=file, line=text.line_of(place), path=path_text(place), message=message))
    return sorted(found, key=lambda problem: problem.line)


def _message(details: ErrorDetails, place: Place) -> str:
    given, context = details["input"], details.get("ctx", {})
    match details["type"]:
        case "missing":
            return f"is missing; add {place[-1]}: here"
        case "extra_forbidden":
            return f'unknown key "{place[-1]}"; use {listed(_keys_at(place[:-1]))}'
        case "value_error":
            return str(context["error"])
        case "tuple_type":
            return f"{_shown(given)} is no list; write it as [first, second] or with a dash before each item"
        case "model_type" | "model_attributes_type" | "dict_type":
            return f"{_shown(given)} has no keys; write it as name: value pairs"
        case "bool_type" | "bool_parsing":
            return f"{_shown(given)} is neither true nor false; write one of them"
        case "int_type" | "int_parsing" | "int_from_float":
            return f"{_shown(given)} is no whole number; write one, like 2"
    return f"{_shown(given)}: {details['msg'].lower()}; correct the value"


def _shown(given: Any) -> str:
    text = "nothing" if given is None else repr(given)
    return text if len(text) <= 60 else f"{text[:57]}..."


def _keys_at(place: Place) -> tuple[str, ...]:
    model: type[BaseModel] = schema.FileEntry
    for step in place:
        if isinstance(step, str):
            model = _SECTIONS.get(step, model)
    return tuple(field.alias or name for name, field in model.model_fields.items())


_SECTIONS: Mapping[str, type[BaseModel]] = {
    "organization": schema.OrganizationEntry,
    "users": schema.UserEntry,
    "contacts": schema.ContactEntry,
    "rules": schema.RulesEntry,
    "high": schema.RuleEntry,
    "low": schema.RuleEntry,
    "teams": schema.TeamEntry,
    "schedules": schema.ScheduleEntry,
    "rotations": schema.RotationEntry,
    "windows": schema.WindowEntry,
    "overrides": schema.OverrideEntry,
    "policies": schema.PolicyEntry,
    "levels": schema.LevelEntry,
    "services": schema.ServiceEntry,
    "integrations": schema.IntegrationEntry,
    "checks": schema.CheckEntry,
}
