"""The people: is somebody there for every alert, and can they be reached?"""

from collections.abc import Iterable, Iterator

from watchbill.doctor.finding import Finding, Patient
from watchbill.domain.access.models import Role, User
from watchbill.domain.escalation.reach_reads import out_of_reach
from watchbill.domain.escalation.rules import Target
from watchbill.domain.escalation.targets import Absence, Lookup
from watchbill.domain.oncall.models import Schedule
from watchbill.domain.paging.reads import reachable
from watchbill.domain.paging.tried_reads import untried
from watchbill.domain.people.models import ContactMethod, FallbackRecipient, Urgency
from watchbill.domain.process.reads import running
from watchbill.domain.services.models import Service
from watchbill.domain.services.unfilled_roles import unfilled_roles

_NAMED_MAX = 10


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


def unfilled(_patient: Patient) -> Iterator[Finding]:
    for one in unfilled_roles(running()):
        where = f"team {one.team} has nobody" if one.team_id else "nobody is named"
        yield Finding(
            check="roles",
            serious=False,
            what=f"{where} as {one.label.lower()} (called by {one.calls})",
            why="the incident does without, or wakes the fallback instead",
            remedy="name them on the page Roles, or in the organization file",
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


def cannot_be_reached(patient: Patient) -> Iterator[Finding]:
    for person in out_of_reach(ways=patient.ways, now=patient.now):
        yield Finding(
            check="people",
            serious=bool(person.counted_on),
            what=f"{person.name} ({person.email}) cannot be reached"
            + (f", and is counted on by {', '.join(person.counted_on)}" if person.counted_on else ""),
            why="a page for them leaves by no way, so their level is passed at once",
            remedy="give them a verified contact whose kind this instance can send, or name somebody else",
        )


def untried_contacts(patient: Patient) -> Iterator[Finding]:
    rows = untried().filter(kind__in=list(patient.families)).select_related("user").order_by("user__email", "position")
    if names := _named_contacts(rows):
        yield Finding(
            check="contacts",
            serious=False,
            what=f"contacts that were never tried: {names}",
            why="somebody vouched for these addresses, but nothing was ever sent there",
            remedy="send a test page to each: on the page Me, or an admin on the page of the person",
        )


def contacts_without_channel(patient: Patient) -> Iterator[Finding]:
    rows = ContactMethod.objects.filter(removed_at=None, user__is_active=True).select_related("user")
    kinds = set(rows.values_list("kind", flat=True).distinct())
    for kind in sorted(kinds - set(patient.families)):
        names = _named_contacts(rows.filter(kind=kind).order_by("user__email", "position"))
        known = patient.kinds.get(kind)
        yield Finding(
            check="contacts",
            serious=True,
            what=f"there are contacts of kind {kind}, and this instance cannot send to them: {names}",
            why="these people are not told by that way, and some may have no other",
            remedy=f"set {known.setting}" if known else "remove those contacts: nothing here sends by that way",
        )


def _named_contacts(rows: Iterable[ContactMethod]) -> str:
    named = [f"{row.name} of {row.user.email}" for row in rows]
    rest = f" and {len(named) - _NAMED_MAX} more" if len(named) > _NAMED_MAX else ""
    return ", ".join(named[:_NAMED_MAX]) + rest
