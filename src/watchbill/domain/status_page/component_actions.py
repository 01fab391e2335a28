"""Which components the page shows. None appears by itself: an admin chooses and names each."""

from dataclasses import asdict, dataclass
from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.db.models import Max

from watchbill.domain.audit.contract import Actor
from watchbill.domain.audit.rules import difference
from watchbill.domain.people.rules import clean_name
from watchbill.domain.services.models import Service
from watchbill.domain.status_page.models import Component, ComponentGroup
from watchbill.domain.status_page.page_actions import changed, locked_page, tell
from watchbill.ground.refusals import ChangeRefused, Taken, Unknown
from watchbill.ground.text import one_line

DESCRIPTION_MAX = 500
COMPONENTS_MAX = 200
POSITION_MAX = 9999


@dataclass(frozen=True, slots=True, kw_only=True)
class ComponentDraft:
    """`group` by its name, "" for none: it is made with its first component and gone with its last.

    `position` None: the last one.
    """

    name: str
    description: str = ""
    group: str = ""
    service_id: UUID | None = None
    position: int | None = None
    shown: bool = True


@transaction.atomic
def add_component(draft: ComponentDraft, *, actor: Actor, now: datetime) -> Component:
    page = locked_page(now=now)
    if Component.objects.filter(removed_at=None).count() >= COMPONENTS_MAX:
        raise ChangeRefused("", f"a page has at most {COMPONENTS_MAX} components; remove one first")
    draft = _checked(draft)
    component = Component.objects.create(**_columns(draft, now=now), created_at=now, updated_at=now)
    tell(page, "component.added", component.name, difference({}, _facts(draft)), actor=actor, now=now)
    changed(page, now=now)
    return component


@transaction.atomic
def change_component(component_id: UUID, draft: ComponentDraft, *, actor: Actor, now: datetime) -> None:
    page = locked_page(now=now)
    component = _component(component_id)
    held, draft = draft_of(component), _checked(draft, besides=component_id)
    if held == draft:
        return
    Component.objects.filter(id=component_id).update(**_columns(draft, now=now), updated_at=now)
    _drop_empty_groups()
    tell(page, "component.changed", draft.name, difference(_facts(held), _facts(draft)), actor=actor, now=now)
    changed(page, now=now)


@transaction.atomic
def remove_component(component_id: UUID, *, actor: Actor, now: datetime) -> None:
    """It leaves the page with its history; incidents that named it keep their words."""
    page = locked_page(now=now)
    component = _component(component_id)
    Component.objects.filter(id=component_id).update(removed_at=now, updated_at=now, group=None)
    _drop_empty_groups()
    tell(page, "component.removed", component.name, {"before": _facts(draft_of(component))}, actor=actor, now=now)
    changed(page, now=now)


@transaction.atomic
def place_group(name: str, *, position: int, actor: Actor, now: datetime) -> None:
    """Where a group stands among the groups."""
    page = locked_page(now=now)
    group = ComponentGroup.objects.filter(name=name).first()
    if group is None:
        raise Unknown("group", f"there is no group {name!r}; it is made by giving it to a component")
    before, position = group.position, _position(position)
    if before == position:
        return
    ComponentGroup.objects.filter(id=group.id).update(position=position, updated_at=now)
    facts = difference({"position": before}, {"position": position})
    tell(page, "component.group_placed", group.name, facts, actor=actor, now=now)
    changed(page, now=now)


def draft_of(component: Component) -> ComponentDraft:
    return ComponentDraft(
        name=component.name,
        description=component.description,
        group=component.group.name if component.group else "",
        service_id=component.service_id,
        position=component.position,
        shown=component.shown,
    )


def _component(component_id: UUID) -> Component:
    found = Component.objects.select_related("group").filter(id=component_id, removed_at=None).first()
    if found is None:
        raise Unknown("id", "the page has no such component; it may have been removed")
    return found


def _checked(draft: ComponentDraft, *, besides: UUID | None = None) -> ComponentDraft:
    name = clean_name(draft.name)
    others = Component.objects.filter(removed_at=None)
    others = others.exclude(id=besides) if besides else others
    if others.filter(name=name).exists():
        raise Taken("name", f"another component is called {name!r}; choose another name")
    if draft.service_id and not Service.objects.filter(id=draft.service_id, archived_at=None).exists():
        raise ChangeRefused("service", "there is no such service; choose one that is not archived")
    description = one_line(draft.description)
    if len(description) > DESCRIPTION_MAX:
        raise ChangeRefused("description", f"use at most {DESCRIPTION_MAX} characters")
    last = others.aggregate(last=Max("position"))["last"] or 0
    return ComponentDraft(
        name=name,
        description=description,
        group=clean_name(draft.group, field="group") if draft.group.strip() else "",
        service_id=draft.service_id,
        position=_position(draft.position if draft.position is not None else min(last + 1, POSITION_MAX)),
        shown=draft.shown,
    )


def _position(position: int) -> int:
    if not 1 <= position <= POSITION_MAX:
        raise ChangeRefused("position", f"use a number from 1 to {POSITION_MAX}")
    return position


def _columns(draft: ComponentDraft, *, now: datetime) -> dict[str, object]:
    return {
        "name": draft.name,
        "description": draft.description,
        "group": _group(draft.group, now=now) if draft.group else None,
        "service_id": draft.service_id,
        "position": draft.position,
        "shown": draft.shown,
    }


def _group(name: str, *, now: datetime) -> ComponentGroup:
    found = ComponentGroup.objects.filter(name=name).first()
    if found is not None:
        return found
    last = ComponentGroup.objects.aggregate(last=Max("position"))["last"] or 0
    return ComponentGroup.objects.create(
        name=name, position=min(last + 1, POSITION_MAX), created_at=now, updated_at=now
    )


def _drop_empty_groups() -> None:
    ComponentGroup.objects.exclude(components__removed_at=None, components__isnull=False).delete()


def _facts(draft: ComponentDraft) -> dict[str, object]:
    facts = asdict(draft)
    service = Service.objects.filter(id=facts.pop("service_id")).values_list("name", flat=True).first()
    return {**facts, "service": service or ""}
