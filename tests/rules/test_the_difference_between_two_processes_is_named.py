import pytest

from watchbill.domain.process.default_document import default_document, default_text
from watchbill.domain.process.rules import Change, difference, from_json, parse, to_json

SCRIBE = "  - {id: scribe, label: Scribe, found_by: incident}\n"
TECHNICAL = "  - {id: technical-lead, label: Technical lead, found_by: incident}\n"


def test_a_document_does_not_differ_from_itself() -> None:
    assert difference(default_document(), parse(default_text() + "# a comment\n", file="ours.yaml")) == []


def test_json_gives_the_same_document_back() -> None:
    assert from_json(to_json(default_document())) == default_document()


@pytest.mark.parametrize(
    ("before", "after", "changes"),
    [
        (
            "timeout: 15m",
            "timeout: 20m",
            [Change(path="escalation_policy.levels[3].timeout", old="15m", new="20m")],
        ),
        (
            "resolve: {below: 4h}",
            "resolve: {within: 4h}",
            [
                Change(path="severities[sev2].resolve.below", old="4h", new=None),
                Change(path="severities[sev2].resolve.within", old=None, new="4h"),
            ],
        ),
        (
            "    - {kind: sms, after: 2m, label: SMS}\n",
            "",
            [
                Change(
                    path="notification_rules.high[sms]",
                    old={"kind": "sms", "after": "2m", "label": "SMS"},
                    new=None,
                )
            ],
        ),
        (
            TECHNICAL,
            TECHNICAL + "  - {id: legal, label: Legal, found_by: roster}\n",
            [
                Change(
                    path="roles[legal]",
                    old=None,
                    new={"id": "legal", "label": "Legal", "also_called": [], "found_by": "roster"},
                )
            ],
        ),
        (
            "pages: [on-call-engineer, engineering-manager]\n",
            "pages: [on-call-engineer, team-lead]\n",
            [
                Change(
                    path="severities[sev2].pages",
                    old=["on-call-engineer", "engineering-manager"],
                    new=["on-call-engineer", "team-lead"],
                )
            ],
        ),
        (
            "{after: 30m, if_still: unresolved, pages: [team-lead]",
            "{after: 45m, if_still: unresolved, pages: [team-lead]",
            [Change(path="time_based_escalation[sev1].steps[2].after", old="30m", new="45m")],
        ),
    ],
    ids=["a value", "one key for another", "removed", "added", "a list of names", "a step"],
)
def test_the_change_is_named(before: str, after: str, changes: list[Change]) -> None:
    assert default_text().count(before) == 1
    assert difference(default_document(), parse(default_text().replace(before, after), file="ours.yaml")) == changes


def test_a_new_order_is_one_change() -> None:
    text = default_text().replace(SCRIBE, "").replace(TECHNICAL, SCRIBE + TECHNICAL)
    (change,) = difference(default_document(), parse(text, file="ours.yaml"))
    assert change.path == "roles (order)"
    assert change.new.index("scribe") < change.new.index("technical-lead")
