from datetime import timedelta

import pytest

from tests.harness.setup_verbs import ADMIN, KINDS, NOON, SECRET_KEY, entries, last_entry, person, weekly
from watchbill.domain.access.models import User
from watchbill.domain.audit.models import Entry
from watchbill.domain.oncall.actions import create_schedule
from watchbill.domain.oncall.override_actions import add_override, cancel_override
from watchbill.domain.oncall.rotation_rules import ScheduleDraft
from watchbill.domain.people import actions, reads
from watchbill.domain.people.contact_actions import (
    add_contact,
    change_contact,
    contact_secret,
    remove_contact,
    set_rules,
    verify_contact,
)
from watchbill.domain.people.models import ContactMethod
from watchbill.domain.people.rules import ContactDraft, PersonDraft
from watchbill.domain.services.reads import uses_of_person
from watchbill.ground.refusals import ChangeRefused, Taken, Unknown

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def nothing_on_record(db: None) -> None:
    """The record's table is ours and not Django's: what a file before this one committed may still be in it."""
    Entry.objects.all().delete()


def _contact(user: User, name: str, kind: str = "email", address: str = "a@example.org", **more: object):
    draft = ContactDraft(name=name, kind=kind, address=address)
    return add_contact(
        user.id, draft, verified=bool(more.get("verified")), kinds=KINDS, secret_key=SECRET_KEY, actor=ADMIN, now=NOON
    )


def test_an_address_is_kept_in_lower_case_and_belongs_to_one_person() -> None:
    lead = person(" Lead@Example.org ")
    assert lead.email == "lead@example.org"
    with pytest.raises(Taken, match="belongs to a person already"):
        person("LEAD@example.org")
    with pytest.raises(ChangeRefused, match=r"email: 'lead' is no e-mail address; write it like"):
        person("lead")
    with pytest.raises(ChangeRefused, match="time_zone: 'Mars/Base' is no time zone"):
        draft = PersonDraft(email="x@example.org", name="X", role="responder", time_zone="Mars/Base")
        actions.create_person(draft, actor=ADMIN, now=NOON)
    assert entries() == ["person.created"]


def test_a_change_is_recorded_with_before_and_after_and_no_change_is_not() -> None:
    lead = person("lead@example.org")
    same = actions.draft_of(lead)
    actions.change_person(lead.id, same, actor=ADMIN, now=NOON)
    assert entries() == ["person.created"]
    other = PersonDraft(email=same.email, name="Team Lead", role="admin", time_zone=same.time_zone)
    actions.change_person(lead.id, other, actor=ADMIN, now=NOON)
    assert last_entry().action == "person.changed"
    assert last_entry().details == {
        "before": {"name": "Lead", "role": "responder"},
        "after": {"name": "Team Lead", "role": "admin"},
    }


def test_the_last_owner_stays_owner_and_enabled() -> None:
    owner = person("owner@example.org", role="owner")
    with pytest.raises(actions.LastOwner, match="make another person owner first"):
        actions.disable_person(owner.id, uses=[], actor=ADMIN, now=NOON)
    draft = PersonDraft(email=owner.email, name=owner.name, role="admin", time_zone="UTC")
    with pytest.raises(actions.LastOwner):
        actions.change_person(owner.id, draft, actor=ADMIN, now=NOON)
    person("second@example.org", role="owner")
    actions.change_person(owner.id, draft, actor=ADMIN, now=NOON)


def test_a_person_who_is_still_needed_is_not_disabled_silently() -> None:
    lead = person("lead@example.org")
    actions.set_organization(name="Example", time_zone="Europe/Berlin", fallback_ids=[lead.id], actor=ADMIN, now=NOON)
    create_schedule(ScheduleDraft(name="primary", time_zone="UTC"), rotations=[weekly(lead.id)], actor=ADMIN, now=NOON)
    uses = uses_of_person(lead.id, now=NOON)
    assert uses == ["rotation weekly of schedule primary", "the organization's fallback"]
    with pytest.raises(actions.PersonStillNeeded, match="rotation weekly of schedule primary"):
        actions.disable_person(lead.id, uses=uses, actor=ADMIN, now=NOON)
    with pytest.raises(actions.PersonStillNeeded, match="fallback"):
        actions.disable_person(lead.id, uses=[], actor=ADMIN, now=NOON)
    spare = person("spare@example.org")
    actions.disable_person(spare.id, uses=uses_of_person(spare.id, now=NOON), actor=ADMIN, now=NOON)
    actions.enable_person(spare.id, actor=ADMIN, now=NOON)
    assert entries()[-2:] == ["person.disabled", "person.enabled"]


def test_whoever_has_or_will_have_the_watch_by_an_override_is_not_disabled() -> None:
    spare, hour = person("spare@example.org"), timedelta(hours=1)
    schedule = create_schedule(
        ScheduleDraft(name="primary", time_zone="UTC"), rotations=[], actor=ADMIN, now=NOON - hour
    )
    under_way, to_come = (
        add_override(
            schedule.id,
            user_id=spare.id,
            starts_at=NOON + starts * hour,
            ends_at=NOON + (starts + 2) * hour,
            actor=ADMIN,
            now=NOON - hour,
        )
        for starts in (-1, 5)
    )
    uses = uses_of_person(spare.id, now=NOON)
    assert uses == [
        "the override of schedule primary until 2026-06-10 13:00 UTC",
        "the override of schedule primary until 2026-06-10 19:00 UTC",
    ]
    with pytest.raises(
        actions.PersonStillNeeded, match=r"override of schedule primary until .* Put somebody else there"
    ):
        actions.disable_person(spare.id, uses=uses, actor=ADMIN, now=NOON)
    cancel_override(to_come.id, actor=ADMIN, now=NOON)
    assert uses_of_person(spare.id, now=NOON) == uses[:1]
    cancel_override(under_way.id, actor=ADMIN, now=NOON)
    actions.disable_person(spare.id, uses=uses_of_person(spare.id, now=NOON), actor=ADMIN, now=NOON)


def test_an_override_that_is_over_keeps_nobody() -> None:
    spare, day = person("spare@example.org"), timedelta(days=1)
    schedule = create_schedule(ScheduleDraft(name="primary", time_zone="UTC"), rotations=[], actor=ADMIN, now=NOON)
    add_override(schedule.id, user_id=spare.id, starts_at=NOON, ends_at=NOON + day, actor=ADMIN, now=NOON)
    assert uses_of_person(spare.id, now=NOON + day) == []


def test_a_contact_is_checked_by_its_channel_and_removed_softly() -> None:
    lead = person("lead@example.org")
    with pytest.raises(ChangeRefused, match='unknown kind "pager"; use email, webhook, ntfy or demo'):
        _contact(lead, "pager", kind="pager")
    with pytest.raises(ChangeRefused, match=r"^address: holds a blank; leave it out$"):
        _contact(lead, "hook", kind="webhook", address="http://a b")
    mail = _contact(lead, "mail", address="Lead@Example.org")
    with pytest.raises(Taken, match="another contact of this person is called 'mail'"):
        _contact(lead, "mail")
    assert mail.secret is None
    detail = reads.person(lead.id)
    assert detail is not None
    assert [(c.name, c.address, c.verified_at) for c in detail.contacts] == [("mail", "lead@example.org", None)]
    verify_contact(mail.id, actor=ADMIN, now=NOON)
    set_rules(lead.id, urgency="high", rules=[(mail.id, timedelta(minutes=1))], actor=ADMIN, now=NOON)
    remove_contact(mail.id, actor=ADMIN, now=NOON)
    detail = reads.person(lead.id)
    assert detail is not None
    assert (detail.contacts, detail.rules) == ((), ())
    assert ContactMethod.objects.get(id=mail.id).removed_at == NOON
    with pytest.raises(Unknown):
        remove_contact(mail.id, actor=ADMIN, now=NOON)
    _contact(lead, "mail")  # the name is free again


def test_a_webhook_gets_a_secret_that_is_shown_once_and_stored_sealed() -> None:
    lead = person("lead@example.org")
    hook = _contact(lead, "hook", kind="webhook", address="http://example.org/hook")
    assert hook.secret is not None
    row = ContactMethod.objects.get(id=hook.id)
    assert hook.secret not in row.sealed_secret
    assert contact_secret(row, secret_key=SECRET_KEY) == hook.secret
    assert hook.secret not in str(last_entry().details)


def test_a_new_address_must_be_verified_anew() -> None:
    lead = person("lead@example.org")
    mail = _contact(lead, "mail", verified=True)
    for name, address, verified_at in (("post", "a@example.org", NOON), ("post", "b@example.org", None)):
        draft = ContactDraft(name=name, kind="email", address=address)
        change_contact(mail.id, draft, verified=False, kinds=KINDS, secret_key=SECRET_KEY, actor=ADMIN, now=NOON)
        assert ContactMethod.objects.get(id=mail.id).verified_at == verified_at


def test_rules_name_own_contacts_and_are_written_only_when_they_change() -> None:
    lead, other = person("lead@example.org"), person("other@example.org")
    mail, foreign = _contact(lead, "mail"), _contact(other, "mail")
    with pytest.raises(Unknown, match="has no contact"):
        set_rules(lead.id, urgency="high", rules=[(foreign.id, timedelta(0))], actor=ADMIN, now=NOON)
    with pytest.raises(ChangeRefused, match="0 seconds to 1 day"):
        set_rules(lead.id, urgency="high", rules=[(mail.id, timedelta(days=2))], actor=ADMIN, now=NOON)
    before = len(entries())
    for _ in range(2):
        set_rules(lead.id, urgency="high", rules=[(mail.id, timedelta(0))], actor=ADMIN, now=NOON)
    assert entries()[before:] == ["rules.changed"]
    assert last_entry().details["after"] == {"high": [{"contact": "mail", "after_seconds": 0}]}
