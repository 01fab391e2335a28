"""Audit entries for a reader: what changed from what to what, in lines."""

import json
from collections.abc import Mapping
from typing import Any

_CUT = 160


def changes_of(details: Mapping[str, Any]) -> list[tuple[str, str, str]]:
    """(name, before, after); what has no before and after stands alone in the last."""
    before, after = details.get("before"), details.get("after")
    rows: list[tuple[str, str, str]] = []
    if isinstance(before, Mapping) or isinstance(after, Mapping):
        old = before if isinstance(before, Mapping) else {}
        new = after if isinstance(after, Mapping) else {}
        rows = [(str(name), _text(old.get(name)), _text(new.get(name))) for name in {**old, **new}]
    rows += [(str(name), "", _text(value)) for name, value in details.items() if name not in ("before", "after")]
    return rows


def _text(value: Any) -> str:
    if value is None or value == "":
        return ""
    named = _names(value)
    if named:
        return named
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= _CUT else text[:_CUT] + "…"


def _names(value: Any) -> str:
    """A list of things that have names, by these; the ids beside them are for programs."""
    rows = value if isinstance(value, list) else [value]
    names = [row.get("name") or row.get("label") if isinstance(row, Mapping) else "" for row in rows]
    return ", ".join(str(name) for name in names) if names and all(names) else ""
