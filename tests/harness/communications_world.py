"""A world of incidents with people who want to hear of them, inside and outside, and a real mail server between."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

from tests.harness.carriers import Mail
from tests.harness.incident_world import IncidentWorld
from watchbill.channels.letter_post import SmtpLetterPost
from watchbill.channels.smtp import SmtpSettings
from watchbill.domain.communications import publishing, setup_actions, statement_actions
from watchbill.domain.communications.mailing import MailLetters
from watchbill.domain.communications.models import Letter, Statement
from watchbill.domain.communications.reads import Plan, plan_of
from watchbill.domain.communications.statement_actions import Text
from watchbill.domain.errands.contract import Errand
from watchbill.domain.incidents import assess_actions, ending_actions, workflow_actions
from watchbill.domain.incidents.assess_actions import ImpactDraft
from watchbill.domain.incidents.models import Incident
from watchbill.ground.http_client import HttpClient

TEXT = Text(subject="Problems with checkout", body="We are working on it.")


class CommunicationsWorld(IncidentWorld):
    def __enter__(self) -> "CommunicationsWorld":
        super().__enter__()
        self._letters_seen = 0
        return self

    def build_errands(self, http: HttpClient) -> tuple[Errand[Any], ...]:
        post = SmtpLetterPost(self.letter_settings(), timeout=timedelta(seconds=1))
        return (*super().build_errands(http), MailLetters(post, base_url="http://watchbill.example.org"))

    def letter_settings(self) -> SmtpSettings:
        return SmtpSettings(
            host=self.mail.host, port=self.mail.port, sender="Example <status@example.org>", security="none"
        )

    def customers(self, *addresses: str) -> None:
        setup_actions.import_contacts(
            service_id=self.cast.service.id, text="\n".join(addresses), actor=self.person("owner"), now=self.now
        )

    def subscribes(self, name: str, audience: str = "internal", *, severity: str = "") -> None:
        setup_actions.subscribe(
            user_id=self.cast.people[name].id,
            audience=audience,
            service_id=None,
            severity=severity,
            actor=self.person(name),
            now=self.now,
        )

    def customers_see_it(self, incident: Incident, facing: bool | None = True) -> Incident:
        draft = ImpactDraft(customer_impact="", customers_affected="", customer_facing=facing)
        assess_actions.set_impact(incident_id=incident.id, draft=draft, actor=self.person("engineer"), now=self.now)
        return self.again(incident)

    def a_customer_asks(self, incident: Incident, asked: bool = True) -> None:
        statement_actions.note_inquiry(
            incident_id=incident.id, asked=asked, who="Ms Smith", actor=self.person("engineer"), now=self.now
        )

    def drafts(self, incident: Incident, item: str, *, by: str = "comms", text: Text = TEXT) -> Statement:
        if item in ("status-page-update", "public") and not text.status:
            over = self.again(incident).resolved_at is not None
            text = replace(text, status="resolved" if over else "investigating")
        return statement_actions.save_draft(
            incident_id=incident.id, item=item, text=text, revision=None, actor=self.person(by), now=self.now
        )

    def asks(self, draft: Statement, *, by: str = "comms") -> Statement:
        asked = statement_actions.ask_approval(
            incident_id=draft.incident_id,
            statement_id=draft.id,
            revision=draft.revision,
            actor=self.person(by),
            ways=self.ways(),
            now=self.now,
        )
        self.settle()
        return asked

    def decides(self, draft: Statement, *, by: str, approved: bool = True, why: str = "") -> Statement:
        return statement_actions.decide(
            incident_id=draft.incident_id,
            statement_id=draft.id,
            approved=approved,
            why=why,
            revision=draft.revision,
            actor=self.person(by),
            ways=self.ways(),
            now=self.now,
        )

    def publishes(self, draft: Statement, *, by: str = "comms") -> Statement:
        done = self.publishes_only(draft, by=by)
        self.settle()
        return done

    def publishes_only(self, draft: Statement, *, by: str = "comms") -> Statement:
        """Nothing has left yet."""
        return publishing.publish(
            incident_id=draft.incident_id,
            statement_id=draft.id,
            revision=draft.revision,
            actor=self.person(by),
            ways=self.ways(),
            now=self.now,
        )

    def tells(self, incident: Incident, item: str, *, by: str = "comms", text: Text = TEXT) -> Statement:
        return self.publishes(self.drafts(incident, item, by=by, text=text), by=by)

    def is_resolved(self, incident: Incident) -> Incident:
        for step in ("resolve/confirm", "resolve/verify"):
            workflow_actions.tick_step(
                incident_id=incident.id, step=step, done=True, actor=self.person("engineer"), now=self.now
            )
        ending_actions.resolve(incident_id=incident.id, actor=self.person("engineer"), now=self.now)
        self.settle()
        return self.again(incident)

    def plan(self, incident: Incident) -> Plan:
        return plan_of(self.again(incident), now=self.now)

    def needs(self, incident: Incident) -> dict[str, str]:
        return {line.plan.item: line.plan.need.value for line in self.plan(incident).lines}

    def letters(self) -> list[Mail]:
        """Since the last look."""
        came = [mail for mail in self.mail.mails if mail.message["X-Watchbill"] == "communication"]
        fresh = came[self._letters_seen :]
        self._letters_seen = len(came)
        return fresh

    def letters_go_to(self, *addresses: str) -> Sequence[Mail]:
        """Exactly these, each once, since the last look."""
        came = self.letters()
        assert sorted(one for mail in came for one in mail.recipients) == sorted(addresses)
        assert all(len(mail.recipients) == 1 for mail in came)
        return came

    def fate(self, statement: Statement) -> dict[str, str]:
        return dict(Letter.objects.filter(statement=statement).values_list("address", "state"))
