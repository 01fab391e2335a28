"""A process document from text, with errors a person can act on; and what differs between two documents."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any, get_args

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from watchbill.domain.process.schema import ProcessDocument
from watchbill.domain.process.schema.values import Part
from watchbill.domain.process.soundness import contradictions
from watchbill.ground.yaml_text import Place, YamlError, YamlText, read_yaml

_IDENTITIES = ("id", "severity", "role", "level", "prefix", "kind")


@dataclass(frozen=True, kw_only=True)
class Problem:
    """What is wrong, where, and what to do. `line` counts from 1; 0 means the text as a whole."""

    file: str
    line: int
    path: str
    message: str
    remedy: str

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}" if self.line else self.file
        subject = f"{self.path}: " if self.path else ""
        return f"{place}: {subject}{self.message}. {self.remedy}".strip()


class InvalidProcess(ValueError):
    def __init__(self, problems: list[Problem]) -> None:
        super().__init__("\n".join(str(problem) for problem in problems))
        self.problems = problems


@dataclass(frozen=True, kw_only=True)
class Change:
    """`old` is None where something was added, `new` where it was removed."""

    path: str
    old: Any
    new: Any


def parse(text: str, *, file: str) -> ProcessDocument:
    """Raises InvalidProcess with every problem found, in the order of the lines."""
    try:
        source = read_yaml(text)
    except YamlError as error:
        message, _, remedy = error.message.rpartition(". ")
        raise InvalidProcess(
            [Problem(file=file, line=error.line, path="", message=message or remedy, remedy=remedy if message else "")]
        ) from error
    try:
        document = ProcessDocument.model_validate_json(json.dumps(source.data))
    except ValidationError as error:
        problems = [_problem(details, source, file) for details in error.errors(include_url=False)]
        raise InvalidProcess(_by_line(problems)) from error
    problems = [
        Problem(
            file=file,
            line=source.line_of(found.place),
            path=_path(source.data, found.place),
            message=found.message,
            remedy=found.remedy,
        )
        for found in contradictions(document)
    ]
    if problems:
        raise InvalidProcess(_by_line(problems))
    return document


def to_json(document: ProcessDocument) -> dict[str, Any]:
    """Plain JSON without empty values; `from_json` gives the same document back."""
    return document.model_dump(mode="json", exclude_none=True)


def from_json(data: dict[str, Any]) -> ProcessDocument:
    return ProcessDocument.model_validate_json(json.dumps(data))


def difference(old: ProcessDocument, new: ProcessDocument) -> list[Change]:
    """Items of a list are compared by their identifier, so an inserted item is one change, and so is a new order."""
    return list(_differences("", to_json(old), to_json(new)))


def _by_line(problems: list[Problem]) -> list[Problem]:
    return sorted(problems, key=lambda problem: problem.line)


def _problem(details: ErrorDetails, source: YamlText, file: str) -> Problem:
    place: Place = tuple(details["loc"])
    message, remedy = _explained(details, place)
    path = _path(source.data, place)
    return Problem(file=file, line=source.line_of(place), path=path, message=message, remedy=remedy)


def _explained(details: ErrorDetails, place: Place) -> tuple[str, str]:
    given = details["input"]
    context = details.get("ctx", {})
    match details["type"]:
        case "missing":
            return "is missing", f"Add `{place[-1]}:` here."
        case "extra_forbidden":
            return "is not a known key", _known_keys(place)
        case "literal_error":
            return f"{given!r} is not possible here", f"Write {context['expected']}."
        case "string_pattern_mismatch":
            return f"{given!r} is not an identifier", "Use small letters, digits and single hyphens, as in team-lead."
        case "value_error":
            message, _, remedy = str(context["error"]).partition(". ")
            return message, remedy + "." if remedy else "Correct the value."
        case "int_type" | "int_from_float" | "float_type":
            return f"{given!r} is not a number", "Write a plain number, without quotes."
        case "bool_type":
            return f"{given!r} is neither true nor false", "Write true or false."
        case "string_type":
            return f"{given!r} is not text", "Put it in quotes."
        case "tuple_type":
            return f"{given!r} is not a list", "Write a list: [first, second], or one `- item` on each line."
        case "model_type" | "model_attributes_type" | "dict_type":
            return f"{given!r} is not a block of keys", "Write `key: value` pairs."
    return details["msg"], "Correct the value."


def _known_keys(place: Place) -> str:
    known = sorted(_keys_at(place[:-1]))
    near = get_close_matches(str(place[-1]), known, n=1)
    if near:
        return f"Did you mean `{near[0]}`?"
    return f"Known here: {', '.join(known)}."


def _keys_at(place: Place) -> set[str]:
    part: type[Part] = ProcessDocument
    for step in place:
        if isinstance(step, str):
            part = next(_parts_in(part.model_fields[step].annotation), part)
    return set(part.model_fields)


def _parts_in(annotation: Any) -> Iterator[type[Part]]:
    if isinstance(annotation, type) and issubclass(annotation, Part):
        yield annotation
    for argument in get_args(annotation):
        yield from _parts_in(argument)


def _path(data: Any, place: Place) -> str:
    """`severities[sev1].respond.within`: items are named by their identifier where they have one."""
    path = ""
    for step in place:
        if isinstance(step, int):
            data = data[step] if isinstance(data, list) and step < len(data) else None
            path += f"[{_identity(data) or step + 1}]"
        else:
            data = data.get(step) if isinstance(data, dict) else None
            path += f".{step}" if path else step
    return path


def _identity(item: Any) -> str | None:
    if not isinstance(item, dict):
        return None
    return next((str(item[key]) for key in _IDENTITIES if key in item), None)


def _differences(path: str, old: Any, new: Any) -> Iterator[Change]:
    if old == new:
        return
    if isinstance(old, dict) and isinstance(new, dict):
        for key in [*old, *(key for key in new if key not in old)]:
            yield from _differences(f"{path}.{key}" if path else key, old.get(key), new.get(key))
        return
    if isinstance(old, list) and isinstance(new, list):
        yield from _list_differences(path, old, new)
        return
    yield Change(path=path, old=old, new=new)


def _list_differences(path: str, old: list[Any], new: list[Any]) -> Iterator[Change]:
    before, after = _named(old), _named(new)
    if before is None or after is None:
        if len(old) == len(new) and all(isinstance(item, dict) for item in [*old, *new]):
            for index, (old_item, new_item) in enumerate(zip(old, new, strict=True)):
                yield from _differences(f"{path}[{index + 1}]", old_item, new_item)
        else:
            yield Change(path=path, old=old, new=new)
        return
    for name in [*before, *(name for name in after if name not in before)]:
        yield from _differences(f"{path}[{name}]", before.get(name), after.get(name))
    kept_before = [name for name in before if name in after]
    kept_after = [name for name in after if name in before]
    if kept_before != kept_after:
        yield Change(path=f"{path} (order)", old=kept_before, new=kept_after)


def _named(items: list[Any]) -> dict[str, Any] | None:
    """Items by identifier; None unless every item has one of its own."""
    names = [_identity(item) for item in items]
    named = {name: item for name, item in zip(names, items, strict=True) if name is not None}
    return named if len(named) == len(items) else None
