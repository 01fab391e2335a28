import pytest

from tests.harness.organization_files import EXAMPLE, files
from tests.harness.setup_verbs import KINDS
from watchbill.domain.organization_file.problems import FilesRefused
from watchbill.domain.organization_file.rules import parse_files


def _problems(*texts: str) -> list[str]:
    with pytest.raises(FilesRefused) as refused:
        parse_files(files(*texts), kinds=KINDS)
    return [str(problem) for problem in refused.value.problems]


CHANGED = [
    ("kind: webhook", "kind: pager", 'a.yaml:10: users[1].contacts[1].kind: unknown kind "pager"; use email, webhook'),
    ("role: responder", "role: boss", 'a.yaml:7: users[1].role: unknown role "boss"; use owner, admin, responder or'),
    ("repeat: 2", "repaet: 2", 'a.yaml:26: policies[0].repaet: unknown key "repaet"; use name, team, repeat,'),
    ("repeat: 2", "repeat: often", "a.yaml:26: policies[0].repeat: 'often' is no whole number; write one, like 2"),
    (
        "timeout: 5m",
        "timeout: 5",
        "a.yaml:28: policies[0].levels[0].timeout: 5 has no unit; write 5m for minutes, or s, h, d instead of the m",
    ),
    ("timeout: 5m", "timeout: 5 minutes", "a.yaml:28: policies[0].levels[0].timeout: '5 minutes' is not a duration"),
    ("1 week", "1 moon", "a.yaml:21: schedules[0].rotations[0].every: '1 moon': 'moon' is not a unit of turns"),
    ('"Monday 10:00"', '"10:00"', "a.yaml:21: schedules[0].rotations[0].handoff: turns of weeks need a weekday too"),
    (
        '"Monday 10:00"',
        "Mondy 10:00",
        "a.yaml:21: schedules[0].rotations[0].handoff: 'Mondy 10:00': 'Mondy' is not a weekday",
    ),
    ("2026-01-05", "2026-02-30", "a.yaml:21: schedules[0].rotations[0].starts: '2026-02-30' is no date"),
    ("2026-12-25T10:00", "2026-12-23T10:00", "a.yaml:23: schedules[0].overrides[0].end: is not after the start"),
    ("Africa/Lagos", "Africa/Lago", "a.yaml:6: users[1].time_zone: 'Africa/Lago' is no time zone; use a name of the"),
    ("team-manager:payments", "team:payments", "a.yaml:30: policies[0].levels[2].targets[0]: unknown target 'team:pay"),
    ("abcde}", "abcd}", "a.yaml:33: services[0].integrations[0].key: has 31 characters; a pagerduty-events-v2 key has"),
    ("    name: First Responder\n", "", "a.yaml:4: users[1].name: is missing; add name: here"),
    ("name: hook", "name: mail", 'a.yaml:10: users[1].contacts[1].name: "mail" stands twice; give every contact'),
    ("teams:\n", "teams:\n  - {name: payments}\n", "a.yaml:16: teams[1]: payments is defined in a.yaml:15 already"),
    ("alertmanager", "heartbeat", "a.yaml:33: services[0].integrations[1]: a heartbeat needs a period; add one, like"),
]


@pytest.mark.parametrize(("old", "new", "message"), CHANGED)
def test_one_mistake_in_the_example(old: str, new: str, message: str) -> None:
    assert old in EXAMPLE
    problems = _problems(EXAMPLE.replace(old, new, 1))
    assert [problem[: len(message)] for problem in problems] == [message]


def test_all_mistakes_of_all_files_are_told_at_once() -> None:
    first = EXAMPLE.replace("repeat: 2", "repaet: 2").replace("kind: webhook", "kind: pager")
    second = "users:\n  - {email: lead, name: X}\n"
    third = "users: [\n"
    places = [problem.split(": ")[0] for problem in _problems(first, second, third)]
    assert places == ["a.yaml:10", "a.yaml:26", "b.yaml:2", "c.yaml:2"]


def test_a_thing_is_defined_in_one_file_only() -> None:
    other = "teams:\n  - {name: payments}\norganization: {name: Other}\n"
    assert _problems(EXAMPLE, other) == [
        "b.yaml:3: organization: the organization is defined in a.yaml:1 already; keep one of them",
        "b.yaml:2: teams[0]: payments is defined in a.yaml:15 already; keep one of them",
    ]


def test_files_that_are_no_organization_files() -> None:
    assert _problems("- a\n- b\n") == ["a.yaml:1: ['a', 'b'] has no keys; write it as name: value pairs"]
    assert _problems("users: lead\n") == [
        "a.yaml:1: users: 'lead' is no list; write it as [first, second] or with a dash before each item"
    ]
    assert "Anchors and aliases" in _problems("users: &x [*x]\n")[0]
    parse_files(files("", "users:\n"), kinds=KINDS)  # empty ones say nothing
