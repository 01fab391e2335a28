"""`watchbill alert …`: look at alerts, and act on them from the host."""

from enum import StrEnum
from typing import Annotated
from uuid import UUID

import typer

from watchbill import composition
from watchbill.cli.host import AsJson, duration, host_actor, instant, now, tell_json
from watchbill.cli.host import found as found_by
from watchbill.cli.tables import at_text, show_table
from watchbill.domain.alerts import actions
from watchbill.domain.alerts.listing import AlertFilter, alert_id_of, list_alerts
from watchbill.domain.alerts.models import Alert
from watchbill.domain.alerts.reads import AlertDetail, alert_detail
from watchbill.domain.escalation.target_words import targets_of
from watchbill.domain.services.reads import service_id_of
from watchbill.ground.text import one_line

app = typer.Typer(no_args_is_help=True, help="Alerts: look at them, acknowledge, resolve, snooze, pass on.")

Number = Annotated[str, typer.Argument(metavar="ALERT", help="Its number or id.")]


class Status(StrEnum):
    OPEN = "open"
    TRIGGERED = "triggered"
    ACKNOWLEDGED = "acknowledged"
    RESOLVED = "resolved"
    ALL = "all"


@app.command("list")
def list_(
    *,
    status: Annotated[Status, typer.Option(help="Which ones.")] = Status.OPEN,
    service: Annotated[str, typer.Option(help="Of one service only: its name or id.")] = "",
    query: Annotated[str, typer.Option("--query", "-q", help="Words of summary, key, source or service.")] = "",
    limit: Annotated[int, typer.Option(min=1, max=1000, help="How many at most.")] = 50,
    as_json: AsJson = False,
) -> None:
    """List alerts, the newest first."""
    wanted = AlertFilter(
        status=status.value,
        service=found_by(service_id_of, "service", service) if service else None,
        query=query,
    )
    rows = list_alerts(wanted, limit=limit).alerts
    if as_json:
        tell_json([_facts(row) for row in rows])
        return
    show_table(
        ["#", "opened", "status", "summary", "service", "has it", "urgency"],
        (
            (row.number, row.opened_at, row.state, row.summary, row.service.name, row.acknowledged_by, row.urgency)
            for row in rows
        ),
        nothing="There are no such alerts.",
    )


@app.command()
def show(alert: Number, *, as_json: AsJson = False) -> None:
    """Show one alert: who was paged, how, why, and what comes next."""
    detail = _detail(_id(alert))
    if as_json:
        tell_json({**_facts(detail.alert), "pages": _pages(detail), "next_step": detail.next_step.words})
        return
    row = detail.alert
    typer.echo(f"#{row.number} {one_line(row.summary)}")
    typer.echo(f"{row.state}, {row.urgency} urgency, {row.service.name}, since {at_text(row.opened_at)}")
    show_table(
        ["paged", "level", "person", "device", "state", "reason"],
        (
            (page.created_at, page.level, page.email, f"{line.contact} ({line.kind})", line.state, page.reason)
            for page in detail.pages
            for line in page.deliveries
        ),
        nothing="Nobody was paged.",
    )
    due = detail.next_step.due_at
    typer.echo(f"{at_text(due)}  {detail.next_step.words}".strip())


@app.command()
def acknowledge(alert: Number) -> None:
    """Stop the paging: somebody has it."""
    row = actions.acknowledge(alert_id=_id(alert), actor=host_actor(), now=now())
    typer.echo(f"#{row.number} is acknowledged by {one_line(row.acknowledged_by)}.")


@app.command()
def resolve(alert: Number) -> None:
    """It is over."""
    row = actions.resolve(alert_id=_id(alert), actor=host_actor(), now=now())
    typer.echo(f"#{row.number} is resolved.")


@app.command()
def snooze(
    alert: Number,
    *,
    until: Annotated[str, typer.Option(help="ISO 8601; without an offset the organization's local time.")] = "",
    length: Annotated[str, typer.Option("--for", help="Like 30m or 2h.")] = "",
) -> None:
    """Be quiet until a time; then it pages again."""
    if bool(until) == bool(length):
        raise typer.BadParameter("give either --until or --for")
    at = now()
    end = instant(until, option="--until") if until else at + duration(length, option="--for")
    row = actions.snooze(alert_id=_id(alert), until=end, actor=host_actor(), now=at)
    typer.echo(f"#{row.number} is snoozed until {at_text(end)}.")


@app.command()
def escalate(alert: Number) -> None:
    """Page the next level now."""
    row = actions.escalate(alert_id=_id(alert), actor=host_actor(), now=now())
    typer.echo(f"#{row.number}: the next level is being paged.")


@app.command()
def reassign(
    alert: Number,
    targets: Annotated[list[str], typer.Argument(help="user:EMAIL, schedule:NAME, team-lead:NAME, team-manager:NAME")],
) -> None:
    """Page others instead, now."""
    wanted = targets_of(targets)
    row = actions.reassign(alert_id=_id(alert), targets=wanted, actor=host_actor(), now=now())
    typer.echo(f"#{row.number} now pages {', '.join(target.words for target in wanted)}.")


def _id(text: str) -> UUID:
    return found_by(alert_id_of, "alert", text)


def _detail(alert_id: UUID) -> AlertDetail:
    detail = alert_detail(alert_id, ways=composition.ways(), now=now())
    if detail is None:
        raise actions.AlertUnknown(f"There is no alert {alert_id}.")
    return detail


def _facts(row: Alert) -> dict[str, object]:
    return {
        "id": row.id,
        "number": row.number,
        "status": row.state,
        "urgency": row.urgency,
        "severity": row.severity,
        "service": row.service.name,
        "summary": row.summary,
        "dedup_key": row.dedup_key,
        "opened_at": row.opened_at,
        "acknowledged_at": row.acknowledged_at,
        "acknowledged_by": row.acknowledged_by or None,
        "resolved_at": row.resolved_at,
        "resolved_by": row.resolved_by or None,
    }


def _pages(detail: AlertDetail) -> list[dict[str, object]]:
    return [
        {
            "at": page.created_at,
            "level": page.level,
            "person": page.email,
            "state": page.state,
            "reason": page.reason,
            "deliveries": [
                {"contact": line.contact, "kind": line.kind, "state": line.state, "error": line.error}
                for line in page.deliveries
            ],
        }
        for page in detail.pages
    ]
