"""Ask whether monitoring shows that an incident is over, and keep the answers as evidence."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from django.db import transaction

from watchbill.domain.audit.contract import ENGINE, Actor
from watchbill.domain.errands.actions import ask, try_now
from watchbill.domain.incidents.locking import locked
from watchbill.domain.incidents.models import NEVER_WAS, UNRESOLVED, Incident, IncidentState, StepDone
from watchbill.domain.incidents.records import entry, record
from watchbill.domain.incidents.workflow_actions import mark_step, tick_step
from watchbill.domain.services.check_rules import limit_of
from watchbill.domain.services.models import HealthCheck
from watchbill.domain.verification.contract import Answer, Answered
from watchbill.domain.verification.models import CheckResult, Verdict, Verification, VerificationState
from watchbill.domain.verification.reads import checks_of
from watchbill.domain.verification.rules import CHECKS_MAX, judge, outcome_of
from watchbill.ground.refusals import ChangeRefused

KIND = "incident.verify"
STEP = "resolve/verify"
STATE_IT = "or state what shows it, under Workflow"
NO_SOURCE = "no metrics source is set: set WATCHBILL_PROMETHEUS_URL to your Prometheus"
_OVER = (IncidentState.CLOSED, *NEVER_WAS)
_WHY_MAX = 2000


def verify(*, incident_id: UUID, has_source: bool, actor: Actor, now: datetime) -> Verification:
    """The answers come later. While one is under way, asking again only hurries it. Raises ChangeRefused."""
    with transaction.atomic():
        incident = locked(incident_id)
        if incident.state in _OVER:
            raise ChangeRefused("", f"#{incident.number} is {incident.get_state_display().lower()}; reopen it first")
        if not has_source:
            raise ChangeRefused("", f"{NO_SOURCE}, {STATE_IT}")
        under_way = Verification.objects.filter(incident=incident, state=VerificationState.ASKED).first()
        if under_way is not None:
            try_now(KIND, under_way.id, now=now)
            return under_way
        made = _ask(incident, _checks(incident), actor=actor, now=now)
        record([entry(incident, "incident.verification_asked")], actor=actor, now=now)
        ask(KIND, [made.id], due_at=now)
    return made


def _checks(incident: Incident) -> list[HealthCheck]:
    checks = list(checks_of(incident))
    if not checks:
        raise ChangeRefused(
            "", f"no service of this incident has a check: say on the service's page when it is healthy, {STATE_IT}"
        )
    if len(checks) > CHECKS_MAX:
        raise ChangeRefused(
            "",
            f"its services have {len(checks)} checks, and at most {CHECKS_MAX} are asked at once: name fewer affected "
            f"services, {STATE_IT}",
        )
    return checks


def _ask(incident: Incident, checks: Sequence[HealthCheck], *, actor: Actor, now: datetime) -> Verification:
    made = Verification.objects.create(incident=incident, asked_at=now, asked_by=actor.label[:254])
    CheckResult.objects.bulk_create(
        CheckResult(
            verification=made,
            position=position,
            service=one.service.name,
            name=one.name,
            query=one.query,
            healthy_when=one.healthy_when,
            unit=one.unit,
        )
        for position, one in enumerate(checks)
    )
    return made


def note_answer(result: CheckResult, answer: Answer, *, now: datetime) -> None:
    """What one check answered. When nobody answers at all, the rest need not be asked."""
    judgement = judge(answer, limit_of(result.healthy_when), unit=result.unit)
    with transaction.atomic():
        waiting = CheckResult.objects.filter(verification_id=result.verification_id, verdict=Verdict.WAITING)
        asked = waiting.filter(id=result.id) if judgement.verdict != Verdict.UNANSWERED else waiting
        asked.update(verdict=judgement.verdict, words=judgement.words[:_WHY_MAX], measured_at=now, **_figures(answer))
        if not waiting.exists():
            _finish(result.verification_id, now=now)


def _figures(answer: Answer) -> dict[str, object]:
    if not isinstance(answer, Answered):
        return {}
    return {
        "series": [[one.labels, repr(one.value)] for one in answer.series],
        "curves": [
            [one.labels, [[round(at.timestamp(), 3), value] for at, value in one.points]] for one in answer.curves
        ],
        "no_chart": answer.no_chart[:_WHY_MAX],
    }


def _finish(verification_id: UUID, *, now: datetime) -> None:
    """Once, whoever comes to it twice."""
    results = list(CheckResult.objects.filter(verification_id=verification_id).order_by("position"))
    state = outcome_of(one.verdict for one in results)
    rows = Verification.objects.filter(id=verification_id, state=VerificationState.ASKED)
    if not rows.update(state=state, finished_at=now):
        return
    incident = locked(Verification.objects.values_list("incident_id", flat=True).get(id=verification_id))
    is_healthy = state == VerificationState.HEALTHY
    told = results if is_healthy else [one for one in results if one.verdict != Verdict.HEALTHY]
    why = words_of(told)
    action = "incident.verified" if is_healthy else "incident.not_verified"
    record([entry(incident, action, why=why[:_WHY_MAX])], actor=ENGINE, now=now)
    if incident.state in _OVER:
        return
    if is_healthy:
        mark_step(incident, STEP, actor=ENGINE, now=now, evidence=why)
    else:
        _take_back(incident, now=now)


def _take_back(incident: Incident, *, now: datetime) -> None:
    """What monitoring showed before does not hold any more. What a person said, a person takes back."""
    phase, _, step = STEP.partition("/")
    ours = StepDone.objects.filter(incident=incident, phase=phase, step=step, done_by=ENGINE.label, done_by_id=None)
    if ours.exists() and incident.state in UNRESOLVED:
        tick_step(incident_id=incident.id, step=STEP, done=False, actor=ENGINE, now=now)


def words_of(results: Sequence[CheckResult]) -> str:
    """One sentence for all: `checkout errors: 0.004 % (healthy when < 1)`. The same trouble is told once."""
    parts: dict[str, None] = {}
    for one in results:
        if one.verdict == Verdict.UNANSWERED:
            parts[f"the metrics source gave no answer: {one.words}"] = None
        else:
            parts[f"{one.service} {one.name}: {one.words} (healthy when {one.healthy_when})"] = None
    return "; ".join(parts)
