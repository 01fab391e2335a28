"""`watchbill export`"""

import typer

import watchbill.bootstrap  # noqa: F401 - makes Django ready before tables are imported
from watchbill.config import secret_key
from watchbill.domain.organization_file.export import export_text
from watchbill.ground.clock import SystemClock


def export() -> None:
    """Print the organization as a file that `watchbill apply` takes. It holds integration keys: keep it safe."""
    typer.echo(export_text(secret_key=secret_key(), now=SystemClock().now()), nl=False)
