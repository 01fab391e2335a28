"""What an incident owes and what was said of it, as screens, the API, the command line and reminders show it."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from watchbill.domain.communications import rules
from watchbill.domain.communications.default_templates import DEFAULTS
from watchbill.domain.communications.models import (
    UNPUBLISHED,
    ApprovalRule,
    Audience,
    CustomerContact,
    Inquiry,
    Letter,
    LetterState,
    Moment,
    Statement,
    StatementState,
    Subscription,
    Template,
)
from watchbill.domain.communications.public_part import told_publicly
from watchbill.domain.communications.rules import Facts, PlanItem, Told
from watchbill.domain.incidents import rules as incident_rules
from watchbill.domain.incidents.models import NEVER_WAS, FollowUp, FollowUpKind, Incident
from watchbill.domain.incidents.process_followed import process_of, severity_in
from watchbill.ground.refusals import Unknown

LETTERS_SHOWN = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanLine:
    """One item of the plan with what is being written for it, what went out last, and how its letters fare."""

    plan: PlanItem
    draft: Statement | None
    last: Statement | None
    trouble: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    lines: tuple[PlanLine, ...]
    others: tuple[tuple[str, str], ...]
    inquiry: Inquiry | None
    history: tuple[Statement, ...]

    @property
    def owed_words(self) -> str:
        return rules.owed_words([line.plan for line in self.lines])

    @property
    def next_item(self) -> str:
        return rules.next_item([line.plan for line in self.lines])

    @property
    def undecided(self) -> tuple[PlanItem, ...]:
        return tuple(line.plan for line in self.lines if line.plan.need is rules.Need.UNDECIDED)


@dataclass(frozen=True, slots=True, kw_only=True)
class TemplateLine:
    audience: str
    moment: str
    subject: str
    body: str
    changed_at: datetime | None
    changed_by: str


def plan_items(incident: Incident, *, now: datetime) -> tuple[PlanItem, ...]:
    process, severity = process_of(incident), severity_in(incident)
    return rules.plan(
        severity,
        _facts(incident),
        _told(incident),
        window=lambda since: incident_rules.update_window(process, severity, since=since),
        now=now,
    )


def plan_of(incident: Incident, *, now: datetime) -> Plan:
    items = plan_items(incident, now=now)
    rows = list(incident.statements.select_related("incident").order_by("-drafted_at"))
    published = sorted(
        (row for row in rows if row.published_at is not None), key=lambda row: row.published_at or now, reverse=True
    )
    drafts = {row.item: row for row in rows if row.state in UNPUBLISHED}
    last: dict[str, Statement] = {}
    for row in published:
        last.setdefault(row.item, row)
    troubles = _troubles(list(last.values()))
    planned = {one.item for one in items}
    extra = [_extra(row, incident) for item, row in drafts.items() if item not in planned]
    lines = [
        PlanLine(
            plan=one,
            draft=drafts.get(one.item),
            last=last.get(one.item),
            trouble=troubles.get(last[one.item].id, "") if one.item in last else "",
        )
        for one in (*items, *extra)
    ]
    return Plan(
        lines=tuple(lines),
        others=()
        if incident.state in NEVER_WAS
        else rules.others([line.plan for line in lines], restricted=incident.restricted),
        inquiry=Inquiry.objects.filter(incident=incident).first(),
        history=tuple(published),
    )


def owed_words(incident: Incident, *, now: datetime) -> str:
    return rules.owed_words(plan_items(incident, now=now))


def plan_item(incident: Incident, item: str, *, now: datetime) -> PlanItem:
    """One of the plan; or an audience, when somebody tells more than the severity asks for."""
    planned = next((one for one in plan_items(incident, now=now) if one.item == item), None)
    if planned is not None:
        return planned
    if item not in Audience.values:
        names = ", ".join(one.item for one in plan_items(incident, now=now)) or "none"
        raise Unknown("item", f"{item!r} is no item of this plan ({names}) and no audience")
    moment = Moment.RESOLVED if incident.resolved_at is not None else Moment.FIRST
    return PlanItem(
        item=item,
        label=rules.label_of(item),
        audience=item,
        need=rules.Need.NOT_NEEDED,
        why=f"{severity_in(incident).label} asks for none",
        due_at=None,
        moment=moment,
    )


def _extra(draft: Statement, incident: Incident) -> PlanItem:
    """Somebody writes what the severity does not ask for."""
    return PlanItem(
        item=draft.item,
        label=draft.label,
        audience=draft.audience,
        need=rules.Need.NOT_NEEDED,
        why=f"{severity_in(incident).label} asks for none",
        due_at=None,
        moment=draft.moment,
    )


def _facts(incident: Incident) -> Facts:
    return Facts(
        customer_facing=incident.customer_facing,
        a_customer_asked=Inquiry.objects.filter(incident=incident).exists(),
        restricted=incident.restricted,
        was_none=incident.state in NEVER_WAS,
        raised_at=incident.raised_at,
        resolved_at=incident.resolved_at,
        has_summary=incident.resolved_at is not None and summary_of(incident) is not None,
    )


def summary_of(incident: Incident) -> FollowUp | None:
    return incident.follow_ups.filter(kind=FollowUpKind.SUMMARY).order_by("made_at").first()


def _told(incident: Incident) -> dict[str, Told]:
    """By item. What the public knows is what stands on the status page; a drill stands nowhere."""
    published = incident.statements.filter(state=StatementState.PUBLISHED)
    rows = published.select_related("incident").order_by("published_at")
    found = {
        row.item: Told(item=row.item, label=row.label, audience=row.audience, at=row.published_at, moment=row.moment)
        for row in rows
        if row.published_at is not None
        and (incident.drill or row.audience != Audience.PUBLIC)
        and not _reached_nobody(row)
    }
    named = [one.id for one in severity_in(incident).communication if str(one.audience) == Audience.PUBLIC]
    public = told_publicly(incident, item=named[0] if named else Audience.PUBLIC.value)
    return found | ({public.item: public} if public is not None else {})


def _reached_nobody(one: Statement) -> bool:
    """A mail without readers tells no customer and no executive; people of the organization can read it here."""
    was_sent = not one.elsewhere and not one.incident.drill
    return was_sent and not one.sent_to and one.audience in (Audience.CUSTOMERS, Audience.EXECUTIVES)


def _troubles(statements: Sequence[Statement]) -> dict[UUID, str]:
    bad = {LetterState.FAILED: "failed", LetterState.UNSURE: "may have arrived"}
    rows = Letter.objects.filter(statement__in=statements, state__in=bad)
    counts = Counter(rows.values_list("statement_id", "state"))
    found = {one.id: "It reached nobody" for one in statements if _reached_nobody(one)}
    for one in statements:
        parts = [f"{counts[one.id, state]} {words}" for state, words in bad.items() if counts[one.id, state]]
        if parts:
            found[one.id] = ", ".join(parts)
    return found


def statement(incident: Incident, statement_id: UUID) -> Statement | None:
    return incident.statements.filter(id=statement_id).first()


def statement_of_item(incident: Incident, item: str) -> Statement | None:
    """The one that is being written, otherwise the last that went out."""
    rows = incident.statements.filter(item=item)
    published = rows.filter(state=StatementState.PUBLISHED).order_by("-published_at")
    return rows.filter(state__in=UNPUBLISHED).first() or published.first()


def letters_of(one: Statement, *, limit: int = LETTERS_SHOWN) -> list[Letter]:
    """What went wrong first."""
    rows = sorted(one.letters.all(), key=lambda row: (row.state not in ("failed", "unsure"), row.address))
    return rows[:limit]


def letter_counts(one: Statement) -> dict[str, int]:
    return dict(Counter(one.letters.values_list("state", flat=True)))


def template(audience: str, moment: str) -> TemplateLine:
    row = Template.objects.filter(audience=audience, moment=moment).first()
    return _template_line(audience, moment, row)


def templates() -> list[TemplateLine]:
    """All of them, by audience and moment."""
    changed = {(row.audience, row.moment): row for row in Template.objects.all()}
    return [
        _template_line(audience, moment, changed.get((audience, moment)))
        for audience in Audience.values
        for moment in Moment.values
    ]


def _template_line(audience: str, moment: str, row: Template | None) -> TemplateLine:
    subject, body = (row.subject, row.body) if row is not None else DEFAULTS[audience, moment]
    return TemplateLine(
        audience=audience,
        moment=moment,
        subject=subject,
        body=body,
        changed_at=row.changed_at if row is not None else None,
        changed_by=row.changed_by if row is not None else "",
    )


def approvers() -> dict[str, str]:
    """The role whose word is needed, by audience; empty where nobody's is."""
    held = dict(ApprovalRule.objects.values_list("audience", "role"))
    return {audience: held.get(audience, "") for audience in Audience.values}


def subscriptions(*, user_id: UUID | None = None) -> list[Subscription]:
    rows = Subscription.objects.select_related("user", "service").order_by("user__email", "audience", "service__name")
    return list(rows.filter(user_id=user_id) if user_id is not None else rows)


def customer_contacts(*, service_id: UUID | None = None) -> list[CustomerContact]:
    rows = CustomerContact.objects.select_related("service").order_by("service__name", "address")
    return list(rows.filter(service_id=service_id) if service_id is not None else rows)
