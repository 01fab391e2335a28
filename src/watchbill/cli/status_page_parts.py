"""`watchbill status-page component|maintenance|subscriber|settings …`: what the page is made of."""

from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any
from uuid import UUID

import typer

from watchbill.cli.host import AsJson, found, host_actor, instant, now, tell_json
from watchbill.cli.tables import show_table
from watchbill.domain.services.reads import service_id_of
from watchbill.domain.status_page import (
    component_actions,
    maintenance_actions,
    reads,
    settings_actions,
    subscriber_actions,
)
from watchbill.domain.status_page.component_actions import ComponentDraft
from watchbill.domain.status_page.maintenance_actions import MaintenanceDraft
from watchbill.domain.status_page.maintenance_rules import end_of, status_of
from watchbill.domain.status_page.reads import component_id_of
from watchbill.domain.status_page.settings_actions import PageDraft
from watchbill.ground.refusals import ChangeRefused

component = typer.Typer(no_args_is_help=True, help="What customers see the state of.")
maintenance = typer.Typer(no_args_is_help=True, help="Work that is announced.")
subscriber = typer.Typer(no_args_is_help=True, help="Who is told of what is published.")

ComponentName = Annotated[str, typer.Argument(metavar="COMPONENT", help="Its name or id.")]


def add_to(app: typer.Typer) -> None:
    app.add_typer(component, name="component")
    app.add_typer(maintenance, name="maintenance")
    app.add_typer(subscriber, name="subscriber")
    app.command("settings")(settings)
    app.command("logo")(logo)


@component.command("list")
def list_(*, as_json: AsJson = False) -> None:
    """All components, in the order of the page."""
    rows = reads.components()
    if as_json:
        tell_json(
            [
                {"id": row.id, "name": row.name, "group": row.group.name if row.group else "", "shown": row.shown,
                 "service": row.service.name if row.service else None, "state": row.state, "position": row.position}
                for row in rows
            ]
        )  # fmt: skip
        return
    show_table(
        ["id", "group", "name", "state", "shown", "service"],
        (
            (
                row.id,
                row.group.name if row.group else "",
                row.name,
                row.state,
                row.shown,
                row.service.name if row.service else "",
            )
            for row in rows
        ),
        nothing="The page has no components.",
    )


@component.command()
def add(
    name: Annotated[str, typer.Argument(help="What customers call it.")],
    *,
    service: Annotated[str, typer.Option(help="The service behind it: its name or id.")] = "",
    group: Annotated[str, typer.Option(help="The group it stands in.")] = "",
    description: Annotated[str, typer.Option(help="One line below the name.")] = "",
    hidden: Annotated[bool, typer.Option("--hidden", help="Do not show it yet.")] = False,
) -> None:
    """Add a component."""
    draft = ComponentDraft(
        name=name,
        description=description,
        group=group,
        service_id=found(service_id_of, "service", service) if service else None,
        shown=not hidden,
    )
    made = component_actions.add_component(draft, actor=host_actor(), now=now())
    typer.echo(f"{made.id}: {made.name} is on the page.")


@component.command()
def change(
    name: ComponentName,
    *,
    rename: Annotated[str | None, typer.Option(help="What customers call it from now on.")] = None,
    service: Annotated[str | None, typer.Option(help="The service behind it; '' for none.")] = None,
    group: Annotated[str | None, typer.Option(help="The group it stands in; '' for none.")] = None,
    description: Annotated[str | None, typer.Option(help="One line below the name.")] = None,
    position: Annotated[int | None, typer.Option(help="Where it stands.")] = None,
    shown: Annotated[bool | None, typer.Option("--shown/--hidden", help="Whether customers see it.")] = None,
) -> None:
    """Change a component; what is left out stays as it is."""
    wanted = found(component_id_of, "status-page component", name)
    draft = component_actions.draft_of(next(one for one in reads.components() if one.id == wanted))
    given: dict[str, Any] = {
        "name": rename,
        "group": group,
        "description": description,
        "position": position,
        "shown": shown,
    }
    draft = replace(draft, **{field: value for field, value in given.items() if value is not None})
    if service is not None:
        draft = replace(draft, service_id=found(service_id_of, "service", service) if service else None)
    component_actions.change_component(wanted, draft, actor=host_actor(), now=now())
    typer.echo("Changed.")


@component.command()
def remove(name: ComponentName) -> None:
    """Take a component off the page."""
    wanted = found(component_id_of, "status-page component", name)
    component_actions.remove_component(wanted, actor=host_actor(), now=now())
    typer.echo("It is off the page.")


@component.command("place-group")
def place_group(
    group: Annotated[str, typer.Argument(help="The group's name.")],
    position: Annotated[int, typer.Argument(help="Where it stands among the groups.")],
) -> None:
    """Say where a group stands."""
    component_actions.place_group(group, position=position, actor=host_actor(), now=now())
    typer.echo("Placed.")


@subscriber.command("list")
def list_subscribers(*, as_json: AsJson = False) -> None:
    """Those that are told, and those that were asked and did not answer yet."""
    rows = reads.subscribers()
    if as_json:
        tell_json(
            [{"id": row.id, "kind": row.kind, "address": row.address, "confirmed": row.confirmed_at} for row in rows]
        )
        return
    show_table(
        ["id", "by", "address", "confirmed"],
        ((row.id, row.kind, row.address, row.confirmed_at) for row in rows),
        nothing="Nobody subscribed.",
    )


@subscriber.command("remove")
def remove_subscriber(wanted: Annotated[UUID, typer.Argument(metavar="SUBSCRIBER", help="Its id.")]) -> None:
    """Send nothing more to one."""
    subscriber_actions.remove_subscriber(wanted, actor=host_actor(), now=now())
    typer.echo("Nothing more is sent there.")


@maintenance.command("list")
def list_maintenance(*, as_json: AsJson = False) -> None:
    """What was announced, the latest first."""
    rows, at = reads.maintenances(), now()
    if as_json:
        tell_json([{"id": row.id, "title": row.title, "status": status_of(row, now=at)} for row in rows])
        return
    show_table(
        ["id", "status", "start", "end", "title"],
        ((row.id, status_of(row, now=at), row.starts_at, end_of(row), row.title) for row in rows),
        nothing="No maintenance was announced.",
    )


@maintenance.command()
def announce(
    title: Annotated[str, typer.Argument(help="What customers read first.")],
    body: Annotated[str, typer.Argument(help="What they may notice.")],
    *,
    on: Annotated[list[str], typer.Option("--component", help="A component it touches: its name or id.")],
    window: Annotated[
        UUID | None, typer.Option(help="The id from `watchbill maintenance list`, instead of times.")
    ] = None,
    start: Annotated[str, typer.Option(help="ISO 8601.")] = "",
    end: Annotated[str, typer.Option(help="ISO 8601.")] = "",
) -> None:
    """Announce work on components: a service's maintenance window, or times of its own."""
    draft = MaintenanceDraft(
        title=title,
        body=body,
        component_ids=[found(component_id_of, "status-page component", one) for one in on],
        window_id=window,
        starts_at=instant(start, option="--start") if start else None,
        ends_at=instant(end, option="--end") if end else None,
    )
    made = maintenance_actions.publish_maintenance(draft, actor=host_actor(), now=now())
    typer.echo(f"{made.id} is announced.")


@maintenance.command("end")
def end_maintenance(announced: Annotated[UUID, typer.Argument(help="Its id.")]) -> None:
    """End one under way, or call off one that has not begun."""
    maintenance_actions.end_public_maintenance(announced, actor=host_actor(), now=now())
    typer.echo("It is over.")


def settings(
    *,
    name: Annotated[str | None, typer.Option(help="The page's name.")] = None,
    address: Annotated[
        str | None, typer.Option(help="Where customers find it; '' for this instance's /status.")
    ] = None,
    support_url: Annotated[str | None, typer.Option(help="Where customers get help; a web or mailto address.")] = None,
    time_zone: Annotated[
        str | None, typer.Option(help="Of its times, like Europe/Berlin; '' for the organization's.")
    ] = None,
    accent_light: Annotated[str | None, typer.Option(help="Colour of links and buttons, like #1f4fd8.")] = None,
    accent_dark: Annotated[str | None, typer.Option(help="The same on a dark ground.")] = None,
) -> None:
    """Change how the page looks; what is left out stays as it is."""
    page = reads.page()
    draft = settings_actions.draft_of(page) if page else PageDraft(name="Status")
    given = {
        "name": name,
        "address": address,
        "support_url": support_url,
        "time_zone": time_zone,
        "accent_light": accent_light,
        "accent_dark": accent_dark,
    }
    draft = replace(draft, **{field: value for field, value in given.items() if value is not None})
    settings_actions.change_page(draft, actor=host_actor(), now=now())
    typer.echo("Changed.")


def logo(image: Annotated[Path | None, typer.Argument(help="A PNG or JPEG; left out, the logo goes.")] = None) -> None:
    """Set the page's logo."""
    try:
        content = image.read_bytes() if image is not None else b""
    except OSError as error:
        raise ChangeRefused("image", f"cannot be read: {error}") from error
    settings_actions.set_logo(content, actor=host_actor(), now=now())
    typer.echo("Set." if content else "Taken away.")
