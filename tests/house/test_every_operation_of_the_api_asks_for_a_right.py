"""No operation is open by oversight: each one names an action of the table of permissions."""

from collections import Counter
from collections.abc import Iterator

from ninja.constants import NOT_SET
from ninja.operation import Operation

from watchbill.domain.access.rules import PERMISSIONS, Needs
from watchbill.doors.api.app import api
from watchbill.doors.api.auth import AUTH
from watchbill.doors.api.values import Input, Output


def operations() -> Iterator[tuple[str, Operation]]:
    for prefix, router in api._routers:
        for path, view in router.path_operations.items():
            for operation in view.operations:
                yield f"{'/'.join(operation.methods)} {prefix}{path}", operation


def test_every_operation_names_its_right() -> None:
    found = {where: getattr(operation.view_func, "permission", None) for where, operation in operations()}

    assert len(found) > 50
    assert {where: right for where, right in found.items() if right not in PERMISSIONS} == {}


def test_only_reading_is_open_to_a_token_that_may_only_read() -> None:
    writing = {
        where
        for where, operation in operations()
        if set(operation.methods) != {"GET"} and PERMISSIONS[operation.view_func.permission].needs is Needs.READ
    }

    assert writing == {"POST /process/diff", "POST /severities/suggest"}  # compare, and write nothing


def test_every_operation_asks_who_is_there() -> None:
    assert api.auth == AUTH
    assert [where for where, operation in operations() if operation.auth_param is not NOT_SET] == []


def test_the_description_gives_each_shape_a_name_of_its_own() -> None:
    """Of two shapes with one name the description would show one, for the operations of both."""
    described = api.get_openapi_schema()["components"]["schemas"]
    named = Counter(shape.__name__ for shape in shapes(Input, Output))

    assert {name for name, count in named.items() if count > 1 and name in described} == set()


def shapes(*kinds: type) -> Iterator[type]:
    for kind in kinds:
        for shape in kind.__subclasses__():
            yield shape
            yield from shapes(shape)
