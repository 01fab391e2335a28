"""Files of the room, for those who may see the incident."""

from uuid import UUID

from watchbill.domain.incidents.models import Attachment, AttachmentContent
from watchbill.domain.incidents.reads import Viewer, visible_to


def attachments_of(incident_id: UUID, *, viewer: Viewer) -> list[Attachment]:
    """In the order in which they came."""
    rows = Attachment.objects.filter(incident_id=incident_id, incident__in=visible_to(viewer).values("id"))
    return list(rows.order_by("added_at", "post_id", "position"))


def attachment_of(incident_id: UUID, attachment_id: UUID, *, viewer: Viewer) -> Attachment | None:
    """Of this incident, and only if the viewer may see that incident: an id that was guessed opens nothing."""
    rows = Attachment.objects.filter(incident_id=incident_id, incident__in=visible_to(viewer).values("id"))
    return rows.filter(id=attachment_id).first()


def content_of(attachment: Attachment) -> bytes:
    return bytes(AttachmentContent.objects.values_list("content", flat=True).get(attachment=attachment))
