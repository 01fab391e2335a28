"""The engines that send at this moment, and by what they can: other processes may be set up differently."""

from collections.abc import Collection
from datetime import datetime, timedelta

from watchbill.domain.paging.models import RunningSender

# An engine says so each minute; whoever missed three of them runs no more.
_RUNS_FOR = timedelta(minutes=3)
_FORGOTTEN_AFTER = timedelta(days=1)


def note_sender(name: str, *, kinds: Collection[str], now: datetime) -> None:
    RunningSender.objects.update_or_create(name=name, defaults={"kinds": sorted(kinds), "seen_at": now})
    RunningSender.objects.filter(seen_at__lt=now - _FORGOTTEN_AFTER).delete()


def forget_sender(name: str) -> None:
    RunningSender.objects.filter(name=name).delete()


def sendable_kinds(*, now: datetime) -> frozenset[str] | None:
    """The kinds of contact by which some engine sends now; None when none has said so for some minutes."""
    running = list(RunningSender.objects.filter(seen_at__gt=now - _RUNS_FOR).values_list("kinds", flat=True))
    return frozenset(kind for kinds in running for kind in kinds) if running else None
