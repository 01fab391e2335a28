"""Members, targets and levels are added, moved and taken out by buttons that save nothing until one says so."""

import pytest
from django.test import Client

from tests.web.organization import Stage
from watchbill.domain.escalation.models import Policy
from watchbill.domain.oncall.models import Rotation
from watchbill.domain.people.models import FallbackRecipient
from watchbill.doors.web.window_words import hours_words, windows_of, words_of
from watchbill.ground.refusals import ChangeRefused

LEAD, FIRST, SECOND = "lead@example.org", "first@example.org", "second@example.org"


@pytest.fixture
def client(organization_on_stage: Stage) -> Client:
    browser = Client()
    browser.force_login(organization_on_stage.me)
    return browser


def chosen(text: str) -> list[str]:
    """The chosen options of the page, in order."""
    return [part.split('"')[0] for part in text.split('<option value="')[1:] if " selected>" in part.split("<")[0]]


def test_members_are_moved_and_saved_in_the_order_shown(client: Client, organization_on_stage: Stage) -> None:
    schedule = organization_on_stage.schedules["primary"]
    address = f"/schedules/{schedule.id}/rotations"
    typed = {
        "rotations[0].name": "weekly",
        "rotations[0].members": [LEAD, "nobody", FIRST],
        "rotations[0].every_count": "1",
        "rotations[0].every": "weeks",
        "rotations[0].handoff_weekday": "0",
        "rotations[0].handoff": "10:00",
        "rotations[0].starts": "2026-01-05",
        "rotations[0].per_turn": "1",
        "rotations[0].windows": "",
    }
    before = list(Rotation.objects.filter(schedule=schedule, retired_at=None).values_list("id", flat=True))
    moved = client.post(address, {**typed, "do": "up rotations[0].members 2"}).content.decode()
    members = [value for value in chosen(moved) if value in (LEAD, FIRST, "nobody")]
    assert members == [LEAD, FIRST, "nobody"]
    added = client.post(address, {**typed, "do": "add rotations[0].members"}).content.decode()
    assert added.count('<select name="rotations[0].members"') == 4
    assert list(Rotation.objects.filter(schedule=schedule, retired_at=None).values_list("id", flat=True)) == before
    assert client.post(address, {**typed, "rotations[0].members": members}).status_code == 302
    kept = Rotation.objects.get(schedule=schedule, retired_at=None)
    assert [seat.user.email if seat.user else None for seat in kept.members.order_by("position")] == [LEAD, FIRST, None]
    wrong = client.post(address, {**typed, "rotations[0].members": ["One@example.org", "two@example.org"]})
    assert "&#x27;one@example.org&#x27; or &#x27;two@example.org&#x27;; add them first" in wrong.content.decode()


def test_the_fallback_is_picked_from_people(client: Client) -> None:
    typed = {"name": "Example", "time_zone": "UTC", "fallback": [FIRST, SECOND]}
    shown = client.post("/admin/organization", {**typed, "do": "drop fallback 0"}).content.decode()
    assert FIRST not in chosen(shown)
    assert SECOND in chosen(shown)
    assert client.post("/admin/organization", typed).status_code == 302
    kept = FallbackRecipient.objects.order_by("position").values_list("user__email", flat=True)
    assert list(kept) == [FIRST, SECOND]


def test_several_levels_and_targets_are_one_version(client: Client, organization_on_stage: Stage) -> None:
    policy = organization_on_stage.policies["payments"]
    users = [f"user:{organization_on_stage.people[key].id}" for key in ("lead", "first", "second")]
    address = f"/policies/{policy.id}/edit"
    typed = {"name": "payments", "repeat": "0", "levels[0].targets": users[:1], "levels[0].timeout": "2m"}
    shown = client.post(address, {**typed, "do": "add levels"}).content.decode()
    assert 'name="levels[1].targets"' in shown
    shown = client.post(address, {**typed, "do": "add levels[0].targets"}).content.decode()
    assert shown.count('<select name="levels[0].targets"') == 2
    second = {"levels[1].targets": users[1:], "levels[1].timeout": "3m"}
    shown = client.post(address, {**typed, **second, "do": "drop levels 0"}).content.decode()
    assert [value for value in chosen(shown) if value in users] == users[1:]
    assert 'value="3m"' in shown
    assert client.post(address, {**typed, **second}).status_code == 302
    version = Policy.objects.get(id=policy.id).current_version
    assert version is not None
    assert version.number == 3
    assert [len(level["targets"]) for level in version.definition["levels"]] == [1, 2]
    page = client.get(f"/policies/{policy.id}/versions/3").content.decode()
    assert "Before it: " in page
    assert "Waits 3 min" in page
    assert "Waits 15 min" in page
    assert client.get(f"/policies/{policy.id}/versions/9").status_code == 404


def test_hours_are_written_as_people_write_them_and_told_back() -> None:
    office = windows_of("Mon-Fri 09:00-17:00", field="windows")
    assert len(office) == 5
    assert hours_words(office) == "5 stretches, the longest 8 hours, 40 of the week's 168 hours"
    assert words_of(office) == "Mon-Fri 09:00-17:00"
    trap = windows_of("Mon 09:00 - Fri 17:00", field="windows")
    assert hours_words(trap) == "one stretch, the longest 104 hours, 104 of the week's 168 hours"
    nights = windows_of("Fri-Mon 22:00-06:00", field="windows")
    assert [(one.starts_weekday, one.ends_weekday) for one in nights] == [(4, 5), (5, 6), (6, 0), (0, 1)]
    assert windows_of(words_of(nights), field="windows") == nights
    with pytest.raises(ChangeRefused, match="'9-5' and 'whenever' cannot be read; write Mon-Fri 09:00-17:00"):
        windows_of("9-5\nMon 08:00-09:00\nwhenever", field="windows")
