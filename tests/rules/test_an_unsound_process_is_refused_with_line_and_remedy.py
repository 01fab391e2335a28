"""Whatever is wrong with a process document, the answer names file, line, place and what to do."""

import pytest

from watchbill.domain.process.default_document import default_text
from watchbill.domain.process.rules import InvalidProcess, Problem, parse

MISTAKES = [
    # what stands in the default document, what somebody wrote instead, where, what is said, what to do
    (
        "    rank: 2\n",
        "    rnak: 2\n    rank: 2\n",
        "severities[sev2].rnak",
        "is not a known key",
        "Did you mean `rank`?",
    ),
    ("  fallback: [organization-fallback]\n", "", "escalation_policy.fallback", "is missing", "Add `fallback:` here."),
    (
        "respond: {label: Immediate, within: 5m}",
        "respond: {label: Immediate, within: 5 minutes}",
        "severities[sev1].respond.within",
        "'5 minutes' is not a duration: 'minutes' is not a unit",
        "Write it as 90s, 5m, 1h30m or 2d.",
    ),
    (
        "targets: [backup-on-call], timeout: 10m",
        "targets: [backup-on-call], timeout: 10",
        "escalation_policy.levels[2].timeout",
        "10 is not a duration",
        "Write it as 90s, 5m, 1h30m or 2d.",
    ),
    (
        "targets: [backup-on-call], timeout: 10m",
        "targets: [backup-oncall], timeout: 10m",
        "escalation_policy.levels[2].targets[1]",
        "`backup-oncall` is not one of the roles of this document",
        "Did you mean `backup-on-call`? Otherwise add it to the roles.",
    ),
    (
        "every: {min: 15m, max: 30m}",
        "every: {min: 30m, max: 15m}",
        "severities[sev1].updates.every",
        "min 30m is longer than max 15m",
        "Exchange them.",
    ),
    (
        "respond: {within: 1h, calendar: business}",
        "respond: {within: 1h, calendar: office}",
        "severities[sev3].respond.calendar",
        "`office` is not one of the calendars of this document",
        "Known: business. Otherwise add it to the calendars.",
    ),
    (
        "resolve: {below: 4h}",
        "resolve: {below: 4h, within: 4h}",
        "severities[sev2].resolve",
        "has within and below",
        "Write exactly one of within, below, below_business_days, by, cycle.",
    ),
    (
        "    - {level: 2, label: Secondary",
        "    - {level: 3, label: Secondary",
        "escalation_policy.levels[3].level",
        "level 3 stands in position 2",
        "Write level: 2, or put the items in order.",
    ),
    (
        "- {after: 2h, if_still: unresolved",
        "- {after: 20m, if_still: unresolved",
        "time_based_escalation[sev1].steps[4].after",
        "20m stands after 1h",
        "Put the steps in the order of time.",
    ),
    (
        "- {id: scribe, label: Scribe, found_by: incident}",
        "- {id: technical-lead, label: Scribe, found_by: incident}",
        "roles[technical-lead]",
        "`technical-lead` stands in this list 2 times",
        "Keep one of them, or give each its own name.",
    ),
    (
        "- {comparison: above, percent: 90}",
        "- {comparison: above, duration: 90m}",
        "metrics[action-item-completion].targets[1]",
        "a percentage cannot be held against duration",
        "Write exactly one of `percent` or `trend`.",
    ),
    (
        "    time_zone: UTC\n    weekdays",
        "    time_zone: Europe/Berlín\n    weekdays",
        "calendars[business].time_zone",
        "'Europe/Berlín' is not a known time zone",
        "Write one such as Europe/Berlin or UTC.",
    ),
    (
        "    public_holidays: []",
        "    public_holidays: [{country: DE, region: XX}]",
        "calendars[business].public_holidays[1]",
        "no holidays are known for region 'XX' of DE",
        "Write one of BB, BE, BW",
    ),
    (
        '    closes: "17:00"',
        '    closes: "08:00"',
        "calendars[business]",
        "closes before it opens",
        "Write a `closes` after `opens`; 00:00 is the end of the day.",
    ),
    (
        '    closes: "17:00"',
        "    closes: 5pm",
        "calendars[business].closes",
        "'5pm' is not a time of day",
        'Write it as "09:30".',
    ),
    (
        "engineers_min: 5",
        'engineers_min: "5"',
        "on_call.rotations[primary].engineers_min",
        "'5' is not a number",
        "Write a plain number, without quotes.",
    ),
    (
        "duration: {min: 1h, max: 1h30m}",
        "duration: {min: 30m, max: 1h}",
        "review.meeting.agenda",
        "the items take 1h10m, the meeting 1h",
        "Shorten items or lengthen the meeting.",
    ),
    (
        "mode: automatic",
        "mode: always",
        "war_room.activation[sev1].mode",
        "'always' is not possible here",
        "Write 'aut",
    ),
]


@pytest.mark.parametrize(("right", "wrong", "path", "message", "remedy"), MISTAKES, ids=[row[2] for row in MISTAKES])
def test_the_mistake_is_explained(right: str, wrong: str, path: str, message: str, remedy: str) -> None:
    assert default_text().count(right) >= 1, "the default document has changed: adapt this table"
    problem = _problems(default_text().replace(right, wrong, 1))[path]
    assert problem.message == message
    assert problem.remedy.startswith(remedy)
    assert str(problem) == f"ours.yaml:{problem.line}: {path}: {message}. {problem.remedy}"


def test_the_line_is_the_one_with_the_mistake() -> None:
    text = default_text().replace("timeout: 15m", "timeout: soon")
    line = 1 + next(number for number, line in enumerate(text.splitlines()) if "timeout: soon" in line)
    assert _problems(text)["escalation_policy.levels[3].timeout"].line == line


def test_every_mistake_is_told_at_once_in_the_order_of_the_lines() -> None:
    text = default_text().replace("    rank: 2\n", "").replace("timeout: 15m", "timeout: soon")
    assert list(_problems(text)) == ["severities[sev2].rank", "escalation_policy.levels[3].timeout"]


@pytest.mark.parametrize(
    ("text", "line", "remedy"),
    [
        ("format: 1\nname: [broken\n", 3, "Correct the syntax."),
        ("format: 1\nformat: 1\n", 2, "Keep one of them."),
        ("format: &one 1\nname: *one\n", 2, "Write the value out."),
        ("format: !!python/object:os.system 1\n", 1, "Write a plain value."),
        ('format: 1\nname: "nothing\\0here"\n', 2, "Remove it."),
        ("format: 1\nname: 0x" + "f" * 10_000, 2, "Shorten it, or put it in quotes if it is text."),
        ("format: 1\nname: " + "9" * 10_000, 2, "Shorten it, or put it in quotes if it is text."),
        ("[" * 20_000, 0, "Flatten the document."),
        ("a" * 1_000_001, 0, "Shorten it."),
    ],
    ids=["syntax", "key twice", "alias", "tag", "NUL", "hexadecimal", "decimal", "deep", "long"],
)
def test_hostile_or_broken_text_is_refused(text: str, line: int, remedy: str) -> None:
    with pytest.raises(InvalidProcess) as refused:
        parse(text, file="ours.yaml")
    (problem,) = refused.value.problems
    assert (problem.line, problem.remedy) == (line, remedy)


@pytest.mark.parametrize("text", ["", "just words", "- a\n- list\n", "null"])
def test_something_else_than_a_process_is_refused(text: str) -> None:
    with pytest.raises(InvalidProcess, match=r"ours\.yaml:1: .* is not a block of keys\. Write `key: value` pairs\."):
        parse(text, file="ours.yaml")


def _problems(text: str) -> dict[str, Problem]:
    with pytest.raises(InvalidProcess) as refused:
        parse(text, file="ours.yaml")
    return {problem.path: problem for problem in refused.value.problems}
