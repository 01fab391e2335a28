"""Who may see a page or press a button: every view names the permission it needs."""

from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponseBase, HttpResponseRedirect

P = ParamSpec("P")
View = Callable[Concatenate[HttpRequest, P], HttpResponseBase]


def requires(permission: str) -> Callable[[View[P]], View[P]]:
    def guard(view: View[P]) -> View[P]:
        @wraps(view)
        def guarded(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
            if not request.user.is_authenticated:
                return HttpResponseRedirect("/sign-in?" + urlencode({"next": request.get_full_path()}))
            return view(request, *args, **kwargs)

        guarded.permission = permission  # type: ignore[attr-defined]  # read by the test that every view has one
        return guarded

    return guard


def open_to_all(why: str) -> Callable[[View[P]], View[P]]:
    """For the few addresses that need no sign-in; `why` says what protects them instead."""

    def guard(view: View[P]) -> View[P]:
        view.permission = f"open to all: {why}"  # type: ignore[attr-defined]  # as above
        return view

    return guard
