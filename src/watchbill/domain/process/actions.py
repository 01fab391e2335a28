"""Apply a process document."""

from dataclasses import dataclass
from datetime import datetime

from django.db import IntegrityError, transaction

from watchbill.domain.process import reads
from watchbill.domain.process.models import NOTE_CHARACTERS_MAX, ProcessVersion
from watchbill.domain.process.rules import Change, difference, parse, to_json


class NoteTooLong(ValueError):
    def __init__(self) -> None:
        super().__init__(f"note: longer than {NOTE_CHARACTERS_MAX} characters. Shorten it.")


class AppliedMeanwhile(RuntimeError):
    def __init__(self) -> None:
        super().__init__("another version was applied at the same moment: look at the difference and apply again")


@dataclass(frozen=True, kw_only=True)
class Applied:
    """`version` is the one that runs now; `created` is False when it ran already and nothing was written."""

    version: ProcessVersion
    created: bool
    changes: tuple[Change, ...]


@transaction.atomic
def apply(text: str, *, file: str, applied_by_label: str, note: str, now: datetime) -> Applied:
    """Raises InvalidProcess, with nothing written. The caller records the change in the same transaction.

    A text that means the same as the running version makes no new one, even if its comments differ.
    """
    document = parse(text, file=file)
    if len(note) > NOTE_CHARACTERS_MAX:
        raise NoteTooLong
    # The lock makes a second writer wait; only what is read after it is what the first one wrote.
    ProcessVersion.objects.select_for_update().first()
    before = ProcessVersion.objects.first()
    changes = tuple(difference(reads.running(), document))
    if before is not None and not changes:
        return Applied(version=before, created=False, changes=())
    try:
        with transaction.atomic():
            version = ProcessVersion.objects.create(
                number=before.number + 1 if before is not None else 1,
                text=text,
                document=to_json(document),
                applied_at=now,
                applied_by_label=applied_by_label[:254],
                note=note,
            )
    except IntegrityError as error:
        raise AppliedMeanwhile from error
    return Applied(version=version, created=True, changes=changes)
