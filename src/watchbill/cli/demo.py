"""`watchbill demo`"""

import os
import socket
from pathlib import Path
from typing import Annotated

import typer

from watchbill.cli.up import become


def demo(
    *,
    data_dir: Annotated[Path, typer.Option(help="Where the demo's database lives.")] = Path("watchbill-data/demo"),
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port of the product; 0 for a free one.")] = 0,
    no_wait: Annotated[
        bool, typer.Option("--no-wait", help="End after the story; exit code 0 if all of it happened.")
    ] = False,
) -> None:
    """See it all work: an embedded database, phones in the browser, a story that plays by itself."""
    free, phones = _free_ports(2)
    port = port or free
    kept = {name: value for name, value in os.environ.items() if not name.startswith("WATCHBILL_")}
    environment = {
        **kept,
        "WATCHBILL_DATA_DIR": str(data_dir.resolve()),
        "WATCHBILL_BASE_URL": f"http://127.0.0.1:{port}",
        "WATCHBILL_DEMO_PHONES_URL": f"http://127.0.0.1:{phones}",
        "WATCHBILL_OUTBOUND_ALLOW": "127.0.0.0/8",
    }
    arguments = ["--port", str(port), "--phones-port", str(phones), *(["--no-wait"] if no_wait else [])]
    become("watchbill.demo.play", arguments, environment)


def _free_ports(count: int) -> list[int]:
    """Held together, so that they differ; the system hands them out again only after many others."""
    probes = [socket.socket() for _ in range(count)]
    try:
        for probe in probes:
            probe.bind(("127.0.0.1", 0))
        return [probe.getsockname()[1] for probe in probes]
    finally:
        for probe in probes:
            probe.close()
