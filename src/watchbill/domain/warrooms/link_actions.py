"""An account in a chat tool becomes somebody's here: by a code that is shown to who is signed in, and written there."""

from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction

from watchbill.domain.access.models import User
from watchbill.domain.audit.actions import record
from watchbill.domain.audit.contract import Actor, Record
from watchbill.domain.warrooms.models import ChatLinkCode, ChatPerson
from watchbill.ground import secrets
from watchbill.ground.refusals import ChangeRefused, Unknown

CODE_HOLDS = timedelta(minutes=10)


@transaction.atomic
def make_code(user_id: UUID, *, actor: Actor, now: datetime) -> str:
    """Shown once; the one before it is worth nothing any more. Raises Unknown."""
    user = User.objects.filter(id=user_id, is_active=True).first()
    if user is None:
        raise Unknown("", "there is no such active person")
    code = secrets.new_spoken_code()
    ChatLinkCode.objects.update_or_create(
        user=user, defaults={"digest": secrets.digest(code), "expires_at": now + CODE_HOLDS}
    )
    _tell("person.chat_code_made", user, {}, actor=actor, now=now)
    return code


@transaction.atomic
def link(host: str, external_id: str, code: str, *, now: datetime) -> User:
    """Whose the account is from now on. A code is good for one account. Raises ChangeRefused."""
    rows = ChatLinkCode.objects.select_for_update(of=("self",)).select_related("user")
    held = rows.filter(digest=secrets.digest(code.strip().upper())).first()
    if held is None or held.expires_at <= now or not held.user.is_active:
        raise ChangeRefused("code", "this code is wrong, was used or is older than ten minutes; get a new one")
    user = held.user
    held.delete()
    account, _ = ChatPerson.objects.update_or_create(
        host=host,
        external_id=external_id,
        defaults={"user": user, "linked_at": now, "seen_at": now},
        create_defaults={"user": user, "linked_at": now, "seen_at": now, "name": external_id[:200]},
    )
    actor = Actor(kind="person", label=str(user), via=host, id=user.id)
    _tell("person.chat_linked", user, _facts(account), actor=actor, now=now)
    return user


@transaction.atomic
def unlink(account_id: int, *, user_id: UUID, actor: Actor, now: datetime) -> None:
    """From now on the account is whose address it has there. Raises Unknown."""
    rows = ChatPerson.objects.select_for_update(of=("self",)).select_related("user")
    account = rows.filter(id=account_id, user_id=user_id, linked_at__isnull=False).first()
    if account is None or account.user is None:
        raise Unknown("", "there is no such account that was linked by a code")
    user = account.user
    ChatPerson.objects.filter(id=account.id).update(user=None, linked_at=None, vouched=False)
    _tell("person.chat_unlinked", user, _facts(account), actor=actor, now=now)


def _facts(account: ChatPerson) -> dict[str, object]:
    return {"tool": account.host, "account": account.external_id, "name": account.name}


def _tell(action: str, user: User, details: dict[str, object], *, actor: Actor, now: datetime) -> None:
    entry = Record(action=action, subject_kind="person", subject_id=user.id, subject_label=str(user), details=details)
    record([entry], actor=actor, now=now)
