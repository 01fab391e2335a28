"""`watchbill process …`: read, check, compare and apply the incident process."""

import json
import sys
from pathlib import Path
from typing import Annotated, Any, NoReturn

import typer

from watchbill.domain.audit.contract import Actor
from watchbill.domain.process import reads
from watchbill.domain.process.actions import AppliedMeanwhile, NoteTooLong
from watchbill.domain.process.default_document import default_document, default_text
from watchbill.domain.process.models import ProcessVersion
from watchbill.domain.process.rules import Change, InvalidProcess, difference, parse, to_json
from watchbill.domain.process.schema import ProcessDocument
from watchbill.doors.process import apply_process
from watchbill.ground.clock import SystemClock

DIFFERENT = 1
WRONG = 2

app = typer.Typer(no_args_is_help=True, help="The incident process: read it, check it, compare it, apply it.")

File = Annotated[Path, typer.Argument(help="A process document; - reads standard input.", allow_dash=True)]
Version = Annotated[int | None, typer.Option("--version", min=1, help="A version that was applied, by its number.")]
Default = Annotated[bool, typer.Option("--default", help="The process Watchbill ships with; needs no database.")]
AgainstDefault = Annotated[
    bool, typer.Option("--against-default", help="Compare with the shipped process; needs no database.")
]
AsJson = Annotated[bool, typer.Option("--json", help="As JSON.")]
Note = Annotated[str, typer.Option("--note", help="Why; kept with the version.")]


@app.command()
def show(*, version: Version = None, default: Default = False, as_json: AsJson = False) -> None:
    """Print the running process, ready to be edited and applied again."""
    if default:
        text, document = default_text(), default_document()
    elif version is not None:
        chosen = _version(version)
        text, document = chosen.text, reads.document_of(chosen)
    else:
        text, document = reads.running_text(), reads.running()
    typer.echo(_as_json(to_json(document)) if as_json else text.rstrip("\n"))


@app.command()
def versions(*, as_json: AsJson = False) -> None:
    """List the versions that were applied, newest first."""
    found = reads.versions()
    if as_json:
        rows = [
            {
                "number": version.number,
                "applied_at": version.applied_at.isoformat(),
                "applied_by": version.applied_by_label,
                "note": version.note,
            }
            for version in found
        ]
        typer.echo(_as_json(rows))
        return
    for version in found:
        typer.echo(
            f"{version.number:>4}  {version.applied_at:%Y-%m-%d %H:%M} UTC  {version.applied_by_label}  {version.note}"
        )
    if not found:
        typer.echo("The default process runs; none was applied yet.")


@app.command()
def check(file: File) -> None:
    """Say whether a process document is sound. Needs no database. Exit 2 if it is not."""
    document = _parsed(file)
    typer.echo(
        f"{file} is sound: {len(document.severities)} severities, {len(document.roles)} roles, "
        f"{len(document.escalation_policy.levels)} escalation levels, {len(document.metrics)} metrics, "
        f"{len(document.checklists)} checklists."
    )


@app.command()
def diff(
    file: File, *, version: Version = None, against_default: AgainstDefault = False, as_json: AsJson = False
) -> None:
    """Show what applying the document would change. Exit 0 if nothing, 1 if something, 2 on error."""
    new = _parsed(file)
    if against_default:
        old = default_document()
    elif version is not None:
        old = reads.document_of(_version(version))
    else:
        old = reads.running()
    changes = difference(old, new)
    if as_json:
        typer.echo(_as_json([{"path": change.path, "old": change.old, "new": change.new} for change in changes]))
    else:
        for change in changes:
            typer.echo(_line(change))
    raise typer.Exit(DIFFERENT if changes else 0)


@app.command("apply")
def apply_(file: File, *, note: Note = "") -> None:
    """Make the document the running process, as a new version. Nothing happens if it runs already."""
    actor = Actor(kind="system", label="Command on the host", via="cli")
    try:
        applied = apply_process(_read(file), file=str(file), note=note, actor=actor, now=SystemClock().now())
    except (InvalidProcess, NoteTooLong, AppliedMeanwhile) as error:
        _fail(str(error))
    if not applied.created:
        typer.echo(f"Nothing to change: version {applied.version.number} runs already.")
        return
    for change in applied.changes:
        typer.echo(_line(change))
    typer.echo(f"Version {applied.version.number} runs from now on.")


def _version(number: int) -> ProcessVersion:
    try:
        return reads.get(number)
    except reads.VersionUnknown as error:
        _fail(str(error))


def _parsed(file: Path) -> ProcessDocument:
    try:
        return parse(_read(file), file=str(file))
    except InvalidProcess as error:
        _fail(str(error))


def _read(file: Path) -> str:
    try:
        return sys.stdin.read() if str(file) == "-" else file.read_text(encoding="utf-8")
    except OSError as error:
        _fail(f"{file}: {error.strerror}. Name a file that can be read.")
    except UnicodeDecodeError:
        _fail(f"{file}: not UTF-8 text. Save it as UTF-8.")


def _line(change: Change) -> str:
    if change.old is None:
        return f"+ {change.path}: {_value(change.new)}"
    if change.new is None:
        return f"- {change.path}: {_value(change.old)}"
    return f"~ {change.path}: {_value(change.old)} -> {_value(change.new)}"


def _value(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _as_json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, indent=2)


def _fail(message: str) -> NoReturn:
    typer.echo(message, err=True)
    raise typer.Exit(WRONG)
