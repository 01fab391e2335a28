"""Each reader gets what was published once, before it went away or when it is back; pages go their own way."""

from tests.harness.communications_world import CommunicationsWorld
from watchbill.domain.communications.statement_actions import Text
from watchbill.domain.incidents.models import Incident

READERS = tuple(f"reader-{number:02}@customer.example" for number in range(30))


def begun(world: CommunicationsWorld) -> Incident:
    world.customers(*READERS)
    incident = world.declares("sev1")
    world.received()
    world.mail.goes_away_after(7)
    return incident


def addresses(world: CommunicationsWorld) -> list[str]:
    return [one for mail in world.letters() for one in mail.recipients]


def test_who_had_it_has_it_once_and_the_others_get_it_when_it_is_back(
    communications_world: CommunicationsWorld,
) -> None:
    world = communications_world
    incident = begun(world)
    statement = world.tells(incident, "customer-email")
    fate = world.fate(statement)
    had = addresses(world)
    assert len(READERS) > len(had) >= 7
    assert {address for address, state in fate.items() if state == "sent"} == set(had)
    assert set(fate.values()) == {"sent", "queued"}  # of none it is in doubt
    world.passes(minutes=20)
    assert addresses(world) == []
    world.mail.comes_back()
    world.passes(minutes=6)
    rest = addresses(world)
    assert sorted([*had, *rest]) == sorted(READERS)
    assert set(world.fate(statement).values()) == {"sent"}
    assert world.happened(incident).count("incident.statement_published") == 1
    world.ends(incident)


def test_a_second_press_and_a_second_statement_meanwhile_change_nothing_of_that(
    communications_world: CommunicationsWorld,
) -> None:
    world = communications_world
    incident = begun(world)
    first = world.tells(incident, "customer-email", text=Text(subject="One", body="It is broken."))
    world.publishes(first)
    world.passes(minutes=16)
    world.tells(incident, "customer-email", text=Text(subject="Two", body="It is mended."))
    world.mail.comes_back()
    world.passes(minutes=11)
    came: dict[str, list[str]] = {}
    for mail in world.letters():
        came.setdefault(mail.recipients[0], []).append(str(mail.message["Subject"]))
    assert came == {reader: ["One", "Two"] for reader in READERS}  # in this order for each of them
    world.ends(incident)


def test_pages_go_out_at_once_while_letters_wait(communications_world: CommunicationsWorld) -> None:
    world = communications_world
    incident = begun(world)
    world.tells(incident, "customer-email")
    letters = set(addresses(world))
    alert = world.fires("disk-full")
    [page] = world.expects(("primary", "webhook"))
    assert page.at == world.now
    world.acknowledges("primary", alert)
    world.mail.comes_back()
    world.passes(minutes=6)
    assert letters | set(addresses(world)) == set(READERS)
    world.resolves("primary", alert)
    world.ends(incident)
