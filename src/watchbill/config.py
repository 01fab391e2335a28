"""Settings of an instance: `WATCHBILL_*` variables, `WATCHBILL_*_FILE` for secrets, `watchbill.toml`. Read once."""

import json
import os
import re
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import BeforeValidator, Field, SecretStr, field_validator
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

from watchbill.ground import secret_file
from watchbill.ground.postgres import EmbeddedPostgres

_PREFIX = "WATCHBILL_"


def _in_case(change: Callable[[str], str]) -> BeforeValidator:
    """However it is written; whatever is none of the choices is refused, never taken for one of them."""
    return BeforeValidator(lambda value: change(value.strip()) if isinstance(value, str) else value)


SmtpSecurity = Annotated[Literal["starttls", "tls", "none"], _in_case(str.lower)]
LogFormat = Annotated[Literal["json", "console"], _in_case(str.lower)]
LogLevel = Annotated[Literal["DEBUG", "INFO", "WARNING", "ERROR"], _in_case(str.upper)]


class Config(BaseSettings):
    model_config = SettingsConfigDict(
        env_prefix=_PREFIX, toml_file="watchbill.toml", extra="forbid", env_ignore_empty=True
    )

    data_dir: Path = Field(
        Path("watchbill-data"),
        description="Where the embedded database, its log and the secret key live.",
    )
    database_url: str | None = Field(
        None,
        description="A PostgreSQL server (15 or newer). Without it the embedded one in the data directory is used.",
    )
    database_direct_url: str | None = Field(
        None,
        description="The same database without the pooler. Only when `database_url` leads through PgBouncer, which "
        "passes no wake-ups on: without this pages leave up to a quarter of a second later.",
    )
    secret_key: SecretStr | None = Field(
        None,
        description="Seals secrets and signs links. Without it `secret.key` in the data directory is used.",
    )
    base_url: str = Field(
        "http://127.0.0.1:8080", description="The address people and mail links use to reach this instance."
    )
    allowed_hosts: str = Field("*", description="Host names that may be asked for, separated by commas.")
    trusted_proxies: str = Field(
        "",
        description="Networks (CIDR, comma separated) whose X-Forwarded-For and X-Forwarded-Proto are believed.",
    )
    outbound_allow: str = Field(
        "",
        description="Private networks (CIDR, comma separated) that webhooks and other outbound calls may reach.",
    )
    smtp_host: str = Field("", description="Mail server. Empty: e-mail contacts cannot be used, and doctor says so.")
    smtp_port: int = Field(587, ge=1, le=65535, description="Mail server's port.")
    smtp_user: str = Field("", description="Mail server's user name; empty for none.")
    smtp_password: SecretStr = Field(SecretStr(""), description="Mail server's password.")
    smtp_security: SmtpSecurity = Field(
        "starttls",
        description="`starttls`, `tls` (from the first byte, port 465) or `none` (password and pages in clear).",
    )
    mail_from: str = Field("Watchbill <watchbill@localhost>", description="Sender of all mail.")
    ntfy_url: str = Field("https://ntfy.sh", description="ntfy server for contacts that give only a topic.")
    slack_bot_token: SecretStr = Field(
        SecretStr(""),
        description="Bot token (`xoxb-`) of the Slack app in which incidents get channels. Empty: no rooms in Slack.",
    )
    slack_app_token: SecretStr = Field(
        SecretStr(""),
        description="App token (`xapp-`) by which the worker hears from Slack over a connection that it opens itself.",
    )
    slack_signing_secret: SecretStr = Field(
        SecretStr(""),
        description="Signing secret of the Slack app. Only where Slack calls BASE_URL/callbacks/slack instead.",
    )
    slack_api_url: str = Field("https://slack.com/api", description="Where Slack's Web API is.")
    matrix_url: str = Field(
        "",
        description="Matrix homeserver, like `https://matrix.example.org`, on which incidents get rooms. Empty: none.",
    )
    matrix_access_token: SecretStr = Field(
        SecretStr(""), description="Access token of Watchbill's own account on the Matrix homeserver."
    )
    matrix_mail_domain: str = Field(
        "",
        description="If names on the Matrix homeserver are those of people's mail addresses: the addresses' domain. "
        "Empty: Synapse is asked for the addresses that people confirmed, which the account must be allowed to.",
    )
    matrix_link_url: str = Field(
        "https://matrix.to/#/",
        description="What stands before the name of a room in links to it, like `https://element.example.org/#/room/`.",
    )
    demo_phones_url: str = Field("", description="Where the demo phones listen; set by `watchbill demo`.")
    prometheus_url: str = Field(
        "",
        description="The Prometheus (or Thanos, Mimir, VictoriaMetrics) that is asked whether a service is healthy. A "
        "private address needs `outbound_allow` too. Empty: people state what shows it.",
    )
    prometheus_token: SecretStr = Field(SecretStr(""), description="Bearer token for `prometheus_url`.")
    metrics_token: SecretStr = Field(
        SecretStr(""), description="Bearer token for /metrics. Empty: only loopback addresses may read it."
    )
    engine_metrics_port: int = Field(
        0,
        ge=0,
        le=65535,
        description="Port on 127.0.0.1 where an engine shows its own figures to Prometheus. 0: none. "
        "Each engine of a host needs its own.",
    )
    worker_metrics_port: int = Field(
        0,
        ge=0,
        le=65535,
        description="The same for a worker: its errands, and whether it hears from chat tools. Each worker of a host "
        "needs its own, and another one than the engine's.",
    )
    oidc_name: str = Field("", description="Name on the sign-in button of an OpenID Connect provider.")
    oidc_server_url: str = Field("", description="Issuer URL of the OpenID Connect provider.")
    oidc_client_id: str = Field("", description="Client id at the provider.")
    oidc_client_secret: SecretStr = Field(SecretStr(""), description="Client secret at the provider.")
    process_file: Path | None = Field(
        None,
        description="A process document that the first `watchbill up` (or `watchbill migrate`) applies instead of the "
        "default. Later ones come by `watchbill process apply`.",
    )
    log_format: LogFormat = Field("json", description="`json` or `console`.")
    log_level: LogLevel = Field("INFO", description="DEBUG, INFO, WARNING or ERROR.")
    events_retention_days: int = Field(
        400, ge=1, description="Raw events older than this are removed, by whole months."
    )
    status_page_dir: Path | None = Field(
        None,
        description="Where the worker writes the public status page, and where the web process shows it from. "
        "Without it `status-page` in the data directory is used.",
    )
    attachment_mebibytes: int = Field(
        10, ge=1, le=100, description="The largest file that may be attached in an incident's room, in MiB."
    )
    attachments_mebibytes: int = Field(
        200, ge=1, description="All files of one incident together, in MiB. They are kept in the database."
    )
    watchdog_url: str = Field(
        "", description="Pinged every minute while the invariants hold; silence should alarm you."
    )

    zoom_account_id: str = Field("", description="Account id of a server-to-server OAuth app of Zoom.")
    zoom_client_id: str = Field("", description="Its client id.")
    zoom_client_secret: SecretStr = Field(SecretStr(""), description="Its client secret.")
    zoom_user: str = Field("me", description="In whose name meetings are made: an address or id at Zoom.")
    zoom_url: str = Field("https://zoom.us", description="Where tokens of Zoom come from.")
    zoom_api_url: str = Field("https://api.zoom.us", description="Where meetings of Zoom are made.")
    meet_service_account: SecretStr = Field(
        SecretStr(""),
        description="Key file (JSON) of a service account of Google, which makes Google Meet spaces for `meet_user`.",
    )
    meet_user: str = Field("", description="The address at Google for which the service account acts.")
    meet_client_id: str = Field("", description="Client id of an OAuth app of Google, instead of a service account.")
    meet_client_secret: SecretStr = Field(SecretStr(""), description="Its client secret.")
    meet_refresh_token: SecretStr = Field(
        SecretStr(""), description="A refresh token of the person in whose name Google Meet spaces are made."
    )
    meet_api_url: str = Field("https://meet.googleapis.com", description="Where spaces of Google Meet are made.")
    meet_token_url: str = Field("https://oauth2.googleapis.com/token", description="Where tokens of Google come from.")

    @field_validator("base_url")
    @classmethod
    def _no_trailing_slash(cls, value: str) -> str:
        return value.rstrip("/")

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        return init_settings, env_settings, _SecretFiles(settings_cls), TomlConfigSettingsSource(settings_cls)


class _SecretFiles(PydanticBaseSettingsSource):
    """`WATCHBILL_X_FILE=/run/secrets/x` reads X from that file."""

    def get_field_value(self, field: Any, field_name: str) -> tuple[Any, str, bool]:
        path = os.environ.get(f"{_PREFIX}{field_name.upper()}_FILE")
        return (Path(path).read_text().strip() if path else None, field_name, False)

    def __call__(self) -> dict[str, Any]:
        found = {name: self.get_field_value(field, name)[0] for name, field in self.settings_cls.model_fields.items()}
        return {name: value for name, value in found.items() if value is not None}


@lru_cache(maxsize=1)
def config() -> Config:
    return Config()


def database_url() -> str:
    """The server's URL, or the embedded server's socket inside the data directory."""
    settings = config()
    if settings.database_url:
        return settings.database_url
    return embedded_database_url(settings.data_dir)


def wakeup_url() -> str:
    """Where NOTIFY is heard, if it is heard anywhere."""
    return config().database_direct_url or database_url()


def base_url_of(settings: Config) -> str:
    """As set; otherwise what the `watchbill up` that runs in this directory made of its --host and --port."""
    if "base_url" in settings.model_fields_set:
        return settings.base_url
    told = running_processes(settings.data_dir).get("supervisor", {}).get("base_url")
    return told or settings.base_url


def running_processes(data_dir: Path) -> dict[str, dict[str, Any]]:
    """What `watchbill up` wrote down of its processes, by name; nothing when they run by other means."""
    try:
        found: dict[str, dict[str, Any]] = json.loads((data_dir / "processes.json").read_text())
    except (FileNotFoundError, ValueError):
        return {}
    return found


def embedded_database_url(data_dir: Path) -> str:
    return EmbeddedPostgres(data_dir).url()


def status_page_dir() -> Path:
    settings = config()
    return settings.status_page_dir or settings.data_dir / "status-page"


def oidc_provider_id() -> str:
    """The issuer as a part of an address: whoever is known at one issuer is nobody at another.

    The redirect address to register there is BASE_URL/sign-in/with/ID/callback.
    """
    issuer = urlsplit(config().oidc_server_url)
    return re.sub(r"[^a-z0-9.]+", "-", f"{issuer.netloc}{issuer.path}".lower()).strip("-")


def secret_key() -> str:
    """From the settings, or from `secret.key` in the data directory, which `watchbill up` makes.

    Raises SecretKeyMissing.
    """
    settings = config()
    if settings.secret_key is not None:
        return settings.secret_key.get_secret_value()
    return secret_file.read(settings.data_dir)


def secret_key_if_any() -> str:
    """For commands that read files only and need no instance."""
    try:
        return secret_key()
    except secret_file.SecretKeyMissing:
        return ""
