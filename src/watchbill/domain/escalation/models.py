"""Policies, their immutable versions, and runs: one run drives one alert."""

from django.db import models

from watchbill.domain.people.models import Team, Urgency
from watchbill.ground.ids import new_id


class RunState(models.TextChoices):
    LIVE = "live", "Escalating"
    STOPPED = "stopped", "Stopped"
    NOTIFIED = "notified", "Notified, does not escalate"
    EXHAUSTED = "exhausted", "Exhausted, fallback paged"


class Policy(models.Model):
    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    name = models.CharField(max_length=100, unique=True)
    team = models.ForeignKey(Team, null=True, on_delete=models.PROTECT, related_name="policies")
    current_version = models.ForeignKey("PolicyVersion", null=True, on_delete=models.PROTECT, related_name="+")
    archived_at = models.DateTimeField(null=True)


class PolicyVersion(models.Model):
    """Immutable. `definition` is `rules.Plan` as JSON: levels with targets and time-outs, repeats, ack time-out."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    policy = models.ForeignKey(Policy, on_delete=models.CASCADE, related_name="versions")
    number = models.PositiveIntegerField()
    definition = models.JSONField()
    created_at = models.DateTimeField()
    created_by = models.CharField(max_length=254, default="", blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["policy", "number"], name="policy_version_once")]


class Run(models.Model):
    """`level` and `cycle` name the step that comes next; `generation` grows when a run starts over."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    subject_kind = models.CharField(max_length=16)
    subject_id = models.UUIDField()
    group_id = models.UUIDField()
    # Versions are never taken out, so the database need not look for each run.
    policy_version = models.ForeignKey(
        PolicyVersion, null=True, on_delete=models.PROTECT, related_name="runs", db_index=False, db_constraint=False
    )
    urgency = models.CharField(max_length=4, choices=Urgency)
    state = models.CharField(max_length=9, choices=RunState, default=RunState.LIVE)
    generation = models.PositiveIntegerField(default=1)
    # How often it began again because nobody at all could be told; 0 when it begins for another reason.
    tries = models.PositiveSmallIntegerField(default=0, db_default=0)
    cycle = models.PositiveSmallIntegerField(default=0)
    level = models.PositiveSmallIntegerField(default=0)
    reassigned_to = models.JSONField(null=True)  # targets that replace the plan's, after "reassign"
    # Why the next step comes out of its turn ("Ana escalated it"); empty: its time has come. The step clears it.
    because = models.CharField(max_length=300, default="", db_default="", blank=True)
    started_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    end_reason = models.CharField(max_length=200, default="", blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["subject_kind", "subject_id"], name="one_run_per_subject")]
