"""What an escalation policy must look like before it becomes a version."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from watchbill.ground.refusals import ChangeRefused

TARGET_KINDS = ("schedule", "user", "team-lead", "team-manager")
LEVELS_MAX = 20
TARGETS_PER_LEVEL_MAX = 20
REPEAT_MAX = 9
TIMEOUT_MIN = timedelta(seconds=1)
TIMEOUT_MAX = timedelta(days=7)


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetDraft:
    """`id` is a schedule's, a user's, or for team-lead and team-manager the team's."""

    kind: str
    id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class LevelDraft:
    targets: tuple[TargetDraft, ...]
    timeout: timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyDraft:
    """`acknowledgement_timeout` None: the usual one; zero: an acknowledgement lasts."""

    name: str
    levels: tuple[LevelDraft, ...]
    repeat: int = 0
    team_id: UUID | None = None
    acknowledgement_timeout: timedelta | None = None


def check_levels(draft: PolicyDraft) -> None:
    if not draft.levels:
        raise ChangeRefused("levels", "has none; add at least one level that says who is paged")
    if len(draft.levels) > LEVELS_MAX:
        raise ChangeRefused("levels", f"has {len(draft.levels)} levels; use at most {LEVELS_MAX}")
    if not 0 <= draft.repeat <= REPEAT_MAX:
        raise ChangeRefused("repeat", f"is {draft.repeat}; use 0 to {REPEAT_MAX}")
    if draft.acknowledgement_timeout:
        _check_timeout(draft.acknowledgement_timeout, field="acknowledgement_timeout")
    for index, level in enumerate(draft.levels):
        _check_timeout(level.timeout, field=f"levels[{index}].timeout")
        at = f"levels[{index}].targets"
        if not 1 <= len(level.targets) <= TARGETS_PER_LEVEL_MAX:
            raise ChangeRefused(at, f"name 1 to {TARGETS_PER_LEVEL_MAX} targets")
        if len(set(level.targets)) != len(level.targets):
            raise ChangeRefused(at, "names a target twice; name each once")
        for target in level.targets:
            if target.kind not in TARGET_KINDS:
                raise ChangeRefused(at, f'unknown kind "{target.kind}"; use {", ".join(TARGET_KINDS)}')


def definition(draft: PolicyDraft, labels: Mapping[TargetDraft, str]) -> dict[str, Any]:
    return {
        "levels": [
            {
                "targets": [
                    {"kind": target.kind, "id": str(target.id), "label": labels[target]} for target in level.targets
                ],
                "timeout_seconds": int(level.timeout.total_seconds()),
            }
            for level in draft.levels
        ],
        "repeat": draft.repeat,
        "acknowledgement_timeout_seconds": (
            None if draft.acknowledgement_timeout is None else int(draft.acknowledgement_timeout.total_seconds())
        ),
    }


def levels_of(data: Mapping[str, Any]) -> tuple[LevelDraft, ...]:
    return tuple(
        LevelDraft(
            targets=tuple(TargetDraft(kind=row["kind"], id=UUID(row["id"])) for row in level["targets"]),
            timeout=timedelta(seconds=level["timeout_seconds"]),
        )
        for level in data["levels"]
    )


def _check_timeout(value: timedelta, *, field: str) -> None:
    if not TIMEOUT_MIN <= value <= TIMEOUT_MAX:
        raise ChangeRefused(field, "is not between 1 second and 7 days; choose one in between, like 5m")
    if value.microseconds:
        raise ChangeRefused(field, "has parts of a second; use whole seconds")
