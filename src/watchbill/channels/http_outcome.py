"""What an HTTP answer means for a page, where the service has no rules of its own."""

from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

from watchbill.domain.paging.contract import Delivered, Outcome, Refused, RetryLater
from watchbill.ground.http_connection import HttpAnswer

_RETRY_AFTER_MAX = timedelta(minutes=15)
_RETRIED = frozenset({408, 425, 429})


def outcome_of(answer: HttpAnswer, *, reference: str, now: datetime) -> Outcome:
    status = answer.status
    if 200 <= status < 300:
        return Delivered(reference)
    if status in _RETRIED or status >= 500:
        return RetryLater(f"answered {status}", after=retry_after(answer, now=now))
    if 300 <= status < 400:
        return Refused(f"answered {status}, a redirect, which is not followed; enter the final URL")
    return Refused(f"answered {status}", address_is_dead=status == 410)


def retry_after(answer: HttpAnswer, *, now: datetime) -> timedelta | None:
    """Seconds or a date; never longer than 15 minutes, because a page waits. None when absent or unreadable."""
    value = answer.headers.get("retry-after", "").strip()
    if value.isascii() and value.isdigit():
        # Cut before converting: a number of any length may come.
        wish = timedelta(seconds=int(value[:9]))
    else:
        try:
            instant = parsedate_to_datetime(value)
            wish = (instant if instant.tzinfo else instant.replace(tzinfo=UTC)) - now
        except (ValueError, TypeError, OverflowError, IndexError):
            return None
    return min(max(wish, timedelta()), _RETRY_AFTER_MAX)
