"""Follow the chain from its first seal and say where it breaks.

Whoever may write to the database may also compute a whole new chain, and PostgreSQL cannot keep the product's own
role from that. So the head of the chain belongs somewhere else from time to time: the engine logs it every hour, and
an anchor given here must still be in the chain. What is cut off behind the last anchor leaves no trace.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from watchbill.domain.audit import store
from watchbill.domain.audit.sealing_rules import EMPTY, Head, chain_hash, entry_hash
from watchbill.domain.audit.store import SealableEntry, SealRow

_AT_ONCE = 20_000
# A sealer that works is never this late.
UNSEALED_MAX = timedelta(seconds=60)
# Hosts' clocks differ, and an entry carries the time of its request.
_BACKDATED = timedelta(hours=1)


class Kind(StrEnum):
    EDITED = "edited"
    DELETED = "deleted"
    INSERTED = "inserted"
    REORDERED = "reordered"
    TRUNCATED = "truncated"
    UNSEALED = "unsealed"


@dataclass(frozen=True, slots=True)
class Finding:
    """The first seal that does not hold, and the words for it."""

    sequence: int
    kind: Kind
    what: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """`backdated`: entries dated long before what was sealed before them; a clock set wrong does that as well."""

    head: Head
    finding: Finding | None
    backdated: tuple[int, ...]


@dataclass(slots=True)
class _Chain:
    head: Head = EMPTY
    latest_at: datetime | None = None


def verify(*, now: datetime, anchors: Sequence[Head] = (), progress: Callable[[int], None] | None = None) -> Verdict:
    """`progress` is told how many more seals were checked."""
    chain = _Chain()
    backdated: list[int] = []
    anchored = {anchor.sequence: anchor for anchor in anchors}
    while seals := store.seals(after=chain.head.sequence, limit=_AT_ONCE):
        found = _by_id(store.entries([seal.entry_id for seal in seals]))
        for seal in seals:
            finding = _check(seal, found.get(seal.entry_id, ()), chain)
            if finding is None and seal.sequence in anchored and anchored[seal.sequence].chain_hash != seal.chain_hash:
                finding = Finding(
                    seal.sequence, Kind.EDITED, f"the chain up to sequence {seal.sequence} is not the one of the anchor"
                )
            if finding is not None:
                return Verdict(chain.head, _explained(finding, seals, chain.head), tuple(backdated))
            if chain.latest_at and seal.entry_at < chain.latest_at - _BACKDATED:
                backdated.append(seal.sequence)
            chain.latest_at = max(chain.latest_at or seal.entry_at, seal.entry_at)
            chain.head = Head(seal.sequence, seal.chain_hash)
        if progress is not None:
            progress(len(seals))
    return Verdict(chain.head, _end(chain.head, anchors, now=now), tuple(backdated))


def _by_id(entries: Iterable[SealableEntry]) -> dict[int, list[SealableEntry]]:
    found: dict[int, list[SealableEntry]] = {}
    for entry in entries:
        found.setdefault(entry.id, []).append(entry)
    return found


def _check(seal: SealRow, entries: Sequence[SealableEntry], chain: _Chain) -> Finding | None:
    before, expected = chain.head, chain.head.sequence + 1
    if seal.sequence != expected:
        return Finding(expected, Kind.DELETED, f"the seals from {expected} to {seal.sequence - 1} were deleted")
    if not entries:
        return Finding(expected, Kind.DELETED, f"entry {seal.entry_id}, dated {seal.entry_at}, was deleted")
    if len(entries) > 1:
        return Finding(expected, Kind.INSERTED, f"{len(entries)} entries have the id {seal.entry_id}: one was inserted")
    if entry_hash(entries[0].canonical) != seal.entry_hash or entries[0].at != seal.entry_at:
        return Finding(expected, Kind.EDITED, f"entry {seal.entry_id} is not what was sealed: it was edited")
    if chain_hash(before.chain_hash, seal.entry_hash, expected) != seal.chain_hash:
        return Finding(expected, Kind.REORDERED, "")
    return None


def _explained(finding: Finding, seals: Sequence[SealRow], before: Head) -> Finding:
    """A link that does not fit: did its seal move, or does it belong nowhere?"""
    if finding.kind is not Kind.REORDERED:
        return finding
    here = next(seal for seal in seals if seal.sequence == finding.sequence)
    follows_another = any(
        chain_hash(other.chain_hash, here.entry_hash, other.sequence + moved) == here.chain_hash
        for other in seals
        for moved in (0, 1, 2)
    )
    holds_anothers_place = any(
        chain_hash(before.chain_hash, other.entry_hash, finding.sequence) == here.chain_hash for other in seals
    )
    if follows_another or holds_anothers_place:
        return Finding(finding.sequence, Kind.REORDERED, "seals were put into another order here")
    return Finding(
        finding.sequence,
        Kind.INSERTED,
        f"the seal of entry {here.entry_id} does not follow from the one before it: it was inserted or written over",
    )


def _end(head: Head, anchors: Sequence[Head], *, now: datetime) -> Finding | None:
    beyond = [anchor for anchor in anchors if anchor.sequence > head.sequence]
    if beyond:
        last = max(anchor.sequence for anchor in beyond)
        return Finding(
            head.sequence + 1, Kind.TRUNCATED, f"the chain ends at {head.sequence}, but an anchor knew it up to {last}"
        )
    late = store.count_unsealed(above=0, older_than=now - UNSEALED_MAX)
    if late:
        return Finding(
            head.sequence + 1,
            Kind.UNSEALED,
            f"{late} entries older than {UNSEALED_MAX.seconds} s have no seal: either no engine runs, "
            "or seals were cut off the end of the chain",
        )
    return None
