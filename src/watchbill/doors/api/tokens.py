"""API tokens. A new one is made only by somebody signed in, never by a token."""

from datetime import timedelta
from typing import Annotated
from uuid import UUID

from django.http import HttpRequest
from ninja import Router, Status
from pydantic import Field

from watchbill.domain.access.reads import TokenLine, tokens
from watchbill.domain.access.token_rules import LIFETIME, LIFETIME_MAX
from watchbill.domain.people import account_actions
from watchbill.doors.api.auth import caller, requires
from watchbill.doors.api.problems import NotFound
from watchbill.doors.api.values import Duration, Input, InstantOut, Output, Text
from watchbill.doors.moment import now_of

router = Router(tags=["tokens"])


class TokenIn(Input):
    """`scope`: full, read or ingest."""

    name: Annotated[Text, Field(max_length=100)]
    scope: Text
    lifetime: Duration = LIFETIME


class TokenOut(Output):
    id: UUID
    email: str
    name: str
    hint: str
    scope: str
    created_at: InstantOut
    expires_at: InstantOut | None
    last_used_at: InstantOut | None
    revoked_at: InstantOut | None


class NewTokenOut(Output):
    """`token` is shown only now."""

    id: UUID
    token: str
    expires_at: InstantOut | None


@router.get("", response=list[TokenOut], summary="List tokens")
@requires("token.read_own")
def listing(request: HttpRequest) -> list[TokenOut]:
    """The caller's own; everybody's for whoever may see them."""
    everybody = caller(request).may("token.read").allowed
    rows = tokens(user_id=None if everybody else caller(request).user.id)
    return [_out(row) for row in rows]


@router.post("", response={201: NewTokenOut}, summary="Make a token")
@requires("token.create_own")
def create(request: HttpRequest, body: TokenIn) -> Status[NewTokenOut]:
    made = account_actions.create_token(
        caller(request).user.id,
        name=body.name,
        scope=body.scope,
        lifetime=min(body.lifetime, LIFETIME_MAX + timedelta(days=1)),
        actor=caller(request).actor,
        now=now_of(request),
    )
    return Status(201, NewTokenOut(id=made.id, token=made.secret, expires_at=made.expires_at))


@router.delete("/{token}", response={204: None}, summary="Revoke a token")
@requires("token.revoke_own")
def revoke(request: HttpRequest, token: UUID) -> Status[None]:
    held = next((row for row in tokens() if row.id == token), None)
    is_own = held is not None and held.email == caller(request).user.email
    if held is None or not (is_own or caller(request).may("token.revoke").allowed):
        raise NotFound(f"You have no token {token}.")
    account_actions.revoke_token(token, actor=caller(request).actor, now=now_of(request))
    return Status(204, None)


def _out(row: TokenLine) -> TokenOut:
    return TokenOut(**{name: getattr(row, name) for name in TokenOut.model_fields})
