"""What the screens need from the composition: handed over once, when the addresses are put together."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from watchbill.domain.escalation.steps import Ways
from watchbill.domain.incidents.attachment_rules import Limits
from watchbill.domain.paging.contract import ContactKind
from watchbill.domain.warrooms.contract import ChatHost


@dataclass(frozen=True, slots=True, kw_only=True)
class Wiring:
    """`ways` is asked each time: the running process may have changed since. `contact_kinds`: what may be set up.

    `can_mail`: whether letters about incidents can leave.
    `has_metrics`: whether there is somebody to ask for numbers.
    """

    ways: Callable[[], Ways]
    contact_kinds: Callable[[], Mapping[str, ContactKind]]
    secret_key: str
    base_url: str
    chat_hosts: Callable[[], Sequence[ChatHost]] = tuple
    slack_signing_secret: str = ""
    can_mail: Callable[[], bool]
    attachments: Limits
    has_metrics: bool = False


_held: list[Wiring] = []


def connect(wiring: Wiring) -> None:
    _held[:] = [wiring]


def wired() -> Wiring:
    return _held[0]


def chat_label(kind: str) -> str:
    """What people call a chat tool; one that is not set up any more keeps its word."""
    return next((host.label for host in wired().chat_hosts() if host.kind == kind), kind)
