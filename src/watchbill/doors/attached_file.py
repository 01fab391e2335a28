"""A file from the room as an answer that can only be looked at: whatever is in it, nothing of it runs."""

from django.http import HttpRequest, HttpResponse
from django.utils.http import content_disposition_header

from watchbill.domain.incidents.attachment_reads import content_of
from watchbill.domain.incidents.models import Attachment
from watchbill.domain.incidents.room_models import AttachmentKind

_CONTENT_SECURITY_POLICY = "default-src 'none'; frame-ancestors 'none'; sandbox"


def answer_with(request: HttpRequest, attachment: Attachment) -> HttpResponse:
    """The browser keeps it and asks each time whether it may still show it: the bytes of an id never change."""
    tag = f'"{attachment.sha256}"'
    if request.headers.get("If-None-Match") == tag:
        answer = HttpResponse(status=304)
    else:
        answer = HttpResponse(content_of(attachment), content_type=attachment.content_type)
        is_text = attachment.kind == AttachmentKind.TEXT
        answer["Content-Disposition"] = content_disposition_header(is_text, attachment.name) or "attachment"
    answer["ETag"] = tag
    answer["Cache-Control"] = "private, no-cache"
    answer["Content-Security-Policy"] = _CONTENT_SECURITY_POLICY
    answer["X-Content-Type-Options"] = "nosniff"
    return answer
