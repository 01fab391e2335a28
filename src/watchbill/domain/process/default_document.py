"""The process that runs until one is applied: `process/default.yaml` of the repository, packed into the wheel."""

from functools import cache
from pathlib import Path

import watchbill
from watchbill.domain.process.rules import parse
from watchbill.domain.process.schema import ProcessDocument

_PACKAGE = Path(watchbill.__file__).parent
_IN_WHEEL = _PACKAGE / "process_documents" / "default.yaml"
_IN_CHECKOUT = _PACKAGE.parents[1] / "process" / "default.yaml"


@cache
def default_text() -> str:
    path = _IN_WHEEL if _IN_WHEEL.exists() else _IN_CHECKOUT
    return path.read_text(encoding="utf-8")


@cache
def default_document() -> ProcessDocument:
    return parse(default_text(), file="default.yaml")
