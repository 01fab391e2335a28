"""The absolute end of a session. Its idle end is the stored session's expiry; a disabled person's end is at once,
because the sessions are deleted and nobody who is disabled is read from one."""

from collections.abc import Callable
from datetime import UTC, datetime

from django.contrib.auth import logout
from django.http import HttpRequest, HttpResponseBase

from watchbill.domain.access.sign_in_rules import SESSION_SEEN_EVERY, session_is_over
from watchbill.ground.clock import SystemClock

STARTED_AT = "started_at"
SEEN_AT = "seen_at"

_clock = SystemClock()


class SessionEnd:
    sync_capable = True
    async_capable = False

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if request.session.session_key and request.user.is_authenticated:
            self._end_or_renew(request, now=_clock.now())
        return self.get_response(request)

    @staticmethod
    def _end_or_renew(request: HttpRequest, *, now: datetime) -> None:
        started_at, seen_at = (_instant(request.session.get(name)) for name in (STARTED_AT, SEEN_AT))
        if started_at is None:
            started_at = now
            request.session[STARTED_AT] = now.timestamp()
        if session_is_over(started_at=started_at, now=now):
            logout(request)
        elif seen_at is None or now - seen_at >= SESSION_SEEN_EVERY:
            request.session[SEEN_AT] = now.timestamp()  # saved with a new idle expiry


def _instant(seconds: object) -> datetime | None:
    return datetime.fromtimestamp(seconds, UTC) if isinstance(seconds, int | float) else None
