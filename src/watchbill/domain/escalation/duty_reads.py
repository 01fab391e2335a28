"""Where a person is paged without being on call: named by a policy, lead or manager of a team, in the fallback."""

from collections.abc import Iterator
from uuid import UUID

from watchbill.domain.escalation.models import Policy
from watchbill.domain.escalation.rules import Plan, Target, duration_words, plan_from_json
from watchbill.domain.people.models import FallbackRecipient, Team


def duties(user_id: UUID) -> list[str]:
    """One sentence each, without a subject: `level 3 of payments: paged if nobody answers for 15 min`."""
    mine = {("user", str(user_id))}
    for team in Team.objects.filter(lead_id=user_id):
        mine.add(("team-lead", str(team.id)))
    for team in Team.objects.filter(manager_id=user_id):
        mine.add(("team-manager", str(team.id)))
    policies = Policy.objects.filter(archived_at=None, current_version__isnull=False).select_related("current_version")
    plans = [
        (policy.name, plan_from_json(policy.current_version.definition))
        for policy in policies.order_by("name")
        if policy.current_version
    ]
    found = [sentence for name, plan in plans for sentence in _levels(name, plan, mine)]
    if FallbackRecipient.objects.filter(user_id=user_id).exists():
        found.append("the fallback: paged when nobody of a whole policy has answered")
    return found


def _levels(name: str, plan: Plan, mine: set[tuple[str, str]]) -> Iterator[str]:
    """The first level that names the person; a later one comes too late to be news."""
    waited = 0
    for number, level in enumerate(plan.levels, start=1):
        if any(_is_of(target, mine) for target in level.targets):
            when = "paged at once"
            if waited:
                when = f"paged if nobody answers for {duration_words(waited)}, at once if nobody before can be reached"
            yield f"level {number} of {name}: {when}"
            return
        waited += level.timeout_seconds


def _is_of(target: Target, mine: set[tuple[str, str]]) -> bool:
    return (target.kind, target.id) in mine
