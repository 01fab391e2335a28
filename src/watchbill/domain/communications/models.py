"""What is said about an incident and to whom: statements with their letters, and who wants to hear.

Items are named by their ids in the communication of the incident's severity.
"""

from django.conf import settings
from django.db import models

from watchbill.domain.incidents.models import Incident
from watchbill.domain.services.models import Service
from watchbill.ground.ids import new_id

SUBJECT_KIND = "communication"


class Audience(models.TextChoices):
    PUBLIC = "public", "Everybody (status page)"
    CUSTOMERS = "customers", "Customers"
    EXECUTIVES = "executives", "Executives"
    INTERNAL = "internal", "People of the organization"


class Moment(models.TextChoices):
    FIRST = "first", "First notice"
    UPDATE = "update", "Update"
    RESOLVED = "resolved", "Resolved"
    BACK = "back", "It is back"


class Template(models.Model):
    """A text that somebody changed; the others come with Watchbill."""

    audience = models.CharField(max_length=10, choices=Audience)
    moment = models.CharField(max_length=8, choices=Moment)
    subject = models.CharField(max_length=200)
    body = models.TextField()
    changed_at = models.DateTimeField()
    changed_by = models.CharField(max_length=254)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["audience", "moment"], name="template_once")]


class ApprovalRule(models.Model):
    """What goes to this audience needs the word of whoever has that role; without a row it needs nobody's."""

    audience = models.CharField(primary_key=True, max_length=10, choices=Audience)
    role = models.CharField(max_length=80)


class CustomerContact(models.Model):
    """Somebody at a customer who is written to. `service` None: whatever is affected."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    service = models.ForeignKey(Service, null=True, on_delete=models.CASCADE, related_name="customer_contacts")
    address = models.CharField(max_length=254)
    name = models.CharField(max_length=200, default="", blank=True)
    added_at = models.DateTimeField()
    added_by = models.CharField(max_length=254)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["service", "address"], name="customer_contact_once", nulls_distinct=False)
        ]


class Subscription(models.Model):
    """A person of the organization who wants to hear. `severity`: that one and worse; empty: all of them."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="subscriptions")
    audience = models.CharField(max_length=10, choices=Audience)
    service = models.ForeignKey(Service, null=True, on_delete=models.CASCADE, related_name="subscriptions")
    severity = models.CharField(max_length=80, default="", blank=True)
    added_at = models.DateTimeField()
    added_by = models.CharField(max_length=254)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["user", "audience", "service"], name="subscription_once", nulls_distinct=False
            )
        ]


class Inquiry(models.Model):
    """A customer asked about this incident."""

    incident = models.OneToOneField(Incident, primary_key=True, on_delete=models.CASCADE, related_name="inquiry")
    asked_at = models.DateTimeField()
    noted_by = models.CharField(max_length=254)
    who = models.CharField(max_length=300, default="", blank=True)


class StatementState(models.TextChoices):
    DRAFT = "draft", "Draft"
    WAITING = "waiting", "Waits for approval"
    APPROVED = "approved", "Approved"
    PUBLISHED = "published", "Published"
    DISCARDED = "discarded", "Discarded"


# Somebody is still at it: of one item there is one such statement.
UNPUBLISHED = (StatementState.DRAFT, StatementState.WAITING, StatementState.APPROVED)


class Statement(models.Model):
    """One text for one audience, from the first draft to its publication.

    `revision` grows with each change of the text, so that nobody overwrites, approves or publishes what he did not
    see. `status` and `components` (id of the status page: state) are for the public alone. `elsewhere`: they were told
    by other means, and nothing was sent.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    incident = models.ForeignKey(Incident, on_delete=models.PROTECT, related_name="statements")
    item = models.CharField(max_length=80)
    label = models.CharField(max_length=200)
    audience = models.CharField(max_length=10, choices=Audience)
    moment = models.CharField(max_length=8, choices=Moment)
    subject = models.CharField(max_length=200)
    body = models.TextField()
    status = models.CharField(max_length=40, default="", blank=True)
    components = models.JSONField(default=dict)
    state = models.CharField(max_length=9, choices=StatementState, default=StatementState.DRAFT)
    revision = models.PositiveIntegerField(default=1)
    drafted_at = models.DateTimeField()
    drafted_by = models.CharField(max_length=254)
    drafted_by_id = models.UUIDField(null=True)
    asked_at = models.DateTimeField(null=True)
    decided_at = models.DateTimeField(null=True)
    decided_by = models.CharField(max_length=254, default="", blank=True)
    why = models.CharField(max_length=1000, default="", blank=True)
    published_at = models.DateTimeField(null=True)
    published_by = models.CharField(max_length=254, default="", blank=True)
    sent_to = models.PositiveIntegerField(default=0)
    elsewhere = models.BooleanField(default=False, db_default=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["incident", "item"],
                condition=models.Q(state__in=["draft", "waiting", "approved"]),
                name="one_draft_of_an_item",
            )
        ]
        indexes = [models.Index(fields=["incident", "item", "published_at"])]


class LetterState(models.TextChoices):
    QUEUED = "queued", "Waits"
    SENDING = "sending", "Being sent"
    SENT = "sent", "Sent"
    FAILED = "failed", "Failed"
    UNSURE = "unsure", "May have arrived"


class Letter(models.Model):
    """One statement to one address: written before any mail server is asked, never sent twice by itself.

    `due_at`: not before, after a mail server said "not now". `why`: how it came that they get it.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    statement = models.ForeignKey(Statement, on_delete=models.PROTECT, related_name="letters")
    address = models.CharField(max_length=254)
    name = models.CharField(max_length=200, default="", blank=True)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    why = models.CharField(max_length=200)
    state = models.CharField(max_length=7, choices=LetterState, default=LetterState.QUEUED)
    tries = models.PositiveIntegerField(default=0)
    queued_at = models.DateTimeField()
    due_at = models.DateTimeField()
    settled_at = models.DateTimeField(null=True)
    reason = models.CharField(max_length=500, default="", blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["statement", "address"], name="letter_once")]
