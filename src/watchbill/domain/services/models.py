"""What is watched, by which key its events come in, and when it is under maintenance."""

from django.db import models

from watchbill.domain.escalation.models import Policy
from watchbill.domain.people.models import Team
from watchbill.ground.ids import new_id


class UrgencyRule(models.TextChoices):
    HIGH = "high", "Always high"
    LOW = "low", "Always low"
    BY_SEVERITY = "by-severity", "By severity: critical and error are high, warning and info are low"


class IntegrationKind(models.TextChoices):
    PAGERDUTY_EVENTS_V2 = "pagerduty-events-v2", "PagerDuty Events API v2"
    ALERTMANAGER = "alertmanager", "Alertmanager webhook"
    GENERIC = "generic", "Generic JSON"
    HEARTBEAT = "heartbeat", "Heartbeat"


class Service(models.Model):
    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    name = models.CharField(max_length=100, unique=True)
    description = models.TextField(default="", blank=True)
    team = models.ForeignKey(Team, null=True, on_delete=models.PROTECT, related_name="services")
    policy = models.ForeignKey(Policy, null=True, on_delete=models.PROTECT, related_name="services")
    urgency_rule = models.CharField(max_length=12, choices=UrgencyRule, default=UrgencyRule.HIGH)
    runbook_url = models.CharField(max_length=500, default="", blank=True)
    created_at = models.DateTimeField()
    archived_at = models.DateTimeField(null=True)


class Integration(models.Model):
    """`digest` finds it; `sealed_key` gives the key back to an export, with the instance's secret."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    service = models.ForeignKey(Service, on_delete=models.CASCADE, related_name="integrations")
    kind = models.CharField(max_length=24, choices=IntegrationKind)
    name = models.CharField(max_length=100, default="", blank=True)
    digest = models.CharField(max_length=64, unique=True)
    hint = models.CharField(max_length=16)
    sealed_key = models.TextField()
    # For a source that needs more than its key, such as a signing secret of the sender's; none asks for any yet.
    settings = models.JSONField(default=dict)
    created_at = models.DateTimeField()
    removed_at = models.DateTimeField(null=True)


class MaintenanceWindow(models.Model):
    """Always ends. Alerts that open meanwhile are kept, shown and not paged until it is over."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    service = models.ForeignKey(Service, on_delete=models.CASCADE, related_name="maintenance_windows")
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    reason = models.CharField(max_length=300)
    created_by = models.CharField(max_length=254)
    created_at = models.DateTimeField()
    cancelled_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [models.Index(fields=["service", "ends_at"])]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(ends_at__gt=models.F("starts_at")), name="maintenance_ends_after_start"
            )
        ]


class RoleAssignment(models.Model):
    """Whom a role of the process stands for: in one service, in one team, or in the whole organization.

    `targets` as in a policy: kind, id and label.
    """

    role = models.CharField(max_length=80)
    service = models.ForeignKey(Service, null=True, on_delete=models.CASCADE, related_name="roles")
    team = models.ForeignKey(Team, null=True, on_delete=models.CASCADE, related_name="roles")
    targets = models.JSONField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["role", "service", "team"], name="role_once", nulls_distinct=False),
            models.CheckConstraint(
                condition=models.Q(service=None) | models.Q(team=None), name="role_of_one_service_or_team"
            ),
        ]


class HealthCheck(models.Model):
    """A question to the metrics source, and which answers mean that the service is healthy."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    service = models.ForeignKey(Service, on_delete=models.CASCADE, related_name="checks")
    position = models.PositiveSmallIntegerField()
    name = models.CharField(max_length=100)
    query = models.CharField(max_length=2000)
    healthy_when = models.CharField(max_length=60)  # an operator and a number, like "< 0.01"
    unit = models.CharField(max_length=20, default="", db_default="", blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["service", "name"], name="check_name_once")]


class Dependency(models.Model):
    """`service` does not work without `needs`; nothing needs itself, by whatever way round."""

    service = models.ForeignKey(Service, on_delete=models.CASCADE, related_name="dependencies")
    needs = models.ForeignKey(Service, on_delete=models.CASCADE, related_name="dependents")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["service", "needs"], name="dependency_once"),
            models.CheckConstraint(condition=~models.Q(service=models.F("needs")), name="dependency_on_another"),
        ]
