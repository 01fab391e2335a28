"""`watchbill up`, and its processes one by one. Each replaces this process: nothing of the CLI stays in memory."""

import os
import sys
from pathlib import Path
from typing import Annotated, NoReturn

import typer

from watchbill.config import Config, config

_Host = Annotated[str, typer.Option(help="Address to listen on; 0.0.0.0 for every network.")]
_Port = Annotated[int, typer.Option(min=1, max=65535, help="Port to listen on.")]


def up(
    *,
    data_dir: Annotated[
        Path | None,
        typer.Option(help="Where database and secret key live.  [default: WATCHBILL_DATA_DIR, or watchbill-data]"),
    ] = None,
    host: _Host = "127.0.0.1",
    port: _Port = 8080,
    apply: Annotated[
        list[Path] | None, typer.Option(exists=True, dir_okay=False, help="Organization file to apply at the start.")
    ] = None,
) -> None:
    """Run everything: database, web, engine and worker."""
    settings = config()
    directory = (data_dir or settings.data_dir).resolve()
    environment = {
        **os.environ,
        "WATCHBILL_DATA_DIR": str(directory),
        "WATCHBILL_BASE_URL": base_url(settings, host=host, port=port),
    }
    arguments = ["--data-dir", str(directory), "--host", host, "--port", str(port)]
    arguments += [f"--apply={file.resolve()}" for file in apply or []]
    if settings.database_url:
        arguments.append("--own-server")
    become("watchbill.supervisor", arguments, environment)


def web(*, host: _Host = "127.0.0.1", port: _Port = 8080) -> None:
    """Run the web process alone: ingest, screens and API."""
    environment = {**os.environ, "WATCHBILL_BASE_URL": base_url(config(), host=host, port=port)}
    become("watchbill.processes.web", ["--host", host, "--port", str(port)], environment)


def engine() -> None:
    """Run an engine alone: timers and pages. Any number may run."""
    become("watchbill.processes.engine", [], dict(os.environ))


def worker() -> None:
    """Run a worker alone: chores that may be late. Any number may run."""
    become("watchbill.processes.worker", [], dict(os.environ))


def base_url(settings: Config, *, host: str, port: int) -> str:
    """As configured; otherwise the address that this host itself can use."""
    if "base_url" in settings.model_fields_set:
        return settings.base_url
    reachable = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104 - compared, not bound
    return f"http://[{reachable}]:{port}" if ":" in reachable else f"http://{reachable}:{port}"


def become(module: str, arguments: list[str], environment: dict[str, str]) -> NoReturn:
    sys.stdout.flush()
    sys.stderr.flush()
    os.execve(sys.executable, [sys.executable, "-m", module, *arguments], environment)  # noqa: S606 - our own module, no shell
