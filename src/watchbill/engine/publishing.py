"""Writes the status page's files after each change of it. The page then needs nothing that has to be running."""

import asyncio
from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path
from uuid import UUID, uuid4

from watchbill.domain.errands.contract import Later
from watchbill.domain.status_page import reads
from watchbill.domain.status_page.document import PageDocument, page_document
from watchbill.domain.status_page.page_actions import wrote
from watchbill.domain.status_page.rules import WRITE
from watchbill.ground.file_tree import swap

Render = Callable[[PageDocument], Mapping[str, bytes]]


class WriteStatusPage:
    """However often it was asked meanwhile, it is written once."""

    kind = WRITE

    def __init__(self, *, render: Render, directory: Path, base_url: str) -> None:
        self._render = render
        self._directory = directory
        self._base_url = base_url

    def next_step(self, subject_id: UUID, *, now: datetime) -> PageDocument | None:
        return page_document(base_url=self._base_url, now=now) if reads.is_to_be_written(now=now) else None

    async def act(self, step: PageDocument, *, now: datetime) -> object:
        return await asyncio.to_thread(self._write, step)

    def record(self, step: PageDocument, outcome: object, *, now: datetime) -> None:
        wrote(step.id, changes=step.changes, now=step.made_at)

    def _write(self, page: PageDocument) -> Later | None:
        try:
            swap(self._directory, self._render(page), name=f"{page.changes}-{uuid4().hex[:12]}")
        except OSError as error:
            return Later(why=f"the page's files cannot be written: {error}")
        return None
