"""Rooms in chat tools: which there are, who was asked in, and which message there is which of ours."""

from django.conf import settings
from django.db import models

from watchbill.domain.incidents.models import Incident, Post
from watchbill.ground.ids import new_id


class RoomState(models.TextChoices):
    WANTED = "wanted", "To be made"
    MADE = "made", "Open"
    ARCHIVED = "archived", "Archived"
    REFUSED = "refused", "Refused"


class ChatRoom(models.Model):
    """One room of one incident. `part` counts those that follow on because a former one could not be opened again.

    `name_tries` counts names that were taken. `tried_at`: since when it may have been made without our knowing.
    `troubles`: by kind of step, why it did not work and from when on it is tried again.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    incident = models.ForeignKey(Incident, on_delete=models.PROTECT, related_name="chat_rooms")
    host = models.CharField(max_length=20)
    part = models.PositiveSmallIntegerField(default=1)
    state = models.CharField(max_length=8, choices=RoomState, default=RoomState.WANTED)
    private = models.BooleanField(default=False)
    external_id = models.CharField(max_length=255, null=True)
    url = models.CharField(max_length=1000, default="", blank=True)
    name = models.CharField(max_length=255, default="", blank=True)
    name_tries = models.PositiveSmallIntegerField(default=0)
    topic = models.CharField(max_length=1000, default="", blank=True)
    card_pinned = models.BooleanField(default=False)
    wanted_at = models.DateTimeField()
    tried_at = models.DateTimeField(null=True)
    made_at = models.DateTimeField(null=True)
    archived_at = models.DateTimeField(null=True)
    why = models.CharField(max_length=1000, default="", blank=True)
    troubles = models.JSONField(default=dict)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["incident", "host", "part"], name="chat_room_once"),
            models.UniqueConstraint(fields=["host", "external_id"], name="chat_room_of_one_incident"),
        ]


class Invitation(models.TextChoices):
    IN = "in", "Invited"
    UNKNOWN = "unknown", "Not known there"
    REFUSED = "refused", "Refused"


class RoomMember(models.Model):
    """Somebody of ours who was asked into the room, and what came of it."""

    room = models.ForeignKey(ChatRoom, on_delete=models.CASCADE, related_name="members")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    state = models.CharField(max_length=7, choices=Invitation)
    why = models.CharField(max_length=500, default="", blank=True)
    invited_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["room", "user"], name="invited_once")]


class Direction(models.TextChoices):
    OUT = "out", "From here to there"
    IN = "in", "From there to here"


class RoomMessage(models.Model):
    """A message in the room, by what it is here (`key`: a post's id, or `card`, `rules`) and there (`external_ref`).

    `external_ref` None: it was tried at `tried_at`, and nobody knows what came of it. `shows`: the post whose text it
    has, when that was corrected. `digest`: of what the card says. `refused`: why the tool will never take it.
    """

    room = models.ForeignKey(ChatRoom, on_delete=models.CASCADE, related_name="messages")
    key = models.CharField(max_length=40)
    post = models.ForeignKey(Post, null=True, on_delete=models.PROTECT, related_name="chat_messages")
    shows = models.ForeignKey(Post, null=True, on_delete=models.PROTECT, related_name="+")
    direction = models.CharField(max_length=3, choices=Direction, default=Direction.OUT)
    external_ref = models.CharField(max_length=255, null=True)
    tried_at = models.DateTimeField()
    digest = models.CharField(max_length=64, default="", blank=True)
    refused = models.CharField(max_length=1000, default="", blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["room", "key"], name="chat_message_once"),
            models.UniqueConstraint(fields=["room", "external_ref"], name="chat_message_is_one_of_ours"),
        ]


class ChatPerson(models.Model):
    """Somebody in a chat tool and, where the tool vouches for the address, who that is here.

    `user` None: nobody of ours. Looked up anew after a while, because people and addresses change. Only `vouched`
    rows say who somebody is; the others only where somebody of ours was found to be invited. `linked_at`: since then
    it is its owner's who proved it by a code, whatever address it has there.
    """

    host = models.CharField(max_length=20)
    external_id = models.CharField(max_length=255)
    name = models.CharField(max_length=200)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.CASCADE, related_name="+")
    seen_at = models.DateTimeField()
    vouched = models.BooleanField(default=False)
    linked_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["host", "external_id"], name="chat_person_once")]
        indexes = [models.Index(fields=["host", "user"])]


class ChatLinkCode(models.Model):
    """What somebody who is signed in here writes in a chat tool, so that the account there is theirs. One a person."""

    user = models.OneToOneField(settings.AUTH_USER_MODEL, primary_key=True, on_delete=models.CASCADE, related_name="+")
    digest = models.CharField(max_length=64, unique=True)
    expires_at = models.DateTimeField()


class ChatRequest(models.Model):
    """What somebody did in a chat tool: written down before it is acknowledged, handled by the worker in the order of
    its `lane` (a room there), and kept for a while so that a repetition is known.

    `key` names what was done, not the delivery that brought it. `same_as` is equal for equal words of one person in one
    place. `tries`: look-ups of the person. `begun`: how often it was begun lately and not brought to an end; one that
    is too often is set aside, so that the others go on. `carried_out`: False for what was refused; None for what a
    version before handled. `payload` goes as soon as it was handled and answered, except of what was set aside.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    host = models.CharField(max_length=20)
    key = models.CharField(max_length=64)
    lane = models.UUIDField()
    same_as = models.CharField(max_length=64, default="", blank=True)
    payload = models.JSONField(default=dict)
    at = models.DateTimeField()
    tries = models.PositiveSmallIntegerField(default=0)
    begun = models.PositiveSmallIntegerField(default=0, db_default=0)
    done_at = models.DateTimeField(null=True)
    set_aside_at = models.DateTimeField(null=True)
    carried_out = models.BooleanField(null=True)
    answer = models.TextField(default="", blank=True)
    answered_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["host", "key"], name="chat_request_once")]
        indexes = [
            models.Index(fields=["at"]),
            models.Index(fields=["lane", "id"], condition=models.Q(answered_at=None), name="chat_requests_open"),
            models.Index(fields=["host", "same_as", "at"]),
        ]


class ChatPosition(models.Model):
    """Up to where we heard what a tool keeps for us, in the tool's own words: everything before it was taken in."""

    host = models.CharField(max_length=20, primary_key=True)
    position = models.TextField()
    at = models.DateTimeField()
