"""Documents rot in silence: what they name must exist, and what exists must be named."""

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

import pytest
from pydantic import BaseModel
from tools.commands_page import commands
from tools.commands_page import page as commands_page

from tests.house.tree import PACKAGE, ROOT, documents
from watchbill.composition import contact_kinds
from watchbill.config import Config
from watchbill.domain.access.models import Role
from watchbill.domain.access.rules import TABLE, Needs, Reach
from watchbill.domain.escalation.policy_rules import TARGET_KINDS
from watchbill.domain.organization_file.rules import parse_files
from watchbill.domain.organization_file.schema import FileEntry
from watchbill.domain.services.models import IntegrationKind
from watchbill.doors.api.app import api
from watchbill.engine.handlers import build_handlers
from watchbill.sources.register import SOURCES

ARCHITECTURE = "ARCHITECTURE.md"
ORGANIZATION_FILE = "docs/how-to/write-the-organization-file.md"
DEPENDENCIES = "docs/decisions/0006-every-dependency-has-its-reason.md"
TRACE = "docs/how-to/trace-a-page.md"
COMMANDS = "docs/operate/commands.md"
SETTINGS = "docs/operate/settings.md"

_CODE = re.compile(r"`([^`\n]+)`")
_LINK = re.compile(r"\]\(([^)#]+)(?:#[^)]*)?\)")
_BLOCK = re.compile(r"```(\w+)\n(.*?)```", re.DOTALL)


def everything() -> str:
    return "\n".join(documents().values())


def test_the_architecture_names_only_what_exists_and_stays_short() -> None:
    text = documents()[ARCHITECTURE]
    named = {word for word in _CODE.findall(text) if re.fullmatch(r"[\w./-]+(\.(py|toml|md|yaml)|/)", word)}
    assert len(named) > 80
    assert {word for word in named if not _is_there(word)} == set()
    lines = text.splitlines()
    assert len(lines) < 300
    assert [line for line in lines if len(line) > 160 and not line.startswith("|")] == []


def test_the_architecture_lists_the_rooms_in_the_order_of_their_contract() -> None:
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["importlinter"][
        "contracts"
    ]
    [layers] = [one["layers"] for one in contracts if one.get("containers") == ["watchbill.domain"]]
    rooms = re.findall(r"^\| `domain/(\w+)/` \|", documents()[ARCHITECTURE], re.MULTILINE)
    assert rooms == [room for layer in layers for room in re.findall(r"\w+", layer)]


def _is_there(word: str) -> bool:
    """In the package, in the repository, or, for a bare file name, somewhere in the package."""
    places = (PACKAGE / word, ROOT / word)
    return any(place.exists() for place in places) or ("/" not in word and any(PACKAGE.rglob(word)))


def test_the_architecture_names_every_room_adapter_engine_part_and_kind_of_timer() -> None:
    text = documents()[ARCHITECTURE]
    rooms = {f"domain/{one.name}/" for one in (PACKAGE / "domain").iterdir() if (one / "__init__.py").exists()}
    engine = {one.name for one in (PACKAGE / "engine").glob("[a-z]*.py")}
    doors = {f"doors/{one.name}/" for one in (PACKAGE / "doors").iterdir() if (one / "__init__.py").exists()}
    kinds = set(build_handlers(lambda: pytest.fail("not asked")))
    folders = {f"tests/{one.name}/" for one in (ROOT / "tests").iterdir() if (one / "__init__.py").exists()}
    assert {word for word in rooms | engine | doors | kinds | folders if f"{word}`" not in text} == set()


def test_the_security_page_says_what_responders_and_stakeholders_may() -> None:
    """By the words of the table of permissions; what everybody may read and what is one's own goes without."""
    open_to_all = {
        row.action for row in TABLE if row.needs is Needs.READ and row.reach[Role.STAKEHOLDER] is not Reach.NOWHERE
    }
    before: set[str] = set()
    for role in (Role.STAKEHOLDER, Role.RESPONDER):
        [cell] = re.findall(rf"^\| a {role} \| (.*) \|$", documents()["SECURITY.md"], re.MULTILINE)
        everywhere, _, own_teams = cell.partition("; of their own teams alone: ")
        told = {row.action for row in TABLE if row.words in everywhere} - open_to_all
        reach = {row.action: row.reach[role] for row in TABLE if row.action not in open_to_all | before}
        assert told == {action for action, one in reach.items() if one is Reach.ANYWHERE}
        assert {row.action for row in TABLE if row.words in own_teams} == {
            action for action, one in reach.items() if one is Reach.OWN_TEAMS
        }
        before |= told


def test_links_between_documents_lead_somewhere() -> None:
    dead = {
        f"{where}: {target}"
        for where, text in documents().items()
        for target in _LINK.findall(text)
        if "://" not in target and not ((ROOT / where).parent / target).exists()
    }
    assert dead == set()


def test_every_page_of_the_documentation_is_linked_from_another() -> None:
    linked = {
        ((ROOT / where).parent / target).resolve()
        for where, text in documents().items()
        for target in _LINK.findall(text)
        if ((ROOT / where).parent / target).resolve() != ROOT / where
    }
    pages = {where for where in documents() if where.startswith("docs/")}
    assert {page for page in pages if not {ROOT / page, (ROOT / page).parent} & linked} == set()


def test_every_address_of_the_api_that_a_document_names_exists() -> None:
    named = set(
        re.findall(r"(?:(GET|POST|PUT|PATCH|DELETE) )?(?:https?://[\w.]+)?/api/v1(/[^\s`\"?#)]+)", everything())
    )
    assert len(named) > 3
    there = [("GET", re.compile("/openapi.json"))] + [
        (method, re.compile(re.sub(r"\{\w+\}", "[^/]+", prefix + path)))
        for prefix, router in api._routers
        for path, view in router.path_operations.items()
        for operation in view.operations
        for method in operation.methods
    ]
    wrong = {
        f"{method} {path}"
        for method, path in named
        if not any(method in ("", known) and pattern.fullmatch(path) for known, pattern in there)
    }
    assert wrong == set()


def test_every_setting_that_a_document_names_exists() -> None:
    known = {f"WATCHBILL_{name.upper()}" for name in Config.model_fields}
    named = set(re.findall(r"WATCHBILL_[A-Z_]+[A-Z]", everything()))
    assert {name for name in named if name.removesuffix("_FILE") not in known | {"WATCHBILL_PROCESS"}} == set()
    assert known <= set(re.findall(r"WATCHBILL_[A-Z_]+[A-Z]", documents()[SETTINGS]))


def test_every_command_is_documented_and_every_documented_command_exists() -> None:
    assert (ROOT / COMMANDS).read_text(encoding="utf-8") == commands_page(), "run: python tools/commands_page.py"
    nouns = {name.split()[0] for name, _ in commands()}
    named = set(re.findall(r"watchbill ([a-z]+)(?= |`|$)", "\n".join(_shown_commands())))
    assert named <= nouns
    assert {name for name, what in commands() if not what} == set()


def _shown_commands() -> Iterator[str]:
    for text in documents().values():
        yield from (word for word in _CODE.findall(text) if word.startswith("watchbill "))
        for _language, block in _BLOCK.findall(text):
            yield from re.findall(r"^(?:[$#] )?(?:\S+/)?(watchbill [a-z].*)$", block, re.MULTILINE)


def test_every_operation_of_the_api_says_what_it_does() -> None:
    operations = [
        (f"{'/'.join(operation.methods)} {prefix}{path}", operation)
        for prefix, router in api._routers
        for path, view in router.path_operations.items()
        for operation in view.operations
    ]
    assert len(operations) > 50
    by_itself = {where for where, one in operations if one.summary == one.view_func.__name__.replace("_", " ").title()}
    assert by_itself == set(), 'say summary="..." in the operation\'s decorator'
    assert {prefix for prefix, router in api._routers if router.path_operations and not router.tags} == set()


def test_every_source_channel_target_and_integration_is_documented() -> None:
    text = everything()
    kinds = {source.kind for source in SOURCES} | set(IntegrationKind.values) | set(contact_kinds()) | set(TARGET_KINDS)
    assert {kind for kind in kinds if f"`{kind}`" not in text and f"`{kind}:" not in text} == set()
    assert {source.kind for source in SOURCES} <= set(IntegrationKind.values)


def test_the_page_about_the_organization_file_names_every_key_and_no_other() -> None:
    text = documents()[ORGANIZATION_FILE]
    tables = text.partition("## Key by key")[2]
    explained = {key for line in re.findall(r"^\| (`.+?) \|", tables, re.MULTILINE) for key in _CODE.findall(line)}
    sections = set(FileEntry.model_fields)
    assert explained == set(_keys(FileEntry)) - sections
    assert sections <= set(re.findall(r"^\*\*(\w+)\*\*", tables, re.MULTILINE))


def _keys(model: type[BaseModel]) -> Iterator[str]:
    for name, field in model.model_fields.items():
        yield field.alias or name
        for inner in _models(field.annotation):
            yield from _keys(inner)


def _models(annotation: Any) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for part in get_args(annotation):
        yield from _models(part)


def test_the_example_of_the_organization_file_uses_every_key_and_is_accepted() -> None:
    examples = [block for language, block in _BLOCK.findall(documents()[ORGANIZATION_FILE]) if language == "yaml"]
    [whole] = [block for block in examples if "organization:" in block]
    document = parse_files([("example.yaml", whole)], kinds=contact_kinds())
    assert document.services
    missing = {key for key in _keys(FileEntry) if not re.search(rf"\b{key}:", whole)}
    assert missing == set()


@pytest.mark.django_db
def test_the_queries_for_tracing_a_page_run() -> None:
    from django.db import connection

    queries = [block for language, block in _BLOCK.findall(documents()[TRACE]) if language == "sql"]
    assert len(queries) == 4
    with connection.cursor() as cursor:
        for query in queries:
            cursor.execute(query)


def test_each_record_of_a_decision_is_called_by_its_number() -> None:
    records = {Path(where).name: text for where, text in documents().items() if "/decisions/0" in where}
    assert len(records) > 5
    assert {name for name, text in records.items() if not text.startswith(f"# {int(name[:4])}. ")} == set()


def test_every_dependency_has_its_reason_on_record() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    wanted = {re.split(r"[\[<>=; ]", one)[0] for one in project["dependencies"]}
    rows = re.findall(r"^\| (`.*?) \| \S", documents()[DEPENDENCIES], re.MULTILINE)
    assert {name for row in rows for name in _CODE.findall(row)} == wanted


def test_the_glossary_has_one_meaning_for_each_word_in_order() -> None:
    words = re.findall(r"^\| ([^|]+) \|", documents()["docs/glossary.md"], re.MULTILINE)[1:]
    assert len(words) > 60
    assert words == sorted(set(words))
