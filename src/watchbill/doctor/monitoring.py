"""The metrics source: does it answer, so that incidents can be verified?"""

import asyncio
from collections.abc import Iterator

from watchbill.composition import metrics_source
from watchbill.doctor.finding import Finding, Patient
from watchbill.domain.verification.contract import Answered, QuestionRefused

_QUESTION = "vector(1)"


def metrics(patient: Patient) -> Iterator[Finding]:
    source = metrics_source()
    if source is None:
        return
    answer = asyncio.run(source.ask(_QUESTION))
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
