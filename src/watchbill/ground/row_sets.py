"""Many rows as one parameter, for `json_to_recordset(%s)`.

Written in one go by compiled code: arrays, one for each column, cost Python several times as much, and while it
builds them no other thread of the process runs.
"""

from collections.abc import Mapping, Sequence

import orjson


def as_rows(rows: Sequence[Mapping[str, object]]) -> str:
    """Values may be text, numbers, UUIDs, aware datetimes, None, and for json columns dicts and lists of these.

    Anything else is written as its text.
    """
    return orjson.dumps(rows, default=str).decode()
