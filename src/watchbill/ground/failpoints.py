"""Places where a process can be made to die, to prove that nothing is lost there. Off unless a test asks.

`WATCHBILL_FAILPOINT="sender.claimed:2"` ends the process, as a power cut would, when that place is reached for the
second time.
"""

import itertools
import os

NAMES = (
    "ingest.before_commit",
    "ingest.after_commit",
    "engine.before_commit",
    "engine.after_commit",
    "sender.claimed",
    "sender.before_provider",
    "sender.provider_answered",
    "sender.before_record_commit",
    "sender.after_record_commit",
    "acknowledge.before_commit",
    "acknowledge.after_commit",
)
_KILLED = 137


def _read(text: str) -> tuple[str, int]:
    name, _, hit = text.partition(":")
    if name and name not in NAMES:
        raise ValueError(f"WATCHBILL_FAILPOINT: there is no place called {name}; known: {', '.join(NAMES)}")
    return name, int(hit or 1)


_name, _hit = _read(os.environ.get("WATCHBILL_FAILPOINT", ""))
_armed = bool(_name)
_hits = itertools.count(1)  # counts in one step, whatever thread comes by


def failpoint(name: str) -> None:
    if _armed and name == _name and next(_hits) == _hit:
        os._exit(_KILLED)
