"""Files in a request: how large one may be, and what they are handed on as."""

from django.http import HttpRequest

from watchbill.domain.incidents.attachment_rules import NewFile
from watchbill.domain.incidents.room_actions import Files
from watchbill.doors.web.wiring import wired
from watchbill.ground.refusals import ChangeRefused

_FIELD = "files"


def files_in(request: HttpRequest) -> Files:
    """What was sent as `files`; one `alt` stands for all of them, or each has its own. Raises ChangeRefused."""
    limits = wired().attachments
    alts = [str(text).replace("\0", "") for text in request.POST.getlist("alt")] or [""]
    new = []
    for number, one in enumerate(request.FILES.getlist(_FIELD)):
        if not one.name:
            continue
        if (one.size or 0) > limits.file:
            raise ChangeRefused(_FIELD, f"{one.name[:60]} is larger than a file may be; cut it down, or link to it")
        alt = alts[number] if number < len(alts) else alts[-1]
        new.append(NewFile(name=one.name, content=one.read(), alt=alt))
    return Files(new=new, limits=limits)
