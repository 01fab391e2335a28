"""Nobody on call may be meant; somebody on call without a way to reach them is a page that gets lost."""

from tests.harness.world import World
from watchbill.composition import contact_kinds
from watchbill.doctor.finding import Finding, Patient
from watchbill.doctor.people import on_call
from watchbill.domain.access.models import User
from watchbill.domain.people.models import ContactMethod


def found(world: World) -> dict[str, Finding]:
    patient = Patient(now=world.now, settings=None, ways=world.ways(), kinds=contact_kinds())  # type: ignore[arg-type]  # people only
    return {one.what.partition(":")[0]: one for one in on_call(patient)}


def test_a_schedule_that_is_empty_is_told_without_alarm_whatever_it_is_called(world: World) -> None:
    world.cast.schedule("disabled until May", [])

    [finding] = found(world).values()

    assert finding.what == "schedule disabled until May: nobody is on call in disabled until May"
    assert not finding.serious


def test_people_who_cannot_be_reached_are_serious(world: World) -> None:
    ContactMethod.objects.filter(user=world.cast.people["primary"]).update(verified_at=None)
    User.objects.filter(email="secondary@example.org").update(is_active=False)

    told = found(world)

    assert told["schedule payments-primary"].serious
    assert told["schedule payments-secondary"].serious
