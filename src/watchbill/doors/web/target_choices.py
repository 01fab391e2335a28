"""Whom a policy or a role may name, for the pickers of forms: `kind:id` and words."""

from watchbill.domain.access.models import User
from watchbill.domain.oncall.models import Schedule
from watchbill.domain.people.models import Team


def target_choices() -> list[tuple[str, str]]:
    teams = list(Team.objects.filter(archived_at=None).order_by("name"))
    return [
        ("", "Nobody chosen"),
        *(
            (f"schedule:{row.id}", f"On call in {row.name}")
            for row in Schedule.objects.filter(archived_at=None).order_by("name")
        ),
        *((f"team-lead:{row.id}", f"Lead of {row.name}") for row in teams),
        *((f"team-manager:{row.id}", f"Manager of {row.name}") for row in teams),
        *((f"user:{row.id}", str(row)) for row in User.objects.filter(is_active=True).order_by("name")),
    ]
