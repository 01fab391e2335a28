"""The metrics source: does it answer, so that incidents can be verified?"""

import asyncio
from collections.abc import Iterator

from watchbill.composition import has_metrics, metrics_source, outbound_http
from watchbill.doctor.finding import Finding, Patient
from watchbill.domain.verification.contract import Answer, Answered, QuestionRefused, Unanswered

_QUESTION = "vector(1)"


def metrics(patient: Patient) -> Iterator[Finding]:
    if not has_metrics():
        return
    answer = asyncio.run(_ask())
    if isinstance(answer, Answered) and [one.value for one in answer.series] == [1.0]:
        return
    why = "it does not answer what it was asked" if isinstance(answer, Answered) else answer.why
    if isinstance(answer, QuestionRefused):
        why = f"it refuses the plainest question: {why}"
    yield Finding(
        check="metrics",
        serious=False,
        what=f"the metrics source {patient.settings.prometheus_url} cannot be asked: {why}",
        why="Verify on an incident's page finds nothing out; people have to state what shows that it is over",
        remedy="check WATCHBILL_PROMETHEUS_URL, WATCHBILL_PROMETHEUS_TOKEN and, for a private address, "
        "WATCHBILL_OUTBOUND_ALLOW",
    )


async def _ask() -> Answer:
    async with outbound_http() as http:
        source = metrics_source(http)
        return await source.ask(_QUESTION) if source is not None else Unanswered("it has no address")
