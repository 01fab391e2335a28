"""`watchbill service …`: what is watched, when each service is healthy, and which others it needs."""

from typing import Annotated

import typer

from watchbill.cli import listing
from watchbill.cli.host import AsJson, host_actor, now, tell_json
from watchbill.cli.host import found as found_by
from watchbill.cli.tables import show_table
from watchbill.domain.services import check_actions, dependency_actions
from watchbill.domain.services.check_rules import CheckDraft
from watchbill.domain.services.reads import service, service_id_of, services

app = listing.service

Name = Annotated[str, typer.Argument(metavar="SERVICE", help="Its name or id.")]
CheckName = Annotated[str, typer.Argument(metavar="CHECK", help="Its name within the service.")]


@app.command()
def checks(name: Name, *, as_json: AsJson = False) -> None:
    """List when a service is healthy."""
    detail = service(found_by(service_id_of, "service", name))
    held = detail.checks if detail is not None else ()
    rows = [(one.name, one.healthy_when, one.unit, one.query) for one in held]
    if as_json:
        tell_json([dict(zip(("name", "healthy_when", "unit", "query"), row, strict=True)) for row in rows])
    else:
        show_table(["check", "healthy when", "unit", "query"], rows, nothing="It has no check.")


@app.command()
def check(
    name: Name,
    check: CheckName,
    *,
    query: Annotated[str, typer.Option(help="The PromQL expression.")],
    healthy_when: Annotated[str, typer.Option(help='An operator and a number, like "< 0.01".')],
    unit: Annotated[str, typer.Option(help="Like % or s; it is only shown.")] = "",
) -> None:
    """Add a check, or change the one with this name."""
    draft = CheckDraft(name=check, query=query, healthy_when=healthy_when, unit=unit)
    check_actions.put_check(found_by(service_id_of, "service", name), draft, actor=host_actor(), now=now())
    typer.echo(f"{name} is healthy when {check} {healthy_when}.")


@app.command()
def uncheck(name: Name, check: CheckName) -> None:
    """Remove a check."""
    check_actions.drop_check(found_by(service_id_of, "service", name), check, actor=host_actor(), now=now())
    typer.echo("Removed.")


@app.command()
def needs(
    name: Name,
    others: Annotated[
        list[str] | None, typer.Argument(metavar="[OTHER]...", help="All of them; none: nothing.")
    ] = None,
) -> None:
    """Say which services a service does not work without."""
    ids = {found_by(service_id_of, "service", text) for text in others or ()}
    dependency_actions.set_dependencies(found_by(service_id_of, "service", name), ids, actor=host_actor(), now=now())
    typer.echo(f"{name} needs {', '.join(others)}." if others else f"{name} needs no other service.")


@app.command("map")
def map_(*, as_json: AsJson = False) -> None:
    """List which service needs which."""
    rows = [(row.draft.name, [one.name for one in row.depends_on]) for row in services()]
    if as_json:
        tell_json([{"service": name, "needs": needed} for name, needed in rows])
    else:
        show_table(
            ["service", "needs"],
            ((name, ", ".join(needed)) for name, needed in rows if needed),
            nothing="No service needs another.",
        )
