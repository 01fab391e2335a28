"""All checks, in the order in which their findings should be read."""

from collections.abc import Callable, Iterator

from django.db import OperationalError, connection

from watchbill.composition import contact_kinds, ways
from watchbill.config import config
from watchbill.doctor import alerts, bridges, chat, database, event_hooks, host, monitoring, people
from watchbill.doctor.finding import Finding, Patient
from watchbill.ground.clock import SystemClock

Check = Callable[[Patient], Iterator[Finding]]

CHECKS: tuple[Check, ...] = (
    database.durability,
    database.clock,
    database.wake_ups,
    database.quarantined_timers,
    alerts.stranded_alerts,
    people.fallback,
    people.on_call,
    people.cannot_be_reached,
    people.contacts_without_channel,
    people.untried_contacts,
    people.owner,
    people.services_without_policy,
    people.unfilled,
    host.another_environment,
    event_hooks.deaf_endpoints,
    database.time_zones,
    bridges.bridge_settings,
    bridges.bridge_hosts,
    bridges.meetings_not_made,
    chat.chat_settings,
    chat.chat_tools,
    chat.rooms_not_as_they_should_be,
    chat.requests_set_aside,
    host.mail,
    host.secret_key_file,
    host.disk,
    host.base_url,
    host.metrics_ports,
    host.restarts,
    monitoring.metrics,
)


def examine() -> list[Finding]:
    """Serious findings first. Without the database, or without its tables, the rest cannot be asked."""
    try:
        connection.ensure_connection()
    except OperationalError as error:
        return [database.unreachable(error)]
    findings = list(database.migrations())
    if not findings:
        patient = Patient(now=SystemClock().now(), settings=config(), ways=ways(), kinds=contact_kinds())
        findings = [finding for check in CHECKS for finding in check(patient)]
    return sorted(findings, key=lambda finding: not finding.serious)
