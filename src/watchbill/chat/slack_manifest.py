"""The app manifest from which an organization makes its own Slack app: everything that is needed, nothing more."""

from watchbill.chat.slack_api import SCOPES

CALLBACK_PATH = "/callbacks/slack"
_EVENTS = ("message.channels", "message.groups")


def manifest(*, base_url: str = "") -> str:
    """For Socket Mode; with `base_url` for an instance that Slack calls instead."""
    url = f"{base_url}{CALLBACK_PATH}" if base_url else ""
    lines = [
        "display_information:",
        "  name: Watchbill",
        "  description: A channel for each incident, and /watchbill",
        "features:",
        "  bot_user:",
        "    display_name: Watchbill",
        "    always_online: true",
        "  slash_commands:",
        "    - command: /watchbill",
        "      description: Declare an incident, work on one, see who is on call",
        "      usage_hint: declare | ack | status | role | page | update | resolve | oncall | link | help",
        "      should_escape: false",
        *([f"      url: {url}"] if url else []),
        "oauth_config:",
        "  scopes:",
        "    bot:",
        *(f"      - {scope}" for scope in SCOPES),
        "settings:",
        "  event_subscriptions:",
        *([f"    request_url: {url}"] if url else []),
        "    bot_events:",
        *(f"      - {event}" for event in _EVENTS),
        "  interactivity:",
        "    is_enabled: true",
        *([f"    request_url: {url}"] if url else []),
        "  org_deploy_enabled: false",
        f"  socket_mode_enabled: {'false' if url else 'true'}",
        "  token_rotation_enabled: false",
    ]
    return "\n".join(lines) + "\n"
