"""The arithmetic of the hash chain. Everybody who knows these rules can verify an export without this program.

An entry's canonical form is JSON as RFC 8785 orders it: keys sorted, no white space, UTF-8, with the entry's columns
as keys, ids as strings, `at` in UTC with six digits of the second, and an absent value as null. Numbers inside
`details` are written as Python writes them, which RFC 8785 does not ask for; it is the only difference.

    entry hash = SHA-256(canonical form)
    chain hash = SHA-256(chain hash of the seal before + entry hash + sequence)

Hashes are in lower-case hexadecimal and the sequence in decimal, joined as text. The first seal has sequence 1;
the chain hash before it is 64 zeros.
"""

from dataclasses import dataclass
from hashlib import sha256
from typing import Any

import orjson

CHAIN_BEGINS = "0" * 64
_AS_RFC_8785 = orjson.OPT_SORT_KEYS


@dataclass(frozen=True, slots=True)
class Head:
    """The last link of a chain: what an anchor outside of the database has to remember."""

    sequence: int
    chain_hash: str

    def __str__(self) -> str:
        return f"{self.sequence}:{self.chain_hash}"


EMPTY = Head(0, CHAIN_BEGINS)


def entry_hash(columns: dict[str, Any]) -> str:
    return sha256(orjson.dumps(columns, option=_AS_RFC_8785)).hexdigest()


def chain_hash(before: str, hashed: str, sequence: int) -> str:
    return sha256(f"{before}{hashed}{sequence}".encode()).hexdigest()
