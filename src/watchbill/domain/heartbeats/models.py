"""A job that must call in. Silence raises an alert; the next ping closes it."""

from django.db import models

from watchbill.domain.services.models import Integration
from watchbill.ground.ids import new_id


class HeartbeatState(models.TextChoices):
    NEW = "new", "Waiting for the first ping"
    UP = "up", "Alive"
    DOWN = "down", "Silent"


class Heartbeat(models.Model):
    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    integration = models.OneToOneField(Integration, on_delete=models.CASCADE, related_name="heartbeat")
    period_seconds = models.PositiveIntegerField()
    grace_seconds = models.PositiveIntegerField(default=0)
    state = models.CharField(max_length=4, choices=HeartbeatState, default=HeartbeatState.NEW)
    last_ping_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField()


class OpenDoor(models.Model):
    """When a ping could last be taken, by the database's clock, whichever web process that was. At most one row."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1, editable=False)
    noted_at = models.DateTimeField()

    class Meta:
        constraints = [models.CheckConstraint(condition=models.Q(id=1), name="one_open_door")]
