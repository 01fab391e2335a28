"""The command line's contents page: one noun per line, in the order of use."""

import sys
from collections.abc import Callable
from io import TextIOWrapper
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

import watchbill.bootstrap  # noqa: F401 - makes Django ready before the commands below import tables
from watchbill import __version__, terminal_errors
from watchbill.cli import (
    alert,
    apply,
    audit,
    bridge,
    chat,
    communication,
    contact,
    demo,
    doctor,
    event_hook,
    explain,
    export,
    incident,
    listing,
    maintenance,
    migrate,
    oncall,
    override,
    person,
    process,
    service,
    severity,
    shifts,
    status_page,
    token,
    up,
)

# A command is a function, a group of commands is a Typer.
NOUNS: tuple[tuple[str, Callable[..., None] | typer.Typer], ...] = (
    ("up", up.up),
    ("demo", demo.demo),
    ("apply", apply.apply),
    ("export", export.export),
    ("oncall", oncall.oncall),
    ("shifts", shifts.shifts),
    ("explain", explain.explain),
    ("alert", alert.app),
    ("incident", incident.app),
    ("bridge", bridge.app),
    ("chat", chat.app),
    ("communication", communication.app),
    ("severity", severity.app),
    ("override", override.app),
    ("maintenance", maintenance.app),
    ("status-page", status_page.app),
    ("service", service.app),
    ("integration", listing.integration),
    ("schedule", listing.schedule),
    ("policy", listing.policy),
    ("team", listing.team),
    ("role", listing.role),
    ("token", token.app),
    ("person", person.app),
    ("contact", contact.app),
    ("process", process.app),
    ("event-hook", event_hook.app),
    ("doctor", doctor.doctor),
    ("audit", audit.app),
    ("migrate", migrate.migrate),
    ("web", up.web),
    ("engine", up.engine),
    ("worker", up.worker),
)


def _version(asked: bool) -> None:
    if asked:
        typer.echo(f"watchbill {__version__}")
        raise typer.Exit


def _root(
    *,
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Say which version this is.")
    ] = False,
) -> None:
    """Watchbill: page the right person, with proof."""


class _InOrder(TyperGroup):
    """Typer lists groups after commands; here the order is that of use."""

    def list_commands(self, ctx: Any) -> list[str]:
        return [name for name, _noun in NOUNS]


def root() -> typer.Typer:
    app = typer.Typer(cls=_InOrder, no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)
    app.callback()(_root)
    for name, noun in NOUNS:
        if isinstance(noun, typer.Typer):
            app.add_typer(noun, name=name)
        else:
            app.command(name)(noun)
    return app


def main() -> None:
    sys.excepthook = terminal_errors.show
    terminal_errors.check_arguments(sys.argv[1:])
    if isinstance(sys.stdout, TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")  # a terminal that lacks a character ends no command
    typer.main.get_command(root())(prog_name="watchbill")


if __name__ == "__main__":
    main()
