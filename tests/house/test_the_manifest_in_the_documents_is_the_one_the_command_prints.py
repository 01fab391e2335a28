"""Whoever copies the Slack manifest from the documents gets the scopes and events that the code needs."""

from tests.house.tree import ROOT
from watchbill.chat.slack_api import SCOPES
from watchbill.chat.slack_manifest import manifest
from watchbill.ground.yaml_text import read_yaml


def test_the_how_to_shows_what_the_command_prints() -> None:
    text = (ROOT / "docs/how-to/connect-slack.md").read_text()
    assert f"```yaml\n{manifest()}```" in text


def test_both_manifests_are_whole() -> None:
    base_url = "https://watchbill.example.org"
    for text, is_socket in ((manifest(), True), (manifest(base_url=base_url), False)):
        data = read_yaml(text).data
        assert data["oauth_config"]["scopes"]["bot"] == list(SCOPES)
        assert data["settings"]["socket_mode_enabled"] is is_socket
        [command] = data["features"]["slash_commands"]
        urls = {
            command.get("url"),
            data["settings"]["event_subscriptions"].get("request_url"),
            data["settings"]["interactivity"].get("request_url"),
        }
        assert urls == {None if is_socket else f"{base_url}/callbacks/slack"}
