"""The answers come from the process document: another document asks and suggests something else."""

import pytest

from watchbill.domain.incidents.severity_help import (
    customer_choices,
    definitions,
    example_choices,
    suggest,
)
from watchbill.domain.process.default_document import default_document
from watchbill.domain.process.schema import ProcessDocument
from watchbill.ground.refusals import ChangeRefused

DEFAULT = default_document()


def suggested(customers: str = "", *holds: str, process: ProcessDocument = DEFAULT) -> str | None:
    found = suggest(process, customers=customers, holds=holds)
    return found.severity.id if found else None


@pytest.mark.parametrize(
    ("customers", "holds", "severity"),
    [
        ("all-or-most", (), "sev1"),
        ("many", (), "sev2"),
        ("some", (), "sev3"),
        ("none", (), "sev4"),
        ("", ("data-breach",), "sev1"),
        ("", ("active-exploitation",), "sev1"),
        ("", ("critical-function-lost",), "sev1"),
        ("", ("key-feature-broken",), "sev2"),
        ("none", ("data-breach",), "sev1"),
        ("many", ("cosmetic-fault", "more-errors"), "sev2"),
        ("some", ("partial-outage", "internal-tool"), "sev2"),
        ("", (), None),
    ],
)
def test_the_worst_that_any_answer_points_to(customers: str, holds: tuple[str, ...], severity: str | None) -> None:
    assert suggested(customers, *holds) == severity


def test_every_answer_says_what_it_alone_points_to() -> None:
    found = suggest(DEFAULT, customers="many", holds=["data-breach", "severe-slowness"])
    assert found is not None
    assert [(one.severity.id, one.because) for one in found.reasons] == [
        ("sev1", "A data breach is confirmed or suspected"),
        ("sev2", "Customers who notice it: many of them"),
        ("sev2", "Performance is significantly degraded (latency above 5 times normal)"),
    ]
    assert [one.severity.id for one in found.decisive] == ["sev1"]
    assert [one.severity.id for one in found.milder] == ["sev2", "sev2"]


@pytest.mark.parametrize(
    ("customers", "holds", "words"),
    [("everybody", [], "use all-or-most, many, some, none"), ("", ["fire"], "'fire' is no example of the process")],
)
def test_another_answer_is_refused_with_those_there_are(customers: str, holds: list[str], words: str) -> None:
    with pytest.raises(ChangeRefused, match=words):
        suggest(DEFAULT, customers=customers, holds=holds)


def changed() -> ProcessDocument:
    """Two severities of another house, the milder one written first."""
    worst, second = DEFAULT.severities[0], DEFAULT.severities[1]
    red = worst.model_copy(
        update={"id": "red", "label": "RED", "examples": (worst.examples[0].model_copy(update={"id": "fire"}),)}
    )
    amber = second.model_copy(update={"id": "amber", "label": "AMBER"})
    return DEFAULT.model_copy(update={"severities": (amber, red)})


def test_another_process_asks_its_own_questions() -> None:
    process = changed()
    assert [one.id for one in definitions(process)] == ["red", "amber"]
    assert [value for value, _ in customer_choices(process)] == ["all-or-most", "many"]
    assert next(iter(example_choices(process)))[0] == "fire"
    assert suggested("", "fire", process=process) == "red"
    assert suggested("many", process=process) == "amber"
    with pytest.raises(ChangeRefused, match="use all-or-most, many, or leave it out"):
        suggested("some", process=process)


def test_the_definitions_stand_in_the_words_of_the_process() -> None:
    found = {one.id: one for one in definitions(DEFAULT)}
    assert list(found) == ["sev1", "sev2", "sev3", "sev4"]
    assert ("data-breach", "A data breach is confirmed or suspected") in found["sev1"].examples
    assert ("more-errors", "More errors than usual, but less than SEV2") in found["sev3"].examples
    assert found["sev4"].pages == "Nobody; a ticket is kept"
