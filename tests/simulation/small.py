"""Small worlds gone through whole: every order of a few events, every interleaving of two, every single fault."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from hashlib import blake2b
from random import Random
from typing import Any

from tests.simulation.cloud import Cloud, Environment
from tests.simulation.kernel import SINGLE, Fault, Task, own_fault, possible
from tests.simulation.watch import Violation

Work = Callable[[Cloud], Callable[[], Any]]
"""Given the cloud, what a function is asked to do."""


@dataclass(frozen=True, slots=True)
class Event:
    """Something that may happen. `retried` says that whoever asked asks again when it failed (a queue, a stream);
    a person may not. `skew` is how far the function's clock is off."""

    name: str
    work: Work
    retried: bool = True
    skew: timedelta = timedelta(0)


@dataclass(frozen=True)
class Scenario:
    """A small world: how it begins, what happens in it, and what must hold when all has been finished."""

    name: str
    begin: Callable[[Cloud], None]
    events: Sequence[Event]
    finish: Callable[[Cloud], None]
    faults: Callable[[Cloud], Iterator[Violation]]
    steps: timedelta = timedelta(seconds=1)
    most: int | None = None
    """Interleavings to go through where nobody could wait for all: half from the first on, half drawn by lot."""


@dataclass(frozen=True, slots=True)
class Schedule:
    """One way through a small world: the order of events or the choices between two, and perhaps one fault."""

    order: tuple[int, ...]
    fault: tuple[int, int, Fault] | None = None
    """Which event in the order (or which of two), at which of its calls, and how."""


@dataclass
class Report:
    """What going through a small world came to.

    `plain` are schedules without a fault, `faulted` those in which one happened; each says whether it was all of
    them. (Some schedules are neither: their fault is due at a call that this interleaving does not come to.)
    """

    scenario: str
    schedules: int = 0
    plain: int = 0
    faulted: int = 0
    plain_whole: bool = False
    faulted_whole: bool = False
    violation: Violation | None = None
    schedule: Schedule | None = None
    story: list[str] = field(default_factory=list)


class Stage:
    """One scenario's world, set back to its beginning for each schedule."""

    def __init__(self, scenario: Scenario) -> None:
        self.scenario, self.cloud = scenario, Cloud()
        scenario.begin(self.cloud)
        cloud = self.cloud
        self._now, self._drawn = cloud.now, cloud.drawn
        self._rows, self._objects = cloud.table.snapshot(), cloud.bucket.snapshot()
        self._counted, self._stream = cloud.watch.snapshot(), list(cloud.table.stream)
        self._queues = [dict(queue.waiting) for queue in self._all_queues()]
        self._effects = {name: list(sent) for name, sent in cloud.effects.items()}
        self._last_starts, self._entered = dict(cloud.last_starts), dict(cloud.uploads.entered)
        self._texts = {name: list(sent) for name, sent in cloud.texts.items()}
        self._sent = [len(sent) for sent in self._outgoing()]
        self._clean: set[bytes] = set()
        """States from which everything was finished and no promise broken."""

    def _all_queues(self) -> tuple[Any, ...]:
        return self.cloud.uploads, self.cloud.failed_uploads, self.cloud.failed_jobs

    def _outgoing(self) -> tuple[list[Any], ...]:
        return self.cloud.staff.published, self.cloud.awards.published, self.cloud.mailer.mails

    def set_back(self) -> None:
        """As it was in the beginning."""
        cloud = self.cloud
        cloud.now, cloud.drawn = self._now, self._drawn
        cloud.table.restore(self._rows)
        cloud.table.stream = list(self._stream)
        cloud.bucket.restore(self._objects)
        cloud.watch.restore(self._counted)
        cloud.public.files.clear()
        for queue, waiting in zip(self._all_queues(), self._queues, strict=True):
            queue.waiting = {name: _fresh(one) for name, one in waiting.items()}
        cloud.effects = {name: list(sent) for name, sent in self._effects.items()}
        cloud.texts = {name: list(sent) for name, sent in self._texts.items()}
        for sent, length in zip(self._outgoing(), self._sent, strict=True):
            del sent[length:]
        cloud.last_starts, cloud.uploads.entered = dict(self._last_starts), dict(self._entered)
        cloud.started.clear()
        cloud.kernel.notes, cloud.kernel.excused = [], {}

    def tasks(self, order: Sequence[int], fault: tuple[int, int, Fault] | None) -> list[Task]:
        """The tasks of these events, with the one fault."""
        kernel, events = self.cloud.kernel, self.scenario.events
        tasks = [kernel.task_of(events[one].name, events[one].work(self.cloud), events[one].skew) for one in order]
        kernel.fault_of = lambda task, operation: None  # noqa: ARG005
        if fault is not None:
            place, call, kind = fault
            victim = tasks[place]

            def fault_of(task: Task, operation: str) -> Fault | None:
                return kind if task is victim and task.calls == call and possible(operation, kind) else None

            kernel.fault_of = fault_of
        return tasks

    def finish(self, order: Sequence[int], tasks: Sequence[Task]) -> Violation | None:
        """Whoever asks again does, everything is finished, and the first broken promise is told.

        From one state it always goes on in one way, so a state that many schedules lead to is finished once.
        """
        cloud, events = self.cloud, self.scenario.events
        for task in tasks:
            if (failed := own_fault(task)) is not None:
                cloud.watch.found("nobody-fails-without-a-cause", f"{task.name}: {failed!r}")
        state = self._state([one for one, task in zip(order, tasks, strict=True) if task.failure is not None])
        if state in self._clean and not cloud.watch.violations:
            return None
        cloud.kernel.fault_of = lambda task, operation: None  # noqa: ARG005
        cloud.now += timedelta(minutes=3)
        for one, task in zip(order, tasks, strict=True):
            if task.failure is not None and events[one].retried:
                cloud.kernel.finish(cloud.kernel.task_of(f"{events[one].name} again", events[one].work(cloud)))
        self.scenario.finish(cloud)
        cloud.watch.judge(self.scenario.faults(cloud))
        if cloud.watch.violations:
            return cloud.watch.violations[0]
        self._clean.add(state)
        return None

    def _state(self, failed: Sequence[int]) -> bytes:
        """A fingerprint of all that decides what happens from here on. Names of messages do not."""
        cloud = self.cloud
        rows = sorted((partition, sorted(of.items())) for partition, of in cloud.table.rows.items())
        objects = sorted(
            (key, [(one.version.version_id, sorted(one.tags)) for one in versions])
            for key, versions in cloud.bucket.objects.items()
        )
        queues = [
            sorted((one.body, one.sent_at, one.visible_at, one.received) for one in queue.waiting.values())
            for queue in self._all_queues()
        ]
        public = sorted((path, hash(text)) for path, (_, text) in cloud.public.files.items())
        texts = sorted(cloud.texts.items())
        effects, excused = sorted(cloud.effects.items()), sorted(cloud.kernel.excused.items())

        whole = failed, cloud.now, cloud.drawn, rows, objects, queues, public, effects, texts, excused, cloud.started
        return blake2b(repr(whole).encode(), digest_size=16).digest()


def _fresh(waiting: Any) -> Any:
    return type(waiting)(
        waiting.id,
        waiting.body,
        waiting.sent_at,
        waiting.visible_at,
        waiting.attributes,
        waiting.receipt,
        waiting.received,
    )


# --- one after another ---


def in_every_order(scenario: Scenario, most: int | None = None) -> Report:
    """Every order of the events, with one of them twice, and every single fault. `most` is for a share of it."""
    stage, report = Stage(scenario), Report(scenario.name)
    schedules = _orders(stage, None if most is None else Random(scenario.name))
    for schedule in itertools.islice(schedules, most):
        _one_after_another(stage, schedule, report)
        if report.violation is not None:
            return report
    report.plain_whole = report.faulted_whole = most is None
    return report


def schedules(scenario: Scenario, most: int) -> int:
    """How many schedules there are, as far as `most`. Each order is run once for it, without faults."""
    return sum(1 for _ in itertools.islice(_orders(Stage(scenario), None), most))


_DRAWN_FAULTS = 4


def _orders(stage: Stage, dice: Random | None) -> Iterator[Schedule]:
    """All there are; or with dice, in any order and with a few faults of each."""
    numbers = range(len(stage.scenario.events))
    seen: dict[tuple[int, ...], None] = {}
    for twice in ((), *((number,) for number in numbers)):
        seen.update(dict.fromkeys(itertools.permutations((*numbers, *twice))))
    orders = list(seen)
    if dice is not None:
        dice.shuffle(orders)
    for order in orders:
        calls = dict(enumerate(_calls(stage, order)))
        faults = list(_single_faults(range(len(order)), calls))
        yield Schedule(order)
        for fault in faults if dice is None else dice.sample(faults, min(_DRAWN_FAULTS, len(faults))):
            yield Schedule(order, fault)


def _calls(stage: Stage, order: tuple[int, ...]) -> list[int]:
    stage.set_back()
    tasks = stage.tasks(order, None)
    _run_in_turn(stage, tasks)
    return [task.calls for task in tasks]


def _run_in_turn(stage: Stage, tasks: Sequence[Task]) -> None:
    for task in tasks:
        stage.cloud.now += stage.scenario.steps
        stage.cloud.kernel.finish(task)


def _one_after_another(stage: Stage, schedule: Schedule, report: Report) -> None:
    stage.set_back()
    tasks = stage.tasks(schedule.order, schedule.fault)
    _run_in_turn(stage, tasks)
    _judge(stage, schedule, report, schedule.order, tasks)


def _judge(stage: Stage, schedule: Schedule, report: Report, order: Sequence[int], tasks: Sequence[Task]) -> None:
    report.schedules += 1
    report.plain += schedule.fault is None
    report.faulted += any(task.injected for task in tasks)
    report.violation = stage.finish(order, tasks)
    if report.violation is not None:
        report.schedule = schedule
        names = [stage.scenario.events[one].name for one in order]
        report.story = [
            f"{scenario_line(names, schedule)}",
            *(f"{who}: {what}" for _, who, what in stage.cloud.kernel.notes),
        ]


def scenario_line(names: Sequence[str], schedule: Schedule) -> str:
    """For people. Example: ingest A, ingest B; call 3 of ingest A happens, but its answer is lost"""
    line = ", ".join(names)
    if schedule.fault is not None:
        place, call, kind = schedule.fault
        line += f"; call {call} of {names[place]} {kind}"
    return line


# --- at the same time ---


def at_the_same_time(scenario: Scenario, plain: int | None = None, faulted: int | None = None) -> Report:
    """Every interleaving of the events at their AWS calls; first without a fault, then with every single one.

    `plain` and `faulted` are for a share of each, the latter shared out among the faults.
    """
    stage, report = Stage(scenario), Report(scenario.name)
    both = tuple(range(len(scenario.events)))
    calls = dict.fromkeys(both, 0)
    ways = _Ways(stage, both, None, min(filter(None, (plain, scenario.most)), default=None))
    for schedule, tasks in ways:
        calls = {place: max(calls[place], tasks[place].calls) for place in both}
        if not _kept(stage, schedule, report, tasks):
            return report
    report.plain_whole = ways.whole
    faults = list(_single_faults(both, calls)) if faulted != 0 else []
    each = None if faulted is None else max(2, faulted // max(1, len(faults)))
    whole = set()
    for fault in faults:
        ways = _Ways(stage, both, fault, each)
        for schedule, tasks in ways:
            if not _kept(stage, schedule, report, tasks):
                return report
        whole.add(ways.whole)
    report.faulted_whole = whole == {True}
    return report


class _Ways:
    """All interleavings; or where those are more than `most`, half of that from the first on, half drawn by lot."""

    def __init__(
        self, stage: Stage, both: Sequence[int], fault: tuple[int, int, Fault] | None, most: int | None
    ) -> None:
        self._stage, self._both, self._fault, self._most = stage, both, fault, most
        self.whole = False

    def __iter__(self) -> Iterator[tuple[Schedule, list[Task]]]:
        some = None if self._most is None else self._most // 2
        for count, way in enumerate(_interleavings(self._stage, self._both, self._fault)):
            if count == some:
                yield from itertools.islice(_drawn(self._stage, self._both, self._fault), some)
                return
            yield way
        self.whole = True


def drawn(scenario: Scenario, most: int) -> Report:
    """So many interleavings drawn by lot, without faults: quicker to a rare one than depth first."""
    stage, report = Stage(scenario), Report(scenario.name)
    for schedule, tasks in itertools.islice(_drawn(stage, range(len(scenario.events)), None), most):
        if not _kept(stage, schedule, report, tasks):
            break
    return report


def _kept(stage: Stage, schedule: Schedule, report: Report, tasks: Sequence[Task]) -> bool:
    _judge(stage, schedule, report, range(len(tasks)), tasks)
    return report.violation is None


def _single_faults(both: Sequence[int], calls: Mapping[int, int]) -> Iterator[tuple[int, int, Fault]]:
    for place in both:
        for call, kind in itertools.product(range(1, calls[place] + 1), SINGLE):
            yield place, call, kind


def _drawn(
    stage: Stage, both: Sequence[int], fault: tuple[int, int, Fault] | None
) -> Iterator[tuple[Schedule, list[Task]]]:
    """Interleavings drawn by lot, the same in every run."""
    dice = Random(f"{stage.scenario.name}/{fault}")
    while True:
        yield _woven(stage, both, fault, lambda _, options: dice.randrange(options))


def _woven(
    stage: Stage, both: Sequence[int], fault: tuple[int, int, Fault] | None, choose: Callable[[int, int], int]
) -> tuple[Schedule, list[Task]]:
    """One run of both. `choose` is told how many choices there were before, and how many ways there are now."""
    stage.set_back()
    tasks = stage.tasks(both, fault)
    taken: list[tuple[int, int]] = []
    while runnable := [task for task in tasks if not task.ended]:
        choice = 0
        if len(runnable) > 1:
            choice = choose(len(taken), len(runnable))
            taken.append((choice, len(runnable)))
        stage.cloud.kernel.go_on(runnable[choice])
    return Schedule(tuple(choice for choice, _ in taken), fault), tasks


def _interleavings(
    stage: Stage, both: Sequence[int], fault: tuple[int, int, Fault] | None
) -> Iterator[tuple[Schedule, list[Task]]]:
    """Depth first: each run follows the choices before it as far as they go, and then the first there is."""
    prefix: list[int] = []
    ways: list[int] = []

    def choose(place: int, options: int) -> int:
        ways.append(options)
        return prefix[place] if place < len(prefix) else 0

    while True:
        ways.clear()
        schedule, tasks = _woven(stage, both, fault, choose)
        yield schedule, tasks
        prefix = list(schedule.order)
        while prefix and prefix[-1] + 1 == ways[len(prefix) - 1]:
            prefix.pop()
        if not prefix:
            return
        prefix[-1] += 1


def a_copy(cloud: Cloud) -> Any:
    """Ingest as a function that has just started."""
    return cloud.intake(Environment("new"))
