"""At 80 columns words stay whole; what does not fit is left out and named; times say their zone."""

from datetime import UTC, datetime, timedelta, timezone

import pytest

from watchbill.cli.tables import at_text, show_table

AT = datetime(2026, 11, 25, 22, 34, 5, tzinfo=UTC)
ROW = (
    AT,
    "1",
    "payments-secondary@organization.example",
    "Checkout answers with errors since the last release",
    "x" * 36,
)


def shown(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, width: int) -> str:
    monkeypatch.setenv("COLUMNS", str(width))
    show_table(["time", "level", "person", "title", "id"], [ROW], nothing="Nothing.")
    return capsys.readouterr().out


def test_words_stay_whole_and_what_is_left_out_is_named(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    out = shown(capsys, monkeypatch, 80)
    assert "payments-secondary@organization.example" in out
    assert all(len(line) <= 80 for line in out.splitlines())
    assert "Left out: title, id. COLUMNS=200 before the command shows them" in out


def test_a_title_has_room_to_be_read(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    out = shown(capsys, monkeypatch, 100)
    assert "Checkout answers with" in out
    assert "Left out: id." in out
    assert "Left out" not in shown(capsys, monkeypatch, 200)


def test_times_say_their_zone() -> None:
    assert at_text(AT) == "2026-11-25 22:34:05Z"
    assert at_text(AT, timezone(timedelta(hours=1))) == "2026-11-25 23:34:05+01:00"
