"""The demo phone: a page in the browser that rings instead of a real phone."""

import re
from datetime import datetime, timedelta
from urllib.parse import quote

import orjson

from watchbill.channels.http_outcome import outcome_of
from watchbill.channels.webhook import payload
from watchbill.domain.paging.contract import AddressError, Budget, Family, Message, Outcome, Refused, RetryLater
from watchbill.ground.http_client import HttpClient, OutboundFailed, OutboundRefused

_PHONE = re.compile(r"[A-Za-z0-9][A-Za-z0-9@.+_-]{0,99}")


class DemoChannel:
    kind = "demo"
    label = "Demo phone"
    address_help = "the name of a demo phone"
    family = Family.PUSH
    is_signed = False
    setting = "WATCHBILL_DEMO_PHONES_URL, as `watchbill demo` does"
    budget = Budget(messages=120, per=timedelta(minutes=1), burst=20, alerts_max=20)
    timeout = timedelta(seconds=10)

    def __init__(self, *, http: HttpClient, phones_url: str) -> None:
        self._http = http
        self._phones_url = phones_url.rstrip("/")

    @property
    def is_set_up(self) -> bool:
        return bool(self._phones_url)

    def check_address(self, address: str) -> str:
        address = address.strip()
        if not _PHONE.fullmatch(address):
            raise AddressError("address: a demo phone is named by letters, digits and @ . + _ -, like first-responder")
        return address

    async def send(self, message: Message, *, now: datetime) -> Outcome:
        try:
            answer = await self._http.request(
                "POST",
                f"{self._phones_url}/phones/{quote(message.address, safe='')}",
                content=orjson.dumps(payload(message, alerts_max=self.budget.alerts_max, now=now)),
                headers={"Content-Type": "application/json", "X-Watchbill-Delivery": str(message.attempt_id)},
                total_timeout=self.timeout,
            )
        except OutboundRefused as error:
            return Refused(str(error))
        except OutboundFailed as error:
            return RetryLater(str(error))
        return outcome_of(answer, reference=f"HTTP {answer.status}", now=now)
