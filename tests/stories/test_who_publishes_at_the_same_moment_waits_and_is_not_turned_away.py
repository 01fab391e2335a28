"""Several people publish, correct and take back at once: each waits for the others, and none of it fails."""

from collections.abc import Callable

import pytest

from tests.harness.communications_world import CommunicationsWorld
from tests.harness.races import in_another_thread, somebody_holds, wait_until_somebody_waits_for_a_lock
from watchbill.domain.communications import setup_actions
from watchbill.domain.status_page import actions
from watchbill.domain.status_page.models import PublicStatus, PublicUpdate, StatusPage

pytestmark = pytest.mark.django_db(transaction=True)


def _goes_on(world: CommunicationsWorld, update: PublicUpdate) -> None:
    actions.publish_update(
        public_id=update.public_incident_id,
        status=PublicStatus.IDENTIFIED,
        body="We found it.",
        components={},
        actor=world.person("comms"),
        now=world.now,
    )


def _corrects(world: CommunicationsWorld, update: PublicUpdate) -> None:
    actions.correct(update_id=update.id, body="We work on it.", actor=world.person("comms"), now=world.now)


def _takes_back(world: CommunicationsWorld, update: PublicUpdate) -> None:
    actions.retract(update_id=update.id, why="a mistake", actor=world.person("comms"), now=world.now)


@pytest.mark.parametrize("other", [_goes_on, _corrects, _takes_back])
def test_a_statement_and_a_change_of_the_page(
    communications_world: CommunicationsWorld, other: Callable[[CommunicationsWorld, PublicUpdate], None]
) -> None:
    world = communications_world
    incident = world.declares("sev1")
    world.takes("commander", "incident-commander", incident)
    world.received()
    first = world.tells(incident, "status-page-update", by="commander")
    setup_actions.set_approver(audience="public", role="incident-commander", actor=world.person("owner"), now=world.now)
    draft = world.drafts(incident, "status-page-update")
    update, failed = PublicUpdate.objects.get(), []

    def tried(work: Callable[[], object]) -> Callable[[], None]:
        def run() -> None:
            try:
                work()
            except Exception as error:  # noqa: BLE001 - whatever it is, told by the test
                failed.append(error)

        return run

    with somebody_holds(StatusPage, StatusPage.objects.get().id):
        one = in_another_thread(tried(lambda: other(world, update)))
        wait_until_somebody_waits_for_a_lock()
        # Its own word of who approves is in the record before the page is changed.
        two = in_another_thread(tried(lambda: world.publishes_only(draft, by="commander")))
        wait_until_somebody_waits_for_a_lock(how_many=2)
    for thread in (one, two):
        thread.join(20)
    assert failed == []
    draft.refresh_from_db()
    assert (first.state, draft.state) == ("published", "published")
    assert world.happened(incident).count("incident.published") == (3 if other is _goes_on else 2)
    world.settle()
    world.ends(incident)
