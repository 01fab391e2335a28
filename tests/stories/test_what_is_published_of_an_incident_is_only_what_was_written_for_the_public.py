"""A public incident has its own id, title and words; its components follow what its updates say of them."""

from uuid import uuid4

import pytest

from tests.harness.status_page_world import StatusPageWorld
from watchbill.domain.audit.models import Entry
from watchbill.domain.status_page import actions, reads
from watchbill.domain.status_page.models import ComponentState, EarlierWording, PublicIncident, PublicStatus
from watchbill.ground.refusals import ChangeRefused, Unknown

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def world() -> object:
    with StatusPageWorld() as world:
        yield world
        world.received()


def test_the_first_publication_opens_it_and_later_ones_go_on(world: StatusPageWorld) -> None:
    inner = world.declares("sev2", title="db-7 replication broken by migration 0042")
    assert reads.public_incident_of(inner.id) is None
    first = world.publishes("investigating", incident=inner, Checkout="partial_outage")
    public = reads.public_incident_of(inner.id)
    assert public is not None
    assert (public.title, public.status, public.impact) == ("Payments fail", "investigating", "major")
    assert public.id != inner.id
    assert public.id.version == 4  # nothing but chance
    world.passes(minutes=10)
    second = world.publishes("monitoring", "A fix is in place.", incident=inner, title="")
    public.refresh_from_db()
    assert second.public_incident_id == first.public_incident_id == public.id
    assert (public.title, public.status, public.monitoring_at) == ("Payments fail", "monitoring", world.now)
    assert world.state_of("Checkout") == "partial_outage"
    assert world.happened(inner).count("incident.published") == 2
    world.ends(inner)


def test_resolved_puts_back_what_no_other_open_one_holds(world: StatusPageWorld) -> None:
    first = world.publishes("identified", Checkout="major_outage", Search="degraded_performance")
    other = world.publishes("investigating", title="Slow", Checkout="degraded_performance")
    assert world.state_of("Checkout") == "major_outage"
    done = world.goes_on(first.public_incident, "resolved")
    assert (world.state_of("Checkout"), world.state_of("Search")) == ("degraded_performance", "operational")
    assert {change["new"] for change in done.changes.values()} == {"operational"}
    world.goes_on(other.public_incident, "resolved")
    assert world.state_of("Checkout") == "operational"
    public = PublicIncident.objects.get(id=first.public_incident_id)
    assert (public.impact, public.resolved_at) == ("critical", world.now)
    world.goes_on(public, "postmortem", "This is what happened.")
    public.refresh_from_db()
    assert (public.status, public.resolved_at) == ("postmortem", world.now)


def test_what_may_not_go_out_is_refused(world: StatusPageWorld) -> None:
    secret = world.declares("sev3", restricted=True)
    drill = world.declares("sev3", drill=True)
    for inner in (secret, drill):
        with pytest.raises(ChangeRefused, match="incident:"):
            world.publishes("investigating", incident=inner)
    with pytest.raises(ChangeRefused, match="body:"):
        world.publishes("investigating", " \n ")
    with pytest.raises(ChangeRefused, match="components: the page has no component"):
        actions.publish(
            incident_id=None,
            title="x",
            status=PublicStatus.INVESTIGATING,
            body="x",
            components={uuid4(): ComponentState.MAJOR_OUTAGE},
            actor=world.person("comms"),
            now=world.now,
        )
    with pytest.raises(ChangeRefused, match="status: a postmortem follows"):
        world.publishes("postmortem")
    with pytest.raises(Unknown):
        actions.publish_update(
            public_id=secret.id, status=PublicStatus.RESOLVED, body="x", components={},
            actor=world.person("comms"), now=world.now,
        )  # fmt: skip
    assert not PublicIncident.objects.exists()
    world.ends(secret)
    world.ends(drill)


def test_a_mistake_is_corrected_or_taken_back_and_stays_in_the_record(world: StatusPageWorld) -> None:
    first = world.publishes("investigating", "Card payments are down.", Checkout="degraded_performance")
    wrong = world.goes_on(first.public_incident, "identified", "All data is lost.", Search="major_outage")
    world.passes(minutes=1)
    actions.correct(update_id=first.id, body="Card payments fail.", actor=world.person("comms"), now=world.now)
    assert EarlierWording.objects.get(update=first).body == "Card payments are down."
    actions.retract(update_id=wrong.id, why="wrong page", actor=world.person("comms"), now=world.now)
    public = PublicIncident.objects.get()
    assert (public.status, public.impact) == ("investigating", "minor")
    assert (world.state_of("Checkout"), world.state_of("Search")) == ("degraded_performance", "operational")
    [updates] = reads.updates_of([public.id]).values()
    assert [one.body for one in updates] == ["Card payments fail."]
    actions.retract(update_id=first.id, why="it was a drill", actor=world.person("comms"), now=world.now)
    assert reads.public_incident(public.id) is None
    assert world.state_of("Checkout") == "operational"
    actions_written = Entry.objects.filter(subject_kind="status-page").values_list("action", flat=True)
    assert list(actions_written.order_by("id"))[-5:] == [
        "status_page.published",
        "status_page.published",
        "status_page.publication_corrected",
        "status_page.publication_retracted",
        "status_page.publication_retracted",
    ]
    world.settle()
