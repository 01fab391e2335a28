"""How many requests one caller may send: token buckets in the memory of each web process, forgotten when it ends.

They keep one caller from taking the time of all others; they are no ledger. With several web processes behind one
address a caller gets as many times the figures below. What counts wrong passwords and codes is in the database.
"""

import threading
from collections import OrderedDict
from dataclasses import dataclass

_CALLERS_MAX = 50_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Rate:
    """`burst` at once, then `per_second`."""

    burst: float
    per_second: float


class Buckets:
    """One bucket for each key. Callers that were quiet longest are forgotten first: their buckets are full anyway."""

    def __init__(self, rate: Rate) -> None:
        self._rate = rate
        self._held: OrderedDict[str, tuple[float, float]] = OrderedDict()
        self._lock = threading.Lock()

    def take(self, key: str, *, at: float) -> float:
        """0 when the request may go on, otherwise the seconds until one may. `at` is in seconds of any steady clock."""
        with self._lock:
            level, last = self._held.pop(key, (self._rate.burst, at))
            level = min(self._rate.burst, level + max(0.0, at - last) * self._rate.per_second)
            allowed = level >= 1
            self._held[key] = (level - 1 if allowed else level, at)
            while len(self._held) > _CALLERS_MAX:
                self._held.popitem(last=False)
        return 0.0 if allowed else (1 - level) / self._rate.per_second

    def empty(self) -> None:
        with self._lock:
            self._held.clear()


API_ADDRESS = Buckets(Rate(burst=600, per_second=50))
API_TOKEN = Buckets(Rate(burst=300, per_second=20))
API_USER = Buckets(Rate(burst=600, per_second=40))
# Acknowledging and resolving have their own, for each person: no other request, nobody else behind the same
# address and no refused caller takes anything out of it.
API_HANDLING = Buckets(Rate(burst=300, per_second=20))
# Requests that come with a wrong token or none: each costs a look-up.
API_STRANGER = Buckets(Rate(burst=60, per_second=2))
# Forms that need no sign-in; a password costs a tenth of a second of work.
OPEN_FORMS = Buckets(Rate(burst=20, per_second=0.5))
# Each may cause a mail to a stranger.
SUBSCRIPTIONS = Buckets(Rate(burst=10, per_second=1 / 60))
EVERYTHING = (API_ADDRESS, API_TOKEN, API_USER, API_HANDLING, API_STRANGER, OPEN_FORMS, SUBSCRIPTIONS)
