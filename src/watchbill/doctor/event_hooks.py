"""Endpoints for events: does what happens arrive where somebody listens?"""

from collections.abc import Iterator

from watchbill.doctor.finding import Finding, Patient
from watchbill.domain.event_hooks.reads import in_trouble


def deaf_endpoints(patient: Patient) -> Iterator[Finding]:
    for hook in in_trouble(now=patient.now):
        state = "is paused" if hook.paused_at else f"takes nothing since {hook.failing_since:%Y-%m-%d %H:%M} UTC"
        yield Finding(
            check="event hooks",
            serious=False,
            what=f"the endpoint {hook.name} {state}" + (f": {hook.paused_why}" if hook.paused_why else ""),
            why="the program behind it does not know what happens to incidents; pages are not concerned",
            remedy="mend the receiver, then `watchbill event-hook resume NAME`, or resume it under Admin, Events out",
        )
