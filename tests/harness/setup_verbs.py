"""What stories about configuration share: who acts, at what time, and shorthands for the verbs."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from uuid import UUID

from watchbill.domain.access.models import User
from watchbill.domain.audit.contract import Actor
from watchbill.domain.audit.models import Entry
from watchbill.domain.oncall.rotation_rules import RotationDraft
from watchbill.domain.paging.contract import Family
from watchbill.domain.people.actions import create_person
from watchbill.domain.people.rules import PersonDraft

ADMIN = Actor(kind="person", label="admin@example.org", via="web")
NOON = datetime(2026, 6, 10, 12, 0, tzinfo=UTC)  # a Wednesday
SECRET_KEY = "for tests only"


def _plain(address: str) -> str:
    if " " in address:
        raise ValueError("address: holds a blank; leave it out")
    return address.strip()


@dataclass(frozen=True)
class Kind:
    """A kind of contact whose addresses are easy to make up."""

    check_address: Callable[[str], str] = _plain
    is_signed: bool = False
    family: Family = Family.PUSH
    is_set_up: bool = True


KINDS = {"email": Kind(str.lower, family=Family.EMAIL), "webhook": Kind(is_signed=True), "ntfy": Kind(), "demo": Kind()}


def person(email: str, *, role: str = "responder", now: datetime = NOON) -> User:
    draft = PersonDraft(email=email, name=email.partition("@")[0].title(), role=role, time_zone="Europe/Berlin")
    return create_person(draft, actor=ADMIN, now=now)


def weekly(*members: UUID | None, name: str = "weekly", **more: object) -> RotationDraft:
    values: dict[str, object] = {
        "name": name,
        "member_ids": members,
        "every": 1,
        "unit": "weeks",
        "handoff_time": time(10),
        "handoff_weekday": 0,
        "starts_date": date(2026, 1, 5),
        **more,
    }
    return RotationDraft(**values)  # type: ignore[arg-type]  # a shorthand for tests


def entries() -> list[str]:
    return list(Entry.objects.order_by("id").values_list("action", flat=True))


def last_entry() -> Entry:
    return Entry.objects.order_by("-id")[0]
