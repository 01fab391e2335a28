"""The log of a running instance is read by many more people than may use what is in its addresses."""

import contextlib
import json
import os
import pty
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.harness.instances import Instance, command_environment, free_port, wait_for
from watchbill.ground import log

ORGANIZATION = """
organization: {name: Example, time_zone: UTC}
services:
  - {name: checkout, integrations: [{kind: generic}]}
"""
SETUP = "wbs_7l9GDJ3kQ0vXzT5mB8nWc2pLrY6hS4aEdFuKqo"
ACKNOWLEDGE = "kB8x-Zq_" * 9
INTEGRATION_KEY = "R0123456789abcdefghijklmnopqrstu"


@pytest.fixture(scope="module", params=["json", "console"])
def instance(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Instance]:
    directory = tmp_path_factory.mktemp("instance")
    (directory / "org.yaml").write_text(ORGANIZATION)
    up = Instance(directory / "data", "--apply", str(directory / "org.yaml"), WATCHBILL_LOG_FORMAT=request.param)
    with up as started:
        yield started


@pytest.mark.parametrize(
    ("method", "path", "secret", "shown"),
    [
        ("POST", f"/setup/{SETUP}", SETUP, "/setup/[secret]"),
        ("GET", f"/setup/{SETUP}", SETUP, "/setup/[secret]"),
        ("POST", f"/a/{ACKNOWLEDGE}", ACKNOWLEDGE, "/a/[secret]"),
        ("GET", f"/a/{ACKNOWLEDGE}", ACKNOWLEDGE, "/a/[secret]"),
        ("GET", f"//A//{ACKNOWLEDGE}/", ACKNOWLEDGE, "//A//[secret]"),
        ("GET", f"/elsewhere/{SETUP}", SETUP, "/elsewhere/wbs_[secret]"),
        ("GET", f"/elsewhere/{INTEGRATION_KEY}", INTEGRATION_KEY, "/elsewhere/[secret]"),
        ("GET", f"/api/v1/in/generic/{ACKNOWLEDGE}", ACKNOWLEDGE, "/in/generic/[secret]"),
    ],
)
def test_a_request_that_is_refused_is_logged_without_its_secret(
    instance: Instance, method: str, path: str, secret: str, shown: str
) -> None:
    before = len(instance.log.read_text())
    answer = httpx.request(method, instance.url + path, content=b"x", timeout=30)
    assert 400 <= answer.status_code < 500
    said = wait_for("a line about it", lambda: instance.log.read_text()[before:])
    assert shown in said
    assert secret not in said


def test_what_the_first_start_makes_stands_in_files_for_its_owner_alone(instance: Instance) -> None:
    said = instance.log.read_text()
    for name in ("owner-link", "made-by-apply"):
        file = instance.data_dir / name
        assert str(file) in said
        assert file.stat().st_mode & 0o777 == 0o600
    link = (instance.data_dir / "owner-link").read_text().strip()
    assert link not in said
    assert "/setup/wbs_" not in said
    key = (instance.data_dir / "made-by-apply").read_text().strip().rpartition(" ")[2]
    assert len(key) > 20
    assert key not in said
    assert httpx.get(link, timeout=30).status_code == 200


def test_at_a_terminal_the_link_is_shown(tmp_path: Path) -> None:
    ours, theirs = pty.openpty()
    up = [sys.executable, "-m", "watchbill.cli.main", "up", "--data-dir", str(tmp_path / "data"), "--port"]
    with subprocess.Popen(
        [*up, str(free_port())], env=command_environment(tmp_path / "data"), stderr=theirs, stdout=theirs
    ) as started:
        os.close(theirs)
        try:
            said = ""
            while "/setup/wbs_" not in said:
                said += os.read(ours, 4096).decode()
            assert not (tmp_path / "data" / "owner-link").exists()
        finally:
            started.send_signal(signal.SIGINT)
            drain(ours)
            os.close(ours)


def drain(descriptor: int) -> None:
    """Nobody can write to a terminal that nobody reads."""
    with contextlib.suppress(OSError):
        while os.read(descriptor, 4096):
            pass


def test_a_masked_line_is_still_json() -> None:
    line = json.dumps({"event": f"first\n{SETUP}\nat /a/{ACKNOWLEDGE}\nlast", "exception": f"'{SETUP}'"})
    assert json.loads(log.without_secrets(line)) == {
        "event": "first\nwbs_[secret]\nat /a/[secret]\nlast",
        "exception": "'wbs_[secret]'",
    }


@pytest.mark.parametrize(
    "line",
    [
        "page.send.failed attempt=018f3b1e-aaaa-7bbb-8ccc-0123456789ab",
        'File "/srv/watchbill/src/watchbill/doors/web/sign_in/setup.py", line 20, in setup',
        "sha256 of the event: 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
        "GET /in/nothing",
    ],
)
def test_what_is_no_secret_stays_readable(line: str) -> None:
    assert log.without_secrets(line) == line
