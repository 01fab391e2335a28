"""Chain audit entries within a second of becoming visible. Why the writer does not: decision record 3."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from django.db import transaction

from watchbill.domain.audit import store
from watchbill.domain.audit.sealing_rules import chain_hash, entry_hash
from watchbill.domain.audit.store import Horizon, SealableEntry, SealRow

BATCH = 5000
# An id is given a moment before its transaction has a number that others can see.
_SETTLES = timedelta(seconds=10)


class Sealer:
    """Looks only above `settled`, so that a pass costs what is new and not what there is.

    Ids are given before their transactions commit, so a lower id may become visible after a higher one was sealed.
    An id counts as settled once every transaction has ended that was under way when it was first seen.
    A new sealer begins at 0 and looks at everything once.
    """

    def __init__(self) -> None:
        self.settled = 0
        self._pending: Horizon | None = None

    def seal(self, *, now: datetime, limit: int = BATCH) -> int:
        """How many entries were sealed. 0 as well when another sealer is at it."""
        settling = self._settling(now=now)  # asked first: what commits from now on is above it
        with transaction.atomic():
            if not store.try_lock():
                return 0
            rows = self._link(store.unsealed(above=self.settled, limit=limit))
            if rows:
                store.insert_seals(rows, now=now)
        if settling is not None and len(rows) < limit:
            self.settled, self._pending = settling.entry_id, None
        return len(rows)

    @staticmethod
    def _link(entries: Sequence[SealableEntry]) -> list[SealRow]:
        head = store.head()
        sequence, before = head.sequence, head.chain_hash
        rows = []
        for entry in entries:
            sequence += 1
            hashed = entry_hash(entry.canonical)
            before = chain_hash(before, hashed, sequence)
            rows.append(SealRow(sequence, entry.id, entry.at, hashed, before))
        return rows

    def _settling(self, *, now: datetime) -> Horizon | None:
        """The horizon below which nothing can become visible any more, if there is a new one."""
        pending = self._pending
        if pending is None:
            self._pending = store.horizon(now=now)
            return None
        if now - pending.seen_at < _SETTLES or store.oldest_transaction() < pending.transactions_before:
            return None
        return pending
