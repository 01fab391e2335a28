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
