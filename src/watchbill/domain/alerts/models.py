"""Events as received, and the alerts they make: one open alert per integration and key."""

from django.db import models

from watchbill.domain.people.models import Urgency
from watchbill.domain.services.models import Integration, MaintenanceWindow, Service
from watchbill.ground.ids import new_id

# What runs, pages and entries of the audit trail call an alert; what else there is has another name.
SUBJECT_KIND = "alert"


class AlertState(models.TextChoices):
    TRIGGERED = "triggered", "Triggered"
    ACKNOWLEDGED = "acknowledged", "Acknowledged"
    RESOLVED = "resolved", "Resolved"


class Severity(models.TextChoices):
    CRITICAL = "critical", "Critical"
    ERROR = "error", "Error"
    WARNING = "warning", "Warning"
    INFO = "info", "Info"


class Disposition(models.TextChoices):
    """What became of an event. Every accepted event has exactly one."""

    NEW = "new", "Opened an alert"
    DEDUPED = "deduped", "Belongs to an open alert"
    SUPPRESSED = "suppressed", "Opened an alert under maintenance"
    ACKNOWLEDGED = "acknowledged", "Acknowledged its alert"
    RESOLVED = "resolved", "Resolved its alert"
    DROPPED = "dropped", "Acknowledge or resolve without an open alert"
    RECORDED = "recorded", "A change: kept, pages nobody"
    QUARANTINED = "quarantined", "Could not be processed; kept for inspection"


class Event(models.Model):
    """Raw, as received. Partitioned by month of `received_at`."""

    pk = models.CompositePrimaryKey("id", "received_at")
    id = models.UUIDField()
    received_at = models.DateTimeField()
    integration_id = models.UUIDField()
    alert_id = models.UUIDField(null=True)
    disposition = models.CharField(max_length=12, choices=Disposition)
    dedup_key = models.CharField(max_length=512)
    action = models.CharField(max_length=12)
    summary = models.CharField(max_length=1024)
    body = models.BinaryField()
    headers = models.JSONField(default=dict)

    class Meta:
        managed = False
        db_table = "alerts_event"


class Alert(models.Model):
    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    number = models.BigIntegerField(unique=True)  # from the sequence alerts_alert_number
    # Nothing that these three name is ever taken out of its table, so the database need not look for each alert.
    integration = models.ForeignKey(
        Integration, on_delete=models.PROTECT, related_name="alerts", db_index=False, db_constraint=False
    )
    service = models.ForeignKey(
        Service, on_delete=models.PROTECT, related_name="alerts", db_index=False, db_constraint=False
    )
    dedup_key = models.CharField(max_length=512)
    summary = models.CharField(max_length=1024)
    severity = models.CharField(max_length=8, choices=Severity)
    urgency = models.CharField(max_length=4, choices=Urgency)
    source = models.CharField(max_length=500, default="", blank=True)
    details = models.JSONField(default=dict)  # component, group, class, custom_details, client, client_url
    links = models.JSONField(default=list)
    state = models.CharField(max_length=12, choices=AlertState, default=AlertState.TRIGGERED)
    opened_at = models.DateTimeField()
    acknowledged_at = models.DateTimeField(null=True)
    acknowledged_by = models.CharField(max_length=254, default="", blank=True)
    acknowledged_by_id = models.UUIDField(null=True)
    resolved_at = models.DateTimeField(null=True)
    resolved_by = models.CharField(max_length=254, default="", blank=True)
    snoozed_until = models.DateTimeField(null=True)
    suppressed_by = models.ForeignKey(
        MaintenanceWindow, null=True, on_delete=models.PROTECT, db_index=False, db_constraint=False
    )
    first_event_id = models.UUIDField()
    events_count = models.PositiveIntegerField(default=1)
    last_event_at = models.DateTimeField()

    class Meta:
        constraints = [
            # Equality of the full key decides, never a hash or a cut of it.
            models.UniqueConstraint(
                fields=["integration", "dedup_key"],
                condition=~models.Q(state="resolved"),
                name="one_open_alert_per_key",
            )
        ]
        # Every index is paid for by each alert that comes in; `alerts_of_service` also serves the foreign key.
        indexes = [
            models.Index(fields=["suppressed_by"], condition=~models.Q(suppressed_by=None), name="alerts_suppressed"),
            models.Index(fields=["-opened_at", "-id"], name="alerts_newest"),
            models.Index(fields=["service", "-opened_at"], name="alerts_of_service"),
            models.Index(fields=["state", "-opened_at"], condition=~models.Q(state="resolved"), name="alerts_open"),
        ]


class SearchText(models.Model):
    """What lists of alerts are searched by: narrow, in the order of the lists, one row an alert.

    Written behind the alerts (`search_filling.py`), of what never changes in them. An alert that were removed would
    have to take its row along.
    """

    pk = models.CompositePrimaryKey("opened_at", "alert_id")
    opened_at = models.DateTimeField()
    alert_id = models.UUIDField()
    service_id = models.UUIDField()
    severity = models.CharField(max_length=8, choices=Severity)
    urgency = models.CharField(max_length=4, choices=Urgency)
    words = models.TextField(db_collation="C")  # summary, key and source in upper case, a line each


class SearchMark(models.Model):
    """One row at most: every alert up to this number is in SearchText, and no lower number can still come."""

    id = models.SmallIntegerField(primary_key=True, default=1)
    number = models.BigIntegerField()


class IdempotencyKey(models.Model):
    """Same key and same body: the same answer. Same key and another body: 409."""

    integration = models.ForeignKey(Integration, on_delete=models.CASCADE)
    key = models.CharField(max_length=255)
    body_digest = models.CharField(max_length=64)
    answer = models.JSONField()
    created_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["integration", "key"], name="idempotency_key_once")]
        indexes = [models.Index(fields=["created_at"])]
