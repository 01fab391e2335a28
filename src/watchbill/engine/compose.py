"""From a claimed attempt to the message a channel sends: what the alert is now, not what it was."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Protocol
from uuid import UUID

from watchbill.domain.access.models import User
from watchbill.domain.alerts.models import SUBJECT_KIND, Alert
from watchbill.domain.incidents.models import SUBJECT_KIND as INCIDENT
from watchbill.domain.incidents.models import Call, CallAbout, Incident
from watchbill.domain.incidents.process_followed import severity_label
from watchbill.domain.paging.contact_message_sending import ContactMessageIntent
from watchbill.domain.paging.contract import AlertLine, Message, Note
from watchbill.domain.paging.links import AcknowledgeLink, make_token
from watchbill.domain.paging.models import ContactMessageKind
from watchbill.domain.paging.store import Intent
from watchbill.domain.people.models import Urgency
from watchbill.domain.people.rules import CONTACT_SECRET_PURPOSE
from watchbill.ground.secrets import unseal


@dataclass(frozen=True, slots=True, kw_only=True)
class Instance:
    """What a message needs to know of where it comes from."""

    base_url: str
    secret_key: str


class SubjectUnknown(Exception):
    """Nobody here can say what the page is about."""


class Lines(Protocol):
    """The lines of those of one kind, by id; whatever is not there is absent."""

    def __call__(self, ids: Collection[UUID], *, base_url: str) -> Mapping[UUID, AlertLine]: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What a page asks a decision on, in words, and the address where it is decided."""

    title: str
    path: str


class Questions(Protocol):
    """By run: what its pages ask. Most ask nothing and are absent."""

    def __call__(self, run_ids: Collection[UUID]) -> Mapping[UUID, Question]: ...


def no_questions(run_ids: Collection[UUID]) -> Mapping[UUID, Question]:
    return {}


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """How pages about one kind of thing are put into words: `plural` in a bundle, `path` of the screen with all."""

    lines: Lines
    plural: str
    path: str
    questions: Questions = no_questions


def alert_lines(ids: Collection[UUID], *, base_url: str) -> Mapping[UUID, AlertLine]:
    found = Alert.objects.filter(id__in=list(ids)).select_related("service").defer("details", "links")
    return {alert.id: _line(alert, base_url) for alert in found}


def incident_lines(ids: Collection[UUID], *, base_url: str) -> Mapping[UUID, AlertLine]:
    found = Incident.objects.filter(id__in=list(ids)).select_related("service")
    return {incident.id: _incident_line(incident, base_url) for incident in found}


def incident_questions(run_ids: Collection[UUID]) -> Mapping[UUID, Question]:
    asking = Call.objects.filter(id__in=list(run_ids)).exclude(about="").select_related("incident")
    return {call.id: Question(title=_question_title(call), path=_decided_at(call)) for call in asking}


def _question_title(call: Call) -> str:
    return f"{'DRILL ' if call.incident.drill else ''}{call.label}"


def _decided_at(call: Call) -> str:
    incident = f"/incidents/{call.incident.number}"
    return f"{incident}/communication/{call.about_id}" if call.about == CallAbout.STATEMENT else f"{incident}#needs"


# What a page may be about, by the kind that its run names: as `handlers` for timers.
SUBJECTS: Mapping[str, Subject] = {
    SUBJECT_KIND: Subject(lines=alert_lines, plural="alerts", path="/alerts"),
    INCIDENT: Subject(lines=incident_lines, plural="incidents", path="/incidents", questions=incident_questions),
}


def compose(
    intents: Sequence[Intent], *, instance: Instance, now: datetime, subjects: Mapping[str, Subject] = SUBJECTS
) -> list[tuple[Intent, Message]]:
    """Raises SubjectUnknown for the whole batch; the caller tries one by one."""
    lines = _lines(intents, subjects, base_url=instance.base_url)
    questions = _questions(intents, subjects)
    people = User.objects.in_bulk({intent.deliveries[0].user_id for intent in intents})
    return [
        (
            intent,
            _message(
                intent,
                lines=_of(intent, lines[intent.subject_kind]),
                subject=subjects[intent.subject_kind],
                person=people[intent.deliveries[0].user_id],
                question=_question_of(intent, questions),
                instance=instance,
                now=now,
            ),
        )
        for intent in intents
    ]


def _lines(
    intents: Sequence[Intent], subjects: Mapping[str, Subject], *, base_url: str
) -> dict[str, Mapping[UUID, AlertLine]]:
    """By kind: one reading for all of a kind."""
    wanted: dict[str, set[UUID]] = defaultdict(set)
    for intent in intents:
        wanted[intent.subject_kind].update(one.subject_id for one in intent.deliveries)
    unknown = wanted.keys() - subjects.keys()
    if unknown:
        raise SubjectUnknown(
            f"a page is about {', '.join(sorted(unknown))}, which this version cannot put into words; an engine of a "
            "newer version may. The register is SUBJECTS in engine/compose.py"
        )
    return {kind: subjects[kind].lines(ids, base_url=base_url) for kind, ids in wanted.items()}


def _questions(intents: Sequence[Intent], subjects: Mapping[str, Subject]) -> dict[UUID, Question]:
    found: dict[UUID, Question] = {}
    for kind in {intent.subject_kind for intent in intents}:
        runs = {one.run_id for intent in intents if intent.subject_kind == kind for one in intent.deliveries}
        found |= subjects[kind].questions(runs)
    return found


def _question_of(intent: Intent, questions: Mapping[UUID, Question]) -> Question | None:
    """Of a message that says nothing else: one that also wakes somebody is about what it wakes for."""
    runs = {one.run_id for one in intent.deliveries}
    return questions.get(next(iter(runs))) if len(runs) == 1 else None


def _of(intent: Intent, known: Mapping[UUID, AlertLine]) -> tuple[AlertLine, ...]:
    ids = list(dict.fromkeys(one.subject_id for one in intent.deliveries))
    missing = [str(subject_id) for subject_id in ids if subject_id not in known]
    if missing:
        raise SubjectUnknown(f"a page is about {intent.subject_kind} {', '.join(missing)}, which is not there any more")
    urgency = {one.subject_id: one.urgency for one in reversed(intent.deliveries)}
    # As urgent as the page is: a reminder about an incident wakes nobody.
    return tuple(replace(known[subject_id], urgency=urgency[subject_id]) for subject_id in ids)


def _message(
    intent: Intent,
    *,
    lines: tuple[AlertLine, ...],
    subject: Subject,
    person: User,
    question: Question | None,
    instance: Instance,
    now: datetime,
) -> Message:
    first = intent.deliveries[0]
    if question is not None:
        asked_at = f"{instance.base_url}{question.path}"
        lines = tuple(replace(line, title=question.title, open_url=asked_at) for line in lines)
    link = AcknowledgeLink(attempt_id=intent.attempt_id, user_id=person.id)
    token = make_token(link, secret_key=instance.secret_key, now=now)
    bundle = len(lines) > 1
    return Message(
        attempt_id=intent.attempt_id,
        address=first.address,
        secret=unseal(first.sealed_secret, secret_key=instance.secret_key, purpose=CONTACT_SECRET_PURPOSE)
        if first.sealed_secret
        else None,
        recipient_name=person.name,
        time_zone=person.time_zone,
        alerts=lines,
        reason=f"{len(lines)} {subject.plural}; the first: {first.reason}" if bundle else first.reason,
        acknowledge_url=f"{instance.base_url}/a/{token}",
        open_url=f"{instance.base_url}{subject.path}" if bundle else lines[0].open_url,
        composed_at=now,
        thread_key=str(intent.attempt_id if bundle else first.subject_id),
        plural=subject.plural,
        is_question=question is not None,
    )


def _line(alert: Alert, base_url: str) -> AlertLine:
    return AlertLine(
        alert_id=alert.id,
        number=alert.number,
        title=alert.summary,
        service=alert.service.name,
        severity=alert.severity,
        urgency=alert.urgency,
        dedup_key=alert.dedup_key,
        opened_at=alert.opened_at,
        open_url=f"{base_url}/alerts/{alert.id}",
    )


def _incident_line(incident: Incident, base_url: str) -> AlertLine:
    severity = severity_label(incident)
    drill = "DRILL " if incident.drill else ""
    return AlertLine(
        kind=INCIDENT,
        alert_id=incident.id,
        number=incident.number,
        title=f"{drill}{severity}: {incident.title}",
        service=incident.service.name if incident.service else "no service",
        severity=severity,
        urgency=Urgency.HIGH,
        dedup_key=f"incident-{incident.number}",
        opened_at=incident.declared_at,
        open_url=f"{base_url}/incidents/{incident.number}",
    )


def compose_note(intent: ContactMessageIntent, *, instance: Instance, now: datetime) -> Message:
    person = User.objects.get(id=intent.user_id)
    return Message(
        attempt_id=intent.attempt_id,
        address=intent.address,
        secret=unseal(intent.sealed_secret, secret_key=instance.secret_key, purpose=CONTACT_SECRET_PURPOSE)
        if intent.sealed_secret
        else None,
        recipient_name=person.name,
        time_zone=person.time_zone,
        alerts=(),
        reason="",
        acknowledge_url="",
        open_url=f"{instance.base_url}/me",
        composed_at=now,
        thread_key=str(intent.message_id),
        note=_note(intent),
    )


def _note(intent: ContactMessageIntent) -> Note:
    if intent.message_kind == ContactMessageKind.CODE:
        return Note(
            kind="code",
            title=f"{intent.code} is your Watchbill code",
            text=f"Enter {intent.code} on the page Me to confirm this contact. It holds for ten minutes. "
            "If you did not ask for it, do nothing and tell nobody the code.",
        )
    if intent.message_kind == ContactMessageKind.TEST:
        return Note(
            kind="test",
            title="Test page from Watchbill",
            text="This is how a page reaches you. Nothing is wrong, and nothing has to be done.",
            urgent=True,
        )
    return Note(kind="notice", title="How Watchbill reaches you was changed", text=intent.text)
