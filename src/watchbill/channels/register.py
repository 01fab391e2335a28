"""Every way to reach a person. A new channel is one file, one line here, and its tests."""

from collections.abc import Callable

from watchbill.channels.demo import DemoChannel
from watchbill.channels.email import EmailChannel, SmtpSettings
from watchbill.channels.ntfy import NtfyChannel
from watchbill.channels.webhook import WebhookChannel
from watchbill.domain.paging.contract import Channel
from watchbill.ground.http_client import HttpClient


def build_channels(
    *, http: HttpClient, smtp_settings: SmtpSettings | None, ntfy_url: str, demo_url: str | None
) -> tuple[Channel, ...]:
    """Without a mail server or demo phones those channels are absent: contacts of their kind cannot be reached."""
    channels: list[Channel] = [
        WebhookChannel(http=http),
        NtfyChannel(http=http, default_server=ntfy_url),
    ]
    if smtp_settings is not None:
        channels.append(EmailChannel(smtp_settings))
    if demo_url:
        channels.append(DemoChannel(http=http, phones_url=demo_url))
    return tuple(channels)


def address_checks(*, http: HttpClient, ntfy_url: str) -> dict[str, Callable[[str], str]]:
    """Every kind of contact that may be set up, whether or not this instance can send by it yet."""
    anyone = SmtpSettings(host="", port=25, sender="watchbill@example.org")
    everyone: tuple[Channel, ...] = (
        EmailChannel(anyone),
        WebhookChannel(http=http),
        NtfyChannel(http=http, default_server=ntfy_url),
        DemoChannel(http=http, phones_url=""),
    )
    return {channel.kind: channel.check_address for channel in everyone}
