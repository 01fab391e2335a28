"""The people: is somebody there for every alert, and can they be reached?"""

from collections.abc import Iterator

from watchbill.doctor.finding import Finding, Patient
from watchbill.domain.access.models import Role, User
from watchbill.domain.escalation.rules import Target
from watchbill.domain.escalation.targets import Absence, Lookup
from watchbill.domain.oncall.models import Schedule
from watchbill.domain.paging.reads import reachable
from watchbill.domain.people.models import ContactMethod, FallbackRecipient, Urgency
from watchbill.domain.services.models import Service


def owner(_patient: Patient) -> Iterator[Finding]:
    if not User.objects.filter(role=Role.OWNER, is_active=True).exists():
        yield Finding(
            check="owner",
            serious=False,
            what="there is no owner account",
            why="nobody can administer the instance in the browser",
            remedy="open the one-time link that `watchbill up` prints when it starts",
        )


def fallback(patient: Patient) -> Iterator[Finding]:
    ids = list(FallbackRecipient.objects.order_by("position").values_list("user_id", flat=True))
    if not ids:
        yield Finding(
            check="fallback",
            serious=True,
            what="there are no fallback recipients",
            why="an alert whose whole policy reaches nobody wakes nobody",
            remedy="name them in the organization file (`organization: {fallback: [...]}`) or on the page People",
        )
    people = reachable(ids, urgency=Urgency.HIGH, families=patient.families, defaults=patient.ways.defaults)
    for person in people.values():
        if not person.deliveries:
            yield Finding(
                check="fallback",
                serious=True,
                what=f"the fallback recipient {person.email} cannot be reached",
                why="they are the last resort when a whole policy reaches nobody",
                remedy="give them a verified contact whose kind this instance can send, or name somebody else",
            )


def on_call(patient: Patient) -> Iterator[Finding]:
    targets = {
        Target(kind="schedule", id=str(row.id), label=row.name) for row in Schedule.objects.filter(archived_at=None)
    }
    lookup = Lookup(targets, families=patient.families, defaults=patient.ways.defaults)
    for target in sorted(targets, key=lambda one: one.label):
        found = lookup.find(target, urgency=Urgency.HIGH, at=patient.now)
        if found.nobody:
            yield Finding(
                check="on-call",
                serious=found.absence is Absence.UNREACHABLE,
                what=f"schedule {target.label}: {found.nobody}",
                why="policies pass this level at once and page the next one",
                remedy="change the rota, or give the person a verified contact whose kind this instance can send",
            )


def services_without_policy(_patient: Patient) -> Iterator[Finding]:
    for name in Service.objects.filter(archived_at=None, policy=None).order_by("name").values_list("name", flat=True):
        yield Finding(
            check="services",
            serious=False,
            what=f"service {name} has no escalation policy",
            why="its alerts page the fallback recipients at once",
            remedy="give the service a policy",
        )


def contacts_without_channel(patient: Patient) -> Iterator[Finding]:
    kinds = (
        ContactMethod.objects.filter(removed_at=None, user__is_active=True).values_list("kind", flat=True).distinct()
    )
    for kind in sorted(set(kinds) - set(patient.families)):
        known = patient.kinds.get(kind)
        yield Finding(
            check="contacts",
            serious=True,
            what=f"there are contacts of kind {kind}, and this instance cannot send to them",
            why="these people are not told by that way, and some may have no other",
            remedy=f"set {known.setting}" if known else "remove those contacts: nothing here sends by that way",
        )
