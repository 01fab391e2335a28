"""The alerts: does something or somebody move each of them on?"""

from collections.abc import Iterator

from watchbill.doctor.finding import Finding, Patient
from watchbill.domain.alerts.standing_reads import stranded

_NAMED_MAX = 10


def stranded_alerts(_patient: Patient) -> Iterator[Finding]:
    numbers = list(stranded().order_by("number").values_list("number", flat=True))
    if numbers:
        named = ", ".join(f"#{number}" for number in numbers[:_NAMED_MAX])
        rest = f" and {len(numbers) - _NAMED_MAX} more" if len(numbers) > _NAMED_MAX else ""
        one = len(numbers) == 1
        yield Finding(
            check="alerts",
            serious=True,
            what=f"{len(numbers)} triggered alert{' pages' if one else 's page'} nobody: {named}{rest}",
            why="every level was tried and nobody answered; nobody further is paged by itself",
            remedy="acknowledge or reassign: `watchbill alert reassign NUMBER user:EMAIL`, or on the page Now",
        )
