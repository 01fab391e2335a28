"""What monitoring answered when somebody asked whether an incident is over."""

from django.db import models

from watchbill.domain.incidents.models import Incident
from watchbill.ground.ids import new_id


class VerificationState(models.TextChoices):
    ASKED = "asked", "Asking"
    HEALTHY = "healthy", "Healthy"
    UNHEALTHY = "unhealthy", "Not healthy"
    UNANSWERED = "unanswered", "No answer"


class Verification(models.Model):
    """One time that all checks of an incident's services are asked. At most one of an incident is under way."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    incident = models.ForeignKey(Incident, on_delete=models.PROTECT, related_name="verifications")
    state = models.CharField(max_length=10, choices=VerificationState, default=VerificationState.ASKED)
    asked_at = models.DateTimeField()
    asked_by = models.CharField(max_length=254)
    finished_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["incident"], condition=models.Q(state="asked"), name="one_verification_at_a_time"
            )
        ]
        indexes = [models.Index(fields=["incident", "-asked_at"], name="verifications_newest")]


class Verdict(models.TextChoices):
    WAITING = "waiting", "Not asked yet"
    HEALTHY = "healthy", "Healthy"
    UNHEALTHY = "unhealthy", "Not healthy"
    NO_DATA = "no-data", "No data"
    REFUSED = "refused", "The question is at fault"
    UNANSWERED = "unanswered", "No answer"


class CheckResult(models.Model):
    """A check as it was when it was asked, and the answer: `words` for people, `series` and `curves` as they came.

    `series`: labels and the value as text, because a value may be no number. `curves`: labels and points, each the
    seconds since 1970 and a number.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    verification = models.ForeignKey(Verification, on_delete=models.CASCADE, related_name="results")
    position = models.PositiveSmallIntegerField()
    service = models.CharField(max_length=100)
    name = models.CharField(max_length=100)
    query = models.CharField(max_length=2000)
    healthy_when = models.CharField(max_length=60)
    unit = models.CharField(max_length=20, default="", blank=True)
    verdict = models.CharField(max_length=10, choices=Verdict, default=Verdict.WAITING)
    words = models.TextField(default="", blank=True)
    series = models.JSONField(default=list)
    curves = models.JSONField(default=list)
    no_chart = models.TextField(default="", blank=True)
    measured_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["verification", "position"], name="check_result_once")]
