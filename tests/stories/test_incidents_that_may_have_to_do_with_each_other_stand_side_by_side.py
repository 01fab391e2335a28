from datetime import timedelta

from tests.harness.incident_world import IncidentWorld
from watchbill.domain.incidents.assess_actions import add_affected, set_affected
from watchbill.domain.incidents.models import AffectedService, Incident
from watchbill.domain.incidents.reads import EVERYTHING, Viewer
from watchbill.domain.incidents.related_reads import may_be_affected, related_to
from watchbill.domain.services.dependency_actions import set_dependencies
from watchbill.domain.services.models import Service


def declared(world: IncidentWorld, title: str, service: Service, **more: object) -> Incident:
    return world.declares("sev4", title=title, service=service, **more)


def related(world: IncidentWorld, incident: Incident, *, viewer: Viewer = EVERYTHING) -> list[tuple[str, bool, str]]:
    found = related_to(incident, viewer=viewer, now=world.now)
    return [(one.incident.title, one.is_open, "; ".join(one.reasons)) for one in found]


def affects(world: IncidentWorld, incident: Incident, *services: Service) -> None:
    ids = {one.id for one in services}
    set_affected(incident_id=incident.id, service_ids=ids, actor=world.person("engineer"), now=world.now)
    world.settle()


def test_each_with_its_reason_the_open_ones_first(incident_world: IncidentWorld) -> None:
    world = incident_world
    shop, search, other = (world.another_service(name) for name in ("shop", "search", "other"))
    before = declared(world, "Shop was slow", shop)
    world.ends(declared(world, "False alarm", shop))
    declared(world, "Nothing to do with it", other)
    wide = declared(world, "Everything is slow", other)
    affects(world, wide, search, shop)
    this = declared(world, "Shop is down", shop)
    affects(world, this, search)
    assert related(world, this) == [
        ("Everything is slow", True, "search, shop affected by both"),
        ("Shop was slow", True, "the same service, shop"),
    ]
    assert related(world, before) == [
        ("Shop is down", True, "the same service, shop"),
        ("Everything is slow", True, "shop affected by both"),
    ]
    world.received()


def test_what_is_over_is_looked_back_at_for_90_days(incident_world: IncidentWorld) -> None:
    world = incident_world
    shop = world.another_service("shop")
    old, newer = declared(world, "Old", shop), declared(world, "Newer", shop)
    Incident.objects.filter(id__in=[old.id, newer.id]).update(state="closed")
    Incident.objects.filter(id=old.id).update(declared_at=world.now - timedelta(days=90, seconds=1))
    Incident.objects.filter(id=newer.id).update(declared_at=world.now - timedelta(days=90))
    still = declared(world, "Open for long", shop)
    Incident.objects.filter(id=still.id).update(declared_at=world.now - timedelta(days=200))
    this = declared(world, "Shop is down", shop)
    assert related(world, this) == [
        ("Open for long", True, "the same service, shop"),
        ("Newer", False, "the same service, shop"),
    ]


def test_an_alert_that_comes_again_is_recognized_by_its_key(incident_world: IncidentWorld) -> None:
    world = incident_world
    first = world.fires("disk-full")
    one = world.declares("sev4", title="Disk", alerts=[first])
    world.resolves("primary", first)
    Incident.objects.filter(id=one.id).update(state="closed", service=None)
    again = world.fires("disk-full")
    two = world.declares("sev4", title="Disk again", alerts=[again])
    Incident.objects.filter(id=two.id).update(service=None)
    assert related(world, world.again(two)) == [("Disk", False, "the same alert, disk-full")]
    world.received()
    world.resolves("primary", again)
    world.ends(two)
    Incident.objects.filter(id=one.id).update(service=world.cast.service)


def test_a_restricted_incident_is_related_to_nothing_for_those_who_may_not_see_it(
    incident_world: IncidentWorld,
) -> None:
    world = incident_world
    shop = world.another_service("shop")
    declared(world, "A leak", shop, restricted=True)
    this = declared(world, "Shop is down", shop)
    assert related(world, this, viewer=world.cast.people["engineer"].id) == [("A leak", True, "the same service, shop")]
    assert related(world, this, viewer=world.cast.people["comms"].id) == []


def test_what_needs_an_affected_service_may_be_affected_too_until_it_is_named(incident_world: IncidentWorld) -> None:
    world = incident_world
    shop, front, ledger = (world.another_service(name) for name in ("shop", "front", "ledger"))
    for one, needs in ((shop, ledger), (front, shop)):
        set_dependencies(one.id, [needs.id], actor=world.person("lead"), now=world.now)
    this = declared(world, "Ledger is down", ledger)
    assert [(one.service.name, one.because) for one in may_be_affected(this)] == [
        ("shop", "needs ledger"),
        ("front", "needs shop, which needs ledger"),
    ]
    for _ in range(2):
        add_affected(incident_id=this.id, service_id=shop.id, actor=world.person("engineer"), now=world.now)
    world.settle()
    assert [one.service.name for one in may_be_affected(this)] == ["front"]
    add_affected(incident_id=this.id, service_id=ledger.id, actor=world.person("engineer"), now=world.now)
    assert list(AffectedService.objects.values_list("service__name", flat=True)) == ["shop"]
    assert world.happened(this).count("incident.affected_set") == 1
