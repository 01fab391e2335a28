"""Every way to reach a person. A new channel is one file, one line here, and its tests."""

from collections.abc import Callable
from dataclasses import dataclass

from watchbill.channels.demo import DemoChannel
from watchbill.channels.email import EmailChannel, SmtpSettings
from watchbill.channels.ntfy import NtfyChannel
from watchbill.channels.webhook import WebhookChannel
from watchbill.domain.paging.contract import Channel
from watchbill.ground.http_client import HttpClient


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """What the instance's settings give to channels."""

    http: HttpClient
    smtp: SmtpSettings
    ntfy_url: str
    demo_phones_url: str


CHANNELS: tuple[Callable[[Given], Channel], ...] = (
    lambda given: EmailChannel(given.smtp),
    lambda given: WebhookChannel(http=given.http),
    lambda given: NtfyChannel(http=given.http, default_server=given.ntfy_url),
    lambda given: DemoChannel(http=given.http, phones_url=given.demo_phones_url),
)


def build_channels(given: Given) -> tuple[Channel, ...]:
    """Every kind of contact that people may have, whether or not this instance can send by it yet."""
    return tuple(build(given) for build in CHANNELS)
