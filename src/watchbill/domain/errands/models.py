"""Work with somebody else's system that may be late: rooms in chat tools, bridges, publications, checks of metrics."""

from django.db import models

from watchbill.ground.ids import new_id


class Errand(models.Model):
    """At most one of a kind for a subject; asking again while one waits or runs makes it look once more.

    `asked` counts the askings, so that what was asked while it ran is not taken for done. `failures` in a row
    lengthen the pause; `last_error` is what people read beside what is late.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    kind = models.CharField(max_length=40)
    subject_id = models.UUIDField()
    asked = models.PositiveIntegerField(default=1)
    due_at = models.DateTimeField()
    failures = models.PositiveIntegerField(default=0)
    last_error = models.TextField(default="", blank=True)
    lease_until = models.DateTimeField(null=True)
    token = models.UUIDField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["kind", "subject_id"], name="one_errand_of_a_kind")]
        indexes = [models.Index(fields=["due_at"], name="errands_due")]
