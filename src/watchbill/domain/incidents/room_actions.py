"""The built-in room: what people write while they work on an incident, and the status updates they post."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction

from watchbill.domain.audit.contract import Actor, Record
from watchbill.domain.incidents import rules
from watchbill.domain.incidents.attachment_actions import examined, keep
from watchbill.domain.incidents.attachment_rules import Found, Limits, NewFile
from watchbill.domain.incidents.locking import locked
from watchbill.domain.incidents.models import (
    UNRESOLVED,
    Incident,
    IncidentState,
    Post,
    PostKind,
    Seat,
    SeatState,
)
from watchbill.domain.incidents.process_followed import process_of, severity_in
from watchbill.domain.incidents.records import entry, record
from watchbill.domain.incidents.room_rules import prefix_for
from watchbill.domain.incidents.timer_kinds import UPDATE_DUE
from watchbill.domain.incidents.workflow_actions import mark_step
from watchbill.domain.timers.actions import NewTimer, set_timers
from watchbill.ground.ids import new_id
from watchbill.ground.refusals import ChangeRefused, Unknown

TEXT_MAX = 10_000
_PAST_MAX = timedelta(days=30)


@dataclass(frozen=True, slots=True, kw_only=True)
class Files:
    """What comes with a post, and how much may."""

    new: Sequence[NewFile]
    limits: Limits


NO_FILES = Files(new=(), limits=Limits(file=0, incident=0))


def write(
    *, incident_id: UUID, text: str, actor: Actor, now: datetime, thread: UUID | None = None, files: Files = NO_FILES
) -> Post:
    """A message to the room, with the prefix of the author's role. Raises ChangeRefused, Unknown."""
    found = examined(files.new, limits=files.limits)
    with transaction.atomic():
        incident = locked(incident_id)
        begun = _first_version(_post_of(incident, thread)) if thread is not None else None
        post = _make(incident, PostKind.MESSAGE, text or _named(found), actor=actor, now=now, at=now)
        post.thread = begun.thread or begun if begun is not None else None
        post.save()
        kept = keep(found, post, limits=files.limits, now=now)
        record([_about(incident, "incident.message", post, files=kept)], actor=actor, now=now)
    return post


def note(*, incident_id: UUID, text: str, at: datetime, actor: Actor, now: datetime, files: Files = NO_FILES) -> Post:
    """An entry for the timeline, perhaps of something that happened before."""
    found = examined(files.new, limits=files.limits)
    with transaction.atomic():
        incident = locked(incident_id)
        if not now - _PAST_MAX <= at <= now:
            raise ChangeRefused("at", "give a time within the last month that is not in the future")
        post = _make(incident, PostKind.NOTE, text or _named(found), actor=actor, now=now, at=at)
        post.save()
        kept = keep(found, post, limits=files.limits, now=now)
        record([_about(incident, "incident.noted", post, files=kept)], actor=actor, now=now)
    return post


def correct(*, incident_id: UUID, post_id: UUID, text: str, actor: Actor, now: datetime) -> Post:
    """The new text stands in its place; the first stays in the record. Only who wrote it may."""
    with transaction.atomic():
        incident = locked(incident_id)
        first = _post_of(incident, post_id)
        if first.author_id is None or first.author_id != actor.id:
            raise ChangeRefused("", f"only {first.author} may correct this; write a message of your own")
        if Post.objects.filter(replaces=first).exists():
            raise ChangeRefused("", "this was corrected already; correct what stands there now")
        post = _make(incident, PostKind(first.kind), text, actor=actor, now=now, at=first.at)
        post.replaces, post.thread, post.prefix = first, first.thread, first.prefix
        post.pinned_at, post.pinned_by = first.pinned_at, first.pinned_by
        post.save()
        record([_about(incident, "incident.corrected", post, before=first.text[:300])], actor=actor, now=now)
    return post


def pin(*, incident_id: UUID, post_id: UUID, pinned: bool, actor: Actor, now: datetime) -> Post:
    with transaction.atomic():
        incident = locked(incident_id)
        post = _post_of(incident, post_id)
        if (post.pinned_at is not None) != pinned:
            post.pinned_at, post.pinned_by = (now, actor.label) if pinned else (None, "")
            post.save(update_fields=["pinned_at", "pinned_by"])
            action = "incident.pinned" if pinned else "incident.unpinned"
            record([_about(incident, action, post)], actor=actor, now=now)
    return post


def post_update(*, incident_id: UUID, text: str, actor: Actor, now: datetime) -> Post:
    """A status update: what is known, what is done, when the next one comes. The clock of updates begins anew."""
    with transaction.atomic():
        incident = locked(incident_id)
        post = _make(incident, PostKind.UPDATE, text, actor=actor, now=now, at=now)
        post.save()
        record([_about(incident, "incident.updated", post)], actor=actor, now=now)
        note_update(incident, told_at=now, actor=actor, now=now)
    return post


def note_update(
    incident: Incident, *, told_at: datetime, actor: Actor, now: datetime, may_be_final: bool = True
) -> None:
    """People were told how it stands, here or elsewhere: the clock of updates begins anew.

    `may_be_final`: it counts as the final update when the incident is resolved. In the caller's transaction.
    """
    incident.updated_at = told_at
    incident.save(update_fields=["updated_at"])
    if incident.state in UNRESOLVED:
        mark_step(incident, "declare/first-update", actor=actor, now=now)
        window = rules.update_window(process_of(incident), severity_in(incident), since=told_at)
        if window is not None:
            set_timers([NewTimer(kind=UPDATE_DUE, subject_id=incident.id, due_at=window[0])])
    elif may_be_final and incident.state in (IncidentState.RESOLVED, IncidentState.CLOSED):
        mark_step(incident, "resolve/final-update", actor=actor, now=now)


def prefix_of(incident: Incident, user_id: UUID | None) -> str:
    """What a message of this person begins with, by the role they have in the incident."""
    if user_id is None:
        return ""
    held = Seat.objects.filter(incident=incident, user_id=user_id, state=SeatState.HELD)
    return prefix_for(held.values_list("role", flat=True), process_of(incident))


def _make(incident: Incident, kind: PostKind, text: str, *, actor: Actor, now: datetime, at: datetime) -> Post:
    clean = text.replace("\0", "").replace("\r\n", "\n").strip()
    if not clean:
        raise ChangeRefused("text", "write something first")
    if len(clean) > TEXT_MAX:
        raise ChangeRefused("text", f"has {len(clean)} characters; use at most {TEXT_MAX}")
    return Post(
        id=new_id(),
        incident=incident,
        kind=kind,
        at=at,
        written_at=now,
        author=actor.label[:254],
        author_id=actor.id,
        prefix=prefix_of(incident, actor.id) if kind == PostKind.MESSAGE else "",
        text=clean,
    )


def _post_of(incident: Incident, post_id: UUID) -> Post:
    post = Post.objects.filter(incident=incident, id=post_id).first()
    if post is None:
        raise Unknown("", "there is no such message in this incident")
    return post


def _first_version(post: Post) -> Post:
    """A thread hangs on what was written first, however often it was corrected since."""
    while post.replaces is not None:
        post = post.replaces
    return post


def _named(files: Sequence[Found]) -> str:
    """What a message says that is nothing but files."""
    return ", ".join(file.name for file in files)


def _about(incident: Incident, action: str, post: Post, **details: object) -> Record:
    return entry(incident, action, post=str(post.id), text=post.text[:300], **details)
