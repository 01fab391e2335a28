"""Which connections the worker opens, by how the chat tools are set up; and which settings lead nowhere."""

import pytest

from watchbill.chat.matrix_settings import MatrixSettings
from watchbill.chat.register import KINDS, Given, build_chat_hosts, incomplete
from watchbill.chat.slack import SlackSettings
from watchbill.doors.callbacks.matrix_sync import MatrixSync
from watchbill.doors.callbacks.register import chat_listeners
from watchbill.doors.callbacks.slack_socket import SlackSocket
from watchbill.ground.clock import SystemClock
from watchbill.ground.http_client import HttpClient


def given(*, bot: str = "", app: str = "", matrix: str = "", token: str = "") -> Given:
    return Given(
        http=HttpClient(),
        slack=SlackSettings(bot_token=bot, app_token=app),
        matrix=MatrixSettings(url=matrix, access_token=token),
    )


@pytest.mark.parametrize(
    ("settings", "heard"),
    [
        ({}, []),
        ({"bot": "xoxb-1"}, []),  # Slack calls us
        ({"bot": "xoxb-1", "app": "xapp-1"}, [SlackSocket]),
        ({"matrix": "https://matrix.example.org", "token": "x"}, [MatrixSync]),
        (
            {"bot": "xoxb-1", "app": "xapp-1", "matrix": "https://matrix.example.org", "token": "x"},
            [SlackSocket, MatrixSync],
        ),
    ],
)
def test_each_tool_is_heard_as_it_is_set_up(settings: dict[str, str], heard: list[type]) -> None:
    hosts = build_chat_hosts(given(**settings))
    listeners = chat_listeners(hosts, clock=SystemClock(), database=None, connect=None)
    assert [type(one.__self__) for one in listeners] == heard
    assert {host.kind for host in hosts} <= set(KINDS)


def test_settings_that_lead_nowhere_are_named_with_the_page_that_helps() -> None:
    found = list(incomplete(given(app="xapp-1", token="x")))
    assert [page for _, page in found] == ["docs/how-to/connect-slack.md", "docs/how-to/connect-matrix.md"]
    assert list(incomplete(given())) == []
