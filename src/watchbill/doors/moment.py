"""The time is read once for a request, so that an answer cannot disagree with itself, and travels down from here."""

from datetime import datetime

from django.http import HttpRequest

from watchbill.ground.clock import SystemClock

_clock = SystemClock()


def now_of(request: HttpRequest) -> datetime:
    held: datetime | None = getattr(request, "watchbill_now", None)
    if held is None:
        held = _clock.now()
        request.watchbill_now = held  # type: ignore[attr-defined]  # Django's request carries what a door needs
    return held
