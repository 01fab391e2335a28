"""Targets as people write them: `user:EMAIL`, `schedule:NAME`, `team-lead:NAME`, `team-manager:NAME`."""

from collections.abc import Sequence
from uuid import UUID

from watchbill.domain.access.models import User
from watchbill.domain.escalation.policy_rules import TARGET_KINDS
from watchbill.domain.escalation.rules import Target
from watchbill.domain.oncall.models import Schedule
from watchbill.domain.oncall.reads import schedule_id_of
from watchbill.domain.people.models import Team
from watchbill.domain.people.reads import person_id_of, team_id_of
from watchbill.ground.refusals import ChangeRefused, Unknown


def targets_of(words: Sequence[str], *, field: str = "targets") -> tuple[Target, ...]:
    """Names or ids after the colon. Raises ChangeRefused that names the entry."""
    return tuple(_target(word, field=f"{field}[{index}]") for index, word in enumerate(words))


def word_of(kind: str, label: str) -> str:
    return f"{kind}:{label}"


def _target(word: str, *, field: str) -> Target:
    kind, colon, name = word.partition(":")
    if not colon or kind not in TARGET_KINDS:
        raise ChangeRefused(field, f"{word!r} is no target; write user:EMAIL, schedule:NAME or team-manager:NAME")
    found = _found(kind, name)
    if found is None:
        what = "person" if kind == "user" else kind.partition("-")[0]
        raise Unknown(field, f"there is no {what} {name!r}, or not any more; choose another")
    identity, label = found
    return Target(kind=kind, id=str(identity), label=label)


def _found(kind: str, name: str) -> tuple[UUID, str] | None:
    look_up = {"schedule": schedule_id_of, "user": person_id_of}.get(kind, team_id_of)
    identity = look_up(name)
    if identity is None:
        return None
    label: str | None
    if kind == "schedule":
        label = Schedule.objects.filter(id=identity).values_list("name", flat=True).first()
    elif kind == "user":
        label = User.objects.filter(id=identity, is_active=True).values_list("email", flat=True).first()
    else:
        label = Team.objects.filter(id=identity).values_list("name", flat=True).first()
    return None if label is None else (identity, label)
