"""What follows a change of an incident, outside of it: one errand that asks each room above for its own part."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Never, assert_never
from uuid import UUID

from django.db import transaction

from watchbill.domain.incidents.records import CHANGED

# Takes an incident's id and the time; looks at the incident and asks for its own errands, in the database alone.
Follower = Callable[[UUID, datetime], None]


class FollowIncident:
    """Done when all have looked, in one transaction; each must be harmless to ask twice."""

    kind = CHANGED

    def __init__(self, followers: Sequence[Follower]) -> None:
        self._followers = tuple(followers)

    def next_step(self, subject_id: UUID, *, now: datetime) -> None:
        with transaction.atomic():
            for follow in self._followers:
                follow(subject_id, now)

    async def act(self, step: Never, *, now: datetime) -> Never:
        assert_never(step)

    def record(self, step: Never, outcome: object, *, now: datetime) -> None:
        assert_never(step)
