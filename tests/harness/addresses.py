"""Every address of the product as Django knows it, and the least that each operation of the API takes.

Nothing is listed here: a route that is added tomorrow is among them by itself.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import URLPattern, URLResolver, get_resolver

from tests.harness import pictures
from watchbill.doors.api.app import api

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE")
_PARAMETER = re.compile(r"<(?:(\w+):)?(\w+)>")
_NOTHING = {"uuid": "0190f000-0000-7000-8000-000000000000", "int": "999999"}
_TEXTS = {"uuid": _NOTHING["uuid"], "date-time": "2026-03-02T11:00:00Z", "date": "2026-03-02"}


@dataclass(frozen=True)
class Address:
    """`route` as it is declared, with its parameters in angle brackets."""

    route: str

    @property
    def parameters(self) -> tuple[str, ...]:
        return tuple(name for _, name in _PARAMETER.findall(self.route))

    @property
    def is_api(self) -> bool:
        return self.route.startswith("/api/v1/")

    def filled(self, values: Mapping[str, object]) -> str:
        """What is not among the values leads to nothing that is there, in the shape that the address asks for."""
        return _PARAMETER.sub(lambda found: str(values.get(found[2], _NOTHING.get(found[1] or "", "x"))), self.route)


def addresses() -> list[Address]:
    """Each once, however many operations share it; without the one that takes what is at no address."""
    routes = {f"/{route}" for route in _routes(get_resolver().url_patterns) if "(?P" not in route}
    return [Address(route) for route in sorted(routes)]


def _routes(patterns: list[URLPattern | URLResolver], before: str = "") -> Iterator[str]:
    for one in patterns:
        route = before + str(one.pattern)
        if isinstance(one, URLResolver):
            yield from _routes(one.url_patterns, route)
        else:
            yield route


def operations(address: Address) -> dict[str, dict[str, Any]]:
    """What the API describes there, by method."""
    path = re.sub(r"<(\w+)>", r"{\1}", address.route)
    described = _description()["paths"].get(path, {})
    return {method.upper(): operation for method, operation in described.items()}


@cache
def _description() -> Mapping[str, Any]:
    return api.get_openapi_schema(path_prefix="/api/v1/")


def least_body(operation: Mapping[str, Any], named: Mapping[str, Any]) -> tuple[str, Any]:
    """Content type and body: whatever is required, as its description allows it, and a file where files are taken.

    `named`: the values of fields for which any would not do.
    """
    content = operation.get("requestBody", {}).get("content", {})
    if "multipart/form-data" in content:
        return "multipart/form-data", {"files": SimpleUploadedFile("graph.png", pictures.png())}
    if not content:
        return "application/json", None
    body = _least(content["application/json"]["schema"])
    return "application/json", {name: named.get(name, value) for name, value in body.items()}


def _least(schema: Mapping[str, Any]) -> Any:
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        return _least(_description()["components"]["schemas"][name])
    for several in ("anyOf", "allOf", "oneOf"):
        if several in schema:
            return _least(schema[several][0])
    if "const" in schema or "enum" in schema:
        return schema.get("const", schema.get("enum", [None])[0])
    return _of_type(schema)


def _of_type(schema: Mapping[str, Any]) -> Any:
    kind = schema["type"]
    if kind == "object":
        asked = schema.get("required", [])
        return {name: _least(part) for name, part in schema.get("properties", {}).items() if name in asked}
    if kind == "array":
        return [_least(schema["items"])] * schema.get("minItems", 0)
    if kind in ("integer", "number"):
        return schema.get("minimum", 1)
    return {"boolean": True, "null": None}.get(kind, _TEXTS.get(schema.get("format", ""), "x"))
