"""Alerts become quick to search soon after they opened. Why the writer does not do it: decision record 24."""

from django.db import transaction

from watchbill.domain.alerts import search_store as store
from watchbill.domain.alerts.search_store import Horizon

BATCH = 1000


class SearchFiller:
    """Takes alerts in by their numbers, without a gap: what is above the mark is searched in the alerts themselves.

    Numbers are drawn before their transactions commit, so a lower one may become visible after a higher one. Up to a
    number nothing can come any more once every transaction has ended that had drawn one when that number was seen.
    """

    def __init__(self) -> None:
        self.waiting = 0
        self._ready = 0
        self._pending: Horizon | None = None

    def fill(self, *, limit: int = BATCH) -> int:
        """How many alerts were taken in. 0 as well when another engine is at it. Safe at any time."""
        with transaction.atomic():  # one of its own: what is read below must see all that had ended by now
            store.give_way()
            seen = store.horizon()
        self._settle(seen)
        self.waiting = max(0, seen.number - seen.filled_to)
        if self._ready <= seen.filled_to:
            return 0
        with transaction.atomic():
            store.give_way()
            if not store.try_lock():
                return 0
            above = store.mark().number  # again: another engine may have been here
            return store.fill(above=above, up_to=self._ready, limit=limit) if above < self._ready else 0

    def _settle(self, seen: Horizon) -> None:
        if not seen.writers:
            self._ready, self._pending = seen.number, None
        elif self._pending is None:
            self._pending = seen
        elif self._pending.writers.isdisjoint(seen.writers):
            self._ready, self._pending = self._pending.number, seen
