"""A setting that nothing reads and a right that nothing asks for are promises that nobody keeps."""

import ast
from collections.abc import Iterator

import pytest

from tests.house.tree import modules
from watchbill.config import Config
from watchbill.domain.access.models import Role, Scope
from watchbill.domain.access.rules import TABLE, Person, could
from watchbill.ground.ids import new_id

# How the settings are called where they are read.
_READERS = ("config()", "settings", "_config")
# Who asks the table of permissions.
_ASKERS = {"requires", "check", "check_could", "may", "could"}


def settings_read() -> Iterator[str]:
    for tree in modules().values():
        for node in ast.walk(tree):
            if isinstance(node, ast.Attribute) and ast.unparse(node.value).endswith(_READERS):
                yield node.attr


def rights_asked() -> Iterator[str]:
    for tree in modules().values():
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and ast.unparse(node.func).rpartition(".")[2] in _ASKERS:
                yield from (str(one.value) for one in node.args if isinstance(one, ast.Constant))


def test_every_setting_is_read() -> None:
    assert set(Config.model_fields) - set(settings_read()) == set()


def test_every_right_is_asked_for() -> None:
    assert {row.action for row in TABLE} - set(rights_asked()) == set()


@pytest.mark.parametrize("scope", Scope.values)
def test_every_scope_is_good_for_something(scope: str) -> None:
    somebody = Person(id=new_id(), role=Role.RESPONDER, scope=scope)
    assert [row.action for row in TABLE if could(somebody, row.action).allowed] != []


def test_every_function_of_the_domain_is_called_from_somewhere_of_the_product() -> None:
    """What only a test calls is not there for anybody."""
    named = {name for tree in modules().values() for name in names_in(tree)}
    declared = {
        f"{where}: {node.name}"
        for where, tree in modules().items()
        if where.startswith("domain/")
        for node in tree.body
        if isinstance(node, ast.FunctionDef) and not node.decorator_list and node.name not in named
    }
    assert declared == set()


def names_in(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Name):
            yield node.id
        elif isinstance(node, ast.Attribute):
            yield node.attr
