"""Of what the files leave out, that is written which is there by then, not what was there when they were read."""

from collections.abc import Callable, Iterator

import pytest
from django.db import transaction

from tests.harness import database
from tests.harness.organization_files import apply
from tests.harness.races import in_another_thread, wait_until_somebody_waits_for_a_lock
from tests.harness.setup_verbs import ADMIN, KINDS, NOON, SECRET_KEY
from watchbill.domain.access.models import User
from watchbill.domain.people.actions import set_organization
from watchbill.domain.people.contact_actions import contact_secret, renew_contact_secret
from watchbill.domain.people.models import ContactMethod, FallbackRecipient, Membership, Organization, Team
from watchbill.domain.people.rules import TeamDraft
from watchbill.domain.people.team_actions import change_team

WHOLE = """
organization: {name: Example, time_zone: UTC, fallback: [first@example.org]}
users:
  - email: first@example.org
    name: First
    role: owner
    time_zone: UTC
    contacts: [{name: hook, kind: webhook, address: "http://127.0.0.1:9901/first"}]
  - {email: second@example.org, name: Second, time_zone: UTC}
teams:
  - {name: payments, lead: first@example.org, members: [first@example.org]}
"""


@pytest.fixture
def people(django_db_setup: None, django_db_blocker: pytest.FixtureRequest) -> Iterator[dict[str, User]]:
    with django_db_blocker.unblock():  # type: ignore[attr-defined]  # pytest-django names no public type
        database.empty()
        apply(WHOLE)
        yield {user.email.partition("@")[0]: user for user in User.objects.all()}


def applied_while(text: str, change: Callable[[], object]) -> None:
    """The change is not committed when the files are compared, and is when they are written."""
    with transaction.atomic():
        change()
        other = in_another_thread(lambda: apply(text))
        wait_until_somebody_waits_for_a_lock()
    other.join(20)


def test_members_of_a_team(people: dict[str, User]) -> None:
    team = Team.objects.get(name="payments")
    both = TeamDraft(name="payments", lead_id=people["first"].id, member_ids=(people["first"].id, people["second"].id))
    text = "teams:\n  - {name: payments, lead: second@example.org}\n"
    applied_while(text, lambda: change_team(team.id, both, actor=ADMIN, now=NOON))
    team.refresh_from_db()
    assert team.lead == people["second"]
    members = Membership.objects.filter(team=team).order_by("position").values_list("user__email", flat=True)
    assert list(members) == ["first@example.org", "second@example.org"]


def test_the_fallback(people: dict[str, User]) -> None:
    both = [people["second"].id, people["first"].id]
    applied_while(
        "organization: {name: Example Inc., time_zone: UTC}\n",
        lambda: set_organization(name="Example", time_zone="UTC", fallback_ids=both, actor=ADMIN, now=NOON),
    )
    assert Organization.objects.get().name == "Example Inc."
    held = FallbackRecipient.objects.order_by("position").values_list("user_id", flat=True)
    assert list(held) == both


def test_a_signing_secret(people: dict[str, User]) -> None:
    contact = ContactMethod.objects.get(name="hook")
    made: list[str] = []
    text = WHOLE.replace("9901", "9902")
    applied_while(
        text,
        lambda: made.append(
            renew_contact_secret(contact.id, kinds=KINDS, secret_key=SECRET_KEY, actor=ADMIN, now=NOON)
        ),
    )
    contact.refresh_from_db()
    assert contact.address.endswith(":9902/first")
    assert contact_secret(contact, secret_key=SECRET_KEY) == made[0]
