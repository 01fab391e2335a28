"""Too many wrong tries are stopped for one address from one network, so nobody else can lock a person out.

A browser in which the person signed in before carries a signed mark. Tries from it are counted apart, so that not
even somebody in the same network, or behind the same proxy, locks that browser out.
"""

from datetime import datetime, timedelta

from django.core import signing
from django.http import HttpRequest, HttpResponseBase

from watchbill.domain.access.sign_in_rules import network_of
from watchbill.domain.audit.contract import Actor
from watchbill.domain.people import account_actions
from watchbill.doors.callers import address_of
from watchbill.ground import secrets

MARK_LIFETIME = timedelta(days=180)
_SALT = "watchbill.known-browser"


def subject_of(request: HttpRequest, email: str) -> str:
    """Under which name tries are counted: the address, with the browser's mark if it has one for that address."""
    address = email.strip().lower()
    mark = _marks(request).get(secrets.digest(address)[:16])
    return f"{address[:200]} in browser {mark}" if mark else address[:254]


def code_subject(user_id: object) -> str:
    return f"codes of {user_id}"


def text(blocked_until: datetime, *, now: datetime) -> str:
    minutes = max(1, round((blocked_until - now).total_seconds() / 60))
    unit = "minute" if minutes == 1 else "minutes"
    return (
        f"Too many wrong tries from your network. Try again in {minutes} {unit}. "
        "Where you are signed in already, nothing changes."
    )


def note_failure(request: HttpRequest, subject: str, *, now: datetime) -> None:
    source = address_of(request)
    actor = Actor(kind="system", label="Sign-in", via="web", source_address=source)
    account_actions.note_sign_in_failure(email=subject, source=network_of(source), actor=actor, now=now)


def remember_browser(request: HttpRequest, response: HttpResponseBase, email: str, *, secure: bool) -> None:
    """The last five people who signed in here."""
    key = secrets.digest(email.strip().lower())[:16]
    marks = _marks(request)
    mark = marks.pop(key, None) or secrets.new_token("b")[2:18]
    kept = dict([*list(marks.items())[-4:], (key, mark)])
    response.set_cookie(
        cookie_name(secure=secure),
        signing.dumps(kept, salt=_SALT),
        max_age=MARK_LIFETIME,
        secure=secure,
        httponly=True,
        samesite="Lax",
    )


def cookie_name(*, secure: bool) -> str:
    return "__Host-watchbill-browser" if secure else "watchbill-browser"


def known_browser(request: HttpRequest) -> str:
    """The newest signed mark of this browser; empty when nobody signed in here yet."""
    return next(reversed(_marks(request).values()), "")


def _marks(request: HttpRequest) -> dict[str, str]:
    for secure in (True, False):
        held = request.COOKIES.get(cookie_name(secure=secure))
        if held is None:
            continue
        try:
            marks = signing.loads(held, salt=_SALT, max_age=MARK_LIFETIME)
        except signing.BadSignature:
            continue
        if isinstance(marks, dict):
            return {str(key): str(mark) for key, mark in marks.items()}
    return {}
