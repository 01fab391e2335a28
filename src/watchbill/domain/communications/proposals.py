"""What stands in the form when somebody begins to write: the template, filled from the record."""

from datetime import datetime

from watchbill.domain.communications.models import Audience, Moment
from watchbill.domain.communications.public_part import suggested_components, suggested_status
from watchbill.domain.communications.reads import summary_of, template
from watchbill.domain.communications.rules import PlanItem
from watchbill.domain.communications.statement_actions import Text
from watchbill.domain.communications.template_rules import BODY_MAX, SUBJECT_MAX, render
from watchbill.domain.communications.values import values_of
from watchbill.domain.incidents.models import FollowUpState, Incident
from watchbill.ground.text import cut_characters, one_line


def proposed(incident: Incident, planned: PlanItem, *, moment: str, base_url: str, now: datetime) -> Text:
    """At the end, people of the organization get the summary that the follow-up has drafted."""
    chosen = template(planned.audience, moment)
    values = values_of(incident, audience=planned.audience, base_url=base_url, now=now)
    body = render(chosen.body, values)
    if planned.audience == Audience.INTERNAL and moment == Moment.RESOLVED:
        summary = summary_of(incident)
        if summary is not None and summary.state == FollowUpState.OPEN:
            body = f"{summary.text}\n\nDetails: {values['link']}"
    is_public = planned.audience == Audience.PUBLIC
    return Text(
        subject=cut_characters(one_line(render(chosen.subject, values)), SUBJECT_MAX),
        body=cut_characters(body.strip(), BODY_MAX),
        status=suggested_status(incident, moment=moment) if is_public else "",
        components=suggested_components(incident, moment=moment) if is_public else {},
    )
