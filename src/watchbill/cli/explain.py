"""`watchbill explain`"""

from datetime import timedelta
from enum import StrEnum
from typing import Annotated

import typer

from watchbill import composition
from watchbill.cli.host import AsJson, found, instant, now, tell_json
from watchbill.cli.tables import at_text, show_table
from watchbill.domain.escalation.explain import ExplainedStep
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
    as_json: AsJson = False,
) -> None:
    """Who would be paged for a service, when, on which device, and why."""
    row = Service.objects.select_related("policy__current_version__policy").get(
        id=found(service_id_of, "service", service)
    )
    moment = instant(at, option="--at") if at else now()
    explanation = explain_service(row, urgency=urgency.value, at=moment, ways=composition.ways())
    if as_json:
        tell_json(_as_json(explanation))
    else:
        _tell(explanation)


def _tell(explanation: Explanation) -> None:
    ladder = explanation.ladder
    typer.echo(f"{one_line(explanation.service)}, {ladder.urgency} urgency, by {one_line(ladder.policy)}")
    if explanation.maintenance_until is not None:
        typer.echo(f"Under maintenance: alerts wait until {at_text(explanation.maintenance_until)}.")
    rows = [line for step in ladder.steps for line in _lines(step)]
    show_table(["time", "level", "person", "device", "reason"], rows, nothing="Nobody would be paged.")
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
