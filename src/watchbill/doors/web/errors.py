"""What somebody sees when a page cannot be shown: what happened, and what to do now."""

import sys

from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string

from watchbill.doors.callers import Forbidden
from watchbill.doors.web.page import show


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    return _page(
        400,
        "This request could not be read",
        "Go back and try again. If you came by a link, open it anew.",
    )


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    reason = str(exception) if isinstance(exception, Forbidden) else "You may not see or do this. Ask an admin."
    return _framed(request, 403, "That is not yours to do", reason)


def form_refused(request: HttpRequest, reason: str = "") -> HttpResponse:
    return _page(
        403,
        "The form was not accepted",
        "It was open for too long, or another site sent it. Go back, reload the page and send it again.",
    )


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    return _framed(request, 404, "There is nothing here", "It was removed, or the address has a mistake in it.")


def server_error(request: HttpRequest) -> HttpResponse:
    if isinstance(sys.exception(), OperationalError | InterfaceError):
        answer = _page(
            503,
            "The database does not answer",
            "Or it takes no changes for a moment, while another server takes over. Nothing was changed. Try again.",
        )
        answer["Retry-After"] = "1"
        return answer
    return _page(
        500,
        "Something went wrong here",
        "Paging goes on: it does not depend on this page. Try again; if it stays, tell whoever runs this instance. "
        "The log says what happened.",
    )


def _framed(request: HttpRequest, status: int, title: str, remedy: str) -> HttpResponse:
    """With the rail, for somebody who is signed in: the way on is where it always is."""
    user = getattr(request, "user", None)
    if user is None or not user.is_authenticated:
        return _page(status, title, remedy)
    return show(request, "errors/error_framed.html", {"title": title, "remedy": remedy}, status=status)


def _page(status: int, title: str, remedy: str) -> HttpResponse:
    """Without the request: an error page must not need the database or a session."""
    text = render_to_string("errors/error.html", {"status": status, "title": title, "remedy": remedy})
    return HttpResponse(text, status=status)
