"""The log of a running instance is read by many more people than may use what is in its addresses."""

import json
from collections.abc import Iterator

import httpx
import pytest

from tests.harness.instances import Instance, wait_for
from watchbill.ground import log

SETUP = "wbs_7l9GDJ3kQ0vXzT5mB8nWc2pLrY6hS4aEdFuKqo"
ACKNOWLEDGE = "kB8x-Zq_" * 9
INTEGRATION_KEY = "R0123456789abcdefghijklmnopqrstu"


@pytest.fixture(scope="module", params=["json", "console"])
def instance(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Instance]:
    directory = tmp_path_factory.mktemp("instance") / "data"
    with Instance(directory, WATCHBILL_LOG_FORMAT=request.param) as started:
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


def test_the_link_that_is_meant_for_the_operator_is_still_said(instance: Instance) -> None:
    link = next(line for line in instance.log.read_text().splitlines() if "/setup/wbs_" in line)
    assert httpx.get(f"{instance.url}/setup/{link.rpartition('/')[2].strip()}", timeout=30).status_code == 200


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
