"""The versions of the process that were applied. A version never changes and never goes."""

from typing import Any, NoReturn

from django.db import models

from watchbill.ground.ids import new_id

NOTE_CHARACTERS_MAX = 500


class VersionImmutable(TypeError):
    def __init__(self) -> None:
        super().__init__("a process version never changes: apply a new one")


class AppendOnly(models.QuerySet["ProcessVersion"]):
    def update(self, **_values: Any) -> NoReturn:
        raise VersionImmutable

    def delete(self) -> NoReturn:
        raise VersionImmutable


class ProcessVersion(models.Model):
    """`text` is what was applied, comments and all; `document` is what it means, as plain JSON."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    number = models.PositiveIntegerField(unique=True)
    text = models.TextField()
    document = models.JSONField()
    applied_at = models.DateTimeField()
    applied_by_label = models.CharField(max_length=254)
    note = models.CharField(max_length=NOTE_CHARACTERS_MAX, default="", blank=True)

    objects = AppendOnly.as_manager()

    class Meta:
        ordering = ["-number"]

    def save(self, *args: Any, **kwargs: Any) -> None:
        if not self._state.adding:
            raise VersionImmutable
        super().save(*args, **kwargs)

    def delete(self, *_args: Any, **_kwargs: Any) -> NoReturn:
        raise VersionImmutable
