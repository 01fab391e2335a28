"""What stands in the built-in room beside the text: files, who has read how far, and who has it open now."""

from django.conf import settings
from django.db import models

from watchbill.ground.ids import new_id


class AttachmentKind(models.TextChoices):
    IMAGE = "image", "Picture"
    TEXT = "text", "Log excerpt"


class Attachment(models.Model):
    """A picture or a log excerpt that came with a post. `preview`: the first lines of a text.

    `content_type` is what the content was found to be, never what its sender called it.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    incident = models.ForeignKey("incidents.Incident", on_delete=models.PROTECT, related_name="attachments")
    post = models.ForeignKey("incidents.Post", on_delete=models.PROTECT, related_name="attachments")
    kind = models.CharField(max_length=5, choices=AttachmentKind)
    content_type = models.CharField(max_length=40)
    name = models.CharField(max_length=120)
    size = models.PositiveIntegerField()
    sha256 = models.CharField(max_length=64)
    alt = models.CharField(max_length=300, default="", blank=True)
    width = models.PositiveIntegerField(null=True)
    height = models.PositiveIntegerField(null=True)
    position = models.PositiveSmallIntegerField(default=0)  # of those that came with the same post
    preview = models.TextField(default="", blank=True)
    added_at = models.DateTimeField()
    added_by = models.CharField(max_length=254)

    class Meta:
        indexes = [models.Index(fields=["incident", "added_at"], name="attachments_of_incident")]


class AttachmentContent(models.Model):
    """The bytes alone, so that nobody reads them who only lists; in the database, so that one backup holds all."""

    attachment = models.OneToOneField(Attachment, primary_key=True, on_delete=models.PROTECT, related_name="content")
    content = models.BinaryField()


class Look(models.Model):
    """How far a person has read the record of an incident: entries above `entry_id` are new to that person."""

    incident = models.ForeignKey("incidents.Incident", on_delete=models.CASCADE, related_name="looks")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    entry_id = models.BigIntegerField()
    looked_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["incident", "user"], name="look_once")]


class Presence(models.Model):
    """Who has the page of an incident open, as last heard of the live stream."""

    incident = models.ForeignKey("incidents.Incident", on_delete=models.CASCADE, related_name="presences")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    seen_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["incident", "user"], name="presence_once")]
