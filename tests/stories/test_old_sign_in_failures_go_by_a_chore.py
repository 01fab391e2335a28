"""A wrong password costs one row; clearing away is for later, where nobody waits for it."""

from datetime import timedelta

import pytest

from tests.harness.setup_verbs import NOON
from watchbill.domain.access.actions import note_sign_in_failure
from watchbill.domain.access.models import SignInFailure
from watchbill.engine.chores import Retention, remove_sign_in_failures

pytestmark = pytest.mark.django_db


def test_they_are_kept_until_the_chore_comes() -> None:
    for hours in (30, 2, 0):
        note_sign_in_failure(email="anna@example.org", source="192.0.2.1", now=NOON - timedelta(hours=hours))
    assert SignInFailure.objects.count() == 3

    remove_sign_in_failures(NOON, Retention(events=timedelta(days=400)))

    assert sorted(SignInFailure.objects.values_list("at", flat=True)) == [NOON - timedelta(hours=2), NOON]
