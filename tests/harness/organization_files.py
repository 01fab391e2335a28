# ruff: noqa: E501 - the example stands here as people write it
"""The example organization as a file, and shorthands for applying files in stories."""

from datetime import datetime

from tests.harness.setup_verbs import ADMIN, KINDS, NOON, SECRET_KEY
from watchbill.domain.organization_file.actions import Applied, apply_files
from watchbill.domain.organization_file.export import export_text

EXAMPLE = """\
organization: {name: Example, time_zone: Europe/Berlin, fallback: [lead@example.org]}
users:
  - {email: lead@example.org, name: Team Lead, time_zone: Europe/Madrid, role: owner}
  - email: responder@example.org
    name: First Responder
    time_zone: Africa/Lagos
    role: responder
    contacts:
      - {name: mail, kind: email, address: responder@example.org}
      - {name: hook, kind: webhook, address: "http://127.0.0.1:9901/responder"}
    rules:
      high: [{contact: hook, after: 0s}, {contact: mail, after: 1m}]
      low: [{contact: mail, after: 5m}]
teams:
  - {name: payments, lead: lead@example.org, manager: lead@example.org, members: [lead@example.org, responder@example.org]}
schedules:
  - name: payments-primary
    team: payments
    time_zone: Europe/Berlin
    rotations:
      - {name: weekly, members: [lead@example.org, responder@example.org], every: 1 week, handoff: "Monday 10:00", starts: 2026-01-05}
    overrides:
      - {user: responder@example.org, start: "2026-12-24T18:00+01:00", end: "2026-12-25T10:00+01:00"}
policies:
  - name: payments
    repeat: 2
    levels:
      - {targets: ["schedule:payments-primary"], timeout: 5m}
      - {targets: ["schedule:payments-secondary"], timeout: 10m}
      - {targets: ["team-manager:payments"], timeout: 15m}
services:
  - {name: checkout, team: payments, policy: payments,
     integrations: [{kind: pagerduty-events-v2, key: R0123456789abcdef0123456789abcde}, {kind: alertmanager, key: am-checkout-0123456789abcdef}]}
"""

SECONDARY = """\
schedules:
  - name: payments-secondary
    team: payments
    time_zone: Europe/Berlin
    rotations:
      - {name: weekly, members: [responder@example.org, nobody], every: 1 week, handoff: "Monday 10:00", starts: 2026-01-05}
"""


def files(*texts: str) -> list[tuple[str, str]]:
    """Named a.yaml, b.yaml, …"""
    return [(f"{letter}.yaml", text) for letter, text in zip("abcdefgh", texts, strict=False)]


def apply(*texts: str, now: datetime = NOON, prune: bool = False, dry_run: bool = False) -> Applied:
    return apply_files(
        files(*texts), kinds=KINDS, secret_key=SECRET_KEY, actor=ADMIN, now=now, prune=prune, dry_run=dry_run
    )


def planned(*texts: str, now: datetime = NOON, prune: bool = False) -> list[str]:
    return [str(change) for change in apply(*texts, now=now, prune=prune, dry_run=True).changes]


def exported(now: datetime = NOON) -> str:
    return export_text(secret_key=SECRET_KEY, now=now)
