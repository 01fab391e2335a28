"""`watchbill doctor`"""

import dataclasses
from typing import Annotated

import orjson
import typer
from rich.console import Console
from rich.padding import Padding
from rich.text import Text

from watchbill.doctor.examine import examine


def doctor(*, json: Annotated[bool, typer.Option("--json", help="Findings as JSON, for scripts.")] = False) -> None:
    """Look for what would lose, delay or misdirect a page, and say what to do."""
    findings = examine()
    if json:
        typer.echo(orjson.dumps([dataclasses.asdict(finding) for finding in findings], option=orjson.OPT_INDENT_2))
    else:
        console = Console()
        for finding in findings:
            label = Text("serious ", style="bold red") if finding.serious else Text("note    ", style="yellow")
            console.print(Text.assemble(label, finding.what), soft_wrap=True)
            console.print(Padding(Text(f"Why it matters: {finding.why}\nWhat to do: {finding.remedy}"), (0, 0, 1, 8)))
        console.print("Nothing found." if not findings else f"{len(findings)} findings.")
    if any(finding.serious for finding in findings):
        raise typer.Exit(1)
