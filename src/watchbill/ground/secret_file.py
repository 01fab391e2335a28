"""The instance's secret key as a file in its data directory. Only the standard library: the supervisor uses it."""

import os
import secrets
from pathlib import Path


class SecretKeyMissing(Exception):
    """There is neither WATCHBILL_SECRET_KEY nor the file; making a new one here would not open old seals."""


def path_in(data_dir: Path) -> Path:
    return data_dir / "secret.key"


def read(data_dir: Path) -> str:
    try:
        return path_in(data_dir).read_text().strip()
    except FileNotFoundError as error:
        raise SecretKeyMissing(
            f"{path_in(data_dir)} does not exist: set WATCHBILL_SECRET_KEY (the same on every host), "
            "or WATCHBILL_DATA_DIR to the data directory where `watchbill up` made it"
        ) from error


def make_if_missing(data_dir: Path) -> None:
    """On the first start. Mode 0600, and complete or not there at all."""
    path = path_in(data_dir)
    if path.exists():
        return
    data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    making = path.with_name(f"secret.key.{os.getpid()}")
    descriptor = os.open(making, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(secrets.token_urlsafe(48))
    try:
        os.link(making, path)  # fails when another start was first; then that key stands
    except FileExistsError:
        return
    finally:
        making.unlink()
