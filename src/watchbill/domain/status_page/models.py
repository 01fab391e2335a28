"""What the public may know: the page, its components, incidents in the words that were published, who follows them.

Ids of these rows stand in public addresses and documents. They are random and say nothing of what is inside.
"""

from uuid import uuid4

from django.db import models

from watchbill.domain.incidents.models import Incident
from watchbill.domain.services.models import MaintenanceWindow, Service


class ComponentState(models.TextChoices):
    OPERATIONAL = "operational", "Operational"
    UNDER_MAINTENANCE = "under_maintenance", "Under maintenance"
    DEGRADED = "degraded_performance", "Degraded performance"
    PARTIAL_OUTAGE = "partial_outage", "Partial outage"
    MAJOR_OUTAGE = "major_outage", "Major outage"


class PublicStatus(models.TextChoices):
    INVESTIGATING = "investigating", "Investigating"
    IDENTIFIED = "identified", "Identified"
    MONITORING = "monitoring", "Monitoring"
    RESOLVED = "resolved", "Resolved"
    POSTMORTEM = "postmortem", "Postmortem"


class StatusPage(models.Model):
    """One row. `changes` grows with everything that may look different; `written_changes` is what the files show.

    `time_zone` "": the organization's.
    """

    id = models.UUIDField(primary_key=True, default=uuid4, editable=False)
    only = models.BooleanField(default=True, unique=True)
    name = models.CharField(max_length=100, default="Status")
    address = models.CharField(max_length=500, default="", blank=True)
    support_url = models.CharField(max_length=500, default="", blank=True)
    time_zone = models.CharField(max_length=64, default="", blank=True)
    accent_light = models.CharField(max_length=7, default="#1f4fd8")
    accent_dark = models.CharField(max_length=7, default="#8fb0ff")
    logo = models.BinaryField(null=True)
    logo_type = models.CharField(max_length=10, default="", blank=True)
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()
    changes = models.PositiveBigIntegerField(default=1)
    written_changes = models.PositiveBigIntegerField(default=0)
    written_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.CheckConstraint(condition=models.Q(only=True), name="one_status_page")]


class ComponentGroup(models.Model):
    id = models.UUIDField(primary_key=True, default=uuid4, editable=False)
    name = models.CharField(max_length=100, unique=True)
    position = models.PositiveSmallIntegerField(default=1)
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()


class Component(models.Model):
    """`state` is the worst that the open public incidents say; maintenance is added when it is shown."""

    id = models.UUIDField(primary_key=True, default=uuid4, editable=False)
    name = models.CharField(max_length=100)
    description = models.CharField(max_length=500, default="", blank=True)
    service = models.ForeignKey(Service, null=True, on_delete=models.SET_NULL, related_name="+")
    group = models.ForeignKey(ComponentGroup, null=True, on_delete=models.SET_NULL, related_name="components")
    position = models.PositiveSmallIntegerField(default=1)
    shown = models.BooleanField(default=True)
    state = models.CharField(max_length=20, choices=ComponentState, default=ComponentState.OPERATIONAL)
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()
    removed_at = models.DateTimeField(null=True)


class PublicIncident(models.Model):
    """Everything but the title follows from its updates. `states`: what it says now, by component."""

    id = models.UUIDField(primary_key=True, default=uuid4, editable=False)
    incident = models.ForeignKey(Incident, null=True, on_delete=models.PROTECT, related_name="+")
    title = models.CharField(max_length=300)
    status = models.CharField(max_length=13, choices=PublicStatus)
    impact = models.CharField(max_length=8, default="none")
    states = models.JSONField(default=dict)
    started_at = models.DateTimeField()
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()
    monitoring_at = models.DateTimeField(null=True)
    resolved_at = models.DateTimeField(null=True)
    retracted_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [models.Index(fields=["-started_at"], name="public_incidents_by_start")]
        constraints = [
            models.UniqueConstraint(
                fields=["incident"], condition=models.Q(retracted_at=None), name="one_public_incident_each"
            )
        ]


class PublicUpdate(models.Model):
    """What was said, and what it changed: `changes` by component, each with `old` and `new`.

    A retracted update is shown no more and counts for nothing; the row stays.
    """

    id = models.UUIDField(primary_key=True, default=uuid4, editable=False)
    public_incident = models.ForeignKey(PublicIncident, on_delete=models.PROTECT, related_name="updates")
    number = models.PositiveSmallIntegerField()
    status = models.CharField(max_length=13, choices=PublicStatus)
    body = models.TextField()
    changes = models.JSONField(default=dict)
    at = models.DateTimeField()
    corrected_at = models.DateTimeField(null=True)
    published_by = models.CharField(max_length=254)
    retracted_at = models.DateTimeField(null=True)
    retracted_by = models.CharField(max_length=254, default="", blank=True)
    retracted_why = models.CharField(max_length=300, default="", blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["public_incident", "number"], name="public_updates_in_order")]
        indexes = [models.Index(fields=["at"], name="public_updates_by_time")]


class EarlierWording(models.Model):
    """What an update said before it was corrected."""

    update = models.ForeignKey(PublicUpdate, on_delete=models.PROTECT, related_name="earlier")
    body = models.TextField()
    until = models.DateTimeField()
    corrected_by = models.CharField(max_length=254)


class PublicMaintenance(models.Model):
    """Announced work. Where it stands follows from the time; `window` is the inner one whose end it follows."""

    id = models.UUIDField(primary_key=True, default=uuid4, editable=False)
    window = models.ForeignKey(MaintenanceWindow, null=True, on_delete=models.SET_NULL, related_name="+")
    title = models.CharField(max_length=300)
    body = models.TextField()
    components = models.ManyToManyField(Component, related_name="+")
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    published_by = models.CharField(max_length=254)
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    cancelled_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(ends_at__gt=models.F("starts_at")), name="public_maintenance_ends_after_start"
            )
        ]


class SubscriberKind(models.TextChoices):
    EMAIL = "email", "E-mail"
    WEBHOOK = "webhook", "Webhook"


class Subscriber(models.Model):
    """`components` empty: all. It gets nothing but its confirmation before `confirmed_at`, nothing after `ended_at`."""

    id = models.UUIDField(primary_key=True, default=uuid4, editable=False)
    kind = models.CharField(max_length=7, choices=SubscriberKind)
    address = models.CharField(max_length=2048)
    components = models.JSONField(default=list)
    wanted = models.JSONField(default=list)  # what becomes of `components` when it is confirmed
    sealed_secret = models.TextField(default="", blank=True)
    asked_at = models.DateTimeField()
    confirmed_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    ended_why = models.CharField(max_length=300, default="", blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["kind", "address"], condition=models.Q(ended_at=None), name="subscribed_once"
            )
        ]


class NoticeState(models.TextChoices):
    QUEUED = "queued", "Waits"
    SENDING = "sending", "Is being sent"
    SENT = "sent", "Sent"
    REFUSED = "refused", "Refused"
    UNKNOWN = "unknown", "Perhaps sent"


class Notice(models.Model):
    """One message to one subscriber. Neither `update` nor `maintenance`: the question whether the address is theirs.

    It is marked before it is sent, so that a crash in between leaves it `unknown` and never sends it twice.
    """

    id = models.UUIDField(primary_key=True, default=uuid4, editable=False)
    subscriber = models.ForeignKey(Subscriber, on_delete=models.CASCADE, related_name="notices")
    update = models.ForeignKey(PublicUpdate, null=True, on_delete=models.CASCADE, related_name="+")
    maintenance = models.ForeignKey(PublicMaintenance, null=True, on_delete=models.CASCADE, related_name="+")
    state = models.CharField(max_length=7, choices=NoticeState, default=NoticeState.QUEUED)
    asked_at = models.DateTimeField()
    tries = models.PositiveSmallIntegerField(default=0)
    not_before = models.DateTimeField(null=True)
    settled_at = models.DateTimeField(null=True)
    error = models.CharField(max_length=300, default="", blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["subscriber", "update"], name="told_once_of_an_update"),
            models.UniqueConstraint(fields=["subscriber", "maintenance"], name="told_once_of_maintenance"),
        ]
        indexes = [
            models.Index(
                fields=["subscriber", "asked_at"],
                condition=models.Q(state__in=["queued", "sending"]),
                name="notices_waiting",
            )
        ]
