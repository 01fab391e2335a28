"""One's accounts in chat tools, and the room of an incident tried again."""

from django.http import HttpRequest
from ninja import Router, Status

from watchbill.domain.warrooms.actions import try_now
from watchbill.domain.warrooms.link_actions import CODE_HOLDS, make_code, unlink
from watchbill.domain.warrooms.reads import accounts_of
from watchbill.doors.api.auth import caller, requires
from watchbill.doors.api.incident_out import IncidentDetailOut, detail_out, incident_id
from watchbill.doors.api.values import InstantOut, Name, Output
from watchbill.doors.moment import now_of

of_me = Router(tags=["me"])
of_incident = Router(tags=["incidents"])


class ChatAccountOut(Output):
    """`linked_at` is null where the account was found by the person's address."""

    id: int
    host: str
    external_id: str
    name: str
    linked_at: InstantOut | None


class LinkCodeOut(Output):
    """Write `link <code>` behind the tool's command, from the account that shall be yours. Shown only now."""

    code: str
    expires_at: InstantOut


@of_me.get("/chat-accounts", response=list[ChatAccountOut], summary="List your accounts in chat tools")
@requires("contact.read_own")
def accounts(request: HttpRequest) -> list[ChatAccountOut]:
    rows = accounts_of(caller(request).user.id)
    return [ChatAccountOut(**{name: getattr(one, name) for name in ChatAccountOut.model_fields}) for one in rows]


@of_me.post("/chat-accounts/code", response={201: LinkCodeOut}, summary="Get a code that links an account")
@requires("security.change_own")
def code(request: HttpRequest) -> Status[LinkCodeOut]:
    """For somebody who is signed in, never for a token: whoever writes the code in a chat tool acts as you there."""
    now = now_of(request)
    made = make_code(caller(request).user.id, actor=caller(request).actor, now=now)
    return Status(201, LinkCodeOut(code=made, expires_at=now + CODE_HOLDS))


@of_me.delete("/chat-accounts/{account}", response={204: None}, summary="Unlink an account in a chat tool")
@requires("contact.change_own")
def remove(request: HttpRequest, account: int) -> Status[None]:
    """One that was linked by a code. What is found by the address goes with the address."""
    unlink(account, user_id=caller(request).user.id, actor=caller(request).actor, now=now_of(request))
    return Status(204, None)


@of_incident.post("/{incident}/chat/try-now", response=IncidentDetailOut, summary="Try an incident's chat room again")
@requires("incident.respond")
def try_again(request: HttpRequest, incident: Name) -> IncidentDetailOut:
    """After the cause was mended; otherwise it is tried again within five minutes."""
    found = incident_id(request, incident)
    try_now(incident_id=found, actor=caller(request).actor, now=now_of(request))
    return detail_out(request, found)
