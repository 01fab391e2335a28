"""`watchbill audit …`: is the record of what was done still what it was?"""

import json
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from watchbill.domain.audit import store
from watchbill.domain.audit.sealing_rules import Head
from watchbill.domain.audit.verification import Verdict
from watchbill.domain.audit.verification import verify as verify_chain
from watchbill.ground.clock import DatabaseClock

BROKEN = 1
WRONG = 2

app = typer.Typer(no_args_is_help=True, help="The audit trail: prove that nobody changed it.")

Anchors = Annotated[
    list[str] | None,
    typer.Option(
        "--anchor", help="SEQUENCE:HASH as this command or the engine's log said it earlier. May be given repeatedly."
    ),
]
AsJson = Annotated[bool, typer.Option("--json", help="As JSON.")]


@app.callback()
def _noun() -> None:
    """With a callback Typer keeps the verb although there is only one."""


@app.command()
def verify(*, anchor: Anchors = None, as_json: AsJson = False) -> None:
    """Follow the chain of seals through every entry. Exit 0 if it holds, 1 if it is broken, 2 on error."""
    anchors = [_head(text) for text in anchor or []]
    now = DatabaseClock().now()
    columns = (TextColumn("Checking seals"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True, disable=as_json) as progress:
        task = progress.add_task("", total=store.head().sequence)
        verdict = verify_chain(now=now, anchors=anchors, progress=lambda count: progress.advance(task, count))
    typer.echo(_as_json(verdict) if as_json else _in_words(verdict))
    raise typer.Exit(BROKEN if verdict.finding else 0)


def _head(text: str) -> Head:
    sequence, _, chain_hash = text.partition(":")
    if not (sequence.isascii() and sequence.isdigit() and len(sequence) < 19) or len(chain_hash) != 64:
        typer.echo(f"--anchor {text}: write it as SEQUENCE:HASH, as this command prints it.", err=True)
        raise typer.Exit(WRONG)
    return Head(int(sequence), chain_hash.lower())


def _in_words(verdict: Verdict) -> str:
    lines = []
    if verdict.finding:
        lines.append(f"BROKEN at sequence {verdict.finding.sequence} ({verdict.finding.kind}): {verdict.finding.what}.")
        lines.append(f"Everything up to sequence {verdict.head.sequence} holds.")
    else:
        lines.append(f"{verdict.head.sequence} entries are sealed and unchanged.")
        lines.append(f"Anchor, to be kept outside of this database: {verdict.head}")
    if verdict.backdated:
        lines.append(
            f"Look at sequence {verdict.backdated[0]}: {len(verdict.backdated)} entries are dated over an hour "
            "before what was sealed before them. A clock that was set wrong does this; so does an inserted entry."
        )
    return "\n".join(lines)


def _as_json(verdict: Verdict) -> str:
    finding = verdict.finding
    return json.dumps(
        {
            "holds": finding is None,
            "sealed": verdict.head.sequence,
            "anchor": str(verdict.head),
            "broken_at": finding.sequence if finding else None,
            "kind": finding.kind if finding else None,
            "what": finding.what if finding else None,
            "backdated": list(verdict.backdated),
        },
        indent=2,
    )
