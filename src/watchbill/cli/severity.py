"""`watchbill severity list|suggest`: what each severity means, and which one a few plain answers point to."""

from typing import Annotated

import typer

from watchbill.cli.host import AsJson, tell_json
from watchbill.cli.tables import show_table
from watchbill.domain.incidents.severity_help import customer_choices, definitions, example_choices
from watchbill.domain.incidents.severity_help import suggest as suggest_severity
from watchbill.domain.process.reads import running

app = typer.Typer(no_args_is_help=True, help="Severities of the running process: what they mean, which one to choose.")


@app.command("list")
def list_(*, as_json: AsJson = False) -> None:
    """List the severities with what they mean."""
    found = definitions(running())
    if as_json:
        tell_json([{name: getattr(one, name) for name in type(one).__slots__} for one in found])
        return
    show_table(
        ["severity", "impact", "pages", "response", "updates", "target"],
        ((one.label, one.impact, one.pages, one.respond, one.updates, one.restore) for one in found),
        nothing="The process has no severity.",
    )
    process = running()
    typer.echo("Examples, for `watchbill severity suggest --holds`:")
    show_table(["id", "example"], example_choices(process), nothing="None.")
    typer.echo(f"For --customers: {', '.join(value for value, _ in customer_choices(process))}")


@app.command()
def suggest(
    *,
    customers: Annotated[str, typer.Option(help="Which customers notice it, like many; see `severity list`.")] = "",
    holds: Annotated[list[str], typer.Option(help="The id of an example that is so, or might be.")] = [],  # noqa: B006 - Typer makes a list of it
    as_json: AsJson = False,
) -> None:
    """Suggest a severity: the worst that any answer points to."""
    found = suggest_severity(running(), customers=customers, holds=holds)
    if as_json:
        reasons = [{"severity": one.severity.id, "because": one.because} for one in found.reasons] if found else []
        tell_json({"severity": found.severity.id if found else None, "reasons": reasons})
        return
    if found is None:
        typer.echo("Nothing is answered: give --customers or --holds; `watchbill severity list` shows the answers.")
        return
    typer.echo(found.severity.label)
    for one in found.reasons:
        typer.echo(f"  {one.severity.label}: {one.because}")
