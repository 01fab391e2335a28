"""`watchbill explain`"""

from collections.abc import Sequence
from datetime import timedelta, tzinfo
from enum import StrEnum
from typing import Annotated

import typer

from watchbill import composition
from watchbill.cli.host import AsJson, found, instant, now, tell_json, zone_asked
from watchbill.cli.tables import at_text, show_table
from watchbill.domain.escalation.explain import ExplainedStep
from watchbill.domain.incidents.reads import LadderLine, explain_severity
from watchbill.domain.incidents.rules import severity_of
from watchbill.domain.process.reads import running
from watchbill.domain.services.explain import Explanation
from watchbill.domain.services.explain import explain as explain_service
from watchbill.domain.services.models import Service
from watchbill.domain.services.reads import service_id_of
from watchbill.ground.text import one_line


class Urgency(StrEnum):
    HIGH = "high"
    LOW = "low"


def explain(
    service: Annotated[str, typer.Argument(help="The service's name or id.")],
    *,
    at: Annotated[
        str, typer.Option("--at", help="ISO 8601; without an offset the organization's local time; now if left out.")
    ] = "",
    urgency: Annotated[Urgency, typer.Option(help="Of the alert.")] = Urgency.HIGH,
    severity: Annotated[str, typer.Option(help="Like sev1: of an incident that is declared then.")] = "",
    as_json: AsJson = False,
) -> None:
    """Who would be paged for a service, when, on which device, and why."""
    row = Service.objects.select_related("policy__current_version__policy", "team").get(
        id=found(service_id_of, "service", service)
    )
    moment = instant(at, option="--at") if at else now()
    if severity:
        named = severity_of(running(), severity)
        ladder = explain_severity(row, named, at=moment, ways=composition.ways())
        tell_json(_rungs(ladder)) if as_json else _tell_ladder(ladder, zone=zone_asked(at))
        return
    explanation = explain_service(row, urgency=urgency.value, at=moment, ways=composition.ways())
    if as_json:
        tell_json(_as_json(explanation))
    else:
        _tell(explanation, zone=zone_asked(at))


def _tell_ladder(ladder: Sequence[LadderLine], *, zone: tzinfo) -> None:
    rows: list[tuple[object, ...]] = []
    for rung in ladder:
        for found_role in rung.roles if not rung.prompts else ():
            people = ", ".join(person.email for person in found_role.people) or "nobody"
            why = found_role.source if found_role.people else found_role.nobody
            rows.append((rung.at, rung.condition, found_role.role.label, people, why))
        if rung.prompts:
            rows.append((rung.at, rung.condition, "", "", f"asks whether {rung.prompts} is needed"))
    columns = ["time", "if still", "role", "people", "where from"]
    show_table(columns, rows, nothing="This severity pages nobody.", zone=zone)


def _rungs(ladder: Sequence[LadderLine]) -> list[dict[str, object]]:
    return [
        {
            "at": rung.at,
            "label": rung.label,
            "if_still": rung.condition,
            "prompts": rung.prompts,
            "calls": [
                {
                    "role": one.role.id,
                    "source": one.source,
                    "people": [person.email for person in one.people],
                    "nobody": one.nobody,
                }
                for one in rung.roles
            ],
        }
        for rung in ladder
    ]


def _tell(explanation: Explanation, *, zone: tzinfo) -> None:
    ladder = explanation.ladder
    typer.echo(f"{one_line(explanation.service)}, {ladder.urgency} urgency, by {one_line(ladder.policy)}")
    if explanation.maintenance_until is not None:
        typer.echo(f"Under maintenance: alerts wait until {at_text(explanation.maintenance_until, zone)}.")
    rows = [line for step in ladder.steps for line in _lines(step)]
    show_table(["time", "level", "person", "device", "reason"], rows, nothing="Nobody would be paged.", zone=zone)
    if not ladder.reaches_somebody:
        typer.echo("This reaches nobody. Name a fallback recipient with a contact that works.")


def _lines(step: ExplainedStep) -> list[tuple[object, ...]]:
    level = "fallback" if step.level == 0 else f"{step.level}" if not step.cycle else f"{step.level} again"
    lines: list[tuple[object, ...]] = []
    for target in step.targets:
        for person in target.people:
            lines.extend(
                (
                    step.at + timedelta(seconds=delivery.after_seconds),
                    level,
                    person.email,
                    f"{delivery.contact} ({delivery.kind})",
                    person.reason,
                )
                for delivery in person.deliveries
            )
        if not target.people:
            lines.append((step.at, level, "nobody", "", target.nobody))
    return lines


def _as_json(explanation: Explanation) -> dict[str, object]:
    ladder = explanation.ladder
    return {
        "service": explanation.service,
        "policy": ladder.policy,
        "urgency": ladder.urgency,
        "starts_at": ladder.starts_at,
        "maintenance_until": explanation.maintenance_until,
        "reaches_somebody": ladder.reaches_somebody,
        "steps": [
            {
                "at": step.at,
                "cycle": step.cycle,
                "level": step.level,
                "then": step.then,
                "targets": [
                    {
                        "target": target.words,
                        "nobody": target.nobody,
                        "people": [
                            {
                                "name": person.name,
                                "email": person.email,
                                "reason": person.reason,
                                "deliveries": [
                                    {
                                        "after_seconds": delivery.after_seconds,
                                        "contact": delivery.contact,
                                        "kind": delivery.kind,
                                    }
                                    for delivery in person.deliveries
                                ],
                            }
                            for person in target.people
                        ],
                    }
                    for target in step.targets
                ],
            }
            for step in ladder.steps
        ],
    }
