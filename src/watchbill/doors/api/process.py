"""The incident process: the running one, its versions, and applying another."""

from typing import Annotated, Any

from django.http import HttpRequest
from ninja import Router
from pydantic import AfterValidator, Field

from watchbill.domain.process import reads
from watchbill.domain.process.actions import AppliedMeanwhile, NoteTooLong
from watchbill.domain.process.models import NOTE_CHARACTERS_MAX, ProcessVersion
from watchbill.domain.process.rules import Change, InvalidProcess, difference, parse, to_json
from watchbill.doors.api.auth import caller, requires
from watchbill.doors.api.problems import Conflict, Invalid, NotFound
from watchbill.doors.api.values import Input, InstantOut, Output, Text, storable_text
from watchbill.doors.moment import now_of
from watchbill.doors.process import apply_process

router = Router(tags=["process"])

FILE = "document"
_CHARACTERS_MAX = 500_000


class DocumentIn(Input):
    """YAML, as `watchbill process show` prints it."""

    text: Annotated[str, Field(max_length=_CHARACTERS_MAX), AfterValidator(storable_text)]


class ApplyIn(DocumentIn):
    note: Annotated[Text, Field(max_length=NOTE_CHARACTERS_MAX)] = ""


class ProcessOut(Output):
    """`version` is null while the process that Watchbill ships with runs."""

    version: int | None
    text: str
    document: Any


class ProcessVersionOut(Output):
    number: int
    applied_at: InstantOut
    applied_by: str
    note: str


class DifferenceOut(Output):
    path: str
    old: Any
    new: Any


class AppliedOut(Output):
    """`created` is false when it ran already and nothing was written."""

    version: int
    created: bool
    changes: list[DifferenceOut]


@router.get("", response=ProcessOut, summary="Read the process that runs")
@requires("process.read")
def running(request: HttpRequest) -> ProcessOut:
    version = reads.running_version()
    return ProcessOut(
        version=version.number if version else None, text=reads.running_text(), document=to_json(reads.running())
    )


@router.get("/versions", response=list[ProcessVersionOut], summary="List the versions that were applied")
@requires("process.read")
def versions(request: HttpRequest) -> list[ProcessVersionOut]:
    """Newest first."""
    return [_version(row) for row in reads.versions()]


@router.get("/versions/{number}", response=ProcessOut, summary="Read one version")
@requires("process.read")
def version(request: HttpRequest, number: Annotated[int, Field(ge=1, le=2**31 - 1)]) -> ProcessOut:
    try:
        found = reads.get(number)
    except reads.VersionUnknown as error:
        raise NotFound(f"There is no process version {number}.") from error
    return ProcessOut(version=found.number, text=found.text, document=to_json(reads.document_of(found)))


@router.post("/diff", response=list[DifferenceOut], summary="Compare a document with the process that runs")
@requires("process.read")
def diff(request: HttpRequest, body: DocumentIn) -> list[DifferenceOut]:
    """What applying it would change; refused with line and remedy when it is not sound. Writes nothing."""
    try:
        document = parse(body.text, file=FILE)
    except InvalidProcess as error:
        raise _unsound(error) from error
    return [_change(one) for one in difference(reads.running(), document)]


@router.post("/apply", response=AppliedOut, summary="Apply a process")
@requires("process.apply")
def apply(request: HttpRequest, body: ApplyIn) -> AppliedOut:
    try:
        done = apply_process(body.text, file=FILE, note=body.note, actor=caller(request).actor, now=now_of(request))
    except InvalidProcess as error:
        raise _unsound(error) from error
    except NoteTooLong as error:
        raise Invalid([("note", str(error))]) from error
    except AppliedMeanwhile as error:
        raise Conflict(str(error)) from error
    return AppliedOut(version=done.version.number, created=done.created, changes=[_change(one) for one in done.changes])


def _unsound(error: InvalidProcess) -> Invalid:
    return Invalid(
        [(f"text:{one.line} {one.path}".strip(), f"{one.message}. {one.remedy}".strip()) for one in error.problems]
    )


def _version(row: ProcessVersion) -> ProcessVersionOut:
    return ProcessVersionOut(
        number=row.number, applied_at=row.applied_at, applied_by=row.applied_by_label, note=row.note
    )


def _change(row: Change) -> DifferenceOut:
    return DifferenceOut(path=row.path, old=row.old, new=row.new)
