"""`watchbill event-hook …`: where events of incidents are sent."""

from typing import Annotated
from uuid import UUID

import typer

from watchbill.cli.host import AsJson, found, host_actor, now, tell_json
from watchbill.cli.tables import show_table
from watchbill.config import secret_key
from watchbill.domain.event_hooks import actions, reads
from watchbill.domain.event_hooks.models import EventHook
from watchbill.domain.event_hooks.rules import EVENTS, HookDraft, shown_url
from watchbill.domain.incidents.reads import EVERYTHING

app = typer.Typer(no_args_is_help=True, help="Endpoints that are told what happens to incidents.")

Hook = Annotated[str, typer.Argument(metavar="ENDPOINT", help="Its name or id.")]
Events = Annotated[list[str], typer.Option("--event", help="Like incident.declared; again for each. Default: all.")]
Service = Annotated[str, typer.Option(help="Only of this service.")]
Severities = Annotated[list[str], typer.Option("--severity", help="Only of this severity; again for each.")]
Restricted = Annotated[bool, typer.Option("--restricted", help="Send restricted incidents too.")]


@app.command()
def add(
    name: Annotated[str, typer.Argument(help="What it is called.")],
    url: Annotated[str, typer.Argument(help="Where events are sent.")],
    *,
    events: Events = [],  # noqa: B006 - Typer makes a list of it
    service: Service = "",
    severities: Severities = [],  # noqa: B006 - as above
    restricted: Restricted = False,
) -> None:
    """Add an endpoint and print its secret: it is shown this once, and nothing else is printed."""
    draft = HookDraft(
        name=name,
        url=url,
        events=tuple(events) or tuple(EVENTS),
        service_name=service,
        severities=severities,
        restricted=restricted,
    )
    typer.echo(actions.add(draft, secret_key=secret_key(), actor=host_actor(), now=now()).secret)


@app.command("list")
def list_(*, as_json: AsJson = False) -> None:
    """List the endpoints and whether they take what they are sent."""
    lines = reads.hooks()
    if as_json:
        tell_json(
            [
                {
                    "id": line.hook.id,
                    "name": line.hook.name,
                    "events": line.hook.events,
                    "restricted": line.hook.restricted,
                    "failing_since": line.hook.failing_since,
                    "paused_at": line.hook.paused_at,
                    "waiting": line.waiting,
                    "given_up": line.given_up,
                }
                for line in lines
            ]
        )
        return
    show_table(
        ["name", "to", "state", "waiting", "given up", "restricted too"],
        (
            (
                line.hook.name,
                shown_url(line.hook.url),
                _state(line.hook),
                line.waiting,
                line.given_up,
                "yes" if line.hook.restricted else "no",
            )
            for line in lines
        ),
        nothing="Nobody is told of events.",
    )


@app.command()
def change(
    hook: Hook,
    *,
    name: Annotated[str, typer.Option(help="Another name.")] = "",
    url: Annotated[str, typer.Option(help="Another address.")] = "",
    events: Events = [],  # noqa: B006 - as above
    service: Annotated[str | None, typer.Option(help="Only of this service; empty for any.")] = None,
    severities: Severities = [],  # noqa: B006 - as above
    restricted: Annotated[bool | None, typer.Option("--restricted/--not-restricted", help="Restricted too.")] = None,
) -> None:
    """Change an endpoint; what is not given stays as it is."""
    held = EventHook.objects.select_related("service").get(id=_id(hook))
    draft = HookDraft(
        name=name or held.name,
        url=url or held.url,
        events=tuple(events) or held.events,
        service_name=(held.service.name if held.service else "") if service is None else service,
        severities=tuple(severities) or held.severities,
        restricted=held.restricted if restricted is None else restricted,
    )
    actions.change(held.id, draft, actor=host_actor(), now=now())
    typer.echo("Changed.")


@app.command()
def secret(hook: Hook) -> None:
    """Renew the secret and print the new one; for a day both sign."""
    typer.echo(actions.renew_secret(_id(hook), secret_key=secret_key(), actor=host_actor(), now=now()))


@app.command()
def pause(hook: Hook) -> None:
    """Send nothing there until it is resumed; events wait."""
    actions.pause(_id(hook), actor=host_actor(), now=now())
    typer.echo("Paused.")


@app.command()
def resume(hook: Hook) -> None:
    """Send again, what waits at once."""
    actions.resume(_id(hook), actor=host_actor(), now=now())
    typer.echo("Resumed.")


@app.command()
def remove(hook: Hook) -> None:
    """Send nothing there any more."""
    actions.remove(_id(hook), actor=host_actor(), now=now())
    typer.echo("Removed.")


@app.command()
def deliveries(hook: Hook) -> None:
    """Show what was sent lately, the newest first."""
    show_table(
        ["id", "queued", "event", "incident", "state", "tried", "answer"],
        (
            (
                str(one.id),
                one.queued_at,
                one.event,
                f"#{one.incident.number}",
                one.state,
                one.attempts,
                one.error or one.status or "",
            )
            for one in reads.recent_deliveries(_id(hook), viewer=EVERYTHING)
        ),
        nothing="Nothing was sent yet.",
    )


@app.command()
def redeliver(hook: Hook, delivery: Annotated[UUID, typer.Argument(help="From `event-hook deliveries`.")]) -> None:
    """Send one event once more, under the id it had."""
    actions.redeliver(_id(hook), delivery, actor=host_actor(), now=now())
    typer.echo("It is being sent once more.")


def _id(text: str) -> UUID:
    return found(reads.hook_id_of, "event-hook", text)


def _state(hook: EventHook) -> str:
    if hook.paused_at is not None:
        return f"paused: {hook.paused_why}"
    return f"failing since {hook.failing_since:%Y-%m-%d %H:%M}" if hook.failing_since else "working"
