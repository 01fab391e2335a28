"""Schedules as stored. The calculation is in `rules.py`; edits retire a row and add another, so the past stays."""

from django.conf import settings
from django.db import models

from watchbill.domain.oncall.rules import Unit as Unit
from watchbill.domain.people.models import Team
from watchbill.ground.ids import new_id


class Schedule(models.Model):
    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    name = models.CharField(max_length=100, unique=True)
    team = models.ForeignKey(Team, null=True, on_delete=models.PROTECT, related_name="schedules")
    time_zone = models.CharField(max_length=64)
    description = models.TextField(default="", blank=True)
    created_at = models.DateTimeField()
    archived_at = models.DateTimeField(null=True)


class Rotation(models.Model):
    """One version of one layer; it counts from `effective_at` until `retired_at`. Later positions win."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    schedule = models.ForeignKey(Schedule, on_delete=models.CASCADE, related_name="rotations")
    name = models.CharField(max_length=100)
    position = models.PositiveSmallIntegerField()
    every = models.PositiveSmallIntegerField()
    unit = models.CharField(max_length=5, choices=[(unit.value, unit.value.capitalize()) for unit in Unit])
    handoff_weekday = models.PositiveSmallIntegerField(null=True)
    handoff_time = models.TimeField()
    starts_date = models.DateField()
    ends_at = models.DateTimeField(null=True)
    per_turn = models.PositiveSmallIntegerField(default=1)
    windows = models.JSONField(default=list)
    effective_at = models.DateTimeField(null=True)
    retired_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["position"]
        constraints = [
            models.UniqueConstraint(
                fields=["schedule", "name"], condition=models.Q(retired_at=None), name="rotation_name_once"
            )
        ]


class RotationMember(models.Model):
    rotation = models.ForeignKey(Rotation, on_delete=models.CASCADE, related_name="members")
    position = models.PositiveSmallIntegerField()
    user = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")

    class Meta:
        ordering = ["position"]
        constraints = [models.UniqueConstraint(fields=["rotation", "position"], name="seat_once")]


class Override(models.Model):
    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    schedule = models.ForeignKey(Schedule, on_delete=models.CASCADE, related_name="overrides")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    created_at = models.DateTimeField()
    created_by = models.CharField(max_length=254, default="", blank=True)
    cancelled_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [models.Index(fields=["schedule", "ends_at"])]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(ends_at__gt=models.F("starts_at")), name="override_ends_after_start"
            )
        ]
