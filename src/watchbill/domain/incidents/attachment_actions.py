"""Files that come with what somebody writes: kept in the same transaction as the post."""

import hashlib
from collections.abc import Sequence
from datetime import datetime

from django.db.models import Count, Sum

from watchbill.domain.incidents.attachment_rules import Found, Limits, NewFile, check_room, look_into
from watchbill.domain.incidents.models import Attachment, AttachmentContent, Incident, Post
from watchbill.ground.ids import new_id


def examined(files: Sequence[NewFile], *, limits: Limits) -> list[Found]:
    """What is in them; before the transaction, because it takes its time. Raises ChangeRefused."""
    check_room([len(file.content) for file in files], there=0, bytes_there=0, limits=limits)
    return [look_into(file, limits=limits) for file in files]


def keep(files: Sequence[Found], post: Post, *, limits: Limits, now: datetime) -> list[dict[str, object]]:
    """What the record says of them. The caller holds the incident's row. Raises ChangeRefused."""
    if not files:
        return []
    _check_incident(post.incident, files, limits=limits)
    rows = [_row(file, post, position=position, now=now) for position, file in enumerate(files)]
    Attachment.objects.bulk_create(rows)
    AttachmentContent.objects.bulk_create(
        [AttachmentContent(attachment=row, content=file.content) for row, file in zip(rows, files, strict=True)]
    )
    return [{"id": str(row.id), "name": row.name, "size": row.size, "sha256": row.sha256} for row in rows]


def _check_incident(incident: Incident, files: Sequence[Found], *, limits: Limits) -> None:
    held = Attachment.objects.filter(incident=incident).aggregate(count=Count("id"), bytes=Sum("size"))
    sizes = [len(file.content) for file in files]
    check_room(sizes, there=held["count"], bytes_there=held["bytes"] or 0, limits=limits)


def _row(file: Found, post: Post, *, position: int, now: datetime) -> Attachment:
    return Attachment(
        id=new_id(),
        incident=post.incident,
        post=post,
        kind=file.kind,
        content_type=file.content_type,
        name=file.name,
        size=len(file.content),
        sha256=hashlib.sha256(file.content).hexdigest(),
        alt=file.alt,
        width=file.width,
        height=file.height,
        position=position,
        preview=file.preview,
        added_at=now,
        added_by=post.author,
    )
