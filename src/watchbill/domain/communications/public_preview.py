"""How the status page would stand after a statement, and whether that says less than customers feel."""

from datetime import datetime

from watchbill.domain.audit.contract import ENGINE
from watchbill.domain.communications.models import Moment, Statement
from watchbill.domain.communications.public_part import publish_publicly
from watchbill.domain.communications.recipients import service_ids
from watchbill.domain.incidents.models import Incident
from watchbill.domain.incidents.process_followed import severity_in
from watchbill.domain.services.models import Service
from watchbill.domain.status_page import reads
from watchbill.domain.status_page.document import PageDocument
from watchbill.domain.status_page.models import ComponentState, PublicStatus
from watchbill.domain.status_page.preview import page_if

# Severities of this rank and below harm so much that a page where everything works would mislead.
_GRAVE = 2


def page_after(held: Statement, *, base_url: str, now: datetime) -> PageDocument:
    """Nothing is kept and nobody is told. Raises what publishing raises."""
    return page_if(lambda: publish_publicly(held, actor=ENGINE, now=now), base_url=base_url, now=now)


def says_too_little(held: Statement, page: PageDocument) -> bool:
    """Customers feel a grave incident that goes on, and every component would be operational. A warning, no more."""
    incident = held.incident
    goes_on = held.moment != Moment.RESOLVED and held.status != PublicStatus.RESOLVED
    grave = severity_in(incident).rank <= _GRAVE and incident.customer_facing is not False
    return goes_on and grave and all(one.state == ComponentState.OPERATIONAL for one in page.components)


def services_without_component(incident: Incident) -> list[Service]:
    """What customers cannot see on the page, whatever is said of it."""
    shown = {one.service_id for one in reads.components() if one.shown}
    return list(Service.objects.filter(id__in=service_ids(incident) - shown).order_by("name"))
