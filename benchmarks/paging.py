"""From accepted to the first request at the provider: one alert alone, fifty a second, a burst, a storm, a crash."""

import asyncio
import secrets
import statistics
import time
from collections.abc import Sequence

from benchmarks import carrier as carriers
from benchmarks import instance as instances
from benchmarks.carrier import Carrier, Taken
from benchmarks.client import Client, Trigger, send_all, send_at_rate
from benchmarks.figures import Figure, at_most
from benchmarks.instance import Instance
from benchmarks.organization import PEOPLE, Organization

# A sender that died is replaced when its lease of 35 s runs out.
_RECOVERY_SECONDS_MAX = 90.0
_LEASE_SECONDS = 45.0
_BUDGET_REFILLS_SECONDS = 3.0


def measure(*, short: bool = False) -> list[Figure]:
    with carriers.running(instances.free_port()) as carrier:
        organization = Organization(carrier)
        with instances.running(organization) as instance:
            stage = _Stage(organization, instance, carrier)
            stage.warm_up()
            return [
                *stage.one_at_a_time(40 if short else 250),
                *stage.steady(per_second=50, seconds=4 if short else 30),
                *stage.burst(200 if short else 1000),
                *stage.storm(1000 if short else 10_000, seconds=6 if short else 60),
                *stage.crash(200 if short else 1000, after=60 if short else 300),
            ]


class _Stage:
    def __init__(self, organization: Organization, instance: Instance, carrier: Carrier) -> None:
        self._organization = organization
        self._instance = instance
        self._carrier = carrier

    def warm_up(self) -> None:
        triggers = self._triggers("warm", 2 * PEOPLE, shared=False) + self._triggers("warm-s", PEOPLE, shared=True)
        asyncio.run(send_all(self._instance.port, triggers, connections=4))
        self._wait_for(triggers, seconds=30)
        time.sleep(_BUDGET_REFILLS_SECONDS)

    def one_at_a_time(self, count: int) -> list[Figure]:
        triggers = self._triggers("one", count, shared=False)

        async def send() -> dict[str, float]:
            client = Client(self._instance.port)
            accepted = {}
            for trigger in triggers:
                accepted[trigger.dedup_key] = await client.send(trigger)
                await asyncio.sleep(0.1)
            client.close()
            return accepted

        waits, _, lost = self._waits(triggers, asyncio.run(send()))
        return [
            _lost(f"paging: one at a time, {count} alerts, lost", lost),
            at_most("paging: one at a time, accepted to provider, p50", _quantile(waits, 50), "ms", 25, _spread(waits)),
            Figure("paging: one at a time, accepted to provider, p99", _quantile(waits, 99), "ms"),
        ]

    def steady(self, *, per_second: int, seconds: int) -> list[Figure]:
        triggers = self._triggers("steady", per_second * seconds, shared=False)
        accepted = asyncio.run(send_at_rate(self._instance.port, triggers, per_second=per_second))
        waits, _, lost = self._waits(triggers, accepted)
        name = f"paging: {per_second}/s for {seconds} s"
        return [
            _lost(f"{name}, lost", lost),
            Figure(f"{name}, accepted to provider, p50", _quantile(waits, 50), "ms"),
            at_most(f"{name}, accepted to provider, p99", _quantile(waits, 99), "ms", 250, _spread(waits)),
        ]

    def burst(self, count: int) -> list[Figure]:
        """Fast as they are accepted, spread over all people: each has an alert's own message within their budget."""
        triggers = self._triggers("burst", count, shared=False)
        time.sleep(_BUDGET_REFILLS_SECONDS)
        begins = time.monotonic()
        accepted = asyncio.run(send_all(self._instance.port, triggers))
        # Asked once when all must be there: the carrier's answer costs the same processor.
        time.sleep(2)
        first, messages = _first(self._wait_for(triggers, seconds=60))
        lost = len(triggers) - len(first.keys() & accepted.keys())
        return [
            _lost(f"paging: burst of {count}, lost", lost),
            Figure(f"paging: burst of {count}, all accepted", max(accepted.values()) - begins, "s"),
            at_most(f"paging: burst of {count}, every first page out", max(first.values()) - begins, "s", 2, []),
            Figure(f"paging: burst of {count}, messages", messages, ""),
        ]

    def storm(self, count: int, *, seconds: int) -> list[Figure]:
        """On five rotas: a person gets more alerts than messages, and no alert may be missing in them."""
        time.sleep(_BUDGET_REFILLS_SECONDS)
        triggers = self._triggers("storm", count, shared=True)
        accepted = asyncio.run(send_at_rate(self._instance.port, triggers, per_second=count / seconds))
        begins = min(accepted.values())
        waits, taken, lost = self._waits(triggers, accepted)
        people: dict[str, float] = {}
        for one in taken:
            people[one.path] = min(people.get(one.path, one.at), one.at)
        firsts = [at - begins for at in people.values()]
        name = f"paging: storm of {count} in {seconds} s"
        return [
            _lost(f"{name}, lost", lost),
            at_most(f"{name}, first page of a person after the first alert, longest", max(firsts), "s", 5, firsts),
            at_most(
                f"{name}, alert accepted to in a message, p99", _quantile(waits, 99) / 1000, "s", 5, _spread(waits)
            ),
            at_most(f"{name}, messages", len(taken), "", count // 2, []),
        ]

    def crash(self, count: int, *, after: int) -> list[Figure]:
        """Every process killed when `after` alerts are accepted; the sender then sends again what was not accepted."""
        time.sleep(_BUDGET_REFILLS_SECONDS)
        triggers = self._triggers("crash", count, shared=False)
        killed: list[float] = []

        def kill(accepted: int) -> None:
            if accepted >= after and not killed:
                self._instance.kill()
                killed.append(time.monotonic())

        accepted = asyncio.run(send_all(self._instance.port, triggers, on_accepted=kill))
        before = set(accepted)
        again = self._instance.start()
        rest = [trigger for trigger in triggers if trigger.dedup_key not in accepted]
        accepted |= asyncio.run(send_all(self._instance.port, rest))
        taken = self._wait_for(triggers, seconds=_RECOVERY_SECONDS_MAX)
        # What was sent and not noted comes again when its lease has run out: waited for, so that it is counted.
        time.sleep(max(0.0, killed[0] + _LEASE_SECONDS - time.monotonic()))
        first, messages = _first(taken + self._carrier.taken())
        waited = sum(1 for key in before if first.get(key, killed[0]) >= killed[0])
        name = f"paging: burst of {count}, all killed after {len(before)}"
        return [
            _lost(f"{name}, lost", len(accepted.keys() - first.keys())),
            _lost(f"{name}, not accepted in the end", count - len(accepted)),
            Figure(f"{name}, accepted and not yet paged at that moment", waited, ""),
            Figure(f"{name}, ready again", again, "s"),
            Figure(f"{name}, messages sent twice", messages - len(first), ""),
        ]

    def _triggers(self, name: str, count: int, *, shared: bool) -> list[Trigger]:
        key = self._organization.shared_key if shared else self._organization.direct_key
        run = secrets.token_hex(3)
        return [Trigger(key(number), f"{name}-{run}-{number}") for number in range(count)]

    def _waits(self, triggers: Sequence[Trigger], accepted: dict[str, float]) -> tuple[list[float], list[Taken], int]:
        """Milliseconds from accepted to the provider; a page that overtakes its 202 counts as 0."""
        taken = self._wait_for(triggers, seconds=60)
        first, _ = _first(taken)
        found = first.keys() & accepted.keys()
        return [max(0.0, first[key] - accepted[key]) * 1000 for key in found], taken, len(triggers) - len(found)

    def _wait_for(self, triggers: Sequence[Trigger], *, seconds: float) -> list[Taken]:
        return self._carrier.taken_until({trigger.dedup_key for trigger in triggers}, seconds=seconds)


def _first(taken: Sequence[Taken]) -> tuple[dict[str, float], int]:
    """By dedup key, when a message first told of it; and the number of messages."""
    first: dict[str, float] = {}
    for one in taken:
        for key in one.keys:
            first[key] = min(first.get(key, one.at), one.at)
    return first, len(taken)


def _lost(name: str, count: int) -> Figure:
    return Figure(name, count, "", "= 0", count == 0)


def _quantile(values: Sequence[float], percent: int) -> float:
    return statistics.quantiles(values, n=100, method="inclusive")[percent - 1] if values else float("nan")


def _spread(values: Sequence[float]) -> list[dict[str, float]]:
    return [{f"p{percent}": round(_quantile(values, percent), 2) for percent in (1, 50, 90, 99)}]
