"""Every change and every state transition: who, what, before, after, from where. Append-only."""

from django.db import models


class ActorKind(models.TextChoices):
    PERSON = "person"
    TOKEN = "token"
    SOURCE = "source"  # a monitoring system through an integration
    SYSTEM = "system"  # the engine, a command on the host


class Entry(models.Model):
    """Partitioned by month of `at`; an alert's timeline is the entries about it.

    Composite key because PostgreSQL wants the partition key in every unique index.
    """

    pk = models.CompositePrimaryKey("id", "at")
    id = models.BigIntegerField()
    at = models.DateTimeField()
    actor_kind = models.CharField(max_length=8, choices=ActorKind)
    actor_id = models.UUIDField(null=True)
    actor_label = models.CharField(max_length=254)
    via = models.CharField(max_length=16)
    source_address = models.CharField(max_length=64, default="")
    action = models.CharField(max_length=64)
    subject_kind = models.CharField(max_length=32)
    subject_id = models.UUIDField(null=True)
    subject_label = models.CharField(max_length=300)
    details = models.JSONField(default=dict)

    class Meta:
        managed = False
        db_table = "audit_entry"


class Seal(models.Model):
    """One link of the hash chain: entries are sealed in the order they became visible, within a second."""

    sequence = models.BigIntegerField(primary_key=True)
    entry_id = models.BigIntegerField(unique=True)
    entry_at = models.DateTimeField()
    entry_hash = models.CharField(max_length=64)
    chain_hash = models.CharField(max_length=64)
    sealed_at = models.DateTimeField()
