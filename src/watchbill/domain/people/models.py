"""People as they are reached: contacts, rules, teams, and the organization's last resort."""

from django.conf import settings
from django.db import models

from watchbill.ground.ids import new_id


class Urgency(models.TextChoices):
    HIGH = "high", "High: wake somebody"
    LOW = "low", "Low: tell somebody"


class Organization(models.Model):
    """Exactly one row."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1, editable=False)
    name = models.CharField(max_length=200)
    time_zone = models.CharField(max_length=64, default="UTC")

    class Meta:
        constraints = [models.CheckConstraint(condition=models.Q(id=1), name="one_organization")]


class FallbackRecipient(models.Model):
    """Paged when a whole escalation policy reached nobody."""

    user = models.OneToOneField(settings.AUTH_USER_MODEL, on_delete=models.PROTECT)
    position = models.PositiveSmallIntegerField()

    class Meta:
        ordering = ["position"]


class Team(models.Model):
    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    name = models.CharField(max_length=100, unique=True)
    lead = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    manager = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    archived_at = models.DateTimeField(null=True)


class Membership(models.Model):
    team = models.ForeignKey(Team, on_delete=models.CASCADE, related_name="memberships")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="memberships")
    position = models.PositiveSmallIntegerField()

    class Meta:
        ordering = ["position"]
        constraints = [models.UniqueConstraint(fields=["team", "user"], name="member_once")]


# What `ContactMethod.is_usable` says, for queries.
USABLE = models.Q(verified_at__isnull=False, disabled_at=None, removed_at=None)


class ContactMethod(models.Model):
    """One way to reach one person. Removed contacts stay as rows, because attempts refer to them."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="contacts")
    name = models.CharField(max_length=100)
    kind = models.CharField(max_length=16)
    address = models.CharField(max_length=500)
    sealed_secret = models.TextField(default="", blank=True)
    position = models.PositiveSmallIntegerField(default=0)
    created_at = models.DateTimeField()
    verified_at = models.DateTimeField(null=True)
    disabled_at = models.DateTimeField(null=True)
    disabled_reason = models.CharField(max_length=300, default="", blank=True)
    removed_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["position", "created_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["user", "name"],
                condition=models.Q(removed_at=None),
                name="contact_name_once_per_person",
            )
        ]

    @property
    def is_usable(self) -> bool:
        """Verified, not put to rest, not removed: pages go to it, where this instance can send by its kind."""
        return self.verified_at is not None and self.disabled_at is None and self.removed_at is None


class NotificationRule(models.Model):
    """`after_seconds` counts from the page. No rows for an urgency: the process document's rules hold."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="rules")
    urgency = models.CharField(max_length=4, choices=Urgency)
    position = models.PositiveSmallIntegerField()
    contact = models.ForeignKey(ContactMethod, on_delete=models.CASCADE)
    after_seconds = models.PositiveIntegerField()

    class Meta:
        ordering = ["after_seconds", "position"]
        constraints = [models.UniqueConstraint(fields=["user", "urgency", "position"], name="rule_position_once")]
