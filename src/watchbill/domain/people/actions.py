"""The organization and the people in it."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from uuid import UUID

from django.db import transaction

from watchbill.domain.access.actions import end_access
from watchbill.domain.access.models import Role, User
from watchbill.domain.audit.actions import record
from watchbill.domain.audit.contract import Actor, Record
from watchbill.domain.audit.rules import difference
from watchbill.domain.people.models import FallbackRecipient, Organization
from watchbill.domain.people.rules import PERSON_NAME_MAX, PersonDraft, check_zone, clean_email, clean_name, listed
from watchbill.ground.refusals import ChangeRefused, Taken, Unknown

FALLBACK_MAX = 20
FALLBACK = "the organization's fallback"


class PersonUnknown(Unknown):
    pass


class EmailTaken(Taken):
    pass


class LastOwner(ChangeRefused):
    pass


class PersonStillNeeded(ChangeRefused):
    pass


@transaction.atomic
def set_organization(
    *, name: str, time_zone: str, fallback_ids: Sequence[UUID] | None, actor: Actor, now: datetime
) -> None:
    """The people of `fallback_ids` are paged, in this order, when a whole policy reached nobody. None: they stay."""
    name = clean_name(name, longest=PERSON_NAME_MAX)
    check_zone(time_zone)
    fallback = active_people(fallback_ids or (), field="fallback")
    if len(fallback) > FALLBACK_MAX:
        raise ChangeRefused("fallback", f"has {len(fallback)} people; use at most {FALLBACK_MAX}")
    row, is_new = Organization.objects.select_for_update().get_or_create(
        id=1, defaults={"name": name, "time_zone": time_zone}
    )
    held = FallbackRecipient.objects.select_related("user").order_by("position")
    before: dict[str, object] = {} if is_new else {"name": row.name, "time_zone": row.time_zone}
    before["fallback"] = [recipient.user.email for recipient in held]
    after: dict[str, object] = {
        "name": name,
        "time_zone": time_zone,
        "fallback": [user.email for user in fallback],
    }
    if fallback_ids is None:
        after["fallback"] = before["fallback"]
    details = difference(before, after)
    if not details:
        return
    Organization.objects.filter(id=1).update(name=name, time_zone=time_zone)
    if before["fallback"] != after["fallback"]:
        FallbackRecipient.objects.all().delete()
        FallbackRecipient.objects.bulk_create(
            FallbackRecipient(user=user, position=position) for position, user in enumerate(fallback)
        )
    record(
        [
            Record(
                action="organization.changed",
                subject_kind="organization",
                subject_id=None,
                subject_label=name,
                details=details,
            )
        ],
        actor=actor,
        now=now,
    )


@transaction.atomic
def create_person(draft: PersonDraft, *, actor: Actor, now: datetime) -> User:
    """Without a password: the person signs in by an invitation link or the organization's provider."""
    draft = _checked(draft)
    if User.objects.filter(email=draft.email).exists():
        raise EmailTaken("email", f"the address {draft.email} belongs to a person already; change that one instead")
    user = User(email=draft.email, name=draft.name, role=draft.role, time_zone=draft.time_zone, created_at=now)
    user.set_unusable_password()
    user.save(force_insert=True)
    _tell("person.created", user, difference({}, _facts(draft)), actor=actor, now=now)
    return user


@transaction.atomic
def change_person(user_id: UUID, draft: PersonDraft, *, actor: Actor, now: datetime) -> None:
    draft = _checked(draft)
    _change(_locked(user_id), draft, actor=actor, now=now)


@transaction.atomic
def change_profile(
    user_id: UUID, *, name: str | None = None, time_zone: str | None = None, actor: Actor, now: datetime
) -> None:
    """What people change of themselves: what is None stays, and so do role and address, as they are under the lock.

    Whoever was demoted after the request came in would otherwise write the old role back.
    """
    user = _locked(user_id)
    draft = replace(
        draft_of(user),
        name=user.name if name is None else clean_name(name, longest=PERSON_NAME_MAX),
        time_zone=user.time_zone if time_zone is None else check_zone(time_zone),
    )
    _change(user, draft, actor=actor, now=now)


@transaction.atomic
def disable_person(user_id: UUID, *, uses: Sequence[str], actor: Actor, now: datetime) -> None:
    """The person can no longer sign in and is no longer paged; sessions and tokens end at once.

    `uses`: where the person is still needed (see `services.reads.uses_of_person`). A non-empty one refuses,
    because the gap would otherwise be silent.
    """
    user = _locked(user_id)
    if not user.is_active:
        return
    if FallbackRecipient.objects.filter(user=user).exists():
        uses = [*(use for use in uses if use != FALLBACK), FALLBACK]
    if uses:
        raise PersonStillNeeded("", f"{user.email} is still needed by {'; '.join(uses)}. Put somebody else there first")
    if user.role == Role.OWNER:
        _refuse_for_last_owner(user, field="disabled")
    User.objects.filter(id=user_id, is_active=True).update(is_active=False, disabled_at=now)
    end_access(user_id, now=now)
    _tell("person.disabled", user, difference({"disabled": False}, {"disabled": True}), actor=actor, now=now)


@transaction.atomic
def enable_person(user_id: UUID, *, actor: Actor, now: datetime) -> None:
    user = _locked(user_id)
    if User.objects.filter(id=user_id, is_active=False).update(is_active=True, disabled_at=None):
        _tell("person.enabled", user, difference({"disabled": True}, {"disabled": False}), actor=actor, now=now)


def active_people(ids: Sequence[UUID], *, field: str) -> list[User]:
    """In the order asked for. Refuses unknown, disabled and repeated ones."""
    people = known_people(ids, field=field)
    for user in people:
        if not user.is_active:
            raise ChangeRefused(field, f"{user.email} is disabled; enable that person or name another")
    return people


def known_people(ids: Sequence[UUID], *, field: str) -> list[User]:
    """The same, where somebody who is disabled does no harm."""
    found = User.objects.in_bulk(list(ids))
    if len(set(ids)) != len(ids):
        raise ChangeRefused(field, "names a person twice; name everybody once")
    for user_id in ids:
        if user_id not in found:
            raise PersonUnknown(field, f"no person has the id {user_id}; add the person first")
    return [found[user_id] for user_id in ids]


def draft_of(user: User) -> PersonDraft:
    return PersonDraft(email=user.email, name=user.name, role=user.role, time_zone=user.time_zone)


def _checked(draft: PersonDraft) -> PersonDraft:
    if draft.role not in Role.values:
        raise ChangeRefused("role", f'unknown role "{draft.role}"; use {listed(tuple(Role.values))}')
    return PersonDraft(
        email=clean_email(draft.email),
        name=clean_name(draft.name, longest=PERSON_NAME_MAX),
        role=draft.role,
        time_zone=check_zone(draft.time_zone),
    )


def _facts(draft: PersonDraft) -> dict[str, str]:
    return {"email": draft.email, "name": draft.name, "role": draft.role, "time_zone": draft.time_zone}


def _change(user: User, draft: PersonDraft, *, actor: Actor, now: datetime) -> None:
    details = difference(_facts(draft_of(user)), _facts(draft))
    if not details:
        return
    if "email" in details["after"] and User.objects.filter(email=draft.email).exists():
        raise EmailTaken("email", f"the address {draft.email} belongs to another person; choose another address")
    if user.role == Role.OWNER and draft.role != Role.OWNER:
        _refuse_for_last_owner(user, field="role")
    User.objects.filter(id=user.id).update(**details["after"])
    _tell("person.changed", user, details, actor=actor, now=now)


def _locked(user_id: UUID) -> User:
    user = User.objects.select_for_update().filter(id=user_id).first()
    if user is None:
        raise PersonUnknown("id", f"no person has the id {user_id}; look the person up again")
    return user


def _refuse_for_last_owner(user: User, *, field: str) -> None:
    # Locked, so that two owners who step down at once cannot both see the other one.
    owners = User.objects.select_for_update().filter(role=Role.OWNER, is_active=True).order_by("id")
    if not [owner for owner in owners if owner.id != user.id]:
        raise LastOwner(field, f"{user.email} is the last owner; make another person owner first")


def _tell(action: str, user: User, details: dict[str, object], *, actor: Actor, now: datetime) -> None:
    record(
        [Record(action=action, subject_kind="person", subject_id=user.id, subject_label=user.email, details=details)],
        actor=actor,
        now=now,
    )
