"""Incidents, who is called for them, who has which role, and what was done in which phase.

Severities, phases, steps, roles and tiers are named by their ids in the process version that the incident follows.
"""

from datetime import datetime

from django.conf import settings
from django.db import models

from watchbill.domain.alerts.models import Alert
from watchbill.domain.incidents.room_models import Attachment as Attachment  # Django looks for tables here
from watchbill.domain.incidents.room_models import AttachmentContent as AttachmentContent
from watchbill.domain.incidents.room_models import Look as Look
from watchbill.domain.incidents.room_models import Presence as Presence
from watchbill.domain.process.models import ProcessVersion
from watchbill.domain.services.models import Service
from watchbill.ground.ids import new_id

# What pages and entries of the audit trail call an incident.
SUBJECT_KIND = "incident"


class IncidentState(models.TextChoices):
    OPEN = "open", "Open"
    MITIGATED = "mitigated", "Mitigated"
    RESOLVED = "resolved", "Resolved"
    CLOSED = "closed", "Closed"
    CANCELLED = "cancelled", "Cancelled"
    MERGED = "merged", "Merged into another"


# Somebody still has to restore the service.
UNRESOLVED = (IncidentState.OPEN, IncidentState.MITIGATED)
# It turned out to be none, or to be another.
NEVER_WAS = (IncidentState.CANCELLED, IncidentState.MERGED)


class Incident(models.Model):
    """`process_version` None: the default process. `next_rung` counts the steps of the ladder that are behind.

    `called` holds how often each role was called, so that a change of severity calls nobody twice for the same.
    `next_rung_at` is None when no step is to come. `generation` grows whenever the ladder is planned anew.

    It is raised when it is declared and once more when it is reopened or was mitigated and is back (`back_at`):
    somebody has to be called then. `raised_in_person`: somebody at a screen did it, not a program with that person's
    token.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    number = models.BigIntegerField(unique=True)  # from the sequence incidents_incident_number
    title = models.CharField(max_length=300)
    severity = models.CharField(max_length=80)
    state = models.CharField(max_length=9, choices=IncidentState, default=IncidentState.OPEN)
    phase = models.CharField(max_length=80)
    service = models.ForeignKey(Service, null=True, on_delete=models.PROTECT, related_name="incidents")
    process_version = models.ForeignKey(ProcessVersion, null=True, on_delete=models.PROTECT, related_name="+")
    restricted = models.BooleanField(default=False)
    drill = models.BooleanField(default=False)
    merged_into = models.ForeignKey("self", null=True, on_delete=models.PROTECT, related_name="merged")
    summary = models.TextField(default="", blank=True)
    customer_impact = models.TextField(default="", blank=True)
    customers_affected = models.CharField(
        max_length=100, default="", db_default="", blank=True
    )  # a number or a share, in words
    customer_facing = models.BooleanField(null=True)

    declared_at = models.DateTimeField()
    declared_by = models.CharField(max_length=254)
    declared_by_id = models.UUIDField(null=True)
    reopened_at = models.DateTimeField(null=True)
    back_at = models.DateTimeField(null=True)  # it was mitigated, and is not
    raised_by = models.CharField(max_length=254, default="", db_default="", blank=True)
    raised_by_id = models.UUIDField(null=True)
    raised_in_person = models.BooleanField(default=False, db_default=False)
    raised_generation = models.PositiveIntegerField(default=1, db_default=1)
    started_at = models.DateTimeField(null=True)
    detected_at = models.DateTimeField(null=True)
    acknowledged_at = models.DateTimeField(null=True)
    acknowledged_by = models.CharField(max_length=254, default="", blank=True)
    acknowledged_by_id = models.UUIDField(null=True)
    mitigated_at = models.DateTimeField(null=True)
    resolved_at = models.DateTimeField(null=True)
    closed_at = models.DateTimeField(null=True)
    updated_at = models.DateTimeField(null=True)  # the last status update that was posted

    generation = models.PositiveIntegerField(default=1)
    next_rung = models.PositiveSmallIntegerField(default=0)
    next_rung_at = models.DateTimeField(null=True)
    called = models.JSONField(default=dict)

    class Meta:
        indexes = [
            models.Index(fields=["-declared_at"]),
            models.Index(fields=["state"], condition=models.Q(state__in=["open", "mitigated"]), name="incidents_open"),
        ]

    @property
    def raised_at(self) -> datetime:
        return self.back_at or self.unresolved_since

    @property
    def unresolved_since(self) -> datetime:
        return self.reopened_at or self.declared_at

    @property
    def updates_count_from(self) -> datetime:
        """The last status update since it was raised, or that it was raised."""
        return max(self.updated_at or self.raised_at, self.raised_at)


class IncidentAlert(models.Model):
    """Declaring for an alert again joins the unresolved incident that has it. A drill or a restricted one is joined
    only by its like, so that an alert may belong to more than one.
    """

    incident = models.ForeignKey(Incident, on_delete=models.PROTECT, related_name="alert_links")
    alert = models.ForeignKey(Alert, on_delete=models.PROTECT, related_name="incident_links", db_constraint=False)
    linked_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["incident", "alert"], name="alert_once_per_incident")]


class Insider(models.Model):
    """Who may see a restricted incident; those who are called for it become insiders."""

    incident = models.ForeignKey(Incident, on_delete=models.CASCADE, related_name="insiders")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    added_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["incident", "user"], name="insider_once")]


class CallReason(models.TextChoices):
    LADDER = "ladder", "A step of the severity's ladder"
    TIER = "tier", "Escalated to a tier"
    ROLE = "role", "Asked to take a role"
    PROMPT = "prompt", "Asked to escalate"
    UPDATE = "update", "A status update is due"
    FALLBACK = "fallback", "Nobody else was reached"
    PERSON = "person", "Somebody paged this person"
    MERGED = "merged", "Called for one that was merged into it"
    TAKEN = "taken", "Somebody took over a role of theirs"


class CallAbout(models.TextChoices):
    CHANGE = "change", "A change that waits for approval"
    STATEMENT = "statement", "A text that waits for approval"


class Call(models.Model):
    """One time that an incident pages people, and why: the `run_id` of its pages.

    `people`: by the id of each person who was paged, the roles by which he was found. `about`: what it asks a decision
    on, which ends its pages.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    incident = models.ForeignKey(Incident, on_delete=models.PROTECT, related_name="calls")
    reason = models.CharField(max_length=8, choices=CallReason)
    severity = models.CharField(max_length=80)
    label = models.CharField(max_length=300)
    people = models.JSONField(default=dict)
    called_at = models.DateTimeField()
    about = models.CharField(max_length=9, choices=CallAbout, default="", db_default="", blank=True)
    about_id = models.UUIDField(null=True)

    class Meta:
        indexes = [models.Index(fields=["incident", "called_at"])]


class SeatState(models.TextChoices):
    OFFERED = "offered", "Asked"
    HELD = "held", "Has it"
    DECLINED = "declined", "Declined"
    EXPIRED = "expired", "Did not answer"
    HANDED_OVER = "handed-over", "Handed over"
    RELEASED = "released", "Released"


class Seat(models.Model):
    """One person asked to take one role in one incident, and what became of it."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    incident = models.ForeignKey(Incident, on_delete=models.PROTECT, related_name="seats")
    role = models.CharField(max_length=80)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="incident_seats")
    state = models.CharField(max_length=11, choices=SeatState, default=SeatState.OFFERED)
    why = models.CharField(max_length=300)
    offered_at = models.DateTimeField()
    offered_by = models.CharField(max_length=254)
    held_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    summary = models.TextField(default="", blank=True)  # what the one before wrote when handing over

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["incident", "role"], condition=models.Q(state="held"), name="one_holder_per_role"
            ),
            models.UniqueConstraint(
                fields=["incident", "role"], condition=models.Q(state="offered"), name="one_offer_per_role"
            ),
        ]
        indexes = [models.Index(fields=["user", "state"])]


class StepDone(models.Model):
    """One step of the workflow, done by a person or by Watchbill itself; `why` when it was passed over by hand."""

    incident = models.ForeignKey(Incident, on_delete=models.PROTECT, related_name="steps_done")
    phase = models.CharField(max_length=80)
    step = models.CharField(max_length=80)
    done_at = models.DateTimeField()
    done_by = models.CharField(max_length=254)
    done_by_id = models.UUIDField(null=True)
    evidence = models.TextField(default="", blank=True)
    overridden = models.BooleanField(default=False)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["incident", "phase", "step"], name="step_done_once")]


class PostKind(models.TextChoices):
    MESSAGE = "message", "Message"
    NOTE = "note", "Entry for the timeline"
    UPDATE = "update", "Status update"


class Post(models.Model):
    """What somebody wrote into the room. `at` may lie in the past: an entry that was added later.

    A correction is a post that `replaces` another; the first stays.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    incident = models.ForeignKey(Incident, on_delete=models.PROTECT, related_name="posts")
    kind = models.CharField(max_length=7, choices=PostKind)
    at = models.DateTimeField()
    written_at = models.DateTimeField()
    author = models.CharField(max_length=254)
    author_id = models.UUIDField(null=True)
    prefix = models.CharField(max_length=40, default="", blank=True)
    text = models.TextField()
    thread = models.ForeignKey("self", null=True, on_delete=models.PROTECT, related_name="answers")
    replaces = models.OneToOneField("self", null=True, on_delete=models.PROTECT, related_name="replaced_by")
    pinned_at = models.DateTimeField(null=True)
    pinned_by = models.CharField(max_length=254, default="", blank=True)

    class Meta:
        indexes = [models.Index(fields=["incident", "at"])]


class AffectedService(models.Model):
    """A service that suffers from it, beside the one it was declared for."""

    incident = models.ForeignKey(Incident, on_delete=models.PROTECT, related_name="affected")
    service = models.ForeignKey(Service, on_delete=models.PROTECT, related_name="+")
    added_at = models.DateTimeField()
    added_by = models.CharField(max_length=254)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["incident", "service"], name="affected_once")]


class HypothesisState(models.TextChoices):
    OPEN = "open", "Open"
    CONFIRMED = "confirmed", "Confirmed"
    RULED_OUT = "ruled-out", "Ruled out"


class Hypothesis(models.Model):
    """What might be the cause, and what became of the thought."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    incident = models.ForeignKey(Incident, on_delete=models.PROTECT, related_name="hypotheses")
    text = models.CharField(max_length=1000)
    state = models.CharField(max_length=9, choices=HypothesisState, default=HypothesisState.OPEN)
    thought_at = models.DateTimeField()
    thought_by = models.CharField(max_length=254)
    settled_at = models.DateTimeField(null=True)
    settled_by = models.CharField(max_length=254, default="", blank=True)
    why = models.CharField(max_length=1000, default="", blank=True)


class ChangeState(models.TextChoices):
    PROPOSED = "proposed", "Waits for approval"
    APPROVED = "approved", "Approved"
    DECLINED = "declined", "Declined"
    APPLIED = "applied", "Applied"
    HELPED = "helped", "Helped"
    NO_EFFECT = "no-effect", "No effect"
    WORSE = "worse", "Made it worse"
    ROLLED_BACK = "rolled-back", "Rolled back"


class ProductionChange(models.Model):
    """A change to production in an incident: nothing is applied before whoever is in charge says so."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    incident = models.ForeignKey(Incident, on_delete=models.PROTECT, related_name="changes")
    number = models.PositiveSmallIntegerField()
    what = models.CharField(max_length=1000)
    where = models.CharField(max_length=300)
    rollback = models.CharField(max_length=1000)
    state = models.CharField(max_length=11, choices=ChangeState, default=ChangeState.PROPOSED)
    proposed_at = models.DateTimeField()
    proposed_by = models.CharField(max_length=254)
    proposed_by_id = models.UUIDField(null=True)
    decided_at = models.DateTimeField(null=True)
    decided_by = models.CharField(max_length=254, default="", blank=True)
    why = models.CharField(max_length=1000, default="", blank=True)
    applied_at = models.DateTimeField(null=True)
    applied_by = models.CharField(max_length=254, default="", blank=True)
    effect = models.CharField(max_length=1000, default="", blank=True)
    effect_at = models.DateTimeField(null=True)
    rolled_back_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["incident", "number"], name="change_number_once")]


class FollowUpKind(models.TextChoices):
    TICKET = "ticket", "Ticket"
    ACTION_ITEM = "action-item", "Action item"
    REVIEW = "review", "Post-mortem"
    SUMMARY = "summary", "Internal summary"


class FollowUpState(models.TextChoices):
    OPEN = "open", "Open"
    DONE = "done", "Done"
    WAIVED = "waived", "Waived"


class FollowUp(models.Model):
    """What is left to do: written by hand, or by the process when an incident is declared or resolved."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    incident = models.ForeignKey(Incident, on_delete=models.PROTECT, related_name="follow_ups")
    kind = models.CharField(max_length=11, choices=FollowUpKind)
    text = models.TextField()
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="follow_ups")
    is_optional = models.BooleanField(default=False)
    made_at = models.DateTimeField()
    made_by = models.CharField(max_length=254)
    due_at = models.DateTimeField(null=True)
    state = models.CharField(max_length=6, choices=FollowUpState, default=FollowUpState.OPEN)
    settled_at = models.DateTimeField(null=True)
    settled_by = models.CharField(max_length=254, default="", blank=True)
    why = models.CharField(max_length=1000, default="", blank=True)

    class Meta:
        indexes = [models.Index(fields=["due_at"], condition=models.Q(state="open"), name="follow_ups_open")]
