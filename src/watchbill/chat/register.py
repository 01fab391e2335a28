"""All chat tools in which an incident can have a room. A new one is a file here and a line below."""

from collections.abc import Iterator
from dataclasses import dataclass

from watchbill.chat.matrix import MatrixHost
from watchbill.chat.matrix_settings import MatrixSettings
from watchbill.chat.slack import SlackHost, SlackSettings
from watchbill.domain.warrooms.contract import ChatHost
from watchbill.ground.http_client import HttpClient


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """What a tool may need from the instance's settings; one that lacks its own is not set up, and left out."""

    http: HttpClient
    slack: SlackSettings
    matrix: MatrixSettings


# The word of each, whether it is set up or was: entries of the record say by which of them somebody acted.
KINDS = (SlackHost.kind, MatrixHost.kind)


def build_chat_hosts(given: Given) -> tuple[ChatHost, ...]:
    return tuple(_hosts(given))


def _hosts(given: Given) -> Iterator[ChatHost]:
    if given.slack.bot_token:
        yield SlackHost(http=given.http, settings=given.slack)
    if given.matrix.url and given.matrix.access_token:
        yield MatrixHost(http=given.http, settings=given.matrix)


def incomplete(given: Given) -> Iterator[tuple[str, str]]:
    """What cannot be right in the settings, whatever the tool says; and the page that says how it is done."""
    for lack in given.slack.lacks():
        yield lack, "docs/how-to/connect-slack.md"
    for lack in given.matrix.lacks():
        yield lack, "docs/how-to/connect-matrix.md"
