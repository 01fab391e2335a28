"""How to send to an integration: something to copy for each kind."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Guide:
    where: str
    snippet: str


def guide_for(kind: str, *, key: str, base_url: str) -> Guide:
    match kind:
        case "alertmanager":
            return Guide(
                where="In alertmanager.yml, a receiver:",
                snippet=(
                    "receivers:\n"
                    "  - name: watchbill\n"
                    "    webhook_configs:\n"
                    f"      - url: {base_url}/in/alertmanager/{key}\n"
                    "        send_resolved: true\n"
                ),
            )
        case "pagerduty-events-v2":
            return Guide(
                where="Any tool that speaks the PagerDuty Events API v2: change its address, and use the key.",
                snippet=(
                    f"curl {base_url}/v2/enqueue -H 'Content-Type: application/json' -d '{{\n"
                    f'  "routing_key": "{key}",\n'
                    '  "event_action": "trigger",\n'
                    '  "dedup_key": "try-it",\n'
                    '  "payload": {"summary": "Only a test", "source": "my laptop", "severity": "warning"}\n'
                    "}'\n"
                ),
            )
        case "heartbeat":
            return Guide(
                where="At the end of the job that must call in:",
                snippet=f"curl -fsS -m 10 --retry 3 {base_url}/heartbeat/{key}\n",
            )
        case "generic":
            return Guide(
                where="Anything that can send JSON. Only `summary` is needed; `status: resolved` closes it.",
                snippet=(
                    f"curl {base_url}/in/generic/{key} -H 'Content-Type: application/json' -d '{{\n"
                    '  "summary": "Only a test", "dedup_key": "try-it", "severity": "warning"\n'
                    "}'\n"
                ),
            )
    raise ValueError(f"nobody has said how to send to an integration of kind {kind}")
