"""Functions as greenlets that can be stopped at every AWS call, and a wire that decides what becomes of each."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from types import FrameType
from typing import Any

from botocore.exceptions import ClientError, ConnectTimeoutError, ReadTimeoutError
from greenlet import greenlet  # type: ignore[import-untyped, unused-ignore]

from shared.aws.effects import BusyError
from shared.aws.table import ConditionFailedError, ConflictError
from tests.simulation.doubles.wire import Answer, Site, Wire

_ENDPOINT = "https://aws"
_HANDED_ON = frozenset({"transact", "write"})
_REPLACING = "simulation/planting"
"""Code that stands in for code of the product hands calls on; the site is where the product makes them."""


def _refusal() -> ClientError:
    """What SES answers while it takes no letters from a sender."""
    error = {"Code": "AccountSendingPausedException", "Message": "paused"}
    return ClientError(
        {"Error": error, "ResponseMetadata": {"HTTPStatusCode": 400, "RetryAttempts": 0}},  # type: ignore[typeddict-item]
        "SendEmail",
    )


_GAVE_WAY = (BusyError, ConflictError, ConditionFailedError)
"""How a function ends where another one was faster."""


class KilledError(BaseException):
    """The function is gone: no handler of an exception runs, and nobody gets an answer."""


class Fault(StrEnum):
    """What can become of one AWS call. To die before a call is to die after the one before it."""

    FAILS = "fails before anything happened"
    LOST = "happens, but its answer is lost"
    DIES = "happens, and the function dies"
    CONFLICT = "meets another transaction"
    AGAIN = "happens twice, because the SDK lost the first answer and tried again"


SINGLE = (Fault.FAILS, Fault.LOST, Fault.DIES)
"""The three kinds that whole small worlds go through at every call."""
_CONFLICTS = frozenset({"write", "transact", "put_all"})
_TWICE = frozenset(
    {"write", "publish_text", "publish_both", "mail", "send", "send_text", "start", "delete", "publish_file"}
)
"""Calls that the SDK repeats as they are (it gives transactions a token, under which they happen once)."""


@dataclass(slots=True)
class Task:
    """One run of a function. `skew` is how far its clock is off; `injected` are its faults by call number."""

    name: str
    skew: timedelta = timedelta(0)
    calls: int = 0
    injected: dict[int, Fault] = field(default_factory=dict)
    sent: list[str] = field(default_factory=list)
    """Effects that this run had, in order, each until it is stored that it had it, or a fault excuses its
    repetition."""
    flying: bool = False
    """Whether a transaction of its own is under way."""
    refused: set[str] = field(default_factory=set)
    """Effects of letters that SES did not take, of theirs alone."""
    conflicts: int = 0
    """How often it met another transaction, without anybody's doing."""
    thread: Any = None
    ended: bool = False
    result: Any = None
    failure: BaseException | None = None


class Kernel(Wire):
    """Runs tasks. Whoever owns it decides which goes on when (`paused` is told of each stop), and which call
    has a fault (`fault_of`)."""

    def __init__(self, clock: Callable[[], datetime]) -> None:
        self._clock = clock
        self.task: Task | None = None
        self.notes: list[tuple[datetime, str, str]] = []
        self.reached: dict[tuple[str, int, str], set[Fault | None]] = {}
        self.excused: dict[str, int] = {}
        self.fault_of: Callable[[Task, str], Fault | None] = lambda task, operation: None  # noqa: ARG005
        self.paused: Callable[[Task], None] = lambda task: None  # noqa: ARG005

    # --- what the owner asks ---

    def task_of(self, name: str, work: Callable[[], Any], skew: timedelta = timedelta(0)) -> Task:
        """A task that has not begun."""
        task = Task(name, skew)

        def run() -> None:
            try:
                task.result = work()
            except (Exception, KilledError) as error:  # noqa: BLE001  told to the owner as the task's failure
                task.failure = error
            task.ended = True

        task.thread = greenlet(run)
        return task

    def go_on(self, task: Task) -> None:
        """Let the task run until its next stop."""
        before, self.task = self.task, task
        try:
            task.thread.switch()
        finally:
            self.task = before

    def finish(self, task: Task) -> Task:
        """Let it run to its end, with nobody between."""
        while not task.ended:
            self.go_on(task)
        return task

    def note(self, who: str, what: str) -> None:
        """One line of the story."""
        self.notes.append((self._clock(), who, what))

    def effect(self, name: str) -> None:
        """Something left for the world outside. A fault later in the same task excuses its repetition."""
        if self.task is not None:
            self.task.sent.append(name)

    def noted(self, name: str) -> None:
        """It is stored that this went out. Nobody can take it for undone any more, whatever fails from here on."""
        if self.task is not None and name in self.task.sent:
            self.task.sent.remove(name)

    def refused(self, name: str) -> None:
        """SES did not take that letter, and would take others."""
        self.note("SES", f"refuses {name}")
        if self.task is not None:
            self.task.refused.add(name)

    # --- what the doubles ask ---

    def call(self, operation: str, act: Callable[[], Answer], site: Site = None) -> Answer:
        task = self.task
        if task is None:
            return act()
        task.calls += 1
        where = site or self.here(3)
        fault = self.fault_of(task, operation)
        if where is not None:
            self.reached.setdefault((*where, operation), set()).add(fault)
        self._stop(task)
        if fault is None:
            try:
                return act()
            except ConflictError:
                task.conflicts += 1
                raise
        return self._faulty(task, operation, act, fault)

    def _faulty(self, task: Task, operation: str, act: Callable[[], Answer], fault: Fault) -> Answer:
        task.injected[task.calls] = fault
        self.note(task.name, f"{operation} {fault}")
        if fault is Fault.FAILS:
            self._excuse(task)
            raise _refusal() if operation == "mail" else ConnectTimeoutError(endpoint_url=_ENDPOINT)
        if fault is Fault.CONFLICT:
            self._excuse(task)
            raise ConflictError("injected")
        act()
        if fault is Fault.AGAIN:
            self._excuse(task)
            return act()
        self._excuse(task)
        if fault is Fault.DIES:
            raise KilledError
        raise ReadTimeoutError(endpoint_url=_ENDPOINT)

    def _excuse(self, task: Task) -> None:
        for name in task.sent:
            self.excused[name] = self.excused.get(name, 0) + 1
        task.sent.clear()

    def _stop(self, task: Task) -> None:
        self.paused(task)
        task.thread.parent.switch()

    def flight(self) -> None:
        if self.task is not None:
            self.task.flying = True
            self._stop(self.task)
            self.task.flying = False

    def here(self, depth: int = 2) -> Site:
        if self.task is None:
            return None
        frame: FrameType | None = sys._getframe(depth)
        while frame is not None and frame.f_code.co_name in _HANDED_ON and _REPLACING in frame.f_code.co_filename:
            frame = frame.f_back
        return None if frame is None else (frame.f_code.co_filename, frame.f_lineno)

    def now(self) -> datetime:
        return self._clock() + (self.task.skew if self.task else timedelta(0))


def possible(operation: str, fault: Fault) -> bool:
    """Whether AWS and the SDK can do this to that call."""
    if fault is Fault.CONFLICT:
        return operation in _CONFLICTS
    return fault is not Fault.AGAIN or operation in _TWICE


def own_fault(task: Task) -> BaseException | None:
    """What a function failed by that nothing was done to, and nobody was in the way of."""
    failures: list[BaseException] = [task.failure] if task.failure is not None and not task.injected else []
    while failures:
        failure = failures.pop()
        if isinstance(failure, BaseExceptionGroup):
            failures.extend(failure.exceptions)
        elif not isinstance(failure, _GAVE_WAY):
            return failure
    return None
