"""What the web process serves: health, live updates, then Django."""

from collections.abc import Awaitable, Callable

from django.core.asgi import get_asgi_application

import watchbill.bootstrap  # noqa: F401 - makes Django ready before tables are imported
from watchbill.doors import health
from watchbill.doors.health import Message, Scope, Send
from watchbill.doors.web import live

_django = get_asgi_application()


async def application(scope: Scope, receive: Callable[[], Awaitable[Message]], send: Send) -> None:
    if health.is_asked(scope):
        await health.answer(scope, send)
    elif live.is_asked(scope):
        await live.application(scope, receive, send)
    else:
        await _django(scope, receive, send)
