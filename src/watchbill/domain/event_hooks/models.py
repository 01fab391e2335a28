"""Endpoints to which events of incidents are sent, and what was and is to be sent to each."""

from django.db import models

from watchbill.domain.incidents.models import Incident
from watchbill.domain.services.models import Service
from watchbill.ground.ids import new_id

# What entries of the audit trail call an endpoint.
SUBJECT_KIND = "event-hook"


class EventHook(models.Model):
    """`events` by name; `severities` empty: any. Entries before `listens_since` are not sent.

    `restricted`: incidents that only insiders may see are sent too; an owner says so. `former_secret` signs as well
    until `former_until`. `failing_since`: since then nothing was delivered.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    name = models.CharField(max_length=100)
    url = models.CharField(max_length=2048)
    sealed_secret = models.TextField()
    former_secret = models.TextField(default="", blank=True)
    former_until = models.DateTimeField(null=True)
    events = models.JSONField(default=list)
    service = models.ForeignKey(Service, null=True, on_delete=models.PROTECT, related_name="+")
    severities = models.JSONField(default=list)
    restricted = models.BooleanField(default=False)
    created_at = models.DateTimeField()
    created_by = models.CharField(max_length=254)
    listens_since = models.DateTimeField()
    failing_since = models.DateTimeField(null=True)
    paused_at = models.DateTimeField(null=True)
    paused_why = models.CharField(max_length=300, default="", blank=True)
    removed_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["name"], condition=models.Q(removed_at=None), name="event_hook_name_once")
        ]


class DeliveryState(models.TextChoices):
    PENDING = "pending", "Waits"
    DELIVERED = "delivered", "Delivered"
    GIVEN_UP = "given-up", "Given up"
    WITHHELD = "withheld", "Not sent: restricted"


class EventDelivery(models.Model):
    """One event for one endpoint. Its id stays the same however often it is sent.

    `wanted_since`: it is given up so long after that. `status`: what was answered last, None for no answer.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    hook = models.ForeignKey(EventHook, on_delete=models.PROTECT, related_name="deliveries")
    entry_id = models.BigIntegerField()
    incident = models.ForeignKey(Incident, on_delete=models.PROTECT, related_name="+")
    event = models.CharField(max_length=64)
    payload = models.JSONField()
    state = models.CharField(max_length=9, choices=DeliveryState, default=DeliveryState.PENDING)
    queued_at = models.DateTimeField()
    wanted_since = models.DateTimeField()
    next_try_at = models.DateTimeField()
    attempts = models.PositiveIntegerField(default=0)
    tried_at = models.DateTimeField(null=True)
    status = models.PositiveSmallIntegerField(null=True)
    error = models.CharField(max_length=300, default="", blank=True)
    settled_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["hook", "entry_id"], name="event_once_per_hook")]
        indexes = [
            models.Index(
                fields=["hook", "entry_id"], condition=models.Q(state="pending"), name="event_deliveries_waiting"
            ),
            models.Index(fields=["settled_at"], name="event_deliveries_settled"),
        ]
