"""What is new to somebody, and who else looks."""

from collections.abc import Collection
from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import Count, F, OuterRef, Q, Subquery
from django.db.models.functions import Coalesce

from watchbill.domain.access.models import User
from watchbill.domain.audit.models import Entry
from watchbill.domain.incidents.models import UNRESOLVED, Incident, Insider, Look, Presence
from watchbill.domain.incidents.reads import Viewer, visible_to

# A person, and the incident that this person looks at.
Seen = tuple[UUID, UUID]
# The live stream notes who is there each 15 s; whoever missed two of them is gone.
PRESENT_FOR = timedelta(seconds=35)
# Of what happens by itself, what somebody who comes back wants to see first is what people did.
_BY_ITSELF = ("incident.step_done", "incident.role_offered", "incident.called")


def unread_counts(user_id: UUID, incident_ids: Collection[UUID]) -> dict[UUID, int]:
    """How many entries each has that this person has not seen; those with none are left out. One query."""
    if not incident_ids:
        return {}
    read = Look.objects.filter(user_id=user_id, incident_id=OuterRef("subject_id")).values("entry_id")
    rows = (
        Entry.objects.filter(subject_id__in=list(incident_ids), action__startswith="incident.")
        .exclude(action__in=_BY_ITSELF)
        .filter(~Q(actor_id=user_id) | Q(actor_id=None))
        .annotate(read=Coalesce(Subquery(read), 0))
        .filter(id__gt=F("read"))
    )
    return dict(rows.values_list("subject_id").annotate(count=Count("id")))


def unread_open(user_id: UUID) -> int:
    """How many open incidents have something new for this person."""
    ids = visible_to(user_id).filter(state__in=UNRESOLVED).values_list("id", flat=True)
    return len(unread_counts(user_id, list(ids)))


def present_in(incident_id: UUID, *, viewer: Viewer, now: datetime) -> list[User]:
    """By name; nobody for an incident that the viewer may not see."""
    rows = Presence.objects.filter(incident_id=incident_id, incident__in=visible_to(viewer).values("id"))
    here = rows.filter(seen_at__gt=now - PRESENT_FOR, user__is_active=True).values("user_id")
    return list(User.objects.filter(id__in=here).order_by("name", "email"))


def allowed(seen: Collection[Seen]) -> list[Seen]:
    """Those of the pairs in which the person may see the incident. Two queries, however many there are."""
    ids = {incident_id for _, incident_id in seen}
    restricted = dict(Incident.objects.filter(id__in=ids).values_list("id", "restricted"))
    guarded = [incident_id for incident_id, is_restricted in restricted.items() if is_restricted]
    inside = set(Insider.objects.filter(incident_id__in=guarded).values_list("user_id", "incident_id"))
    return sorted(one for one in seen if one in inside or restricted.get(one[1]) is False)
