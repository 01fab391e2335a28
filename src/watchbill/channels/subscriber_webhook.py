"""Calls of webhook subscribers: Statuspage's payload, signed as pages by webhook are."""

from datetime import datetime, timedelta

import orjson

from watchbill.domain.status_page.contract import HookCall, NotSent, Outcome, Refused, Sent
from watchbill.ground.http_client import HttpClient, OutboundFailed, OutboundRefused
from watchbill.ground.signature import signature

_TIMEOUT = timedelta(seconds=10)


class SubscriberHooks:
    def __init__(self, *, http: HttpClient) -> None:
        self._http = http

    async def call(self, call: HookCall, *, now: datetime) -> Outcome:
        """A receiver that did not answer is called again: it knows by the delivery's id whether it has it."""
        body = orjson.dumps(call.payload)
        headers = {
            "Content-Type": "application/json",
            "X-Watchbill-Delivery": str(call.notice_id),
            "X-Watchbill-Signature": signature(body, secrets=[call.secret], now=now),
        }
        try:
            answer = await self._http.request(
                "POST", call.address, content=body, headers=headers, total_timeout=_TIMEOUT
            )
        except OutboundRefused as error:
            return Refused(why=str(error), address_is_dead=True)
        except OutboundFailed as error:
            return NotSent(str(error))
        if answer.status == 410:
            return Refused(why="the receiver answered 410: gone", address_is_dead=True)
        if not 200 <= answer.status < 300:
            return NotSent(f"the receiver answered {answer.status}")
        if call.challenge and call.challenge.encode() not in answer.body:
            return Refused(why="the receiver did not repeat the challenge", address_is_dead=True)
        return Sent()
