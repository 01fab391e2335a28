"""The templates of the public pages, apart from those of the screens: nothing of these may come in by a shared part."""

from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

from django.template import Context, Engine
from django.utils.safestring import SafeString

_FOLDER = Path(__file__).parent / "templates"


@lru_cache(maxsize=1)
def _engine() -> Engine:
    return Engine(dirs=[str(_FOLDER)], autoescape=True)


def page(template: str, values: Mapping[str, Any]) -> bytes:
    return part(template, values).encode()


def part(template: str, values: Mapping[str, Any]) -> SafeString:
    """For a template of ours to show as it is: these escape what comes from people."""
    return _engine().get_template(template).render(Context(dict(values), use_tz=False))
