"""The ladder of people, as an alert's next steps and `explain` show it."""

from watchbill.domain.escalation.explain import ExplainedStep
from watchbill.doors.api.values import InstantOut, Output


class DeviceOut(Output):
    """`after_seconds` counts from the step."""

    after_seconds: int
    contact: str
    kind: str
    rule: str


class PersonPagedOut(Output):
    name: str
    email: str
    reason: str
    deliveries: list[DeviceOut]


class TargetOut(Output):
    """`nobody` is empty, or why the target stands for no one at that instant."""

    words: str
    people: list[PersonPagedOut]
    nobody: str


class StepOut(Output):
    """`level` counts from 1; 0 is the fallback. `at` holds if nobody acknowledges before."""

    at: InstantOut
    cycle: int
    level: int
    targets: list[TargetOut]
    then: str


def step_out(step: ExplainedStep) -> StepOut:
    return StepOut(
        at=step.at,
        cycle=step.cycle,
        level=step.level,
        then=step.then,
        targets=[
            TargetOut(
                words=target.words,
                nobody=target.nobody,
                people=[
                    PersonPagedOut(
                        name=person.name,
                        email=person.email,
                        reason=person.reason,
                        deliveries=[
                            DeviceOut(
                                after_seconds=delivery.after_seconds,
                                contact=delivery.contact,
                                kind=delivery.kind,
                                rule=delivery.rule,
                            )
                            for delivery in person.deliveries
                        ],
                    )
                    for person in target.people
                ],
            )
            for target in step.targets
        ],
    )
