"""Engine, sender, last resort and warnings ask in Python, by query, in SQL: none pages what another leaves out."""

from datetime import timedelta
from itertools import product

import pytest
from django.db import transaction

from tests.harness.carriers import Answer
from tests.harness.world import World
from watchbill.domain.paging import store
from watchbill.domain.people.models import USABLE, ContactMethod


@pytest.mark.parametrize(("verified", "resting", "removed"), list(product((True, False), repeat=3)))
def test_all_ways_of_asking_agree(world: World, verified: bool, resting: bool, removed: bool) -> None:
    contact = world.cast.contacts["primary", "hook"]
    world.http.always(Answer(status=503), path="/primary")
    alert = world.fires()
    world.received()
    ContactMethod.objects.filter(id=contact.id).update(
        verified_at=world.now if verified else None,
        disabled_at=world.now if resting else None,
        removed_at=world.now if removed else None,
    )
    wanted = verified and not resting and not removed

    assert ContactMethod.objects.get(id=contact.id).is_usable is wanted
    assert ContactMethod.objects.filter(USABLE, id=contact.id).exists() is wanted
    with transaction.atomic():
        due = store.claim_due(now=world.now + timedelta(seconds=30), limit=10)
        assert [one.usable for one in due if one.contact_id == contact.id] == [wanted]
    world.http.clear()
    world.resolves("primary", alert)
