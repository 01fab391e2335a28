"""Bridges that are kept ready for incidents, which incident has which, and meetings made for one."""

from django.db import models

from watchbill.domain.incidents.models import Incident
from watchbill.domain.people.models import Team
from watchbill.ground.ids import new_id


class BridgeKind(models.TextChoices):
    ZOOM = "zoom", "Zoom"
    GOOGLE_MEET = "google-meet", "Google Meet"
    JITSI = "jitsi", "Jitsi"
    LINK = "link", "Other link"
    PHONE = "phone", "Phone conference"


class Bridge(models.Model):
    """One of the pool. Those with a lower `order` are taken first; with a team, only for incidents of its services.

    A `url` with `{name}` is another bridge for each incident, so it is never in use.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    name = models.CharField(max_length=100)
    kind = models.CharField(max_length=11, choices=BridgeKind)
    url = models.CharField(max_length=500, default="", blank=True)
    phone = models.CharField(max_length=40, default="", blank=True)
    pin = models.CharField(max_length=20, default="", blank=True)
    order = models.PositiveSmallIntegerField(default=100)
    team = models.ForeignKey(Team, null=True, on_delete=models.PROTECT, related_name="bridges")
    created_at = models.DateTimeField()
    removed_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["name"], condition=models.Q(removed_at=None), name="bridge_name_once")
        ]


class Part(models.TextChoices):
    VOICE = "voice", "Voice bridge"
    BACKUP = "backup", "Phone bridge"


class BridgeUse(models.Model):
    """One incident has one bridge, from when until when, as it was then. `bridge` None: made for it, or given by hand.

    `shared`: a link of its own for each incident, so that the same row of the pool may serve several.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    incident = models.ForeignKey(Incident, on_delete=models.PROTECT, related_name="bridge_uses")
    part = models.CharField(max_length=6, choices=Part)
    bridge = models.ForeignKey(Bridge, null=True, on_delete=models.PROTECT, related_name="uses")
    shared = models.BooleanField(default=False)
    name = models.CharField(max_length=100)
    kind = models.CharField(max_length=11, choices=BridgeKind)
    url = models.CharField(max_length=1000, default="", blank=True)
    phone = models.CharField(max_length=40, default="", blank=True)
    pin = models.CharField(max_length=60, default="", blank=True)
    taken_at = models.DateTimeField()
    taken_by = models.CharField(max_length=254)
    freed_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["bridge"], condition=models.Q(freed_at=None, shared=False), name="bridge_in_one_incident"
            ),
            models.UniqueConstraint(
                fields=["incident", "part"], condition=models.Q(freed_at=None), name="one_bridge_for_a_part"
            ),
        ]


class MeetingState(models.TextChoices):
    WANTED = "wanted", "Being made"
    MADE = "made", "Made"
    FAILED = "failed", "Could not be made"
    NOT_NEEDED = "not-needed", "Not needed any more"


class Meeting(models.Model):
    """A bridge that is made for one incident by the API of its host; at most one, by its own row.

    `asked_at` is the intent: written before the host is asked, taken back when the host surely did nothing. As long
    as it stands, nobody knows whether there is a meeting, and the host is asked for it by `marker` before any other
    is made.
    """

    incident = models.OneToOneField(Incident, primary_key=True, on_delete=models.PROTECT, related_name="meeting")
    kind = models.CharField(max_length=11, choices=BridgeKind)
    marker = models.CharField(max_length=32)
    state = models.CharField(max_length=10, choices=MeetingState, default=MeetingState.WANTED)
    wanted_at = models.DateTimeField()
    asked_at = models.DateTimeField(null=True)
    try_at = models.DateTimeField(null=True)
    tries = models.PositiveSmallIntegerField(default=0)
    error = models.CharField(max_length=500, default="", blank=True)
    made_at = models.DateTimeField(null=True)
    reference = models.CharField(max_length=200, default="", blank=True)
    url = models.CharField(max_length=1000, default="", blank=True)
    passcode = models.CharField(max_length=60, default="", blank=True)
