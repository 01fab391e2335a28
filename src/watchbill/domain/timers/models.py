"""Waiting is a row with a due time."""

from django.db import models


class Timer(models.Model):
    """At most one timer of a kind for a subject; setting it again moves it.

    `generation` is compared by the handler with the subject's own, so that a timer set for an
    earlier life of its subject does nothing.
    """

    id = models.BigAutoField(primary_key=True)
    kind = models.CharField(max_length=40)
    subject_id = models.UUIDField()
    generation = models.PositiveIntegerField(default=0)
    due_at = models.DateTimeField()
    failures = models.PositiveSmallIntegerField(default=0)
    last_error = models.TextField(default="", blank=True)
    quarantined_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["kind", "subject_id"], name="one_timer_of_a_kind")]
        indexes = [
            models.Index(fields=["due_at"], condition=models.Q(quarantined_at=None), name="timers_due"),
        ]
