"""Writes docs/operate/settings.md from the settings' own descriptions: `python tools/settings_page.py`."""

from pathlib import Path

from pydantic import SecretStr
from pydantic_core import PydanticUndefined

from watchbill.config import Config

PAGE = Path(__file__).parent.parent / "docs" / "operate" / "settings.md"

_HEAD = """# Settings

Every setting is an environment variable. In `watchbill.toml` in the working directory the same names stand in lower
case without `WATCHBILL_`. For a secret in a file, add `_FILE`: `WATCHBILL_SMTP_PASSWORD_FILE=/run/secrets/smtp`.
A variable wins over a secret file, a secret file wins over `watchbill.toml`.

This page is written by `python tools/settings_page.py`; a test keeps it true.

| Variable | Default | Meaning |
|---|---|---|
"""


def page() -> str:
    return _HEAD + "".join(_line(name) for name in Config.model_fields)


def _line(name: str) -> str:
    field = Config.model_fields[name]
    default = field.default
    if isinstance(default, SecretStr):
        default = default.get_secret_value()
    shown = "" if default in (None, "", PydanticUndefined) else f"`{default}`"
    return f"| `WATCHBILL_{name.upper()}` | {shown} | {field.description} |\n"


if __name__ == "__main__":
    PAGE.parent.mkdir(parents=True, exist_ok=True)
    PAGE.write_text(page(), encoding="utf-8")
