"""What each severity of the running process means, and which one a few plain answers point to."""

from typing import Annotated, Literal

from django.http import HttpRequest
from ninja import Router
from pydantic import Field

from watchbill.domain.incidents.severity_help import customer_choices, definitions, example_choices
from watchbill.domain.incidents.severity_help import suggest as suggest_severity
from watchbill.domain.process.reads import running
from watchbill.doors.api.auth import requires
from watchbill.doors.api.values import Input, Name, Output

router = Router(tags=["incidents"])


class ChoiceOut(Output):
    id: str
    label: str


class SeverityOut(Output):
    """`rank` 1 is the worst. The rest is in words, as the form that declares an incident shows it."""

    id: str
    rank: int
    label: str
    name: str
    impact: str
    examples: list[ChoiceOut]
    pages: str
    respond: str
    updates: str
    restore: str
    communication: str


class SeveritiesOut(Output):
    """`customers` and `holds`: what `suggest` may be answered with."""

    items: list[SeverityOut]
    customers: list[ChoiceOut]
    holds: list[ChoiceOut]


class AnswersIn(Input):
    """`customers`: which of them notice it; left out when it is not known. `holds`: ids of examples that are the case,
    or might be.
    """

    customers: Literal["", "all-or-most", "many", "some", "none"] = ""
    holds: Annotated[tuple[Name, ...], Field(max_length=200)] = ()


class ReasonOut(Output):
    """One answer, and the severity that it alone points to."""

    severity: str
    because: str


class SuggestionOut(Output):
    """`severity` null: nothing was answered."""

    severity: str | None
    label: str
    reasons: list[ReasonOut]


@router.get("", response=SeveritiesOut, summary="List the severities with what they mean")
@requires("incident.read")
def listing(request: HttpRequest) -> SeveritiesOut:
    process = running()
    return SeveritiesOut(
        items=[
            SeverityOut(
                **{name: getattr(one, name) for name in SeverityOut.model_fields if name != "examples"},
                examples=_choices(one.examples),
            )
            for one in definitions(process)
        ],
        customers=_choices(customer_choices(process)),
        holds=_choices(example_choices(process)),
    )


@router.post("/suggest", response=SuggestionOut, summary="Suggest a severity")
@requires("incident.read")
def suggest(request: HttpRequest, body: AnswersIn) -> SuggestionOut:
    """The worst that any answer points to: when in doubt, the higher. Nothing is changed."""
    found = suggest_severity(running(), customers=body.customers, holds=body.holds)
    if found is None:
        return SuggestionOut(severity=None, label="", reasons=[])
    return SuggestionOut(
        severity=found.severity.id,
        label=found.severity.label,
        reasons=[ReasonOut(severity=one.severity.id, because=one.because) for one in found.reasons],
    )


def _choices(pairs: tuple[tuple[str, str], ...] | list[tuple[str, str]]) -> list[ChoiceOut]:
    return [ChoiceOut(id=value, label=label) for value, label in pairs]
