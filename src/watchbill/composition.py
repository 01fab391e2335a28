"""Puts the parts together from the settings; with `settings`, `urls` and `asgi` the only files that know everyone."""

from collections.abc import Mapping, Sequence
from functools import lru_cache, partial
from typing import Any

import watchbill.bootstrap  # noqa: F401 - makes Django ready before tables are imported
from watchbill.bridges.meet import MeetSettings
from watchbill.bridges.register import build_makers
from watchbill.bridges.zoom import ZoomSettings
from watchbill.channels.letter_post import SmtpLetterPost
from watchbill.channels.register import Given, build_channels
from watchbill.channels.smtp import SmtpSettings
from watchbill.channels.subscriber_mail import SubscriberMailer
from watchbill.channels.subscriber_webhook import SubscriberHooks
from watchbill.chat.matrix_settings import MatrixSettings
from watchbill.chat.register import Given as ChatGiven
from watchbill.chat.register import build_chat_hosts
from watchbill.chat.slack import SlackSettings
from watchbill.config import config, secret_key, status_page_dir, wakeup_url
from watchbill.domain.bridges.actions import GiveBridge
from watchbill.domain.bridges.contract import BridgeMaker
from watchbill.domain.bridges.making import MakeBridge
from watchbill.domain.communications.mailing import MailLetters
from watchbill.domain.errands.contract import Errand
from watchbill.domain.escalation.steps import Ways
from watchbill.domain.event_hooks.collecting import collect as collect_events
from watchbill.domain.event_hooks.delivering import DeliverEvents
from watchbill.domain.incidents.attachment_rules import Limits
from watchbill.domain.paging.contract import Channel, ContactKind, Family
from watchbill.domain.paging.reads import default_rules
from watchbill.domain.paging.senders import sendable_kinds
from watchbill.domain.status_page.document import PageDocument
from watchbill.domain.verification.asking import VerifyIncident
from watchbill.domain.verification.contract import MetricsSource
from watchbill.domain.warrooms.actions import follow as follow_by_chat
from watchbill.domain.warrooms.chat_errand import chat_errands
from watchbill.domain.warrooms.contract import ChatHost
from watchbill.doors.callbacks.heard import ChatHeard
from watchbill.doors.callbacks.register import chat_listeners
from watchbill.doors.status_page.site import files as status_page_files
from watchbill.engine.compose import Instance
from watchbill.engine.following import Follower, FollowIncident
from watchbill.engine.handlers import build_handlers
from watchbill.engine.loop import Engine
from watchbill.engine.main import run
from watchbill.engine.metrics import serve_metrics
from watchbill.engine.publishing import WriteStatusPage
from watchbill.engine.sender import Sender
from watchbill.engine.telling import TellSubscriber
from watchbill.engine.watchdog import OutsideWatcher
from watchbill.engine.worker import Listener, in_thread
from watchbill.ground.clock import Clock, DatabaseClock, SystemClock
from watchbill.ground.http_client import HttpClient
from watchbill.ground.network_guard import parse_networks
from watchbill.ground.websocket import connect
from watchbill.monitoring.prometheus import PrometheusSource


def smtp() -> SmtpSettings:
    settings = config()
    return SmtpSettings(
        host=settings.smtp_host,
        port=settings.smtp_port,
        sender=settings.mail_from,
        security=settings.smtp_security,
        user=settings.smtp_user,
        password=settings.smtp_password.get_secret_value(),
    )


def can_mail() -> bool:
    return bool(config().smtp_host)


def every_channel() -> tuple[Channel, ...]:
    settings = config()
    return build_channels(
        Given(
            http=HttpClient(allowed_networks=parse_networks(settings.outbound_allow)),
            smtp=smtp(),
            ntfy_url=settings.ntfy_url,
            demo_phones_url=settings.demo_phones_url,
        )
    )


def channels() -> tuple[Channel, ...]:
    """Those that this instance can send by."""
    return tuple(channel for channel in every_channel() if channel.is_set_up)


@lru_cache(maxsize=1)
def contact_kinds() -> Mapping[str, ContactKind]:
    """Kinds of contact that people may have."""
    return {channel.kind: channel for channel in every_channel()}


@lru_cache(maxsize=1)
def configured_families() -> Mapping[str, Family]:
    """Kinds of contact that can be used in this instance, and what each counts as in notification rules."""
    return {kind: one.family for kind, one in contact_kinds().items() if one.is_set_up}


def ways() -> Ways:
    """By what pages can leave: what the engines that run say of themselves, whatever this process is set up for."""
    running = sendable_kinds(now=SystemClock().now())
    if running is None:
        return own_ways()
    known = contact_kinds()
    families = {kind: known[kind].family for kind in sorted(running) if kind in known}
    return Ways(families=families, defaults=default_rules())


def own_ways() -> Ways:
    """What this process itself is set up for: an engine plans by what it sends by."""
    return Ways(families=configured_families(), defaults=default_rules())


def instance() -> Instance:
    return Instance(base_url=config().base_url, secret_key=secret_key())


def attachment_limits() -> Limits:
    return Limits(file=config().attachment_mebibytes << 20, incident=config().attachments_mebibytes << 20)


def build_engine() -> Engine:
    return Engine(build_handlers(own_ways))


def build_errands() -> tuple[Errand[Any], ...]:
    """What the worker runs as it is asked for; each has its kind once."""
    base_url = config().base_url
    hosts = chat_hosts()  # the same for all: what one of them is asked to wait with, all wait with
    letters = MailLetters(SmtpLetterPost(smtp()), base_url=base_url)
    return (
        FollowIncident(followers()),
        *chat_errands(hosts, base_url=base_url),
        ChatHeard(hosts, ways=ways, base_url=base_url),
        *(MakeBridge(maker) for maker in bridge_makers()[:1]),
        deliver_events(),
        VerifyIncident(metrics_source(outbound_http())),
        *status_page_errands(),
        letters,
    )


def status_page_errands() -> tuple[Errand[Any], ...]:
    return (
        WriteStatusPage(render=render_status_page, directory=status_page_dir(), base_url=config().base_url),
        TellSubscriber(
            mailer=SubscriberMailer(smtp()),
            hooks=SubscriberHooks(http=outbound_http()),
            base_url=config().base_url,
            secret_key=secret_key(),
        ),
    )


def render_status_page(page: PageDocument) -> Mapping[str, bytes]:
    return status_page_files(page, base_url=config().base_url)


def has_metrics() -> bool:
    """Whether there is somebody to ask whether a service is healthy."""
    return bool(config().prometheus_url)


def outbound_http() -> HttpClient:
    return HttpClient(allowed_networks=parse_networks(config().outbound_allow))


def metrics_source(http: HttpClient) -> MetricsSource | None:
    """Whom a verification asks; None where no address is set."""
    settings = config()
    if not has_metrics():
        return None
    return PrometheusSource(settings.prometheus_url, http=http, token=settings.prometheus_token.get_secret_value())


def followers() -> tuple[Follower, ...]:
    """Who looks at an incident whose record went on."""
    gives = GiveBridge(makes=next((maker.kind for maker in bridge_makers()), ""))
    return (partial(follow_by_chat, hosts=chat_hosts()), gives, collect_events)


def bridge_makers() -> tuple[BridgeMaker, ...]:
    """Whoever can make a bridge for an incident, the one that is used first."""
    return build_makers(http=outbound_http(), zoom=zoom_settings(), meet=meet_settings())


def zoom_settings() -> ZoomSettings:
    settings = config()
    return ZoomSettings(
        account_id=settings.zoom_account_id,
        client_id=settings.zoom_client_id,
        client_secret=settings.zoom_client_secret.get_secret_value(),
        user=settings.zoom_user,
        url=settings.zoom_url,
        api_url=settings.zoom_api_url,
    )


def meet_settings() -> MeetSettings:
    settings = config()
    return MeetSettings(
        service_account=settings.meet_service_account.get_secret_value(),
        user=settings.meet_user,
        client_id=settings.meet_client_id,
        client_secret=settings.meet_client_secret.get_secret_value(),
        refresh_token=settings.meet_refresh_token.get_secret_value(),
        api_url=settings.meet_api_url,
        token_url=settings.meet_token_url,
    )


@lru_cache(maxsize=1)
def chat_hosts() -> tuple[ChatHost, ...]:
    """The chat tools in which this instance can make rooms."""
    return build_chat_hosts(chat_given())


def chat_given() -> ChatGiven:
    return ChatGiven(http=outbound_http(), slack=slack_settings(), matrix=matrix_settings())


def slack_settings() -> SlackSettings:
    settings = config()
    return SlackSettings(
        bot_token=settings.slack_bot_token.get_secret_value(),
        app_token=settings.slack_app_token.get_secret_value(),
        signing_secret=settings.slack_signing_secret.get_secret_value(),
        api_url=settings.slack_api_url,
    )


def matrix_settings() -> MatrixSettings:
    settings = config()
    return MatrixSettings(
        url=settings.matrix_url,
        access_token=settings.matrix_access_token.get_secret_value(),
        mail_domain=settings.matrix_mail_domain,
        link_url=settings.matrix_link_url,
    )


def listeners(*, clock: Clock) -> tuple[Listener, ...]:
    """What the worker hears beside its errands, by connections that it opens itself."""
    opens = partial(connect, allowed_networks=parse_networks(config().outbound_allow))
    return chat_listeners(chat_hosts(), clock=clock, database=in_thread, connect=opens)


def deliver_events() -> DeliverEvents:
    http = HttpClient(allowed_networks=parse_networks(config().outbound_allow))
    return DeliverEvents(http=http, secret_key=secret_key(), base_url=config().base_url)


def build_sender(*, clock: Clock, using: Sequence[Channel] | None = None) -> Sender:
    return Sender(channels() if using is None else using, instance=instance(), clock=clock)


def run_engine() -> None:
    """The engine's process, until SIGTERM."""
    clock = DatabaseClock()
    serve_metrics(config().engine_metrics_port)
    watcher = OutsideWatcher(url=config().watchdog_url, allowed_networks=parse_networks(config().outbound_allow))
    # Providers are told this host's time: asking the database would stop the event loop that sends.
    sender = build_sender(clock=SystemClock())
    run(build_engine(), sender, clock=clock, dsn=wakeup_url(), watcher=watcher)
