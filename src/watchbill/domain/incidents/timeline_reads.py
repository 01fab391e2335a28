"""The timeline: the entries of the record, with what was written and attached in the room."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import Count, Max

from watchbill.domain.audit.models import Entry
from watchbill.domain.incidents.models import Attachment, Incident, Post
from watchbill.ground.identity import uuid_in


@dataclass(frozen=True, slots=True, kw_only=True)
class TimelineLine:
    """An entry of the record, and the post that it is about if there is one (as corrected last).

    `post_id` is the post's first version: answers and files hang on it.
    """

    at: datetime
    entry: Entry
    post: Post | None
    post_id: UUID | None = None
    files: tuple[Attachment, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordMark:
    """How far the record went. An entry may become visible after one with a higher number: hence the count."""

    newest: int
    count: int


def mark_of(incident_id: UUID) -> RecordMark:
    found = Entry.objects.filter(subject_id=incident_id).aggregate(newest=Max("id"), count=Count("id"))
    return RecordMark(newest=found["newest"] or 0, count=found["count"])


def actions_between(incident_id: UUID, before: RecordMark, now: RecordMark) -> frozenset[str] | None:
    """What was done since; None when an entry came in between those that were there, or too many came."""
    if not 0 <= now.count - before.count <= _ACTIONS_MAX:
        return None
    found = Entry.objects.filter(subject_id=incident_id, id__gt=before.newest).values_list("action", flat=True)
    actions = list(found[: _ACTIONS_MAX + 1])
    return frozenset(actions) if len(actions) == now.count - before.count else None


def timeline_of(incident: Incident, entries: Sequence[Entry]) -> tuple[TimelineLine, ...]:
    """By the time at which things happened: an entry that was added later stands where it belongs."""
    posts = {post.id: post for post in Post.objects.filter(incident=incident)}
    corrected = {post.replaces_id: post for post in posts.values() if post.replaces_id is not None}
    files = _files(incident)
    lines = []
    for entry in entries:
        if entry.action == "incident.corrected":
            continue  # the corrected text stands where the first one stood
        post_id = uuid_in(str(entry.details.get("post", "")))
        post = _last(posts.get(post_id) if post_id else None, corrected)
        lines.append(
            TimelineLine(
                at=post.at if post is not None else entry.at,
                entry=entry,
                post=post,
                post_id=post_id if post is not None else None,
                files=files.get(post_id, ()) if post_id and entry.action in _WRITTEN else (),
            )
        )
    return tuple(sorted(lines, key=lambda line: (line.at, line.entry.id)))


_ACTIONS_MAX = 100
# Pinning is about a post too, and shows its files no second time.
_WRITTEN = ("incident.message", "incident.noted")


def _files(incident: Incident) -> dict[UUID, tuple[Attachment, ...]]:
    found: dict[UUID, tuple[Attachment, ...]] = {}
    for one in Attachment.objects.filter(incident=incident).order_by("added_at", "position"):
        found[one.post_id] = (*found.get(one.post_id, ()), one)
    return found


def _last(post: Post | None, corrected: Mapping[UUID, Post]) -> Post | None:
    while post is not None and post.id in corrected:
        post = corrected[post.id]
    return post
