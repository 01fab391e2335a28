"""Tells subscribers of the status page, one message after the other, from what is public and nothing else."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from uuid import UUID

from watchbill.domain.errands.contract import NotYet
from watchbill.domain.status_page.contract import HookCall, HookCaller, Letter, Mailer, NotSent, Outcome
from watchbill.domain.status_page.document import IncidentPart, MaintenancePart, PageDocument, UpdatePart, page_document
from watchbill.domain.status_page.links import CONFIRM, LEAVE, make_token
from watchbill.domain.status_page.models import Notice, NoticeState, PublicStatus, SubscriberKind
from watchbill.domain.status_page.reads import changes_of_page
from watchbill.domain.status_page.sending import Wait, next_notice, record_outcome, settle
from watchbill.domain.status_page.statuspage_shape import hook_payload, link_of
from watchbill.domain.status_page.subscriber_actions import SECRET_PURPOSE, TELL
from watchbill.ground.secrets import SealBroken, digest, unseal

_PAGE_KEPT = timedelta(seconds=30)
Part = IncidentPart | MaintenancePart
Message = Letter | HookCall


class TellSubscriber:
    kind = TELL

    def __init__(self, *, mailer: Mailer, hooks: HookCaller, base_url: str, secret_key: str) -> None:
        self._mailer = mailer
        self._hooks = hooks
        self._base_url = base_url
        self._secret_key = secret_key
        self._page: PageDocument | None = None

    def next_step(self, subject_id: UUID, *, now: datetime) -> "tuple[Notice, Message] | Wait | None":
        while isinstance(notice := next_notice(subject_id, now=now), Notice):
            message = self._message(notice, now=now)
            if message is not None:
                return notice, message
            settle(notice, NoticeState.REFUSED, "it is not on the page any more", now=now)
        return notice

    async def act(self, step: "tuple[Notice, Message] | Wait", *, now: datetime) -> Outcome | NotYet:
        if isinstance(step, Wait):
            return NotYet(why=step.why, after=step.for_)
        _, message = step
        if isinstance(message, HookCall):
            return await self._hooks.call(message, now=now)
        if not self._mailer.is_set_up:
            return NotSent("no mail server is set: WATCHBILL_SMTP_HOST")
        return await self._mailer.send_letter(message, now=now)

    def record(self, step: "tuple[Notice, Message] | Wait", outcome: object, *, now: datetime) -> None:
        if isinstance(step, tuple) and isinstance(outcome, Outcome):
            record_outcome(step[0], outcome, now=now)

    def _message(self, notice: Notice, *, now: datetime) -> Message | None:
        page = self._page_of(now)
        if page is None:
            return None
        is_mail = notice.subscriber.kind == SubscriberKind.EMAIL
        if notice.update_id is None and notice.maintenance_id is None:
            return self._question(notice, page, now=now) if is_mail else self._challenge(notice, page)
        found = _found(page, notice)
        if found is None:
            return None
        return self._letter(notice, page, *found, now=now) if is_mail else self._call(notice, page, found[0], now=now)

    def _page_of(self, now: datetime) -> PageDocument | None:
        """For a thousand subscribers it is put together once."""
        held = self._page
        if held is None or not timedelta(0) <= now - held.made_at < _PAGE_KEPT or held.changes != changes_of_page():
            self._page = page_document(base_url=self._base_url, now=now)
        return self._page

    def _address(self, notice: Notice, way: str, purpose: str, now: datetime) -> str:
        token = make_token(notice.subscriber_id, purpose=purpose, secret_key=self._secret_key, now=now)
        return f"{self._base_url}/status/{way}/{token}"

    def _question(self, notice: Notice, page: PageDocument, *, now: datetime) -> Letter:
        return Letter(
            notice_id=notice.id,
            address=notice.subscriber.address,
            page=page.name,
            subject=f"Confirm that you want updates of {page.name}",
            paragraphs=(
                f"Somebody, hopefully you, asked to send updates of {page.name} to this address.",
                "Press the button to get them. If it was not you, do nothing: nothing more will come.",
            ),
            button=("Confirm", self._address(notice, "confirm", CONFIRM, now)),
        )

    def _letter(self, notice: Notice, page: PageDocument, part: Part, update: UpdatePart, *, now: datetime) -> Letter:
        status = str(PublicStatus(update.status).label) if update.status in PublicStatus.values else "Maintenance"
        named = ", ".join(one.name for one in part.components)
        return Letter(
            notice_id=notice.id,
            address=notice.subscriber.address,
            page=page.name,
            subject=f"{status}: {part.title}",
            paragraphs=(*_when(page, part), update.body, *([f"Components: {named}"] if named else [])),
            button=("Read it on the status page", link_of(page, part)),
            leave_page_url=self._address(notice, "unsubscribe", LEAVE, now),
            leave_url=self._address(notice, "unsubscribe", LEAVE, now),
            thread=part.id.hex,
        )

    def _challenge(self, notice: Notice, page: PageDocument) -> HookCall | None:
        challenge = digest(f"{notice.id}:{self._secret_key}")[:32]
        payload = {"type": "challenge", "challenge": challenge, "page": {"id": page.id.hex, "name": page.name}}
        return self._hook(notice, payload, challenge=challenge)

    def _call(self, notice: Notice, page: PageDocument, part: Part, *, now: datetime) -> HookCall | None:
        leave = self._address(notice, "unsubscribe", LEAVE, now)
        return self._hook(notice, hook_payload(page, part, leave_url=leave))

    def _hook(self, notice: Notice, payload: Mapping[str, object], *, challenge: str = "") -> HookCall | None:
        try:
            secret = unseal(notice.subscriber.sealed_secret, secret_key=self._secret_key, purpose=SECRET_PURPOSE)
        except SealBroken:
            return None
        return HookCall(
            notice_id=notice.id,
            address=notice.subscriber.address,
            secret=secret,
            payload=payload,
            challenge=challenge,
        )


def _found(page: PageDocument, notice: Notice) -> tuple[Part, UpdatePart] | None:
    if notice.update is not None:
        for incident in page.incidents:
            for update in incident.updates:
                if update.id == notice.update_id:
                    return incident, update
    for work in page.maintenances:
        if work.id == notice.maintenance_id:
            return work, work.updates[-1]
    return None


def _when(page: PageDocument, part: Part) -> tuple[str, ...]:
    if isinstance(part, IncidentPart):
        return ()
    start, end = (at.astimezone(page.time_zone) for at in (part.starts_at, part.ends_at))
    return (f"From {start:%d %b %Y, %H:%M} to {end:%d %b %Y, %H:%M} ({page.time_zone.key})",)
