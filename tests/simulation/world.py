"""A world in which one seed decides everything: time, faults, clocks, who does what when."""

from __future__ import annotations

import heapq
import itertools
from collections.abc import Callable, Generator
from dataclasses import dataclass
from datetime import timedelta
from random import Random
from typing import Any

from tests.simulation.cloud import OPENS, Cloud
from tests.simulation.doors import Doors, RefusedError
from tests.simulation.kernel import Fault, Task, possible

_RATES = (0.0, 0.002, 0.01, 0.04)
_SLOWNESS = (0.05, 0.05, 1.0)
"""Seconds that most calls take at most. Where they are slow, functions meet more often."""
_MOST_SKEW = 1.5
"""Seconds. AWS keeps its clocks within milliseconds of each other."""
_CALM = 0.1
"""The share of worlds without any fault."""
Ask = Callable[[], Any]
Person = Generator[Any, Any, None]


@dataclass(frozen=True, slots=True)
class Answer:
    """What somebody got from a function: a value, or why there is none."""

    value: Any = None
    failure: BaseException | None = None


class World:
    """The simulated account, a clock that runs from event to event, and the seed's dice.

    `muted` are happenings that are left out: that is how a story is made shorter without changing the rest.
    """

    def __init__(self, seed: int | str, muted: frozenset[str] = frozenset()) -> None:
        self.seed, self.muted = seed, muted
        self.plan = Random(f"{seed}/plan")
        self.cloud = Cloud(page=self.plan.choice((1, 2, 1000)))
        self.kernel, self.doors = self.cloud.kernel, Doors(self.cloud)
        self.closes = OPENS + timedelta(minutes=self.plan.randint(6, 40))
        self.grace = self.plan.choice((0, 60, 600))
        self.rate = self.plan.choice(_RATES)
        self.slowness = self.plan.choice(_SLOWNESS)
        self.deadline_moves = self.plan.random() < 0.5
        """Where it does not, S3 now and then lets an upload in a little after its form was over."""
        self.faulty = True
        self.happened: list[str] = []
        self.outage = self._outage()
        self.live: set[str] = set()
        self.people: set[str] = set()
        self._dice: dict[str, Random] = {}
        self._counts: dict[str, itertools.count[int]] = {}
        self._heap: list[tuple[Any, int, Callable[[], None]]] = []
        self._order = itertools.count()
        self.kernel.fault_of = self._fault_of
        self.kernel.paused = self._paused
        self.kernel.shuffle = self.dice("queues").shuffle  # type: ignore[method-assign, assignment]
        self.wake: Callable[[], None] = lambda: None
        self.invoked: Callable[[str], None] = lambda kind: None  # noqa: ARG005
        self.answered: Callable[[Task], None] = lambda task: None  # noqa: ARG005
        self.calm = self.dice("calm").random() < _CALM
        if self.calm:
            self.faulty, self.rate, self.outage = False, 0.0, ("nothing", OPENS, OPENS)

    def _outage(self) -> tuple[str, Any, Any]:
        """An operation that fails whenever it is asked for, for a while."""
        operation = self.plan.choice(("mail", "publish_text", "transact", "look", "nothing"))
        begins = OPENS + timedelta(minutes=self.plan.randint(0, 40))
        happens = self.happens("outage", 0.3, self.plan)
        return operation if happens else "nothing", begins, begins + timedelta(minutes=self.plan.randint(5, 25))

    # --- dice ---

    def dice(self, name: str) -> Random:
        """The dice of one part of the world, which no other part disturbs."""
        if name not in self._dice:
            self._dice[name] = Random(f"{self.seed}/{name}")
        return self._dice[name]

    def happens(self, name: str, chance: float, dice: Random) -> bool:
        """Whether something happens. A muted thing does not, though the dice are thrown."""
        if dice.random() >= chance or name in self.muted:
            return False
        self.happened.append(name)
        return True

    def number(self, kind: str) -> str:
        """The next name of its kind. Example: ingest 3"""
        return f"{kind} {next(self._counts.setdefault(kind, itertools.count(1)))}"

    # --- time ---

    def after(self, seconds: float, event: Callable[[], None]) -> None:
        """Let something happen later."""
        heapq.heappush(self._heap, (self.cloud.now + timedelta(seconds=seconds), next(self._order), event))

    def run_until(self, ends: Callable[[], bool], most: int = 60_000) -> bool:
        """Event after event, until it ends or nothing is left. False where it would not end."""
        for _ in range(most):
            if self.cloud.watch.violations or ends() or not self._heap:
                return True
            time, _, event = heapq.heappop(self._heap)
            self.cloud.now = max(self.cloud.now, time)
            event()
            self.wake()
        return False

    # --- functions ---

    def spawn(self, kind: str, work: Ask, end: Callable[[Task], None], skew: timedelta | None = None) -> None:
        """Run a function from now on. `end` is told when it has ended, however it did."""
        name, dice = self.number(kind), self.dice("skew")
        off = timedelta(seconds=dice.uniform(-_MOST_SKEW, _MOST_SKEW)) if skew is None else skew
        task = self.kernel.task_of(name, work, off)
        self.invoked(kind)
        self.live.add(name)
        self._resume(task, end, 0)

    def _resume(self, task: Task, end: Callable[[Task], None], seconds: float) -> None:
        def go_on() -> None:
            self.kernel.go_on(task)
            if task.ended:
                self.live.discard(task.name)
                end(task)
            else:
                self._resume(task, end, self._latency(task))

        self.after(seconds, go_on)

    def _latency(self, task: Task) -> float:
        dice = self.dice("latency")
        draw = dice.random()
        return draw * self.slowness if draw < 0.97 or task.flying else dice.random() * 9

    def _paused(self, task: Task) -> None:
        """The owner of the task resumes it; there is nothing else to note."""

    def _fault_of(self, task: Task, operation: str) -> Fault | None:
        if not self.faulty:
            return None
        operation_out, begins, ends = self.outage
        if operation == operation_out and begins <= self.cloud.now < ends:
            return Fault.FAILS
        if not self.rate:
            return None
        dice = self.dice("faults")
        if dice.random() >= self.rate:
            return None
        fault = dice.choice(tuple(Fault))
        name = f"fault at {task.name}, call {task.calls} ({operation} {fault})"
        if not possible(operation, fault) or name in self.muted:
            return None
        self.happened.append(name)
        return fault

    # --- people ---

    def person(self, name: str, person: Person) -> None:
        """Somebody who waits (yields seconds) and asks functions (yields ((function, what), ask), gets an Answer)."""
        self.people.add(name)
        self.after(0, lambda: self._next(name, person, None))

    def _next(self, name: str, person: Person, answer: Answer | None) -> None:
        try:
            wanted = person.send(answer)
        except StopIteration:
            self.people.discard(name)
            return
        if isinstance(wanted, int | float):
            self.after(wanted, lambda: self._next(name, person, None))
            return
        (kind, what), ask = wanted
        self.kernel.note(name, what)

        def end(task: Task) -> None:
            self.answered(task)
            self.kernel.note(name, f"gets {_named(task.failure) if task.failure else 'an answer'} from {task.name}")
            self._next(name, person, Answer(task.result, task.failure))

        self.spawn(kind, ask, end)


def _named(error: BaseException) -> str:
    return error.codes[0] if isinstance(error, RefusedError) else type(error).__name__
