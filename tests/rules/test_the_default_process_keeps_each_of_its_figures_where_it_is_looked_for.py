"""Each line is one figure or rule of the default process, in words, and where the document keeps it."""

from typing import Any

import pytest

from watchbill.domain.process.default_document import default_document
from watchbill.domain.process.rules import to_json

BUSINESS = "business"

SEVERITIES = [
    ("SEV1 critical", "severities[sev1].name", "critical"),
    ("SEV1 impact: all/most customers", "severities[sev1].impact.customers", "all-or-most"),
    ("SEV1 response time: immediate", "severities[sev1].respond.label", "Immediate"),
    ("SEV1 response time: within 5 minutes", "severities[sev1].respond.within", "5m"),
    ("SEV1 update frequency: every 15-30 minutes", "severities[sev1].updates.every", {"min": "15m", "max": "30m"}),
    (
        "SEV1 pages on-call engineer, engineering manager, incident commander, executive on-call",
        "severities[sev1].pages",
        ["on-call-engineer", "engineering-manager", "incident-commander", "executive-on-call"],
    ),
    (
        "SEV1 communication: status page update, customer email, executive notification",
        "severities[sev1].communication.*.id",
        ["status-page-update", "customer-email", "executive-notification"],
    ),
    ("SEV1 resolution target: < 1 hour", "severities[sev1].resolve", {"below": "1h"}),
    ("SEV1 resolution target: to mitigate", "severities[sev1].resolved_means", "mitigated"),
    ("SEV2 major", "severities[sev2].name", "major"),
    ("SEV2 impact: many customers", "severities[sev2].impact.customers", "many"),
    (
        "SEV2 example: performance degradation > 5x latency",
        "severities[sev2].examples[severe-slowness].threshold",
        {"measure": "latency", "comparison": "above", "value": 5.0, "unit": "times-normal"},
    ),
    ("SEV2 response time: within 15 minutes", "severities[sev2].respond", {"within": "15m"}),
    ("SEV2 update frequency: every 30-60 minutes", "severities[sev2].updates.every", {"min": "30m", "max": "1h"}),
    (
        "SEV2 pages on-call engineer, engineering manager",
        "severities[sev2].pages",
        ["on-call-engineer", "engineering-manager"],
    ),
    ("SEV2 communication: status page update", "severities[sev2].communication.*.id", ["status-page-update"]),
    (
        "SEV2 communication: if customer-facing",
        "severities[sev2].communication[status-page-update].only_if",
        "customer-facing",
    ),
    ("SEV2 resolution target: < 4 hours", "severities[sev2].resolve", {"below": "4h"}),
    ("SEV2 resolution target: to mitigate", "severities[sev2].resolved_means", "mitigated"),
    ("SEV3 moderate", "severities[sev3].name", "moderate"),
    ("SEV3 impact: some customers", "severities[sev3].impact.customers", "some"),
    (
        "SEV3 example: error rate below the threshold for SEV2",
        "severities[sev3].examples[more-errors].below_threshold_of",
        "sev2",
    ),
    (
        "SEV3 response time: within 1 hour during business hours",
        "severities[sev3].respond",
        {"within": "1h", "calendar": BUSINESS},
    ),
    ("SEV3 update frequency: every 2-4 hours", "severities[sev3].updates.every", {"min": "2h", "max": "4h"}),
    ("SEV3 pages on-call engineer", "severities[sev3].pages", ["on-call-engineer"]),
    (
        "SEV3 communication: internal only unless customer inquires",
        "severities[sev3].communication.*.audience",
        ["internal", "customers"],
    ),
    (
        "SEV3 communication: customers only when one inquires",
        "severities[sev3].communication[customer-reply].only_if",
        "customer-inquires",
    ),
    (
        "SEV3 resolution target: < 1 business day",
        "severities[sev3].resolve",
        {"below_business_days": 1, "calendar": BUSINESS},
    ),
    ("SEV4 low", "severities[sev4].name", "low"),
    ("SEV4 impact: non-customer-facing", "severities[sev4].impact.customers", "none"),
    (
        "SEV4 response time: next business day",
        "severities[sev4].respond",
        {"by": "next-business-day", "calendar": BUSINESS},
    ),
    ("SEV4 update frequency: as needed", "severities[sev4].updates", {"as_needed": True}),
    ("SEV4 pages none", "severities[sev4].pages", []),
    ("SEV4 ticket created", "severities[sev4].opens_ticket", True),
    ("SEV4 communication: none", "severities[sev4].communication", []),
    ("SEV4 resolution target: within sprint planning cycle", "severities[sev4].resolve", {"cycle": "sprint-planning"}),
    ("SEV1 has four examples", "severities[sev1].examples.#", 4),
    ("SEV2 has four examples", "severities[sev2].examples.#", 4),
    ("SEV3 has four examples", "severities[sev3].examples.#", 4),
    ("SEV4 has four examples", "severities[sev4].examples.#", 4),
]

ESCALATION = [
    (
        "four tiers, in this order",
        "escalation_matrix.*.roles",
        [["on-call-engineer"], ["team-lead", "subject-matter-expert"], ["engineering-manager"], ["executive-on-call"]],
    ),
    ("tier 1 reached via an alert", "escalation_matrix[tier-1].reached_by.*.id", ["alert-page"]),
    (
        "tier 2 reached via escalation or direct page",
        "escalation_matrix[tier-2].reached_by.*.id",
        ["policy-escalation", "direct-page"],
    ),
    (
        "tier 3 reached via escalation or direct call",
        "escalation_matrix[tier-3].reached_by.*.id",
        ["policy-escalation", "direct-call"],
    ),
    ("tier 4 reached via direct phone call", "escalation_matrix[tier-4].reached_by.*.id", ["direct-phone-call"]),
    (
        "tier 1 responsibilities",
        "escalation_matrix[tier-1].responsibilities.*.id",
        ["acknowledge", "assess", "troubleshoot", "escalate"],
    ),
    (
        "tier 1 acknowledges within 5 minutes",
        "escalation_matrix[tier-1].responsibilities[acknowledge].within",
        "5m",
    ),
    (
        "tier 1 escalates after 30 minutes",
        "escalation_matrix[tier-1].responsibilities[escalate].after",
        "30m",
    ),
    (
        "tier 1 escalates to tier 2",
        "escalation_matrix[tier-1].responsibilities[escalate].escalates_to_tier",
        "tier-2",
    ),
    (
        "tier 1 escalates in SEV1/2",
        "escalation_matrix[tier-1].responsibilities[escalate].severities",
        ["sev1", "sev2"],
    ),
    (
        "tier 2 responsibilities",
        "escalation_matrix[tier-2].responsibilities.*.id",
        ["expertise", "assist", "coordinate-teams", "escalate"],
    ),
    (
        "tier 2 escalates to tier 3",
        "escalation_matrix[tier-2].responsibilities[escalate].escalates_to_tier",
        "tier-3",
    ),
    (
        "tier 3 responsibilities",
        "escalation_matrix[tier-3].responsibilities.*.id",
        ["assign-commander", "resources", "business-decisions", "external-communication"],
    ),
    (
        "tier 4 responsibilities",
        "escalation_matrix[tier-4].responsibilities.*.id",
        ["extraordinary-measures", "board", "public-statements", "external-resources"],
    ),
    (
        "tier 1 trigger: cannot resolve, expertise, severity upgrade",
        "escalation_matrix[tier-1].escalate_when.*.id",
        ["cannot-resolve", "expertise-needed", "severity-upgraded"],
    ),
    (
        "tier 2 trigger: multi-service, executive decision, customer-facing SEV1",
        "escalation_matrix[tier-2].escalate_when.*.id",
        ["multi-service", "executive-decision", "customer-facing-sev1"],
    ),
    (
        "tier 3 trigger: business impact, extended outage, PR/legal",
        "escalation_matrix[tier-3].escalate_when.*.id",
        ["business-impact", "extended-outage", "public-or-legal"],
    ),
    (
        "tier 4 trigger: major breach, extended SEV1, regulatory or legal",
        "escalation_matrix[tier-4].escalate_when.*.id",
        ["major-breach", "extended-sev1", "regulatory-or-legal"],
    ),
    (
        "SEV1 over time: 15 min, 30 min, 1 hour, 2 hours",
        "time_based_escalation[sev1].steps.*.after",
        ["15m", "30m", "1h", "2h"],
    ),
    (
        "SEV1 over time: no ack, then unresolved",
        "time_based_escalation[sev1].steps.*.if_still",
        ["unacknowledged", "unresolved", "unresolved", "unresolved"],
    ),
    (
        "SEV1 over time: who",
        "time_based_escalation[sev1].steps.*.pages",
        [
            ["on-call-engineer", "backup-on-call"],
            ["team-lead"],
            ["engineering-manager", "executive-on-call"],
            ["all-hands-engineering"],
        ],
    ),
    ("SEV1 at 15 min: on-call is paged again", "time_based_escalation[sev1].steps[1].again", ["on-call-engineer"]),
    (
        "SEV2 over time: 30 min, 1 hour, 4 hours",
        "time_based_escalation[sev2].steps.*.after",
        ["30m", "1h", "4h"],
    ),
    (
        "SEV2 over time: no ack, then unresolved",
        "time_based_escalation[sev2].steps.*.if_still",
        ["unacknowledged", "unresolved", "unresolved"],
    ),
    (
        "SEV2 over time: who",
        "time_based_escalation[sev2].steps.*.pages",
        [["on-call-engineer", "backup-on-call"], ["team-lead"], ["engineering-manager"]],
    ),
    ("SEV2 at 30 min: on-call is paged again", "time_based_escalation[sev2].steps[1].again", ["on-call-engineer"]),
    ("only SEV1 and SEV2 escalate over time", "time_based_escalation.*.severity", ["sev1", "sev2"]),
]

WAR_ROOM = [
    (
        "automatically for SEV1, on demand for SEV2",
        "war_room.activation",
        [{"severity": "sev1", "mode": "automatic"}, {"severity": "sev2", "mode": "on-demand"}],
    ),
    ("primary: Slack", "war_room.channels[primary].hosts", ["slack"]),
    ("primary: dedicated channel", "war_room.channels[primary].dedicated", True),
    (
        "primary: #incident-YYYY-MM-DD-brief-name",
        "war_room.channels[primary].name_pattern",
        "#incident-{date}-{brief-name}",
    ),
    ("voice: Zoom or Google Meet", "war_room.channels[voice].hosts", ["zoom", "google-meet"]),
    ("voice: persistent link", "war_room.channels[voice].persistent_link", True),
    ("backup: phone conference bridge", "war_room.channels[backup].kind", "phone"),
    ("channel rules", "war_room.channel_rules.*.id", ["incident-only", "threads", "role-prefix"]),
    (
        "messages begin with IC:, COMMS:, ENG:",
        "war_room.channel_rules[role-prefix].prefixes.*.prefix",
        ["IC:", "COMMS:", "ENG:"],
    ),
    (
        "roles",
        "war_room.roles.*.role",
        ["incident-commander", "communications-lead", "technical-lead", "scribe"],
    ),
    (
        "incident commander: six responsibilities",
        "war_room.roles[incident-commander].responsibilities.*.id",
        ["own", "coordinate", "decide", "assign", "end", "schedule-review"],
    ),
    (
        "incident commander: on-call IC roster, or the senior engineer who declares",
        "war_room.roles[incident-commander].selected_from.*.id",
        ["roster", "declarer"],
    ),
    (
        "communications lead: five responsibilities",
        "war_room.roles[communications-lead].responsibilities.*.id",
        ["status-page", "customers", "stakeholders", "executives", "timeline"],
    ),
    (
        "communications lead: comms roster or engineering manager",
        "war_room.roles[communications-lead].selected_from.*.roster",
        ["communications-lead", "engineering-manager"],
    ),
    (
        "technical lead: four responsibilities",
        "war_room.roles[technical-lead].responsibilities.*.id",
        ["diagnose", "coordinate", "recommend", "verify"],
    ),
    (
        "technical lead: senior engineer with relevant expertise",
        "war_room.roles[technical-lead].selected_from.*.id",
        ["senior-engineer"],
    ),
    (
        "scribe: four responsibilities",
        "war_room.roles[scribe].responsibilities.*.id",
        ["document", "timeline", "who-what-when", "captures"],
    ),
    ("scribe: any available team member", "war_room.roles[scribe].selected_from.*.id", ["anyone"]),
    (
        "workflow of five phases",
        "war_room.workflow.*.id",
        ["declare", "assess", "mitigate", "resolve", "follow-up"],
    ),
    (
        "1 declare",
        "war_room.workflow[declare].steps.*.id",
        ["declare", "open-room", "assign-roles", "first-update"],
    ),
    ("2 assess", "war_room.workflow[assess].steps.*.id", ["scope", "affected", "hypothesis"]),
    (
        "3 mitigate",
        "war_room.workflow[mitigate].steps.*.id",
        ["restore-first", "approve-changes", "document-changes", "roll-back"],
    ),
    (
        "4 resolve",
        "war_room.workflow[resolve].steps.*.id",
        ["confirm", "verify", "declare-resolved", "final-update"],
    ),
    (
        "5 follow up",
        "war_room.workflow[follow-up].steps.*.id",
        ["schedule-review", "first-action-items", "internal-summary"],
    ),
    (
        "5 follow up: post-mortem within 48 hours",
        "war_room.workflow[follow-up].steps[schedule-review].within",
        "2d",
    ),
]

ON_CALL = [
    ("primary: weekly", "on_call.rotations[primary].turn", {"every": 1, "unit": "week"}),
    (
        "primary: hand-off Monday 10:00 local time",
        "on_call.rotations[primary].handoff",
        {"weekday": "monday", "at": "10:00", "time_zone": "schedule-local"},
    ),
    ("primary: minimum 5 engineers", "on_call.rotations[primary].engineers_min", 5),
    ("secondary: weekly", "on_call.rotations[secondary].turn", {"every": 1, "unit": "week"}),
    ("secondary: offset from primary", "on_call.rotations[secondary].offset_from", "primary"),
    (
        "secondary: if primary does not acknowledge within 10 minutes",
        "on_call.rotations[secondary].takes_over",
        {"rotation": "primary", "if_still": "unacknowledged", "after": "10m"},
    ),
    ("acknowledge within 5 minutes", "on_call.expectations[response-time].within", "5m"),
    ("reachable within 15 minutes", "on_call.expectations[availability].within", "15m"),
    ("reachable by phone and laptop", "on_call.expectations[availability].reachable_by", ["phone", "laptop"]),
    (
        "expectations",
        "on_call.expectations.*.id",
        ["response-time", "availability", "handoff", "compensation"],
    ),
    ("maximum 2 consecutive weeks", "on_call.health.consecutive_weeks_max", 2),
    ("minimum gap of 2 weeks between rotations", "on_call.health.weeks_between_rotations_min", 2),
    ("rest if engaged for 4+ hours", "on_call.health.rest_after_incident.engaged_at_least", "4h"),
    ("rest: late start next day", "on_call.health.rest_after_incident.grants", "late-start-next-day"),
    ("burnout: pages", "on_call.health.burnout_watch.counts", "pages"),
    ("burnout: per person", "on_call.health.burnout_watch.per_person", True),
    ("burnout: per week", "on_call.health.burnout_watch.per", "week"),
    ("burnout: rebalance if needed", "on_call.health.burnout_watch.then", "rebalance-if-needed"),
    (
        "policy levels: primary on-call, secondary on-call, engineering manager",
        "escalation_policy.levels.*.label",
        ["Primary on-call", "Secondary on-call", "Engineering manager"],
    ),
    (
        "policy targets",
        "escalation_policy.levels.*.targets",
        [["on-call-engineer"], ["backup-on-call"], ["engineering-manager"]],
    ),
    ("policy time-outs: 5, 10, 15 minutes", "escalation_policy.levels.*.timeout", ["5m", "10m", "15m"]),
    ("high urgency: push, phone, SMS", "notification_rules.high.*.kind", ["push", "phone", "sms"]),
    ("high urgency: immediately, 1 minute, 2 minutes", "notification_rules.high.*.after", ["0s", "1m", "2m"]),
    ("low urgency: push, email", "notification_rules.low.*.kind", ["push", "email"]),
    ("low urgency: email after 5 minutes", "notification_rules.low.*.after", ["0s", "5m"]),
]

REVIEW = [
    ("SEV1 within 48 hours", "review.scheduling[sev1].within", "2d"),
    ("SEV1 required", "review.scheduling[sev1].requirement", "required"),
    ("SEV2 within 1 week", "review.scheduling[sev2].within", "7d"),
    ("SEV2 required", "review.scheduling[sev2].requirement", "required"),
    ("SEV3 within 2 weeks", "review.scheduling[sev3].within", "14d"),
    ("SEV3 optional", "review.scheduling[sev3].requirement", "optional"),
    ("SEV3 based on learning potential", "review.scheduling[sev3].depends_on", "learning-potential"),
    ("SEV4 not required", "review.scheduling[sev4].requirement", "not-required"),
    ("meeting of 60-90 minutes", "review.meeting.duration", {"min": "1h", "max": "1h30m"}),
    (
        "required: IC, technical lead, scribe, involved engineers",
        "review.meeting.attendees.required",
        ["incident-commander", "technical-lead", "scribe", "involved-engineer"],
    ),
    (
        "optional: engineering manager, product manager, affected team leads",
        "review.meeting.attendees.optional",
        ["engineering-manager", "product-manager", "affected-team-lead"],
    ),
    (
        "agenda",
        "review.meeting.agenda.*.id",
        ["timeline", "causes", "went-well", "improve", "action-items", "lessons"],
    ),
    (
        "agenda: 5, 15, 15, 15, 15, 5 minutes",
        "review.meeting.agenda.*.duration",
        ["5m", "15m", "15m", "15m", "15m", "5m"],
    ),
    (
        "principles",
        "review.principles.*.label",
        ["Blameless", "Factual", "Forward-looking", "Complete", "Actionable"],
    ),
    (
        "action items: six rules",
        "review.action_items.*.id",
        ["in-tracker", "priority", "owner", "team-review", "to-completion", "monthly-review"],
    ),
    ("action items: Jira, GitHub Issues", "review.action_items[in-tracker].trackers", ["jira", "github-issues"]),
    ("action items: by risk reduction", "review.action_items[priority].priority_by", "risk-reduction"),
    ("action items: owner with due date", "review.action_items[owner].needs", ["owner", "due-date"]),
    (
        "action items: standups and sprint planning",
        "review.action_items[team-review].reviewed_in",
        ["team-standup", "sprint-planning"],
    ),
    ("action items: to completion", "review.action_items[to-completion].until", "completion"),
    ("action items: monthly", "review.action_items[monthly-review].every", {"every": 1, "unit": "month"}),
    ("template title", "review_template.title", "Post-Incident Review: {incident-title}"),
    (
        "template header",
        "review_template.header.*.label",
        ["Date", "Severity", "Duration", "Incident Commander", "Author", "Status"],
    ),
    ("template severities", "review_template.header[severity].choices", ["SEV1", "SEV2", "SEV3", "SEV4"]),
    ("template status", "review_template.header[status].choices", ["Draft", "In Review", "Final"]),
    (
        "template sections",
        "review_template.sections.*.label",
        [
            "Executive Summary",
            "Impact",
            "Timeline",
            "Root Cause",
            "Detection",
            "Response",
            "Contributing Factors",
            "Action Items",
            "Lessons Learned",
            "Appendix",
        ],
    ),
    ("summary of 2-3 sentences", "review_template.sections[executive-summary].sentences", {"min": 2, "max": 3}),
    (
        "impact",
        "review_template.sections[impact].fields.*.id",
        ["customers-affected", "customer-experience", "impact-duration", "revenue", "data", "sla"],
    ),
    ("timeline in UTC", "review_template.sections[timeline].time_zone", "UTC"),
    ("timeline columns", "review_template.sections[timeline].columns.*.label", ["Time", "Event"]),
    (
        "timeline events",
        "review_template.sections[timeline].rows.*.id",
        [
            "first-anomaly",
            "reported",
            "acknowledged",
            "declared",
            "war-room",
            "root-cause",
            "mitigated",
            "restored",
            "resolved",
        ],
    ),
    (
        "how detected",
        "review_template.sections[detection].fields[how].choices",
        ["Monitoring alert", "Customer report", "Manual observation"],
    ),
    (
        "detection",
        "review_template.sections[detection].fields.*.id",
        ["how", "time-to-detect", "sooner", "sooner-why"],
    ),
    ("detected sooner: yes or no", "review_template.sections[detection].fields[sooner].choices", ["Yes", "No"]),
    ("response", "review_template.sections[response].fields.*.id", ["went-well", "improve"]),
    (
        "action item columns",
        "review_template.sections[action-items].columns.*.label",
        ["ID", "Action", "Owner", "Priority", "Due Date", "Status"],
    ),
    (
        "action item priorities P1-P3",
        "review_template.sections[action-items].columns[priority].choices",
        ["P1", "P2", "P3"],
    ),
    (
        "kinds of action item",
        "review_template.sections[action-items].rows.*.label",
        ["Preventive action", "Detection improvement", "Process improvement", "Runbook update"],
    ),
    (
        "appendix",
        "review_template.sections[appendix].fields.*.id",
        ["dashboards", "log-queries", "war-room-archive"],
    ),
]

METRICS = [
    (
        "six metrics",
        "metrics.*.id",
        ["mttr", "mttd", "mtta", "incident-frequency", "action-item-completion", "recurring-incidents"],
    ),
    ("MTTR name", "metrics[mttr].label", "Mean Time to Resolve"),
    (
        "MTTR from detection to resolution",
        "metrics[mttr].statistic",
        {"kind": "mean-duration", "starts": "detected", "ends": "resolved", "per": []},
    ),
    (
        "MTTR: SEV1 < 1h, SEV2 < 4h",
        "metrics[mttr].targets",
        [
            {"severities": ["sev1"], "comparison": "below", "duration": "1h"},
            {"severities": ["sev2"], "comparison": "below", "duration": "4h"},
        ],
    ),
    ("MTTR tracked monthly", "metrics[mttr].trending.every", {"every": 1, "unit": "month"}),
    ("MTTD name", "metrics[mttd].label", "Mean Time to Detect"),
    (
        "MTTD from start to detection",
        "metrics[mttd].statistic",
        {"kind": "mean-duration", "starts": "started", "ends": "detected", "per": []},
    ),
    (
        "MTTD: < 5 minutes for SEV1/2",
        "metrics[mttd].targets",
        [{"severities": ["sev1", "sev2"], "comparison": "below", "duration": "5m"}],
    ),
    ("MTTA name", "metrics[mtta].label", "Mean Time to Acknowledge"),
    (
        "MTTA from alert to acknowledgement",
        "metrics[mtta].statistic",
        {"kind": "mean-duration", "starts": "alerted", "ends": "acknowledged", "per": []},
    ),
    (
        "MTTA: < 5 minutes",
        "metrics[mtta].targets",
        [{"severities": [], "comparison": "below", "duration": "5m"}],
    ),
    (
        "incidents per week/month by severity",
        "metrics[incident-frequency].statistic",
        {"kind": "count", "per": ["week", "month"], "grouped_by": "severity"},
    ),
    (
        "incidents: trending downward",
        "metrics[incident-frequency].targets",
        [{"severities": [], "trend": "falling"}],
    ),
    (
        "action items: > 90 % completed on time",
        "metrics[action-item-completion].targets",
        [{"severities": [], "comparison": "above", "percent": 90.0}],
    ),
    (
        "recurring incidents: < 10 %",
        "metrics[recurring-incidents].targets",
        [{"severities": [], "comparison": "below", "percent": 10.0}],
    ),
]

CHECKLISTS = [
    ("three checklists", "checklists.*.id", ["process-setup", "per-incident", "compliance"]),
    (
        "process setup: 7 items",
        "checklists[process-setup].items.*.id",
        [
            "severities-defined",
            "matrix-documented",
            "schedule-staffed",
            "war-room-documented",
            "template-created",
            "communication-templates",
            "tool-configured",
        ],
    ),
    (
        "per incident: 10 items",
        "checklists[per-incident].items.*.id",
        [
            "declared",
            "war-room",
            "roles-assigned",
            "timeline",
            "status-page",
            "stakeholders",
            "resolution-verified",
            "review-scheduled",
            "review-published",
            "action-items",
        ],
    ),
    ("war room in SEV1/2", "checklists[per-incident].items[war-room].severities", ["sev1", "sev2"]),
    (
        "roles: IC, comms, technical lead, scribe",
        "checklists[per-incident].items[roles-assigned].roles",
        ["incident-commander", "communications-lead", "technical-lead", "scribe"],
    ),
    (
        "status page when customers are affected",
        "checklists[per-incident].items[status-page].only_if",
        "customer-facing",
    ),
    (
        "compliance: 6 items",
        "checklists[compliance].items.*.id",
        ["reviews-held", "log-kept", "metrics-reported", "health-monitored", "training", "plan-tested"],
    ),
    ("post-mortems for SEV1/2", "checklists[compliance].items[reviews-held].severities", ["sev1", "sev2"]),
    (
        "metrics reported monthly",
        "checklists[compliance].items[metrics-reported].every",
        {"every": 1, "unit": "month"},
    ),
    ("training annually", "checklists[compliance].items[training].every", {"every": 1, "unit": "year"}),
    ("plan test annually", "checklists[compliance].items[plan-tested].every", {"every": 1, "unit": "year"}),
]

FIGURES = [*SEVERITIES, *ESCALATION, *WAR_ROOM, *ON_CALL, *REVIEW, *METRICS, *CHECKLISTS]


@pytest.mark.parametrize(("figure", "path", "expected"), FIGURES, ids=[f"{path}: {name}" for name, path, _ in FIGURES])
def test_the_default_process_holds(figure: str, path: str, expected: Any) -> None:
    assert _at(to_json(default_document()), path) == expected, figure


def _at(data: Any, path: str) -> Any:
    """`a[b].c` steps in; `*` takes every item of a list; `#` counts."""
    steps = path.replace("[", ".[").replace("]", "").split(".")
    for index, step in enumerate(steps):
        if step == "*":
            return [_at(item, ".".join(steps[index + 1 :])) for item in data]
        if step == "#":
            return len(data)
        data = _item(data, step[1:]) if step.startswith("[") else data[step]
    return data


def _item(items: list[dict[str, Any]], name: str) -> dict[str, Any]:
    if name.isdigit():
        return items[int(name) - 1]
    keys = ("id", "severity", "role")
    return next(item for item in items if name in (item.get(key) for key in keys))
