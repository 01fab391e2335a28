"""A believable organization with an alert in every state, long words, other scripts and hostile text."""

import math
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from uuid import UUID, uuid4

import orjson
from django.db import connection, transaction

from tests.harness import pictures
from tests.web import public_page
from watchbill.config import secret_key
from watchbill.domain.access.models import Role, User
from watchbill.domain.alerts.models import Alert
from watchbill.domain.audit.actions import record
from watchbill.domain.audit.contract import ENGINE, Actor, Record
from watchbill.domain.bridges.actions import GiveBridge
from watchbill.domain.bridges.models import Bridge, Meeting
from watchbill.domain.communications import setup_actions
from watchbill.domain.communications.models import Letter, Statement
from watchbill.domain.communications.publishing import publish
from watchbill.domain.communications.statement_actions import Text, ask_approval, save_draft
from watchbill.domain.escalation.models import Policy, PolicyVersion, Run
from watchbill.domain.escalation.steps import Ways
from watchbill.domain.event_hooks import actions as event_hooks
from watchbill.domain.event_hooks.collecting import collect
from watchbill.domain.event_hooks.models import EventDelivery, EventHook
from watchbill.domain.event_hooks.rules import EVENTS, HookDraft
from watchbill.domain.incidents.actions import Declaration, declare
from watchbill.domain.incidents.attachment_rules import Limits, NewFile
from watchbill.domain.incidents.ladder_actions import climb_ladders
from watchbill.domain.incidents.models import Incident
from watchbill.domain.incidents.role_actions import take
from watchbill.domain.incidents.room_actions import Files, pin, post_update, write
from watchbill.domain.incidents.timer_kinds import LADDER
from watchbill.domain.oncall.models import Override, Rotation, RotationMember, Schedule
from watchbill.domain.paging.contract import Family
from watchbill.domain.paging.models import Attempt, AttemptedDelivery, Delivery, Page
from watchbill.domain.paging.reads import default_rules
from watchbill.domain.people.models import (
    ContactMethod,
    FallbackRecipient,
    Membership,
    NotificationRule,
    Organization,
    Team,
)
from watchbill.domain.services.check_actions import set_checks
from watchbill.domain.services.check_rules import CheckDraft
from watchbill.domain.services.dependency_actions import set_dependencies
from watchbill.domain.services.models import Integration, MaintenanceWindow, Service
from watchbill.domain.services.throttle_notices import Refusals, note_refusals
from watchbill.domain.timers.actions import NewTimer, set_timers
from watchbill.domain.timers.store import DueTimer
from watchbill.domain.verification.actions import note_answer, verify
from watchbill.domain.verification.contract import Answered, Curve, Measured, QuestionRefused
from watchbill.domain.warrooms.models import ChatPerson, ChatRoom, RoomMember, RoomState
from watchbill.ground.secrets import digest, hint

HOSTILE = "<script>alert(1)</script><img src=x onerror=alert(2)> \u202egnp.exe & \"quoted\" 'single'"
# Names of things are refused when they turn the reading around; what people write is not.
HOSTILE_NAME = HOSTILE.replace("\u202e", "")
LONG = (
    "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft: checkout latency p99 above 5 "
    "seconds for ten minutes"
)[:120]


@dataclass
class Stage:
    me: User
    people: dict[str, User]
    services: dict[str, Service]
    schedules: dict[str, Schedule]
    policies: dict[str, Policy]
    teams: dict[str, Team]
    alerts: dict[str, Alert]
    incident: Incident
    drafted: Statement
    published: Statement
    event_hook: EventHook
    bridge: Bridge


def build(now: datetime) -> Stage:
    with transaction.atomic():
        stage = _build(now)
        public_page.build(stage.me, stage.services, hostile=HOSTILE, long=LONG, now=now)
        return stage


def _build(now: datetime) -> Stage:
    Organization.objects.update_or_create(id=1, defaults={"name": "Example", "time_zone": "Europe/Berlin"})
    people = {
        key: User.objects.create(
            email=f"{key}@example.org", name=name, role=role, time_zone=zone, created_at=now, password="!"
        )
        for key, name, role, zone in (
            ("lead", "Team Lead", Role.OWNER, "Europe/Berlin"),
            ("first", "First Responder", Role.RESPONDER, "Africa/Lagos"),
            ("second", "Second Responder", Role.RESPONDER, "America/Sao_Paulo"),
            ("rtl", "مستجيب ثالث", Role.RESPONDER, "Asia/Dubai"),
            ("long", "Bereitschaftsdienstverantwortlicher Hauptabteilungsleiter", Role.RESPONDER, "Europe/Vienna"),
            ("emoji", "Night Shift 🦉", Role.RESPONDER, "UTC"),
            ("stakeholder", "A Stakeholder", Role.STAKEHOLDER, "Europe/London"),
        )
    }
    contacts = {}
    for key, user in people.items():
        if key in ("emoji", "stakeholder"):
            continue
        for position, (name, kind, address) in enumerate(
            (("phone", "ntfy", f"https://ntfy.example.org/{key}"), ("mail", "email", user.email))
        ):
            contacts[key, name] = ContactMethod.objects.create(
                user=user, name=name, kind=kind, address=address, position=position, created_at=now, verified_at=now
            )
    NotificationRule.objects.create(
        user=people["lead"], urgency="high", position=0, contact=contacts["lead", "phone"], after_seconds=0
    )
    NotificationRule.objects.create(
        user=people["lead"], urgency="high", position=1, contact=contacts["lead", "mail"], after_seconds=60
    )
    FallbackRecipient.objects.create(user=people["lead"], position=0)
    teams = _teams(people)
    schedules = _schedules(people, teams, now)
    policies = _policies(people, teams, schedules, now)
    services = _services(teams, policies, now)
    alerts = _alerts(people, contacts, services, policies, now)
    _turned_away(services, now)
    bridge = _bridges(teams["payments"], now)
    incident = _incident(people, services, alerts, now)
    _chat(incident, people, now)
    _verified(people, services, incident, now)
    hook = _event_hook(people["lead"], incident, now)
    drafted, published = _said(people, services, now)
    return Stage(
        people["lead"], people, services, schedules, policies, teams, alerts, incident, drafted, published, hook, bridge
    )


def _chat(incident: Incident, people: dict[str, User], now: datetime) -> None:
    """A room with everything that can be wrong with it, and accounts found by address and linked by a code."""
    until = (now + timedelta(minutes=5)).isoformat()
    room = ChatRoom.objects.create(
        incident=incident,
        host="slack",
        state=RoomState.MADE,
        external_id="C1",
        name="incident-2026-03-02-checkout-latency-p99-above-5-seconds",
        url="https://acme.slack.com/archives/C1",
        wanted_at=now,
        made_at=now,
        troubles={"pin": {"why": f"the Slack app lacks the scope pins:write {HOSTILE}", "until": until}},
    )
    RoomMember.objects.create(room=room, user=people["rtl"], state="unknown", why=HOSTILE, invited_at=now)
    for name, linked_at in (("lead", None), (HOSTILE, now)):
        ChatPerson.objects.create(
            host="slack",
            external_id=f"U-{name}"[:20],
            name=name,
            user=people["lead"],
            seen_at=now,
            vouched=True,
            linked_at=linked_at,
        )


def _bridges(team: Team, now: datetime) -> Bridge:
    Bridge.objects.create(name="Conference", kind="phone", phone="+49 30 1234567", pin="4711", created_at=now)
    url = "https://meet.example.org/Bereitschaftsdienstverantwortlichkeitsbesprechungsraum?pwd=" + "a" * 120
    Bridge.objects.create(name=f"Spare {HOSTILE[:8]}", kind="link", url=url, team=team, order=200, created_at=now)
    return Bridge.objects.create(
        name=f"Main {HOSTILE[:8]}", kind="zoom", url="https://zoom.us/j/1234567890?pwd=abc", order=1, created_at=now
    )


def _said(people: dict[str, User], services: dict[str, Service], now: datetime) -> tuple[Statement, Statement]:
    """Of an incident that is over: a mail to customers that waits for the commander's word, and one to the house that
    did not reach everybody."""
    actor = Actor(kind="person", label=people["second"].name, via="web", id=people["second"].id)
    lead = Actor(kind="person", label=people["lead"].name, via="web", id=people["lead"].id)
    wanted = Declaration(title=f"Invoices come late {HOSTILE}", severity="sev1", service_id=services["checkout"].id)
    incident = declare(wanted, actor=lead, now=now - timedelta(hours=3)).incident
    Incident.objects.filter(id=incident.id).update(
        state="resolved", mitigated_at=now - timedelta(hours=2), resolved_at=now - timedelta(hours=1)
    )
    incident.refresh_from_db()
    ways = Ways(families={"demo": Family.PUSH, "email": Family.EMAIL}, defaults=default_rules())
    setup_actions.set_approver(audience="customers", role="incident-commander", actor=actor, now=now)
    contacts = f"{HOSTILE.replace('<', '').replace('>', '')} <anna@customer.example>\nbert@customer.example"
    setup_actions.import_contacts(service_id=incident.service_id, text=contacts, actor=actor, now=now)
    for key in ("lead", "first", "long"):
        setup_actions.subscribe(
            user_id=people[key].id, audience="internal", service_id=incident.service_id, severity="sev2",
            actor=actor, now=now,
        )  # fmt: skip
    text = Text(subject=f"Checkout {HOSTILE}", body=f"{HOSTILE}\n\n{LONG}")
    at = {"incident_id": incident.id, "actor": actor, "now": now - timedelta(minutes=2)}
    drafted = save_draft(item="customer-email", text=text, revision=None, **at)
    ask_approval(statement_id=drafted.id, revision=None, ways=ways, **at)
    published = save_draft(item="internal", text=text, revision=None, **at)
    publish(statement_id=published.id, revision=None, ways=ways, **at)
    letters = list(Letter.objects.filter(statement=published).order_by("address"))
    for letter, state in zip(letters, ("failed", "sent", "unsure"), strict=False):
        Letter.objects.filter(id=letter.id).update(state=state, settled_at=now, reason=f"550 5.1.1 {HOSTILE}"[:500])
    return drafted, published


def _event_hook(who: User, incident: Incident, now: datetime) -> EventHook:
    """One that took what it was sent, then failed for hours and was left alone."""
    actor = Actor(kind="person", label=who.name, via="web", id=who.id)
    draft = HookDraft(
        name=f"Ticket system {HOSTILE_NAME}"[:60], url="https://tickets.example.org/in", events=tuple(EVENTS)
    )
    began = incident.declared_at - timedelta(minutes=1)
    made = event_hooks.add(draft, secret_key=secret_key(), actor=actor, now=began)
    collect(incident.id, now)
    first, *rest = EventDelivery.objects.order_by("entry_id")
    EventDelivery.objects.filter(id=first.id).update(
        state="delivered", status=204, attempts=1, tried_at=now, settled_at=now
    )
    EventDelivery.objects.filter(id=rest[0].id).update(
        status=503, attempts=7, tried_at=now, error=f"answered 503 {HOSTILE}"[:300]
    )
    EventHook.objects.filter(id=made.id).update(
        failing_since=began, paused_at=now, paused_why=f"nothing was delivered since 03:04: {HOSTILE}"[:300]
    )
    return EventHook.objects.get(id=made.id)


def _verified(people: dict[str, User], services: dict[str, Service], incident: Incident, now: datetime) -> None:
    """Checks with hostile text, what needs what, a related incident, and answers of every kind."""
    actor = Actor(kind="person", label=people["lead"].name, via="web", id=people["lead"].id)
    set_checks(
        services["checkout"].id,
        [
            CheckDraft(
                name=f"errors {HOSTILE_NAME}"[:100], query=f'errors{{job="a"}} {HOSTILE}', healthy_when="< 1", unit="%"
            ),
            CheckDraft(name="time to answer", query="histogram_quantile(0.99, x)", healthy_when="< 0.5", unit="s"),
            CheckDraft(name="queue", query="sum(", healthy_when="<= 10"),
            CheckDraft(name="instances", query="up", healthy_when="== 1"),
        ],
        actor=actor,
        now=now,
    )
    set_dependencies(services["search"].id, [services["checkout"].id], actor=actor, now=now)
    wanted = Declaration(title=f"Checkout was slow {HOSTILE}", severity="sev4", service_id=services["checkout"].id)
    declare(wanted, actor=actor, now=now - timedelta(days=3))
    asked = verify(incident_id=incident.id, has_source=True, actor=actor, now=now - timedelta(minutes=2))
    answers = (
        _answered(now, 0.2, 3.5),
        _answered(now, 0.21),
        QuestionRefused(f"parse error {HOSTILE}"),
        _answered(now),
    )
    for result, answer in zip(asked.results.order_by("position"), answers, strict=True):
        note_answer(result, answer, now=now - timedelta(minutes=1))


def _answered(now: datetime, *values: float) -> Answered:
    """The last hour of each goes up and down, with a gap."""
    minutes = [minute for minute in range(61) if not 20 < minute < 26]
    return Answered(
        series=tuple(Measured(labels=f'{{pod="{HOSTILE}"}}', value=value) for value in values),
        curves=tuple(
            Curve(
                labels=f'{{pod="{HOSTILE}"}}',
                points=tuple(
                    (now - timedelta(minutes=60 - minute), value * (1 + 0.5 * math.sin(minute / 7)))
                    for minute in minutes
                ),
            )
            for value in values
        ),
    )


def _incident(
    people: dict[str, User], services: dict[str, Service], alerts: dict[str, Alert], now: datetime
) -> Incident:
    """A SEV1 of some minutes ago: everybody called, roles asked for, written in, with hostile text everywhere."""
    declared_at = now - timedelta(minutes=12)
    actor = Actor(kind="person", label=people["first"].name, via="web", id=people["first"].id)
    wanted = Declaration(
        title=f"Checkout is down {HOSTILE}",
        severity="sev1",
        service_id=services["checkout"].id,
        alert_ids=(alerts["live"].id, alerts["hostile"].id),
        drill=True,
        summary=f"First seen by customers {HOSTILE}",
    )
    incident = declare(wanted, actor=actor, now=declared_at).incident
    due = DueTimer(id=0, kind=LADDER, subject_id=incident.id, generation=1, due_at=declared_at, failures=0)
    ways = Ways(families={"demo": Family.PUSH, "email": Family.EMAIL}, defaults=default_rules())
    climb_ladders([due], now=declared_at, ways=ways)
    take(incident_id=incident.id, role="scribe", actor=actor, now=declared_at + timedelta(minutes=1))
    said = write(incident_id=incident.id, text=HOSTILE, actor=actor, now=declared_at + timedelta(minutes=2))
    files = Files(
        new=[
            NewFile(name=f"{HOSTILE}.png", content=pictures.png(width=600, height=400), alt=f"Errors {HOSTILE}"),
            NewFile(name="payments.log", content=f"11:02 ERROR {HOSTILE}\n".encode() * 40),
        ],
        limits=Limits(file=1 << 20, incident=1 << 22),
    )
    root = write(incident_id=incident.id, text="Look at @first", files=files, actor=actor, now=declared_at)
    for text in ("Which region?", HOSTILE):
        write(incident_id=incident.id, text=text, thread=root.id, actor=actor, now=declared_at + timedelta(minutes=2))
    pin(incident_id=incident.id, post_id=said.id, pinned=True, actor=actor, now=declared_at + timedelta(minutes=3))
    post_update(incident_id=incident.id, text="We look into it.", actor=actor, now=declared_at + timedelta(minutes=4))
    GiveBridge()(incident.id, declared_at + timedelta(seconds=1))
    why = f"Zoom answered 400: {HOSTILE[:8]}"
    Meeting.objects.create(incident=incident, kind="zoom", marker="wb-1", state="failed", wanted_at=now, error=why)
    return Incident.objects.get(id=incident.id)


def _turned_away(services: dict[str, Service], now: datetime) -> None:
    integration = Integration.objects.filter(service__in=services.values()).earliest("created_at", "id")
    refusals = Refusals(why="the queue was full", requests=1234, since=now)
    note_refusals(integration.id, refusals, now=now)


def _teams(people: dict[str, User]) -> dict[str, Team]:
    payments = Team.objects.create(name="payments", lead=people["lead"], manager=people["lead"])
    platform = Team.objects.create(name="platform", lead=people["first"], manager=None)
    for position, key in enumerate(("lead", "first", "second", "rtl")):
        Membership.objects.create(team=payments, user=people[key], position=position)
    for position, key in enumerate(("first", "long", "emoji")):
        Membership.objects.create(team=platform, user=people[key], position=position)
    return {"payments": payments, "platform": platform}


def _rotation(schedule: Schedule, name: str, position: int, members: list[User | None], **fields: object) -> Rotation:
    values: dict[str, object] = {
        "every": 1,
        "unit": "weeks",
        "handoff_weekday": 0,
        "handoff_time": time(10, 0),
        "starts_date": date(2026, 1, 5),
    }
    rotation = Rotation.objects.create(schedule=schedule, name=name, position=position, **{**values, **fields})
    for seat, user in enumerate(members):
        RotationMember.objects.create(rotation=rotation, position=seat, user=user)
    return rotation


def _schedules(people: dict[str, User], teams: dict[str, Team], now: datetime) -> dict[str, Schedule]:
    primary = Schedule.objects.create(
        name="payments-primary", team=teams["payments"], time_zone="Europe/Berlin", created_at=now
    )
    _rotation(primary, "weekly", 0, [people["lead"], people["first"], people["second"]])
    Override.objects.create(
        schedule=primary,
        user=people["rtl"],
        starts_at=now + timedelta(days=2),
        ends_at=now + timedelta(days=2, hours=14),
        created_at=now,
        created_by="Team Lead",
    )
    Override.objects.create(
        schedule=primary,
        user=people["lead"],
        starts_at=now - timedelta(hours=3),
        ends_at=now + timedelta(hours=9),
        created_at=now,
        created_by="Team Lead",
    )
    secondary = Schedule.objects.create(
        name="payments-secondary", team=teams["payments"], time_zone="Europe/Berlin", created_at=now
    )
    _rotation(secondary, "weekly", 0, [people["second"], people["lead"], people["long"]])
    office = Schedule.objects.create(
        name="platform-office-hours", team=teams["platform"], time_zone="America/New_York", created_at=now
    )
    _rotation(
        office,
        "office",
        0,
        [people["first"], people["long"]],
        unit="days",
        handoff_weekday=None,
        handoff_time=time(9),
        windows=[
            {"starts_weekday": day, "starts_time": "09:00", "ends_weekday": day, "ends_time": "17:00"}
            for day in range(5)
        ],
    )
    empty = Schedule.objects.create(name="night-watch", team=teams["platform"], time_zone="UTC", created_at=now)
    return {"primary": primary, "secondary": secondary, "office": office, "empty": empty}


def _policies(
    people: dict[str, User], teams: dict[str, Team], schedules: dict[str, Schedule], now: datetime
) -> dict[str, Policy]:
    policy = Policy.objects.create(name="payments", team=teams["payments"])
    for number in (1, 2):
        version = PolicyVersion.objects.create(
            policy=policy,
            number=number,
            created_at=now,
            created_by="Team Lead",
            definition={
                "levels": [
                    {
                        "targets": [
                            {"kind": "schedule", "id": str(schedules["primary"].id), "label": "payments-primary"}
                        ],
                        "timeout_seconds": 300,
                    },
                    {
                        "targets": [
                            {"kind": "schedule", "id": str(schedules["secondary"].id), "label": "payments-secondary"},
                            {"kind": "user", "id": str(people["rtl"].id), "label": "rtl@example.org"},
                        ],
                        "timeout_seconds": 600,
                    },
                    {
                        "targets": [{"kind": "team-manager", "id": str(teams["payments"].id), "label": "payments"}],
                        "timeout_seconds": 900,
                    },
                ],
                "repeat": number,
                "acknowledgement_timeout_seconds": 1800,
            },
        )
        policy.current_version = version
    policy.save(update_fields=["current_version"])
    return {"payments": policy}


def _services(teams: dict[str, Team], policies: dict[str, Policy], now: datetime) -> dict[str, Service]:
    services = {
        "checkout": Service.objects.create(
            name="checkout",
            description="Takes orders and money.",
            team=teams["payments"],
            policy=policies["payments"],
            urgency_rule="by-severity",
            runbook_url="https://wiki.example.org/checkout",
            created_at=now,
        ),
        "ledger": Service.objects.create(
            name="Hauptbuchhaltungsabstimmungsdienst",
            team=teams["payments"],
            policy=policies["payments"],
            created_at=now,
        ),
        "search": Service.objects.create(name="search", team=teams["platform"], policy=None, created_at=now),
    }
    for service in services.values():
        for kind in ("alertmanager", "pagerduty-events-v2", "generic"):
            key = f"{kind[:2]}-{service.name[:10]}-{uuid4().hex}"
            Integration.objects.create(
                service=service,
                kind=kind,
                name="",
                digest=digest(key),
                hint=hint(key),
                sealed_key="v1:",
                created_at=now,
            )
    MaintenanceWindow.objects.create(
        service=services["search"],
        starts_at=now - timedelta(minutes=20),
        ends_at=now + timedelta(minutes=100),
        reason="index rebuild",
        created_by="First Responder",
        created_at=now,
    )
    return services


def _alerts(
    people: dict[str, User],
    contacts: dict[tuple[str, str], ContactMethod],
    services: dict[str, Service],
    policies: dict[str, Policy],
    now: datetime,
) -> dict[str, Alert]:
    rows = (
        ("live", "checkout", LONG, "critical", "high", "triggered", 4),
        ("hostile", "ledger", HOSTILE, "error", "high", "triggered", 9),
        ("acknowledged", "checkout", "Card payments fail for one provider", "error", "high", "acknowledged", 22),
        ("warning", "search", "Queue of the indexer grows", "warning", "low", "triggered", 18),
        ("resolved", "checkout", "تنبيه: قرص الخادم ممتلئ 🔥 disk full", "info", "low", "resolved", 180),
    )
    made = {}
    for number, (key, service, summary, severity, urgency, state, minutes) in enumerate(rows, start=1):
        made[key] = _alert(
            number, services[service], summary, severity, urgency, state, now - timedelta(minutes=minutes)
        )
    suppressing = MaintenanceWindow.objects.get()
    Alert.objects.filter(id=made["warning"].id).update(suppressed_by=suppressing)
    Alert.objects.filter(id=made["acknowledged"].id).update(
        acknowledged_at=now - timedelta(minutes=19), acknowledged_by="Team Lead", acknowledged_by_id=people["lead"].id
    )
    Alert.objects.filter(id=made["resolved"].id).update(
        resolved_at=now - timedelta(minutes=120), resolved_by="alertmanager"
    )
    for number in range(60):
        _alert(
            100 + number,
            services["checkout"],
            f"Disk of node-{number} fills up",
            "warning",
            "low",
            "resolved",
            now - timedelta(hours=5 + number),
        )
    version = policies["payments"].current_version
    for key, level in (("live", 1), ("hostile", 2)):
        alert = made[key]
        run = Run.objects.create(
            subject_kind="alert",
            subject_id=alert.id,
            group_id=alert.service_id,
            policy_version=version,
            urgency="high",
            level=level,
            started_at=alert.opened_at,
        )
        set_timers(
            [
                NewTimer(
                    kind="escalation.step", subject_id=run.id, generation=1, due_at=now + timedelta(seconds=192 * level)
                )
            ]
        )
        _pages(run, alert, people, contacts, level)
    for key in ("acknowledged", "resolved"):
        Run.objects.create(
            subject_kind="alert",
            subject_id=made[key].id,
            group_id=made[key].service_id,
            policy_version=version,
            urgency="high",
            state="stopped",
            started_at=made[key].opened_at,
            ended_at=now,
            end_reason="acknowledged by Team Lead",
        )
    set_timers(
        [
            NewTimer(
                kind="alert.acknowledgement_expires",
                subject_id=made["acknowledged"].id,
                due_at=now + timedelta(minutes=11),
            )
        ]
    )
    me = Actor(kind="person", id=people["lead"].id, label="Team Lead", via="web", source_address="192.0.2.7")
    record(
        [
            Record(
                action="alert.acknowledged", subject_kind="alert", subject_id=made["acknowledged"].id, subject_label="x"
            )
        ],
        actor=me,
        now=now - timedelta(minutes=19),
    )
    return {key: Alert.objects.get(id=alert.id) for key, alert in made.items()}


def _alert(
    number: int, service: Service, summary: str, severity: str, urgency: str, state: str, opened_at: datetime
) -> Alert:
    event_id = uuid4()
    integration = service.integrations.order_by("kind").first()
    assert integration is not None
    alert = Alert.objects.create(
        number=number,
        integration=integration,
        service=service,
        dedup_key=f"key-{number}",
        summary=summary,
        severity=severity,
        urgency=urgency,
        source="node-3.example.org",
        details={"component": "api", "custom_details": {"value": 7.25, "note": HOSTILE}},
        links=[
            {"href": "https://graph.example.org/d/1", "text": "Graph"},
            {"href": "javascript:alert(1)", "text": "bad"},
        ],
        state=state,
        opened_at=opened_at,
        first_event_id=event_id,
        events_count=3,
        last_event_at=opened_at + timedelta(minutes=1),
        resolved_at=opened_at if state == "resolved" else None,
    )
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO alerts_event (id, received_at, integration_id, alert_id, disposition, dedup_key, action,"
            " summary, body, headers) VALUES (%s, %s, %s, %s, 'new', %s, 'trigger', %s, %s, '{}')",
            [
                event_id,
                opened_at,
                integration.id,
                alert.id,
                alert.dedup_key,
                summary,
                orjson.dumps({"summary": summary, "severity": severity}),
            ],
        )
    record(
        [Record(action="alert.triggered", subject_kind="alert", subject_id=alert.id, subject_label=summary)],
        actor=Actor(kind="source", label=f"alertmanager of {service.name}", via="ingest"),
        now=opened_at,
    )
    return alert


def _pages(
    run: Run,
    alert: Alert,
    people: dict[str, User],
    contacts: dict[tuple[str, str], ContactMethod],
    levels: int,
) -> None:
    for level, key in tuple(enumerate(("lead", "second")))[:levels]:
        paged_at = alert.opened_at + timedelta(minutes=5 * level)
        why = "the first to be paged" if level == 0 else "level 1 did not acknowledge within 5 min"
        page = Page.objects.create(
            run_id=run.id,
            generation=1,
            cycle=0,
            level=level,
            subject_kind="alert",
            subject_id=alert.id,
            group_id=alert.service_id,
            user=people[key],
            urgency="high",
            reason=f"Level {level + 1} of payments v2, schedule payments-{('primary', 'secondary')[level]}: {why}",
            created_at=paged_at,
        )
        _delivery(page, contacts[key, "phone"], 0, "at once", paged_at, "failed", "the server answered 503")
        _delivery(page, contacts[key, "mail"], 1, "after 1 min", paged_at + timedelta(minutes=1), "sent", "")
        record(
            [
                Record(
                    action="escalation.paged",
                    subject_kind="alert",
                    subject_id=alert.id,
                    subject_label=alert.summary,
                    details={
                        "level": level + 1,
                        "cycle": 0,
                        "policy": "payments v2",
                        "people": [{"id": str(people[key].id), "name": people[key].name}],
                    },
                )
            ],
            actor=ENGINE,
            now=paged_at,
        )


def _delivery(
    page: Page, contact: ContactMethod, position: int, rule: str, due_at: datetime, state: str, error: str
) -> None:
    attempt = Attempt.objects.create(
        contact=contact,
        kind=contact.kind,
        state="delivered" if state == "sent" else "refused",
        token=UUID(int=position),
        started_at=due_at,
        lease_until=due_at + timedelta(seconds=30),
        finished_at=due_at + timedelta(milliseconds=210),
        pages_count=1,
        error=error,
    )
    delivery = Delivery.objects.create(
        page=page,
        contact=contact,
        position=position,
        rule=rule,
        due_at=due_at,
        state=state,
        tries=1,
        attempt=attempt,
        finished_at=attempt.finished_at,
        error=error,
    )
    AttemptedDelivery.objects.create(attempt=attempt, delivery=delivery)
