"""Which process runs, and which ran before."""

from functools import lru_cache
from uuid import UUID

from watchbill.domain.process.default_document import default_document, default_text
from watchbill.domain.process.models import ProcessVersion
from watchbill.domain.process.rules import from_json
from watchbill.domain.process.schema import ProcessDocument

# What lists show; text and document are read only where one version is looked at.
_HEAVY = ("text", "document")


class VersionUnknown(LookupError):
    def __init__(self, number: int) -> None:
        super().__init__(f"there is no process version {number}: `watchbill process versions` lists them")


def running() -> ProcessDocument:
    """The document of the latest version, or the default one while none was applied."""
    identity = ProcessVersion.objects.values_list("id", flat=True).first()
    return default_document() if identity is None else _document(identity)


def running_version() -> ProcessVersion | None:
    """None while the default process runs."""
    return ProcessVersion.objects.first()


def running_text() -> str:
    version = running_version()
    return default_text() if version is None else version.text


def versions() -> list[ProcessVersion]:
    """Newest first, without their texts."""
    return list(ProcessVersion.objects.defer(*_HEAVY))


def get(number: int) -> ProcessVersion:
    version = ProcessVersion.objects.filter(number=number).first()
    if version is None:
        raise VersionUnknown(number)
    return version


def document_of(version: ProcessVersion) -> ProcessDocument:
    return _document(version.id)


def document_with_id(identity: UUID) -> ProcessDocument:
    """Raises ProcessVersion.DoesNotExist."""
    return _document(identity)


# A version never changes, so reading it once is enough: the pager asks for the running process at every page.
@lru_cache(maxsize=32)
def _document(identity: UUID) -> ProcessDocument:
    return from_json(ProcessVersion.objects.values_list("document", flat=True).get(id=identity))
