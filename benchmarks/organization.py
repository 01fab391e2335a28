"""The organization that is measured: fifty people, each behind a service of their own, and five rotas of ten.

A `direct` service pages its person, a `shared` one whoever is on call in its rota: that is what a storm looks like.
"""

import json
from dataclasses import dataclass

from benchmarks.carrier import Carrier

PEOPLE = 50
ROTAS = 5
# Nobody answers here: a second level in the middle of a measurement would be paged as well.
_TIMEOUT = "2h"


@dataclass(frozen=True)
class Organization:
    carrier: Carrier

    def direct_key(self, number: int) -> str:
        return f"D{number % PEOPLE:031d}"

    def shared_key(self, number: int) -> str:
        return f"S{number % PEOPLE:031d}"

    def text(self) -> str:
        """JSON, which is YAML."""
        return json.dumps(
            {
                "organization": {"name": "Bench", "time_zone": "UTC", "fallback": [_email(0)]},
                "users": [self._user(number) for number in range(PEOPLE)],
                "teams": [{"name": "all", "lead": _email(0), "members": [_email(n) for n in range(PEOPLE)]}],
                "schedules": [_rota(number) for number in range(ROTAS)],
                "policies": [
                    *(_policy(f"direct-{n}", f"user:{_email(n)}") for n in range(PEOPLE)),
                    *(_policy(f"shared-{n}", f"schedule:rota-{n}") for n in range(ROTAS)),
                ],
                "services": [
                    *(_service(f"direct-{n}", f"direct-{n}", self.direct_key(n)) for n in range(PEOPLE)),
                    *(_service(f"shared-{n}", f"shared-{n % ROTAS}", self.shared_key(n)) for n in range(PEOPLE)),
                ],
            }
        )

    def _user(self, number: int) -> dict[str, object]:
        return {
            "email": _email(number),
            "name": f"Responder {number}",
            "time_zone": "UTC",
            "role": "owner" if number == 0 else "responder",
            "contacts": [{"name": "hook", "kind": "webhook", "address": self.carrier.address(str(number))}],
            "rules": {"high": [{"contact": "hook", "after": "0s"}], "low": [{"contact": "hook", "after": "0s"}]},
        }


def _email(number: int) -> str:
    return f"responder-{number}@example.org"


def _rota(number: int) -> dict[str, object]:
    members = [_email(person) for person in range(number, PEOPLE, ROTAS)]
    rotation = {
        "name": "weekly",
        "members": members,
        "every": "1 week",
        "handoff": "Monday 10:00",
        "starts": "2026-01-05",
    }
    return {"name": f"rota-{number}", "team": "all", "time_zone": "UTC", "rotations": [rotation]}


def _policy(name: str, target: str) -> dict[str, object]:
    level = {"targets": [target], "timeout": _TIMEOUT}
    return {"name": name, "repeat": 0, "levels": [level, level]}


def _service(name: str, policy: str, key: str) -> dict[str, object]:
    integration = {"kind": "pagerduty-events-v2", "key": key}
    return {"name": name, "team": "all", "policy": policy, "integrations": [integration]}
