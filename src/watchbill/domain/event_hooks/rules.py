"""Which events there are, how often one is tried, and when an endpoint is left alone."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

from watchbill.ground.http_client import OutboundRefused, parse_target
from watchbill.ground.refusals import ChangeRefused
from watchbill.ground.text import one_line

# The name of an event is the action of the entry that it tells of.
EVENTS: Mapping[str, str] = {
    "incident.declared": "Declared",
    "incident.acknowledged": "Somebody is on it",
    "incident.severity_changed": "The severity changed",
    "incident.escalated": "Escalated to a tier",
    "incident.role_taken": "Somebody has a role",
    "incident.updated": "A status update was posted",
    "incident.mitigated": "Mitigated",
    "incident.not_mitigated": "It is back",
    "incident.resolved": "Resolved",
    "incident.reopened": "Reopened",
    "incident.closed": "Closed",
    "incident.cancelled": "Cancelled: no incident after all",
    "incident.merged": "Merged into another",
}
NAME_MAX, URL_MAX, HOOKS_MAX = 100, 2048, 50
TRIED_FOR = timedelta(days=3)
SECRETS_OVERLAP = timedelta(days=1)
# Whoever was away for longer looks the rest up; it lies well inside what is kept of deliveries.
HORIZON = timedelta(days=30)
WAITING_MAX = 10_000
_FIRST_PAUSE, _LONGEST_PAUSE = timedelta(seconds=5), timedelta(hours=1)
# The receiver says that it will never take this one: the others behind it must not wait for three days.
_REFUSALS, _REFUSED_TIMES = frozenset({400, 413, 415, 422}), 5
_GONE = 410


@dataclass(frozen=True, slots=True, kw_only=True)
class HookDraft:
    name: str
    url: str
    events: Sequence[str]
    service_name: str = ""
    severities: Sequence[str] = ()
    restricted: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """What came of one try. `status` None: no answer, and `error` says why."""

    status: int | None
    error: str = ""
    retry_after: timedelta | None = None

    @property
    def delivered(self) -> bool:
        return self.status is not None and 200 <= self.status < 300

    @property
    def is_gone(self) -> bool:
        return self.status == _GONE

    @property
    def words(self) -> str:
        return self.error or f"answered {self.status}"


def pause_after(attempts: int, *, asked_for: timedelta | None) -> timedelta:
    """5 s, doubled with each failure up to an hour; what the receiver asks for counts, up to an hour as well."""
    doubled: int = 2 ** min(max(attempts - 1, 0), 16)
    own = min(_FIRST_PAUSE * doubled, _LONGEST_PAUSE)
    return max(own, min(asked_for or timedelta(), _LONGEST_PAUSE))


def is_given_up(answered: Answered, *, attempts: int, wanted_since: datetime, now: datetime) -> bool:
    if answered.status in _REFUSALS and attempts >= _REFUSED_TIMES:
        return True
    return now - wanted_since >= TRIED_FOR


def is_left_alone(answered: Answered, *, failing_since: datetime, now: datetime) -> bool:
    """Nothing was delivered for three days, or the receiver says that it is gone."""
    return answered.is_gone or now - failing_since >= TRIED_FOR


def wish(retry_after: str, *, now: datetime) -> timedelta | None:
    """`Retry-After`, in seconds or as a date; None when absent or unreadable."""
    text = retry_after.strip()
    if text.isascii() and text.isdigit():
        return timedelta(seconds=int(text[:9]))
    try:
        instant = parsedate_to_datetime(text)
        return max((instant if instant.tzinfo else instant.replace(tzinfo=UTC)) - now, timedelta())
    except (ValueError, TypeError, OverflowError, IndexError):
        return None


def severities_at(entry_id: int, changes: Sequence[tuple[int, str]], *, now: str) -> tuple[str, ...]:
    """The incident's severity when the entry was written; of a change, that before it and that after it.

    Asked of what is written, and not of what is now: an entry that was not wanted then is not wanted later either.
    `changes`: entry and severity before it, in order; `now`: the severity since the last of them.
    """
    before = [severity for _, severity in changes] + [now]
    at = next((index for index, (changed, _) in enumerate(changes) if changed >= entry_id), len(changes))
    is_change = at < len(changes) and changes[at][0] == entry_id
    return tuple(before[at : at + 2] if is_change else before[at : at + 1])


def wants(*, severities: Sequence[str], at_that_time: Sequence[str]) -> bool:
    """A change of severity counts for what it was before as well: the receiver learns that it went out of sight."""
    return not severities or bool(set(severities) & set(at_that_time))


def checked(draft: HookDraft) -> HookDraft:
    """Raises ChangeRefused."""
    name = one_line(draft.name)
    if not 0 < len(name) <= NAME_MAX:
        raise ChangeRefused("name", f"give it a name of at most {NAME_MAX} characters")
    url = draft.url.strip()
    if len(url) > URL_MAX:
        raise ChangeRefused("url", f"has {len(url)} characters; use at most {URL_MAX}")
    try:
        parse_target(url)
    except OutboundRefused as error:
        raise ChangeRefused("url", str(error)) from None
    unknown = [one for one in draft.events if one not in EVENTS]
    if unknown or not draft.events:
        what = f"there is no event {unknown[0]!r}" if unknown else "choose at least one"
        raise ChangeRefused("events", f"{what}; there are {', '.join(EVENTS)}")
    events = tuple(one for one in EVENTS if one in draft.events)
    severities = tuple(dict.fromkeys(one.strip().lower() for one in draft.severities if one.strip()))
    return HookDraft(
        name=name,
        url=url,
        events=events,
        service_name=draft.service_name.strip(),
        severities=severities,
        restricted=draft.restricted,
    )


def shown_url(url: str) -> str:
    """Path and query may hold a key of the receiver's: the record and lists show where it goes and no more."""
    return parse_target(url).origin
