"""The ingest door: raw ASGI, because every layer between a sender and its commit costs alerts per second.

`protocol.py` and `express.py` take the commonest request past even that.
"""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import structlog

from watchbill.doors.ingest import answers, bounds, heartbeat, inbound, pagerduty
from watchbill.doors.ingest.answers import Answer
from watchbill.doors.ingest.batcher import REQUESTS_MAX
from watchbill.doors.ingest.bounds import BODY_BYTES_MAX, PAGERDUTY_BYTES_MAX, Receive, Refused, SenderGone
from watchbill.doors.ingest.database_away import AWAY
from watchbill.doors.ingest.metrics import metrics
from watchbill.doors.ingest.request import Request
from watchbill.doors.ingest.state import State
from watchbill.ground.clock import Clock
from watchbill.ground.network_guard import Network

log = structlog.get_logger()

Send = Callable[[Mapping[str, Any]], Awaitable[None]]

_PREFIXES = ("/v2/", "/in/", "/heartbeat/", "/metrics")
_UNKNOWN = answers.refused(404, "not found", "There is nothing at this address.", ["Check the address."])


class IngestApp:
    """Starts with the first request, inside the loop that serves it."""

    def __init__(
        self,
        *,
        database_url: Callable[[], str],
        metrics_token: str,
        clock: Clock,
        trusted: tuple[Network, ...] = (),
        requests_max: int = REQUESTS_MAX,
    ) -> None:
        self._database_url = database_url
        self._metrics_token = metrics_token
        self._clock = clock
        self._requests_max = requests_max
        self._trusted = trusted
        self._state: State | None = None

    @staticmethod
    def is_asked(scope: dict[str, Any]) -> bool:
        path: str = scope.get("path", "")
        return scope["type"] == "http" and path.startswith(_PREFIXES)

    def state(self) -> State | None:
        """None until the first request has come."""
        return self._state

    async def stop(self) -> None:
        if self._state is not None:
            state, self._state = self._state, None
            await state.stop()

    async def __call__(self, scope: dict[str, Any], receive: Receive, send: Send) -> None:
        request = Request(scope, received_at=self._clock.now(), trusted=self._trusted)
        state = self._state or self._started()
        try:
            answer = await self._answer(scope["method"], scope["path"], request, receive, state)
        except Refused as refusal:
            answer = refusal.answer
        except SenderGone:
            return
        except AWAY as error:
            log.warning("ingest.database.away", error=f"{type(error).__name__}: {error}")
            answer = answers.try_again(503, "The database does not answer.")
        headers = (*answer.headers, (b"content-length", b"%d" % len(answer.body)))
        await send({"type": "http.response.start", "status": answer.status, "headers": headers})
        body = b"" if scope["method"] == "HEAD" else answer.body
        await send({"type": "http.response.body", "body": body})

    async def _answer(self, method: str, path: str, request: Request, receive: Receive, state: State) -> Answer:
        if path == "/v2/enqueue" and method == "POST":
            request.body = await bounds.read_body(receive, request.headers, bytes_max=PAGERDUTY_BYTES_MAX)
            return await pagerduty.enqueue(request, state)
        match (method, path.split("/")[1:]):
            case ("POST", ["v2", "change", "enqueue"]):
                request.body = await bounds.read_body(receive, request.headers, bytes_max=PAGERDUTY_BYTES_MAX)
                return await pagerduty.enqueue_change(request, state)
            case ("POST", ["in", kind, key]):
                request.body = await bounds.read_body(receive, request.headers, bytes_max=BODY_BYTES_MAX)
                return await inbound.receive(request, state, kind=kind, key=key)
            case ("GET" | "POST" | "HEAD", ["heartbeat", key]):
                return await heartbeat.receive(request, state, key=key, method=method)
            case ("GET" | "HEAD", ["metrics"]):
                return metrics(request, token=self._metrics_token)
            case (_, ["v2", "enqueue"] | ["v2", "change", "enqueue"] | ["in", _, _]):
                return _not_allowed(b"POST")
            case (_, ["heartbeat", _]):
                return _not_allowed(b"GET, HEAD, POST")
            case (_, ["metrics"]):
                return _not_allowed(b"GET, HEAD")
        return _UNKNOWN

    def _started(self) -> State:
        self._state = State(
            database_url=self._database_url(),
            clock=self._clock,
            trusted=self._trusted,
            requests_max=self._requests_max,
        )
        self._state.start()
        return self._state


def _not_allowed(allowed: bytes) -> Answer:
    error = f"Use {allowed.decode()}."
    answer = answers.refused(405, "method not allowed", "This address does not take this method.", [error])
    return Answer(answer.status, answer.body, (*answer.headers, (b"allow", allowed)))
