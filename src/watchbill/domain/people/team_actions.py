"""Teams: who leads, who manages, who belongs."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from uuid import UUID

from django.db import transaction

from watchbill.domain.access.models import User
from watchbill.domain.audit.actions import record
from watchbill.domain.audit.contract import Actor, Record
from watchbill.domain.audit.rules import difference
from watchbill.domain.people.actions import active_people, known_people
from watchbill.domain.people.models import Membership, Team
from watchbill.domain.people.rules import MEMBERS_MAX, TeamDraft, clean_name
from watchbill.ground.refusals import ChangeRefused, Taken, Unknown


class TeamUnknown(Unknown):
    pass


class TeamNameTaken(Taken):
    pass


class TeamStillNeeded(ChangeRefused):
    pass


@transaction.atomic
def create_team(draft: TeamDraft, *, actor: Actor, now: datetime) -> Team:
    """A name that an archived team holds brings that team back."""
    name = clean_name(draft.name)
    held = Team.objects.select_for_update().filter(name=name).first()
    if held is not None and held.archived_at is None:
        raise TeamNameTaken("name", f"another team is called {name!r}; choose another name")
    after = _facts(draft, name)
    team = held or Team.objects.create(name=name)
    _write(team, draft, name)
    action = "team.restored" if held else "team.created"
    _tell(action, team, difference({}, after), actor=actor, now=now)
    return team


@transaction.atomic
def change_team(team_id: UUID, draft: TeamDraft, *, keep_members: bool = False, actor: Actor, now: datetime) -> None:
    """`keep_members`: whatever the draft says of them, they stay who they are at this moment."""
    name = clean_name(draft.name)
    team = _locked(team_id)
    if name != team.name and Team.objects.filter(name=name).exists():
        raise TeamNameTaken("name", f"another team is or was called {name!r}; choose another name")
    held = draft_of(team)
    if keep_members:
        draft = replace(draft, member_ids=held.member_ids)
    if held == TeamDraft(name=name, lead_id=draft.lead_id, manager_id=draft.manager_id, member_ids=draft.member_ids):
        return
    details = difference(_emails(held), _facts(draft, name))
    _write(team, draft, name)
    _tell("team.changed", team, details, actor=actor, now=now)


@transaction.atomic
def archive_team(team_id: UUID, *, uses: Sequence[str], actor: Actor, now: datetime) -> None:
    """`uses`: what still stands on the team (see `services.reads.uses_of_team`); a non-empty one refuses."""
    team = _locked(team_id)
    if uses:
        raise TeamStillNeeded("", f"team {team.name} is still needed by {'; '.join(uses)}. Change those first")
    if Team.objects.filter(id=team_id, archived_at=None).update(archived_at=now):
        _tell("team.archived", team, {"before": _emails(draft_of(team))}, actor=actor, now=now)


def check_team(team_id: UUID | None) -> Team | None:
    """For whatever belongs to a team: it must be there and not archived."""
    if team_id is None:
        return None
    team = Team.objects.filter(id=team_id, archived_at=None).first()
    if team is None:
        raise TeamUnknown("team", f"no team has the id {team_id}; create it first")
    return team


def team_name(team_id: UUID | None) -> str | None:
    return Team.objects.filter(id=team_id).values_list("name", flat=True).first() if team_id else None


def draft_of(team: Team) -> TeamDraft:
    members = Membership.objects.filter(team=team).order_by("position").values_list("user_id", flat=True)
    return TeamDraft(name=team.name, lead_id=team.lead_id, manager_id=team.manager_id, member_ids=tuple(members))


def _write(team: Team, draft: TeamDraft, name: str) -> None:
    Team.objects.filter(id=team.id).update(
        name=name, lead_id=draft.lead_id, manager_id=draft.manager_id, archived_at=None
    )
    if draft_of(team).member_ids != draft.member_ids:
        Membership.objects.filter(team=team).delete()
        Membership.objects.bulk_create(
            Membership(team=team, user_id=user_id, position=position)
            for position, user_id in enumerate(draft.member_ids)
        )


def _facts(draft: TeamDraft, name: str) -> dict[str, object]:
    """As the audit shows it; refuses people who are not there."""
    if len(draft.member_ids) > MEMBERS_MAX:
        raise ChangeRefused("members", f"has {len(draft.member_ids)} people; use at most {MEMBERS_MAX}")
    lead = active_people([draft.lead_id], field="lead")[0].email if draft.lead_id else None
    manager = active_people([draft.manager_id], field="manager")[0].email if draft.manager_id else None
    members = [user.email for user in known_people(draft.member_ids, field="members")]
    return {"name": name, "lead": lead, "manager": manager, "members": members}


def _emails(draft: TeamDraft) -> dict[str, object]:
    """The same for what is stored, where somebody may have been disabled since."""
    ids = [user_id for user_id in (draft.lead_id, draft.manager_id, *draft.member_ids) if user_id]
    emails = dict(User.objects.filter(id__in=ids).values_list("id", "email"))
    return {
        "name": draft.name,
        "lead": emails.get(draft.lead_id) if draft.lead_id else None,
        "manager": emails.get(draft.manager_id) if draft.manager_id else None,
        "members": [emails[user_id] for user_id in draft.member_ids],
    }


def _locked(team_id: UUID) -> Team:
    team = Team.objects.select_for_update().filter(id=team_id, archived_at=None).first()
    if team is None:
        raise TeamUnknown("id", f"no team has the id {team_id}; it may have been archived")
    return team


def _tell(action: str, team: Team, details: dict[str, object], *, actor: Actor, now: datetime) -> None:
    record(
        [Record(action=action, subject_kind="team", subject_id=team.id, subject_label=team.name, details=details)],
        actor=actor,
        now=now,
    )
