"""Digits of other scripts, and more of them than Python turns into a number, are refused like any other wrong input."""

import asyncio

import pytest
from typer.testing import CliRunner

from watchbill.cli.audit import app
from watchbill.domain.organization_file.rules import inner_place
from watchbill.doors.bodies import announces_too_much
from watchbill.doors.ingest.bounds import Refused, read_body


@pytest.mark.parametrize("length", [b"9" * 5000, b"\xc2\xb2", b"-1", b"11"])
def test_a_length_that_is_none_or_too_large(length: bytes) -> None:
    assert announces_too_much({"type": "http", "headers": [(b"content-length", length)]}, 10)
    with pytest.raises(Refused):
        asyncio.run(read_body(_nothing, {b"content-length": length}, bytes_max=10))


async def _nothing() -> dict[str, object]:
    return {"type": "http.request", "body": b"", "more_body": False}


@pytest.mark.parametrize("sequence", ["²", "9" * 5000, ""])
def test_an_anchor_that_is_none(sequence: str) -> None:
    outcome = CliRunner().invoke(app, ["verify", "--anchor", f"{sequence}:{'0' * 64}"])
    assert outcome.exit_code == 2
    assert "write it as SEQUENCE:HASH" in outcome.output


def test_a_name_that_looks_like_a_number_is_a_name() -> None:
    assert inner_place("levels[0].²") == ("levels", 0, "²")
