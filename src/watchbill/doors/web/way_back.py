"""An address that only takes a form, opened as a page: after an error it stands in the browser and is loaded again."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponseBase, HttpResponseRedirect
from django.urls import Resolver404, resolve


class WayBack:
    """Leads from there to the page that has the form: the nearest address above that is one of the screens."""

    sync_capable = True
    async_capable = False

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        if response.status_code != 405 or request.method not in ("GET", "HEAD") or request.path.startswith("/api/"):
            return response
        if not request.user.is_authenticated:
            return response
        return HttpResponseRedirect(_above(request.path))


def _above(path: str) -> str:
    while path.count("/") > 1:
        path = path.rpartition("/")[0]
        try:
            resolve(path)
        except Resolver404:
            continue
        return path
    return "/"
