"""What an entry says about a change: only what differs, before and after."""

from collections.abc import Mapping
from typing import Any


def difference(before: Mapping[str, Any], after: Mapping[str, Any]) -> dict[str, Any]:
    """{"before": {...}, "after": {...}} with the keys of `after` whose values differ; {} when none does."""
    changed = [key for key in after if key not in before or before[key] != after[key]]
    if not changed:
        return {}
    return {"before": {key: before.get(key) for key in changed}, "after": {key: after[key] for key in changed}}
