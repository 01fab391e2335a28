"""Random lives of alerts: whatever people, policies and pauses do, pages equal those of an independent oracle.

Real engine, sender and database on a moved clock; the invariants are checked after every step.
"""

from typing import Any

from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test

from tests.chaos.escalation_oracle import AlertOracle, Plan
from tests.harness import invariants
from tests.harness.world import START, World
from watchbill.domain.access.models import User
from watchbill.domain.alerts import actions
from watchbill.domain.alerts.models import Alert
from watchbill.domain.escalation.actions import RunCannotEscalate
from watchbill.domain.escalation.rules import Target
from watchbill.domain.services.models import Service

PEOPLE = ("primary", "secondary", "manager")
OPEN_MAX = 3

waits = st.sampled_from([1, 60, 300, 301, 900])
levels = st.lists(st.tuples(st.lists(st.sampled_from(PEOPLE), max_size=3), waits), max_size=4)
plans = st.builds(
    Plan, levels=levels, repeat=st.integers(0, 2), acknowledgement_lasts=st.sampled_from([0, 1, 600, 1800])
)
durations = st.one_of(st.sampled_from([1, 59, 60, 61, 299, 300, 301, 900, 1800]), st.integers(1, 7200))
people = st.lists(st.sampled_from(PEOPLE), min_size=1, max_size=2, unique=True)


class Lives(RuleBasedStateMachine):
    world: World
    number = 0

    def __init__(self) -> None:
        super().__init__()
        self.reachable = {*PEOPLE, "owner"}
        self.lives: list[tuple[Alert, AlertOracle]] = []
        self.came: dict[str, list[tuple[int, str]]] = {}

    @property
    def second(self) -> int:
        return int((self.world.now - START).total_seconds())

    @precondition(lambda self: len(self.lives) < OPEN_MAX)
    @rule(plan=plans, low=st.booleans())
    def fires(self, plan: Plan, low: bool) -> None:
        type(self).number += 1
        cast = self.world.cast
        policy = cast.make_policy(f"policy {self.number}", self._levels(plan), repeat=plan.repeat,
                                  acknowledged=plan.acknowledgement_lasts)  # fmt: skip
        service = Service.objects.create(
            name=f"service {self.number}", team=cast.team, policy=policy, created_at=self.world.now
        )
        key = f"life {self.number}"
        oracle = AlertOracle(plan, self.reachable, low=low)
        oracle.begin(self.second)
        alert = self.world.fires(
            key, urgency="low" if low else "high", integration=cast.add_integration(service, f"{self.number:032}")
        )
        oracle.until(self.second)
        self.lives.append((alert, oracle))

    @rule(seconds=durations)
    def time_passes(self, seconds: int) -> None:
        self.world.passes(seconds=seconds)
        for _, oracle in self.lives:
            oracle.until(self.second)

    @rule(seconds=durations)
    def the_engine_is_away(self, seconds: int) -> None:
        self.world.pauses(seconds=seconds)
        self.world.settle()
        for _, oracle in self.lives:
            oracle.late(self.second)

    @rule(who=st.sampled_from(PEOPLE))
    def leaves_or_comes_back(self, who: str) -> None:
        self.reachable ^= {who}
        User.objects.filter(id=self.world.cast.people[who].id).update(is_active=who in self.reachable)

    @rule(plan=plans, which=st.integers(0, OPEN_MAX - 1))
    def the_policy_is_edited(self, plan: Plan, which: int) -> None:
        """A run keeps the version it began with."""
        if which < len(self.lives):
            policy = Service.objects.get(id=self.lives[which][0].service_id).policy
            assert policy is not None
            self.world.cast.change_policy(policy, self._levels(plan), repeat=plan.repeat)

    @rule(which=st.integers(0, OPEN_MAX - 1), who=st.sampled_from(PEOPLE))
    def acknowledges(self, which: int, who: str) -> None:
        for alert, oracle in self._one(which):
            self.world.acknowledges(who, alert)
            oracle.acknowledge(self.second)

    @rule(which=st.integers(0, OPEN_MAX - 1), seconds=durations)
    def snoozes(self, which: int, seconds: int) -> None:
        for alert, oracle in self._one(which):
            until = self.world.now + type(self.world.now - START)(seconds=seconds)
            actions.snooze(alert_id=alert.id, until=until, actor=self.world.person("primary"), now=self.world.now)
            self.world.settle()
            oracle.snooze(self.second, seconds)

    @rule(which=st.integers(0, OPEN_MAX - 1))
    def escalates(self, which: int) -> None:
        for alert, oracle in self._one(which):
            done = True
            try:
                actions.escalate(alert_id=alert.id, actor=self.world.person("primary"), now=self.world.now)
            except RunCannotEscalate:
                done = False
            self.world.settle()
            assert oracle.escalate(self.second) == done

    @rule(which=st.integers(0, OPEN_MAX - 1), to=people)
    def reassigns(self, which: int, to: list[str]) -> None:
        for alert, oracle in self._one(which):
            users = [self.world.cast.people[name] for name in to]
            targets = [Target(kind="user", id=str(user.id), label=user.name) for user in users]
            actions.reassign(alert_id=alert.id, targets=targets, actor=self.world.person("primary"), now=self.world.now)
            self.world.settle()
            oracle.reassign(self.second, to)

    @rule(which=st.integers(0, OPEN_MAX - 1))
    def resolves(self, which: int) -> None:
        for alert, oracle in self._one(which):
            self.world.resolves("primary", alert)
            oracle.resolve()

    @invariant()
    def pages_are_those_of_the_oracle(self) -> None:
        for one in self.world.received():
            for key in one.alerts:
                self.came.setdefault(key, []).append((int((one.at - START).total_seconds()), one.to))
        for alert, oracle in self.lives:
            assert sorted(self.came.get(alert.dedup_key, [])) == sorted(oracle.pages), alert.dedup_key
            assert self.world.fresh(alert).state == oracle.state
        invariants.check(now=self.world.now)

    def teardown(self) -> None:
        for alert, _ in self.lives:
            self.world.resolves("primary", alert)
        self.world.passes(seconds=10)
        self.world.received()
        User.objects.update(is_active=True)

    def _one(self, which: int) -> list[tuple[Alert, AlertOracle]]:
        """The life meant, if there is one and it is not over."""
        return [life for life in self.lives[which : which + 1] if life[1].state != "resolved"]

    def _levels(self, plan: Plan) -> list[tuple[list[dict[str, str]], int]]:
        cast = self.world.cast
        return [([cast.target("user", cast.people[name]) for name in named], wait) for named, wait in plan.levels]


def test_random_lives_of_alerts_page_whom_the_oracle_says(world: World) -> None:
    for name in (*PEOPLE, "owner"):
        hook = world.cast.contacts[name, "hook"]
        for urgency in ("high", "low"):
            world.cast.rules(name, urgency, [(hook, 0)])
    machine: Any = type("LivesInThisWorld", (Lives,), {"world": world})
    chosen = settings(
        max_examples=40,
        stateful_step_count=20,
        derandomize=True,
        deadline=None,
        phases=(Phase.generate,),  # at most 20 steps can be read as they are; making them fewer takes minutes
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    run_state_machine_as_test(machine, settings=chosen)  # type: ignore[no-untyped-call]  # hypothesis has no types here
