"""Bridges: is there one to give, and can meetings be made?"""

import asyncio
from collections.abc import Coroutine, Iterator
from typing import Any

from watchbill.bridges.register import incomplete
from watchbill.composition import bridge_makers, meet_settings, zoom_settings
from watchbill.doctor.finding import Finding, Patient
from watchbill.domain.bridges.reads import failed_meetings, pool
from watchbill.domain.incidents.reads import EVERYTHING

_SECONDS_MAX = 8.0


def bridge_settings(_patient: Patient) -> Iterator[Finding]:
    for lack in incomplete(zoom=zoom_settings(), meet=meet_settings()):
        yield _finding(lack, remedy="set what is missing, or take the rest away; docs/how-to/bridges.md says how")


def bridge_hosts(patient: Patient) -> Iterator[Finding]:
    """Asks the one that is used for a token, and for nothing else."""
    makers = bridge_makers()[:1]
    if not makers and not pool(viewer=EVERYTHING):
        yield Finding(
            check="bridges",
            serious=False,
            what="there is no bridge in the pool, and none can be made",
            why="people who are paged for an incident have nowhere to talk",
            remedy='`watchbill bridge add "Incident bridge" --kind zoom --url https://…`, or Admin, Bridges',
        )
    for maker in makers:
        if trouble := asyncio.run(_asked(maker.check(now=patient.now))):
            yield _finding(f"{maker.kind}: {trouble}", remedy="check its settings; until then the pool is used")


def meetings_not_made(_patient: Patient) -> Iterator[Finding]:
    for meeting in failed_meetings()[:5]:
        what = f"no meeting for #{meeting.incident.number}: {meeting.error}"
        yield _finding(what, remedy="the pool is used; see docs/how-to/bridges.md")


async def _asked(check: Coroutine[Any, Any, str]) -> str:
    try:
        async with asyncio.timeout(_SECONDS_MAX):
            return await check
    except TimeoutError:
        return f"no answer within {_SECONDS_MAX:.0f} s"


def _finding(what: str, *, remedy: str) -> Finding:
    why = "incidents get no meeting of their own, only what the pool has"
    return Finding(check="bridges", serious=False, what=what, why=why, remedy=remedy)
