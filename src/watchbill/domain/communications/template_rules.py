"""Templates without logic: a name in double braces stands for a value, and nothing else does anything."""

import re
from collections.abc import Mapping

from watchbill.ground.refusals import ChangeRefused

# What may stand in a template, and what it stands for.
VARIABLES: Mapping[str, str] = {
    "title": "the title of the incident",
    "number": "its number",
    "severity": "its severity, like SEV1",
    "status": "open, mitigated or resolved",
    "service": "the service it was declared for",
    "services": "that and the other affected services",
    "impact": "what customers notice",
    "customers": "how many customers",
    "started": "when the impact began, as far as known",
    "ended": "when customers were harmed no longer: mitigated, otherwise resolved",
    "duration": "from started until ended, else until now",
    "lasted": "both with the duration: from 14:05 CET until 15:20 CET (1 h 15 min)",
    "resolved": "when it was declared resolved",
    "resolved_after": "from started until resolved",
    "back": "when it was raised anew, after it was said to be over",
    "next_update_by": "until when the next update comes",
    "last_update": "the status update that was posted last",
    "commander": "who is in charge",
    "link": "the incident in Watchbill, for people of the organization",
    "organization": "the name of the organization",
}
SUBJECT_MAX = 200
BODY_MAX = 10_000

_NAMED = re.compile(r"\{\{\s*+([A-Za-z0-9_.-]*+)\s*+\}\}")


class VariableUnknown(ChangeRefused):
    """Names what is not there and lists what is."""


def check_template(text: str, *, field: str) -> None:
    """Raises VariableUnknown, ChangeRefused."""
    if len(text) > BODY_MAX:
        raise ChangeRefused(field, f"has {len(text)} characters; use at most {BODY_MAX}")
    unknown = sorted({name for name in _NAMED.findall(text) if name not in VARIABLES})
    if unknown:
        named = ", ".join("{{" + name + "}}" for name in unknown)
        raise VariableUnknown(field, f"{named} is no variable; there are {', '.join(VARIABLES)}")
    rest = _NAMED.sub("", text)
    if "{{" in rest or "}}" in rest:
        raise ChangeRefused(field, "has braces that do not belong to a variable; write {{title}}, or single braces")


def render(text: str, values: Mapping[str, str]) -> str:
    """In one pass: braces that come with a value stay what they are. The template must have been checked."""
    return _NAMED.sub(lambda found: values[found[1]], text)
