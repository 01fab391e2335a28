"""What escalation should do, said a second time and as simply as possible: one alert, a list of what is due.

It shares no code with the product. Times are seconds since the start; people and levels are plain words.
"""

from dataclasses import dataclass, field

FALLBACK = "owner"


@dataclass
class Plan:
    """Each level: whom it pages (nobody at all: passed at once) and how long it waits."""

    levels: list[tuple[list[str], int]]
    repeat: int
    acknowledgement_lasts: int


@dataclass
class AlertOracle:
    """`pages`: (second, person), in order. `due`: what comes next, and when."""

    plan: Plan
    reachable: set[str]  # who can be paged at the moment; the caller changes it
    low: bool = False
    state: str = "triggered"
    first: list[str] | None = None  # reassigned to: a level before all others
    cycle: int = 0
    level: int = 0
    exhausted: bool = False
    due: tuple[int, str] | None = None
    pages: list[tuple[int, str]] = field(default_factory=list)

    def levels(self) -> list[tuple[list[str], int]]:
        if self.first is None:
            return self.plan.levels
        wait = self.plan.levels[0][1] if self.plan.levels else 300
        return [(self.first, wait), *self.plan.levels]

    def begin(self, now: int) -> None:
        self.cycle = self.level = 0
        self.exhausted = False
        self.due = (now, "step")

    def until(self, now: int) -> None:
        """Everything due up to `now`, each at its own second."""
        while self.due is not None and self.due[0] <= now:
            at, what = self.due
            self.due = None
            if what == "step":
                self._step(at)
            else:  # an acknowledgement or a snooze is over
                self.state = "triggered"
                self.first = None
                self.begin(at)

    def late(self, now: int) -> None:
        """After a pause of the engine, what was due happens now."""
        if self.due is not None and self.due[0] < now:
            self.due = (now, self.due[1])
        self.until(now)

    def _step(self, at: int) -> None:
        levels = self.levels()
        for _ in levels:
            if self.level >= len(levels):
                break
            named, wait = levels[self.level]
            people = [person for person in named if person in self.reachable]
            self._advance(len(levels))
            if people:
                self.pages += [(at, person) for person in dict.fromkeys(people)]
                if not self.low:
                    self.due = (at + wait, "step")
                return
        self.exhausted, self.level = True, len(levels)
        self.pages.append((at, FALLBACK))

    def _advance(self, count: int) -> None:
        self.level += 1
        if self.level >= count and self.cycle < self.plan.repeat:
            self.cycle, self.level = self.cycle + 1, 0

    def acknowledge(self, now: int) -> None:
        if self.state == "triggered":
            self.state = "acknowledged"
            lasts = self.plan.acknowledgement_lasts
            self.due = (now + lasts, "again") if lasts else None

    def snooze(self, now: int, seconds: int) -> None:
        if self.state != "resolved":
            self.state = "acknowledged"
            self.due = (now + seconds, "again")

    def resolve(self) -> None:
        self.state, self.due = "resolved", None

    def escalate(self, now: int) -> bool:
        """False: refused, everybody was paged already."""
        if self.exhausted and self.state == "triggered":
            return False
        self.state = "triggered"
        self.exhausted = False
        self.due = (now, "step")
        self.until(now)
        return True

    def reassign(self, now: int, people: list[str]) -> None:
        self.state = "triggered"
        self.first = people
        self.begin(now)
        self.until(now)
