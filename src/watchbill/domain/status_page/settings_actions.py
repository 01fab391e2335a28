"""How the page looks and where it is."""

import re
from dataclasses import dataclass, replace
from datetime import datetime
from urllib.parse import urlsplit

from django.db import transaction

from watchbill.domain.audit.contract import Actor
from watchbill.domain.audit.rules import difference
from watchbill.domain.people.rules import check_zone, clean_name
from watchbill.domain.services.rules import check_url
from watchbill.domain.status_page.colours import check_accent
from watchbill.domain.status_page.models import StatusPage
from watchbill.domain.status_page.page_actions import changed, locked_page, tell
from watchbill.ground.refusals import ChangeRefused

LOGO_BYTES_MAX = 200_000
# What a browser must not run: drawings that may hold scripts are not among them.
_LOGO_TYPES = ((b"\x89PNG\r\n\x1a\n", "image/png"), (b"\xff\xd8\xff", "image/jpeg"))


@dataclass(frozen=True, slots=True, kw_only=True)
class PageDraft:
    """`address` "": under this instance's own, at /status. `time_zone` "": the organization's."""

    name: str
    address: str = ""
    support_url: str = ""
    time_zone: str = ""
    accent_light: str = "#1f4fd8"
    accent_dark: str = "#8fb0ff"


@transaction.atomic
def change_page(draft: PageDraft, *, actor: Actor, now: datetime) -> None:
    page = locked_page(now=now)
    held, draft = draft_of(page), checked(draft)
    if held == draft:
        return
    StatusPage.objects.filter(id=page.id).update(**_facts(draft))
    facts = difference(_facts(held), _facts(draft))
    tell(page, "status_page.changed", draft.name, facts, actor=actor, now=now)
    changed(page, now=now)


@transaction.atomic
def set_logo(image: bytes, *, actor: Actor, now: datetime) -> None:
    """PNG or JPEG; nothing takes the logo away."""
    page = locked_page(now=now)
    kind = _type_of(image) if image else ""
    StatusPage.objects.filter(id=page.id).update(logo=image or None, logo_type=kind)
    details: dict[str, object] = {"after": f"{kind}, {len(image)} bytes" if image else "none"}
    tell(page, "status_page.logo_set", page.name, details, actor=actor, now=now)
    changed(page, now=now)


def draft_of(page: StatusPage) -> PageDraft:
    return PageDraft(
        name=page.name,
        address=page.address,
        support_url=page.support_url,
        time_zone=page.time_zone,
        accent_light=page.accent_light,
        accent_dark=page.accent_dark,
    )


def checked(draft: PageDraft) -> PageDraft:
    support = draft.support_url.strip()
    if not re.fullmatch(r"mailto:[^\s<>\"']{3,200}", support):
        support = check_url(support, field="support_url")
    address = check_url(draft.address, field="address").rstrip("/")
    if urlsplit(address).query or urlsplit(address).fragment:
        raise ChangeRefused("address", "holds a ? or #; give the address of the page alone")
    return replace(
        draft,
        name=clean_name(draft.name),
        address=address,
        support_url=support,
        time_zone=check_zone(draft.time_zone) if draft.time_zone else "",
        accent_light=check_accent(draft.accent_light, field="accent_light", on_dark=False),
        accent_dark=check_accent(draft.accent_dark, field="accent_dark", on_dark=True),
    )


def _facts(draft: PageDraft) -> dict[str, str]:
    return {name: getattr(draft, name) for name in PageDraft.__dataclass_fields__}


def _type_of(image: bytes) -> str:
    if len(image) > LOGO_BYTES_MAX:
        raise ChangeRefused("logo", f"is too large; use an image of at most {LOGO_BYTES_MAX // 1000} kB")
    for beginning, kind in _LOGO_TYPES:
        if image.startswith(beginning):
            return kind
    raise ChangeRefused("logo", "is neither PNG nor JPEG; save it as one of these")
