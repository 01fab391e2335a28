"""What the page would show if something were published: tried in a transaction that is taken back."""

from collections.abc import Callable
from datetime import datetime

from django.db import transaction

from watchbill.domain.status_page.document import PageDocument, page_document


@transaction.atomic
def page_if(publish: Callable[[], object], *, base_url: str, now: datetime) -> PageDocument:
    """Nobody is told and nothing is kept, the record neither. Raises what publishing raises."""
    publish()
    document = page_document(base_url=base_url, now=now)
    if document is None:
        raise RuntimeError("something was published, and there is no page")
    transaction.set_rollback(True)
    return document
