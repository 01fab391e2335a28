"""`watchbill service|schedule|policy|team|integration|role list`: what there is. `watchbill apply` changes it."""

from collections.abc import Callable, Sequence
from typing import Any

import typer

from watchbill.cli.host import AsJson, now, tell_json
from watchbill.cli.tables import show_table
from watchbill.domain.escalation.policy_reads import policies
from watchbill.domain.escalation.target_words import word_of
from watchbill.domain.oncall.reads import schedules
from watchbill.domain.people.reads import teams
from watchbill.domain.services.reads import services
from watchbill.domain.services.role_lookup import assignments

Rows = list[dict[str, Any]]


def _services() -> Rows:
    return [
        {
            "name": row.draft.name,
            "team": row.team,
            "policy": row.policy,
            "urgency": row.draft.urgency_rule,
            "integrations": len(row.integrations),
            "id": row.id,
        }
        for row in services()
    ]


def _integrations() -> Rows:
    return [
        {"service": row.draft.name, "kind": one.kind, "name": one.name, "key": one.hint, "id": one.id}
        for row in services()
        for one in row.integrations
    ]


def _schedules() -> Rows:
    return [
        {
            "name": row.draft.name,
            "team": row.team,
            "time_zone": row.draft.time_zone,
            "rotations": ", ".join(rotation.name for rotation in row.rotations),
            "id": row.id,
        }
        for row in schedules(now=now())
    ]


def _roles() -> Rows:
    return [
        {
            "role": row.role,
            "team": row.team.name if row.team else "",
            "service": row.service.name if row.service else "",
            "targets": ", ".join(word_of(one["kind"], one["label"]) for one in row.targets),
        }
        for row in assignments()
    ]


def _policies() -> Rows:
    return [
        {
            "name": row.draft.name,
            "team": row.team,
            "version": row.version,
            "levels": len(row.draft.levels),
            "repeat": row.draft.repeat,
            "id": row.id,
        }
        for row in policies()
    ]


def _teams() -> Rows:
    return [
        {
            "name": row.name,
            "lead": row.lead.email if row.lead else None,
            "manager": row.manager.email if row.manager else None,
            "members": ", ".join(member.email for member in row.members),
            "id": row.id,
        }
        for row in teams()
    ]


def _noun(what: str, columns: Sequence[str], read: Callable[[], Rows]) -> typer.Typer:
    app = typer.Typer(no_args_is_help=True, help=f"{what}: list them; `watchbill apply` makes and changes them.")

    @app.callback()
    def group() -> None:
        """One command is a group of its own here, so that another can join it."""

    @app.command("list", help=f"List the {what.lower()}.")
    def list_(*, as_json: AsJson = False) -> None:
        rows = read()
        if as_json:
            tell_json(rows)
        else:
            show_table(columns, ([row[column] for column in columns] for row in rows), nothing="There are none.")

    return app


service = _noun("Services", ["name", "team", "policy", "urgency", "integrations", "id"], _services)
integration = _noun("Integrations", ["service", "kind", "name", "key", "id"], _integrations)
schedule = _noun("Schedules", ["name", "team", "time_zone", "rotations", "id"], _schedules)
policy = _noun("Policies", ["name", "team", "version", "levels", "repeat", "id"], _policies)
team = _noun("Teams", ["name", "lead", "manager", "members", "id"], _teams)
role = _noun("Roles of the process", ["role", "team", "service", "targets"], _roles)
