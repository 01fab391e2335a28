"""YAML as plain data that remembers the line of every value.

Only plain YAML 1.2 is taken: no tags, no anchors and aliases (they can grow without bound), no key twice.
Dates stay text; whoever knows what they mean parses them.
"""

from dataclasses import dataclass
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

CHARACTERS_MAX = 1_000_000
# Nobody means a longer one, and Python refuses to print integers of more than 4,300 digits.
_NUMBER_CHARACTERS_MAX = 100

Place = tuple[str | int, ...]


class YamlError(ValueError):
    """`line` counts from 1; 0 when the text as a whole is at fault."""

    def __init__(self, message: str, *, line: int) -> None:
        super().__init__(message)
        self.message = message
        self.line = line


@dataclass(frozen=True, kw_only=True)
class YamlText:
    data: Any
    lines: dict[Place, int]

    def line_of(self, place: Place) -> int:
        """The line of the value at `place`, or of the nearest value around it."""
        while place not in self.lines:
            if not place:
                return 1
            place = place[:-1]
        return self.lines[place]


def read_yaml(text: str) -> YamlText:
    if len(text) > CHARACTERS_MAX:
        raise YamlError(f"The text is longer than {CHARACTERS_MAX} characters. Shorten it.", line=0)
    try:
        node = YAML(typ="safe", pure=True).compose(text)
        reader = _Reader()
        data = reader.value(node, ()) if node is not None else None
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = mark.line + 1 if mark is not None else 0
        raise YamlError(f"Not valid YAML: {error.problem}. Correct the syntax.", line=line) from error
    except YAMLError as error:
        first_line = str(error).partition("\n")[0]
        raise YamlError(f"Not valid YAML: {first_line}. Correct the syntax.", line=0) from error
    except RecursionError as error:
        raise YamlError("Nested too deeply. Flatten the document.", line=0) from error
    return YamlText(data=data, lines=reader.lines)


class _Reader:
    def __init__(self) -> None:
        self.lines: dict[Place, int] = {}
        self._seen: set[int] = set()

    def value(self, node: Node, place: Place) -> Any:
        line = node.start_mark.line + 1
        if id(node) in self._seen:
            # An alias is the anchor's own node; its line is the one noted for the key it stands at.
            line = self.lines.get(place, line)
            raise YamlError("Anchors and aliases are not taken here. Write the value out.", line=line)
        self._seen.add(id(node))
        # The line of a key, noted by the mapping around it, is a better place to look than that of a block value.
        self.lines.setdefault(place, line)
        if isinstance(node, MappingNode):
            return self._mapping(node, place)
        if isinstance(node, SequenceNode):
            return [self.value(item, (*place, index)) for index, item in enumerate(node.value)]
        if isinstance(node, ScalarNode):
            return _scalar(node, line)
        raise YamlError("This kind of YAML is not taken here. Write a plain value.", line=line)

    def _mapping(self, node: MappingNode, place: Place) -> dict[str, Any]:
        result: dict[str, Any] = {}
        for key_node, value_node in node.value:
            line = key_node.start_mark.line + 1
            if not isinstance(key_node, ScalarNode):
                raise YamlError("A key must be plain text. Write it as `name:`.", line=line)
            key = str(key_node.value)
            if key in result:
                raise YamlError(f"The key `{key}` stands here twice. Keep one of them.", line=line)
            self.lines[(*place, key)] = line
            result[key] = self.value(value_node, (*place, key))
        return result


def _scalar(node: ScalarNode, line: int) -> Any:
    if any(character == "\x00" or "\ud800" <= character <= "\udfff" for character in str(node.value)):
        raise YamlError("The text holds a character that cannot be stored. Remove it.", line=line)
    kind = str(node.tag).removeprefix("tag:yaml.org,2002:")
    text = str(node.value)
    if kind in ("int", "float") and len(text) > _NUMBER_CHARACTERS_MAX:
        raise YamlError(
            f"A number of {len(text)} characters is not taken here, {_NUMBER_CHARACTERS_MAX} at most. "
            "Shorten it, or put it in quotes if it is text.",
            line=line,
        )
    try:
        match kind:
            case "str" | "timestamp":
                return text
            case "null":
                return None
            case "bool":
                return text.lower() == "true"
            case "int":
                return int(text.replace("_", ""), 0)
            case "float":
                return float(text.replace("_", ""))
    except ValueError as error:
        raise YamlError(f"`{text}` cannot be read as a number. Put it in quotes if it is text.", line=line) from error
    raise YamlError(f"The tag `{node.tag}` is not taken here. Write a plain value.", line=line)
