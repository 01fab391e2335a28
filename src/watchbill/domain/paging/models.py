"""A page wakes one person for one step; deliveries are its ways; an attempt is one message to one contact.

The references are not foreign keys of the database, and none has an index that another one covers: each costs every
page (decision record 22). Nothing here is ever deleted, nor the people and contacts that it names.
"""

from django.conf import settings
from django.db import models

from watchbill.domain.people.models import ContactMethod, Urgency
from watchbill.ground.ids import new_id


class PageState(models.TextChoices):
    ACTIVE = "active", "Waiting for an answer"
    ANSWERED = "answered", "Answered"
    CANCELLED = "cancelled", "Cancelled"
    UNREACHED = "unreached", "Could not be reached"


class DeliveryState(models.TextChoices):
    QUEUED = "queued", "Waiting"
    SENDING = "sending", "Being sent"
    SENT = "sent", "Handed to the provider"
    FAILED = "failed", "Failed"
    CANCELLED = "cancelled", "Cancelled"


class AttemptState(models.TextChoices):
    SENDING = "sending", "Being sent"
    DELIVERED = "delivered", "Handed to the provider"
    RETRY = "retry", "Failed, will be tried again"
    REFUSED = "refused", "Refused for good"
    EXPIRED = "expired", "Sender died; tried again"
    CANCELLED = "cancelled", "Called off before the provider was asked"


class Page(models.Model):
    """`subject_id` is the alert (later: the incident); `reason` is the sentence shown beside the page.

    `level` counts from 1; 0 is the fallback.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    run_id = models.UUIDField()
    generation = models.PositiveIntegerField()
    cycle = models.PositiveSmallIntegerField()
    level = models.PositiveSmallIntegerField()
    subject_kind = models.CharField(max_length=16)
    subject_id = models.UUIDField()
    group_id = models.UUIDField()  # the service: the first page about it to a person is never held back
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="pages", db_index=False, db_constraint=False
    )
    urgency = models.CharField(max_length=4, choices=Urgency)
    reason = models.CharField(max_length=500)
    state = models.CharField(max_length=10, choices=PageState, default=PageState.ACTIVE)
    created_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True)
    closed_by_id = models.UUIDField(null=True)  # the person who answered, whose page it was or not
    closed_reason = models.CharField(max_length=300, default="", blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["run_id", "generation", "cycle", "level", "user"],
                name="page_once_per_step_and_person",
            )
        ]
        indexes = [
            models.Index(fields=["subject_id", "created_at"]),
            models.Index(fields=["user", "created_at"]),
            models.Index(fields=["state"], condition=models.Q(state="active"), name="pages_active"),
        ]


class Attempt(models.Model):
    """Intent is committed before the provider is asked; `token` fences a sender that woke up too late."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    contact = models.ForeignKey(
        ContactMethod, on_delete=models.PROTECT, related_name="attempts", db_index=False, db_constraint=False
    )
    kind = models.CharField(max_length=16)
    state = models.CharField(max_length=9, choices=AttemptState)
    token = models.UUIDField()
    started_at = models.DateTimeField()
    lease_until = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)
    pages_count = models.PositiveIntegerField()
    reference = models.CharField(max_length=300, default="", blank=True)
    error = models.CharField(max_length=500, default="", blank=True)

    class Meta:
        indexes = [
            models.Index(fields=["lease_until"], condition=models.Q(state="sending"), name="attempts_in_flight"),
            models.Index(fields=["contact", "-started_at"]),
        ]


class Delivery(models.Model):
    """One rule of one page. `tries` counts attempts; a failed one is retried or hands over to the next rule.

    `expiries`: those of them whose sender died, of which nobody knows what the provider did.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    page = models.ForeignKey(
        Page, on_delete=models.PROTECT, related_name="deliveries", db_index=False, db_constraint=False
    )
    contact = models.ForeignKey(
        ContactMethod, on_delete=models.PROTECT, related_name="deliveries", db_index=False, db_constraint=False
    )
    position = models.PositiveSmallIntegerField()
    rule = models.CharField(max_length=200)
    due_at = models.DateTimeField()
    state = models.CharField(max_length=9, choices=DeliveryState, default=DeliveryState.QUEUED)
    tries = models.PositiveSmallIntegerField(default=0)
    expiries = models.PositiveSmallIntegerField(default=0, db_default=0)
    attempt = models.ForeignKey(
        Attempt, null=True, on_delete=models.PROTECT, related_name="deliveries", db_index=False, db_constraint=False
    )
    finished_at = models.DateTimeField(null=True)
    error = models.CharField(max_length=500, default="", blank=True)

    class Meta:
        ordering = ["position"]
        constraints = [models.UniqueConstraint(fields=["page", "position"], name="delivery_position_once")]
        indexes = [
            models.Index(fields=["due_at"], condition=models.Q(state="queued"), name="deliveries_due"),
            models.Index(fields=["contact"], condition=models.Q(state="queued"), name="deliveries_by_contact"),
            models.Index(fields=["attempt"]),
        ]


class AttemptedDelivery(models.Model):
    """Which deliveries one attempt carried: a bundle keeps the exact set, for good."""

    attempt = models.ForeignKey(
        Attempt, on_delete=models.PROTECT, related_name="carried", db_index=False, db_constraint=False
    )
    delivery = models.ForeignKey(Delivery, on_delete=models.PROTECT, related_name="carried_by", db_constraint=False)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["attempt", "delivery"], name="carried_once")]


class ContactMessageKind(models.TextChoices):
    CODE = "code", "Code that confirms the contact"
    TEST = "test", "Test page"
    NOTICE = "notice", "Notice of a change"


class ContactMessageState(models.TextChoices):
    QUEUED = "queued", "Waiting"
    SENDING = "sending", "Being sent"
    SENT = "sent", "Delivered"
    FAILED = "failed", "Failed"


class ContactMessage(models.Model):
    """A message to a contact that is no page. `address` is the contact's when it was asked for.

    A code exists in clear only while the sender holds it: each try makes a new one and keeps its keyed digest here.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    kind = models.CharField(max_length=6, choices=ContactMessageKind)
    contact = models.ForeignKey(ContactMethod, on_delete=models.CASCADE, related_name="messages")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="contact_messages")
    address = models.CharField(max_length=500)
    text = models.CharField(max_length=500, default="", blank=True)
    asked_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    state = models.CharField(max_length=7, choices=ContactMessageState, default=ContactMessageState.QUEUED)
    due_at = models.DateTimeField()
    tries = models.PositiveSmallIntegerField(default=0)
    token = models.UUIDField(null=True)
    finished_at = models.DateTimeField(null=True)
    error = models.CharField(max_length=500, default="", blank=True)
    code_digest = models.CharField(max_length=64, default="", blank=True)
    wrong_tries = models.PositiveSmallIntegerField(default=0)
    used_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [
            models.Index(
                fields=["due_at"], condition=models.Q(state__in=["queued", "sending"]), name="contact_messages_due"
            ),
            models.Index(fields=["contact", "-asked_at"]),
            models.Index(fields=["user", "-asked_at"]),
            models.Index(fields=["address", "-asked_at"]),
        ]


class RunningSender(models.Model):
    """An engine, by its host and process, and the kinds of contact that it is set up to send to."""

    name = models.CharField(primary_key=True, max_length=300)
    kinds = models.JSONField()
    seen_at = models.DateTimeField()
