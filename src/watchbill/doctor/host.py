"""This host: disk, secret key, addresses, mail."""

import ipaddress
import shutil
import smtplib
import ssl
import stat
from collections.abc import Iterator
from urllib.parse import urlsplit

from watchbill.composition import configured_families
from watchbill.config import Config, base_url_of, running_processes
from watchbill.doctor.finding import Finding, Patient
from watchbill.ground import secret_file

_FREE_BYTES_MIN = 1 << 30
_FREE_SHARE_MIN = 0.05
_SMTP_SECONDS_MAX = 8
_RESTARTS_MAX = 3


def disk(patient: Patient) -> Iterator[Finding]:
    directory = patient.settings.data_dir
    if not directory.exists():
        return
    usage = shutil.disk_usage(directory)
    if usage.free < _FREE_BYTES_MIN or usage.free < usage.total * _FREE_SHARE_MIN:
        yield Finding(
            check="disk",
            serious=True,
            what=f"{usage.free / (1 << 30):.1f} GiB ({usage.free / usage.total:.0%}) are free in {directory.resolve()}",
            why="on a full disk the database stops, and no event is accepted any more",
            remedy="free space or grow the volume; WATCHBILL_EVENTS_RETENTION_DAYS says how long raw events are kept",
        )


def secret_key_file(patient: Patient) -> Iterator[Finding]:
    path = secret_file.path_in(patient.settings.data_dir)
    if patient.settings.secret_key is not None:
        return
    if not path.exists():
        yield Finding(
            check="secret-key",
            serious=True,
            what=f"there is no secret key: neither WATCHBILL_SECRET_KEY nor {path}",
            why="links in pages cannot be signed, and sealed secrets cannot be read",
            remedy="set WATCHBILL_DATA_DIR to the directory of `watchbill up`, or WATCHBILL_SECRET_KEY",
        )
        return
    mode = stat.S_IMODE(path.stat().st_mode)
    if mode & 0o077:
        yield Finding(
            check="secret-key",
            serious=True,
            what=f"{path} has mode {mode:04o}",
            why="whoever reads it can forge acknowledgements and read sealed secrets",
            remedy=f"chmod 600 {path}",
        )


def metrics_ports(patient: Patient) -> Iterator[Finding]:
    """Either starts without its figures when the other one was faster."""
    port = patient.settings.engine_metrics_port
    if port and port == patient.settings.worker_metrics_port:
        yield Finding(
            check="metrics",
            serious=False,
            what=f"engine and worker are both to show their figures on port {port}",
            why="only one of them can, so the figures of the other are nowhere",
            remedy="give WATCHBILL_ENGINE_METRICS_PORT and WATCHBILL_WORKER_METRICS_PORT different numbers",
        )


def base_url(patient: Patient) -> Iterator[Finding]:
    address = base_url_of(patient.settings)
    url = urlsplit(address)
    if url.scheme not in ("http", "https") or not url.hostname:
        yield Finding(
            check="base-url",
            serious=True,
            what=f"WATCHBILL_BASE_URL is {address!r}",
            why="every link in a page starts with it",
            remedy="set it to the address that people open, like https://watchbill.example.org",
        )
    elif _is_loopback(url.hostname):
        yield Finding(
            check="base-url",
            serious=True,
            what=f"WATCHBILL_BASE_URL is {address}",
            why="links in pages open on this host only: nobody can acknowledge from a phone",
            remedy="set it to the address that people open, like https://watchbill.example.org",
        )
    elif url.scheme == "http":
        yield Finding(
            check="base-url",
            serious=False,
            what=f"WATCHBILL_BASE_URL is {address}, without TLS",
            why="whoever listens on the way can read alerts and take over sessions",
            remedy="put a reverse proxy with a certificate in front: docs/how-to/go-to-production.md",
        )


def mail(patient: Patient) -> Iterator[Finding]:
    settings = patient.settings
    if not settings.smtp_host:
        return
    try:
        _greet(settings)
    except (OSError, smtplib.SMTPException) as error:
        yield Finding(
            check="mail",
            serious=True,
            what=f"the mail server {settings.smtp_host}:{settings.smtp_port} does not take us: {error}",
            why="pages by e-mail fail",
            remedy="check WATCHBILL_SMTP_HOST, _PORT, _SECURITY, _USER and _PASSWORD, and the way to that server",
        )


def another_environment(patient: Patient) -> Iterator[Finding]:
    """What is looked at here is what the engine sends by, wherever this command was started."""
    own = set(configured_families())
    differ = sorted(own ^ set(patient.families))
    if differ:
        yield Finding(
            check="environment",
            serious=False,
            what=f"this command has other settings than the engine that runs: {', '.join(differ)}",
            why="pages leave by the engine's settings, but what is tried from here, as the mail server, is not theirs",
            remedy="run it with the same WATCHBILL_ variables, or in the same directory as watchbill.toml",
        )


def restarts(patient: Patient) -> Iterator[Finding]:
    """What `watchbill up` wrote down; nothing when the processes run by other means."""
    for name, process in running_processes(patient.settings.data_dir).items():
        if process["starts"] > _RESTARTS_MAX:
            yield Finding(
                check="restarts",
                serious=False,
                what=f"{name} was started {process['starts']} times since `watchbill up`",
                why="it ends again and again; meanwhile pages are late",
                remedy="look for its last lines in the log of `watchbill up`",
            )


def _greet(settings: Config) -> None:
    context = ssl.create_default_context()
    if settings.smtp_security == "tls":
        server: smtplib.SMTP = smtplib.SMTP_SSL(
            settings.smtp_host, settings.smtp_port, timeout=_SMTP_SECONDS_MAX, context=context
        )
    else:
        server = smtplib.SMTP(settings.smtp_host, settings.smtp_port, timeout=_SMTP_SECONDS_MAX)
    with server:
        server.ehlo()
        if settings.smtp_security == "starttls":
            server.starttls(context=context)
            server.ehlo()
        if settings.smtp_user:
            server.login(settings.smtp_user, settings.smtp_password.get_secret_value())


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")
