"""What an operator has to hear of. The world knows of each trouble by itself, and not by the numbers that alarms read;
so that an alarm which reads the wrong thing, or a function that does not tell, is found."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from shared import keys
from shared.rounds import RoundState
from tests.simulation.alarms import CloudWatch, alarms
from tests.simulation.cloud import DRAIN, ROUND
from tests.simulation.doors import RefusedError
from tests.simulation.doubles.messages import MemoryQueue
from tests.simulation.doubles.table import Change
from tests.simulation.kernel import Fault, Task
from tests.simulation.rest import documents
from tests.simulation.world import World

_EVERY = 60
_OLD = timedelta(minutes=15)
_SILENT = timedelta(minutes=10)
_MANY_ERRORS = 12
"""Answers that failed within five minutes, wherever these begin: more than five of them fall into one period."""
_STUCK = ("FailedJobs", "Heartbeat")
"""What goes off where the scheduled job, or what it starts, cannot do its work."""
TELLS_OF: Mapping[str, tuple[str, ...]] = {
    "an upload is a dead letter": ("FailedUploads",),
    "a job is a dead letter": ("FailedJobs",),
    "uploads wait": ("UploadsWaiting",),
    "receipts wait": ("ReceiptsWaiting",),
    "the schedule is silent": ("Heartbeat",),
    "an upload has no outcome": ("UploadsWithoutOutcome", *_STUCK),
    "an announcement is held back": ("AnnouncementsHeldBack", *_STUCK),
    "an announcement does not go out": ("AnnouncementsHeldBack", *_STUCK),
    "totals were repaired": ("TotalsRepaired",),
    "a letter could not be sent": ("LettersFailed",),
    "many answers failed": ("ApiErrors",),
}
"""What is wrong, and the alarms of which one has to say so, as the runbook has it. The first is the one for it, which
takes its time; others come sooner or not at all."""
_SLACK = {
    # A tick may fail, and what it starts; that the job is stuck has alarms of its own.
    "an upload has no outcome": timedelta(minutes=10),
    "an announcement is held back": timedelta(minutes=8),
    "an announcement does not go out": timedelta(minutes=25),
}
"""How much longer than its alarm takes a trouble may last."""


def patience(trouble: str) -> timedelta:
    """How long it may last until an alarm says so; ten minutes where nobody is told of it."""
    slow = next((one.slow for one in alarms() if one.name == TELLS_OF[trouble][0]), 600)
    return timedelta(seconds=slow) + _SLACK.get(trouble, timedelta(0))


@dataclass(frozen=True, slots=True)
class Due:
    """An alarm, any of some, that has to have gone off by then."""

    alarms: tuple[str, ...]
    since: datetime
    by: datetime
    invariant: str
    seen: str


@dataclass(slots=True)
class Lasting:
    """A trouble that lasts. `told` is for how long whoever tells of it could have done so."""

    since: datetime
    told: timedelta = timedelta(0)


class Troubles:
    """Looks once a minute at what is wrong, and whether an alarm says so. `calm` worlds have no faults, and no alarm
    may go off there."""

    def __init__(self, world: World, *, calm: bool) -> None:
        self.world, self.cloud, self.calm = world, world.cloud, calm
        self.cloudwatch = CloudWatch(lambda: self.cloud.now, lambda what: world.kernel.note("CloudWatch", what))
        self.reached: set[str] = set()
        """Alarms that went off, and troubles that alarms had to tell of."""
        self.began = self.heartbeat = self.cloud.now
        self.oldest_record: Callable[[], datetime | None] = lambda: None
        self._due: list[Due] = []
        self._lasts: dict[str, Lasting] = {}
        self._errors: deque[datetime] = deque()
        self._unsent: set[str] = set()
        self._commits, self._fault_of = self.cloud.table.committed, world.kernel.fault_of
        self.cloud.table.committed = self._committed
        world.kernel.fault_of = self._faulty
        world.invoked = self.invoked
        world.answered = self.answered
        world.after(_EVERY, self._look)

    # --- what AWS counts ---

    def invoked(self, function: str) -> None:
        """A function was started."""
        if function == "advance":
            self.heartbeat = self.cloud.now
        self.cloudwatch.number("AWS/Lambda", "Invocations", f"{function.capitalize()}Function", 1)

    def answered(self, task: Task) -> None:
        """Somebody got an answer, or the function was gone and API Gateway said so."""
        if task.failure is None or isinstance(task.failure, RefusedError):
            return
        self.cloudwatch.number("AWS/ApiGateway", "5xx", "Api", 1)
        self._errors.append(self.cloud.now)
        while self.cloud.now - self._errors[0] > timedelta(minutes=5):
            self._errors.popleft()
        if len(self._errors) == _MANY_ERRORS:
            # The alarm may have told of most of them by now, and be over before the last one.
            self._owe("many answers failed", since=self._errors[0])

    def stream_read(self, committed_at: datetime) -> None:
        """The stream's records were read up to one of that instant."""
        age = (self.cloud.now - committed_at) / timedelta(milliseconds=1)
        self.cloudwatch.number("AWS/Lambda", "IteratorAge", "AcknowledgeFunction", age)

    def _queues(self) -> Mapping[str, MemoryQueue]:
        cloud = self.cloud
        return {"UploadQueue": cloud.uploads, "FailedUploads": cloud.failed_uploads, "FailedJobs": cloud.failed_jobs}

    def _count_queues(self) -> None:
        now, number = self.cloud.now, self.cloudwatch.number
        for name, queue in self._queues().items():
            waiting = queue.waiting.values()
            age = max((now - one.sent_at for one in waiting), default=timedelta(0)).total_seconds()
            seen = sum(one.visible_at <= now for one in waiting)
            number("AWS/SQS", "ApproximateNumberOfMessagesVisible", name, seen)
            number("AWS/SQS", "ApproximateAgeOfOldestMessage", name, age)

    # --- what is wrong ---

    def _look(self) -> None:
        self.world.after(_EVERY, self._look)
        self._count_queues()
        for alarm in self.cloudwatch.look():
            self.reached.add(f"{alarm.name} goes off")
            if self.calm:
                self.cloud.watch.found("no-alarm-in-a-calm-world", f"{alarm.name} goes off, and nothing is wrong")
        self._judge_lasting()
        for due in list(self._due):
            if self._told(due.alarms, due.since):
                self._due.remove(due)
            elif self.cloud.now > due.by:
                self._due.remove(due)
                self.cloud.watch.found(due.invariant, f"{due.seen}, and none of {', '.join(due.alarms)} goes off")

    def _judge_lasting(self) -> None:
        for name, wrong in self._lasting().items():
            if not wrong:
                self._lasts.pop(name, None)
                continue
            told_by = TELLS_OF[name]
            if name not in self._lasts:
                self._lasts[name] = Lasting(self.cloud.now)
            elif self._job_runs or "Heartbeat" not in told_by[1:]:
                # What the job tells of it cannot while nothing starts it; that has a trouble and an alarm of its own.
                self._lasts[name].told += timedelta(seconds=_EVERY)
            lasts = self._lasts[name]
            if lasts.told > patience(name):
                self.reached.add(name)
                if not self._told(told_by, lasts.since):
                    announced = "what-does-not-go-out-sets-off-an-alarm", "trouble-sets-off-its-alarm"
                    invariant = announced[not name.startswith("an announcement")]
                    seen = f"{name} since {lasts.since:%H:%M:%S}, and no {' or '.join(told_by)}"
                    self.cloud.watch.found(invariant, seen)

    @property
    def _job_runs(self) -> bool:
        return self.cloud.now - self.heartbeat <= timedelta(seconds=_EVERY)

    def _told(self, names: Sequence[str], since: datetime) -> bool:
        return any(self.cloudwatch.last_on.get(name, self.began) >= since for name in names)

    def _lasting(self) -> Mapping[str, bool]:
        """What may be wrong for a while, and whether it is so now."""
        cloud, now = self.cloud, self.cloud.now
        call, record = cloud.watch.round(ROUND), self.oldest_record()
        embargo = call.embargo
        return {
            "an upload is a dead letter": bool(cloud.failed_uploads.waiting),
            "a job is a dead letter": bool(cloud.failed_jobs.waiting),
            "uploads wait": _old(cloud.uploads, now),
            "receipts wait": record is not None and now - record > _OLD,
            "the schedule is silent": now - self.heartbeat > _SILENT,
            "an upload has no outcome": self._without_outcome(),
            "an announcement is held back": embargo is not None and embargo.held_back,
            "an announcement does not go out": call.announcing is not None
            or (embargo is not None and embargo.at < now),
        }

    def _without_outcome(self) -> bool:
        call = self.cloud.watch.round(ROUND)
        if call.state is not RoundState.CLOSING or call.last_arrival is None:
            return False
        if self.cloud.now <= call.last_arrival + DRAIN:
            return False
        recorded = {(one.application, one.submission, one.version_id) for one in self.cloud.watch.submissions(ROUND)}
        return any(
            (name.application, name.submission, stored.version.version_id) not in recorded
            for name, stored in documents(self.cloud)
        )

    # --- what happens once ---

    def _owe(self, seen: str, since: datetime | None = None) -> None:
        self.reached.add(seen)
        now = self.cloud.now
        due = Due(TELLS_OF[seen], since or now, now + patience(seen), "trouble-sets-off-its-alarm", seen)
        self._due.append(due)

    def _committed(self, changes: Sequence[Change]) -> None:
        if self._commits:
            self._commits(changes)
        for change in changes:
            if change.place[0] == keys.audit_partition(ROUND) and (change.after or {}).get("repaired"):
                self._owe("totals were repaired")

    def _faulty(self, task: Task, operation: str) -> Fault | None:
        fault = self._fault_of(task, operation)
        if operation == "mail" and fault in (Fault.FAILS, Fault.LOST):
            self._unsent.add(task.name)
        return fault

    def settled(self, task: Task) -> None:
        """A run that sends what is owed has ended well; what it could not send it has to have told."""
        if task.failure is None and (task.name in self._unsent or task.refused):
            self.letter_failed()

    def letter_failed(self) -> None:
        """SES did not take one, and whoever was to send it went on."""
        self._owe("a letter could not be sent")


def _old(queue: MemoryQueue, now: datetime) -> bool:
    return any(now - one.sent_at > _OLD for one in queue.waiting.values())
