"""Which contacts have proved themselves: a message was handed to their provider, or a code came back."""

from collections.abc import Iterable
from uuid import UUID

from django.db.models import Exists, OuterRef, QuerySet

from watchbill.domain.paging.models import Attempt, AttemptState, ContactMessage, ContactMessageState
from watchbill.domain.people.models import ContactMethod


def untried() -> QuerySet[ContactMethod]:
    """In use because somebody vouched for the address; nothing was ever sent there with success."""
    paged = Attempt.objects.filter(contact=OuterRef("pk"), state=AttemptState.DELIVERED)
    told = ContactMessage.objects.filter(contact=OuterRef("pk"), state=ContactMessageState.SENT)
    in_use = ContactMethod.objects.filter(
        removed_at=None, disabled_at=None, verified_at__isnull=False, user__is_active=True
    )
    return in_use.filter(~Exists(paged), ~Exists(told))


def untried_among(contact_ids: Iterable[UUID]) -> set[UUID]:
    return set(untried().filter(id__in=list(contact_ids)).values_list("id", flat=True))
