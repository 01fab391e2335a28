"""What follows from what was published: states, impact, the sentence on top. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from watchbill.domain.status_page.models import ComponentState, PublicStatus
from watchbill.ground.refusals import ChangeRefused
from watchbill.ground.text import block

TITLE_MAX = 300
BODY_MAX = 10_000

_RANKS = {state: rank for rank, state in enumerate(ComponentState.values)}
_IMPACTS = ("none", "minor", "major", "critical")
_IMPACT_OF = {
    ComponentState.DEGRADED: "minor",
    ComponentState.PARTIAL_OUTAGE: "major",
    ComponentState.MAJOR_OUTAGE: "critical",
}
ENDED = (PublicStatus.RESOLVED, PublicStatus.POSTMORTEM)

# The errand that writes the page's files.
WRITE = "status_page.write"
# However little changes, the files are never older.
WRITTEN_EVERY = timedelta(minutes=5)


class Said(Protocol):
    """An update, as far as it decides anything. `changes`: by component, its `old` and `new` state."""

    @property
    def status(self) -> str: ...
    @property
    def changes(self) -> Mapping[str, Mapping[str, str]]: ...
    @property
    def at(self) -> datetime: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """Where an incident stands after its updates."""

    status: str
    impact: str
    states: dict[str, str]
    monitoring_at: datetime | None
    resolved_at: datetime | None


def worst(states: Iterable[str]) -> ComponentState:
    return ComponentState(max(states, key=lambda state: _RANKS[state], default=ComponentState.OPERATIONAL))


def impact_of(states: Iterable[str]) -> str:
    """By the worst state of a component."""
    return _IMPACT_OF.get(worst(state for state in states if state != ComponentState.UNDER_MAINTENANCE), "none")


def worst_impact(impacts: Iterable[str]) -> str:
    return max(impacts, key=_IMPACTS.index, default="none")


def said_changes(held: Mapping[str, str], status: str, named: Mapping[str, str]) -> dict[str, dict[str, str]]:
    """What an update changes for its incident's components: those it names; all back to operational when resolved."""
    if status == PublicStatus.POSTMORTEM:
        return {}
    after = {**held, **named}
    if status == PublicStatus.RESOLVED:
        after = dict.fromkeys(after, str(ComponentState.OPERATIONAL))
    before = {component: held.get(component, str(ComponentState.OPERATIONAL)) for component in after}
    touched = set(named) | {component for component in after if after[component] != before[component]}
    return {component: {"old": before[component], "new": after[component]} for component in sorted(touched)}


def standing_after(updates: Sequence[Said]) -> Standing:
    """In the order in which they were published; at least one."""
    states: dict[str, str] = {}
    impacts = ["none"]
    monitoring_at: datetime | None = None
    resolved_at: datetime | None = None
    for update in updates:
        states |= {component: change["new"] for component, change in update.changes.items()}
        if update.status not in ENDED:
            resolved_at = None
            impacts.append(impact_of(states.values()))
        elif update.status == PublicStatus.RESOLVED:
            resolved_at = update.at
        if update.status == PublicStatus.MONITORING:
            monitoring_at = monitoring_at or update.at
    return Standing(
        status=updates[-1].status,
        impact=worst_impact(impacts),
        states=states,
        monitoring_at=monitoring_at,
        resolved_at=resolved_at,
    )


def check_status(status: str, *, ended: bool) -> PublicStatus:
    if status not in PublicStatus.values:
        raise ChangeRefused("status", f"unknown status {status!r}; use {', '.join(PublicStatus.values)}")
    if status == PublicStatus.POSTMORTEM and not ended:
        raise ChangeRefused("status", "a postmortem follows the resolution; publish that it is resolved first")
    return PublicStatus(status)


def check_state(state: str) -> ComponentState:
    if state not in ComponentState.values:
        raise ChangeRefused("components", f"unknown state {state!r}; use {', '.join(ComponentState.values)}")
    return ComponentState(state)


def clean_body(text: str, *, field: str = "body") -> str:
    clean = block(text).strip()
    if not clean:
        raise ChangeRefused(field, "say what customers should know; an empty update tells them nothing")
    if len(clean) > BODY_MAX:
        raise ChangeRefused(field, f"has {len(clean)} characters; use at most {BODY_MAX}")
    return clean


def indicator_of(components: Iterable[str], open_incidents: Iterable[str]) -> tuple[str, str]:
    """The page's indicator and the sentence on top: by the worst component, then by incidents that name none."""
    state = worst(components)
    if state in _SENTENCES:
        return _SENTENCES[state]
    if any(status in (PublicStatus.INVESTIGATING, PublicStatus.IDENTIFIED) for status in open_incidents):
        return "minor", "Minor Service Outage"
    if state == ComponentState.UNDER_MAINTENANCE:
        return "maintenance", "Service Under Maintenance"
    return "none", "All Systems Operational"


_SENTENCES = {
    ComponentState.DEGRADED: ("minor", "Partially Degraded Service"),
    ComponentState.PARTIAL_OUTAGE: ("major", "Partial System Outage"),
    ComponentState.MAJOR_OUTAGE: ("critical", "Major System Outage"),
}
