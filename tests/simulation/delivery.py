"""What AWS does between functions: events that come late, twice, in another order or not at all."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import Any

from shared import keys
from shared.applications import Outcome
from shared.aws.bucket import ObjectVersion
from shared.aws.messages import Letter
from shared.aws.table import Item
from shared.rounds import RoundState
from shared.submissions import Submission
from tests.simulation import handlers
from tests.simulation.cloud import OPENS, ROUND, Cloud, Environment
from tests.simulation.doubles.table import Change
from tests.simulation.kernel import Task
from tests.simulation.refusals import Refusals, receipt_named
from tests.simulation.troubles import Troubles
from tests.simulation.world import World

_COPIES = 3
_HIDDEN = timedelta(seconds=360)
_MOST_RECEIVES = 5
_MOST_STREAM_TRIES = 10


class Delivery:
    """Notifications, the queue's and the stream's mapping, asynchronous invocations, the schedule."""

    def __init__(self, world: World) -> None:
        self.world, self.cloud = world, world.cloud
        self.dice, self.pages = world.dice("delivery"), world.dice("result pages")
        self.losses, self.forgotten = world.dice("losses"), world.dice("what the stream has forgotten")
        self.copies = [Environment(f"copy {number}", self._skew()) for number in range(_COPIES)]
        self.position = 0
        self.later = 0
        """Events that were taken and have not arrived yet."""
        self._tries = 0
        self._reading = False
        self._polls_at: datetime | None = None
        """When the next poll is due; it comes within the second after."""
        self.ticks = 0
        self.cloud.functions.start_later = self.invoke_later
        self.strays = world.happens("messages about nothing", 0.15, self.dice) and not world.calm
        world.wake = self.wake
        self._committed_at: list[datetime] = []
        """When each record of the stream came to be."""
        self.troubles = Troubles(world, calm=world.calm)
        self.troubles.oldest_record = self._oldest_record
        self.refusals = Refusals(world)
        self._asleep = self._sleep()

    def _skew(self) -> timedelta:
        return timedelta(seconds=self.dice.uniform(-1.5, 1.5))

    def _sleep(self) -> tuple[datetime, datetime]:
        """From when to when somebody has switched the schedule off."""
        dice = self.world.dice("sleep")
        begins = OPENS + timedelta(minutes=dice.randint(0, 30))
        sleeps = self.world.happens("the schedule is switched off", 0.04, dice)
        return begins, begins + timedelta(minutes=dice.randint(10, 40) if sleeps else 0)

    def _oldest_record(self) -> datetime | None:
        """When the first record came to be that nobody has read."""
        return self._committed_at[self.position] if self.position < len(self._committed_at) else None

    def read_again(self) -> None:
        """The stream comes once more, as if everything in it had just been written."""
        self.position, self._committed_at = 0, [self.cloud.now] * len(self.cloud.table.stream)

    @property
    def quiet(self) -> bool:
        """Whether nothing is under way or waits."""
        cloud = self.cloud
        waits = letters_waiting(cloud) or any(one.body != STRAY for one in cloud.uploads.waiting.values())
        return not (waits or self.later or self.world.live or self.position < len(cloud.table.stream))

    def wake(self) -> None:
        """After every event: whoever has something to do is called."""
        while len(self._committed_at) < len(self.cloud.table.stream):
            self._committed_at.append(self.cloud.now)
        waiting = self.cloud.uploads.waiting
        if waiting:
            seen = max(self.cloud.now, min(one.visible_at for one in waiting.values()))
            if self._polls_at is None or seen < self._polls_at:
                self._polls_at = seen
                self.world.after((seen - self.cloud.now).total_seconds() + self.dice.random(), self._poll)
        if self.position < len(self.cloud.table.stream) and not self._reading:
            self._reading = True
            self.world.after(self.dice.random(), self._read_stream)

    # --- S3 to the queue ---

    def notify(self, version: ObjectVersion) -> None:
        """S3 tells of a document, sooner or later, once or twice, or not at all."""
        world, name = self.world, f"{version.key.split('/')[2]} {version.version_id}"
        if world.faulty and world.happens(f"the notification of {name} is lost", 0.04, self.dice):
            world.kernel.note("S3", f"tells nobody of {name}")
            return
        times = 2 if world.happens(f"the notification of {name} comes twice", 0.08, self.dice) else 1
        for _ in range(times):
            self.later += 1
            late = world.happens(f"the notification of {name} is late", 0.1, self.dice)
            wait = self.dice.uniform(30, 150) if late else self.dice.random()
            world.after(wait, lambda told=" late" * late: self._enqueue(version, told))  # type: ignore[misc]

    def _enqueue(self, version: ObjectVersion, how: str) -> None:
        self.later -= 1
        self.world.kernel.note("S3", f"tells{how} of {version.version_id}")
        self.cloud.uploads.put(message_of(version))
        if self.strays and self.dice.random() < 0.3:
            self.cloud.uploads.put(STRAY)

    # --- the queue to ingest ---

    def _poll(self) -> None:
        self._polls_at = None
        idle = [copy for copy in self.copies if not copy.busy]
        if not idle:
            return
        copy = self.dice.choice(idle)
        letters = self.cloud.uploads.take(self.dice.choice((1, 3, 10)), _HIDDEN)
        fresh = [letter for letter in letters if not self._given_up(letter)]
        if not fresh:
            return
        copy.busy = True
        number = self.copies.index(copy)
        intake = self.cloud.intake(copy)

        def end(task: Task) -> None:
            copy.busy = False
            self._batch_ended(task, copy, fresh)

        self.world.spawn("ingest", lambda: handlers.ingest(number, intake, fresh), end, copy.skew)

    def _given_up(self, letter: Letter) -> bool:
        waiting = self.cloud.uploads.waiting[letter.id]
        if waiting.received <= _MOST_RECEIVES:
            return False
        del self.cloud.uploads.waiting[letter.id]
        self.cloud.failed_uploads.put(letter.body)
        self.world.kernel.note("the queue", f"gives up {letter.id}")
        return True

    def _batch_ended(self, task: Task, copy: Environment, letters: list[Letter]) -> None:
        if task.failure is not None:
            copy.rounds.clear()  # another copy takes its place
            return
        self._neighbours(task, letters)
        if task.result - {letter.id for letter in letters}:
            return  # Lambda takes an identifier that it does not know for the failure of the whole batch.
        for letter in letters:
            if letter.id not in task.result and not self._comes_again(letter):
                self.cloud.uploads.remove(letter.id, letter.receipt)

    def _comes_again(self, letter: Letter) -> bool:
        """Six minutes later. A few times in a row set off the alarm of old messages, and nothing is wrong: not in a
        calm world."""
        again = self.world.happens(f"{letter.id} is delivered again", 0.02, self.dice)
        return again and not (self.world.calm and self.cloud.uploads.waiting[letter.id].received > 1)

    def _neighbours(self, task: Task, letters: list[Letter]) -> None:
        """What has no outcome is delivered again; and where nothing failed, only the message about nothing is."""
        held = {letter.id for letter in letters}
        failed = held if task.result - held else task.result  # an unknown identifier fails the whole batch
        known = self.cloud.table.rows.get(keys.round_partition(ROUND), {})
        for letter in letters:
            if letter.id not in failed and (letter.body == STRAY or _outcome_of(letter) not in known):
                self.cloud.watch.found("what-failed-is-delivered-again", f"{letter.body} was taken as handled")
        if task.injected or task.conflicts or STRAY not in {letter.body for letter in letters}:
            return
        back = [letter.id for letter in letters if letter.body != STRAY and letter.id in failed]
        if back:
            self.cloud.watch.found("a-poison-message-holds-back-no-neighbour", f"{back} with a message about nothing")

    # --- the stream to acknowledge ---

    def _read_stream(self) -> None:
        stream = self.cloud.table.stream
        # Reading what is old sets off the alarm that tells of old records, and nothing is wrong: not in a calm world.
        again = self.world.happens(f"the stream is read again from {self.position}", 0.01, self.dice)
        if again and not self.world.calm:
            self.position = max(0, self.position - self.dice.randint(1, 10))
        end_at = min(len(stream), self.position + 10)
        self.troubles.stream_read(self._committed_at[end_at - 1])
        wanted = [(number, stream[number]) for number in range(self.position, end_at) if _is_outcome(stream[number])]
        lost = (
            bool(wanted)
            and self.world.faulty
            and self.world.happens(f"records from {self.position} are lost", 0.05, self.losses)
        )
        if not wanted or lost:
            self.position, self._reading = end_at, False
            return
        owing = self.cloud.owing

        def end(task: Task) -> None:
            self._reading = False
            failed = str(self.position) if task.failure else task.result
            if not task.failure:
                self._told(task, wanted, failed)
            if failed is None:
                self.position, self._tries = end_at, 0
            else:
                self._again(int(failed), end_at)

        printed = self.troubles.cloudwatch.printed
        self.world.spawn("acknowledge", lambda: handlers.acknowledge(0, owing, wanted, printed), end)

    def _told(self, task: Task, wanted: list[tuple[int, Change]], failed: str | None) -> None:
        """Of what comes before the record that failed, everybody has been told; unless there is nobody to tell, or SES
        did not take that letter, which then is counted."""
        for number, change in wanted:
            submission = Submission.from_item(change.after or {})
            name = receipt_named(submission)
            told = "done_at" in (self._begun(name) or {}) or name in task.refused
            before = failed is None or number < int(failed)
            if before and submission.outcome is Outcome.ACCEPTED and not told:
                self.cloud.watch.found("what-failed-is-delivered-again", f"{name} was taken as sent")
        if self.refusals.passed_over(task, wanted, None if failed is None else int(failed)):
            self.troubles.letter_failed()

    def _again(self, failed: int, end_at: int) -> None:
        self._tries = self._tries + 1 if failed == self.position else 1
        self.position = failed
        if self._tries > _MOST_STREAM_TRIES:
            self.position, self._tries = end_at, 0
            self.cloud.failed_jobs.put(json.dumps({"DDBStreamBatchInfo": {"startSequenceNumber": str(failed)}}))
            return
        self._reading = True  # until the pause is over

        def resume() -> None:
            self._reading = False

        self.world.after(min(60, 2**self._tries), resume)

    # --- functions that start functions, and the schedule ---

    def invoke_later(self, name: str, event: dict[str, Any]) -> None:
        """Lambda has taken the event. It runs soon, perhaps twice, and again where it fails; or it is lost."""
        world, dice = self.world, self.pages if name == "publish" else self.dice
        if world.faulty and world.happens(f"{world.number(f'loss of {name}')}", 0.05, self.losses):
            return
        times = 2 if world.happens(f"{world.number(f'start of {name}')} runs twice", 0.15, dice) else 1
        for _ in range(times):
            self.later += 1
            world.after(dice.random() * 3, lambda: self._invoke(name, event, _tries_after_the_first(name)))

    def _invoke(self, name: str, event: dict[str, Any], tries: int) -> None:
        self.later -= 1

        unsent, revision = self._unsent() if "unsent" in event else set(), self.cloud.watch.round(ROUND).revision
        began = self.cloud.now

        def end(task: Task) -> None:
            if name == "acknowledge" and "resend" not in event:
                self.troubles.settled(task)
            if task.failure is None:
                if self.cloud.watch.round(ROUND).revision == revision:
                    self._caught_up(task, unsent, began)
                return
            if tries == 0:
                self.cloud.failed_jobs.put(json.dumps({"requestPayload": event}))
                return
            self.later += 1
            self.world.after(60, lambda: self._invoke(name, event, tries - 1))

        self.world.spawn(name, lambda: self._job(name, event), end)

    def _unsent(self) -> set[str]:
        """Receipts that are due and that nobody has begun, while the round is not over."""
        if self.cloud.watch.round(ROUND).state not in (RoundState.OPEN, RoundState.CLOSING):
            return set()
        due = [one for one in self.cloud.watch.submissions(ROUND) if one.outcome is Outcome.ACCEPTED]
        return {name for one in due if not self._begun(name := receipt_named(one))}

    def _begun(self, effect: str) -> Item | None:
        """What is noted of it; nothing where SES plainly refused it, see `Effects.give_back`."""
        found = self.cloud.table.peek(keys.effect_key(ROUND, effect))
        return None if found is not None and found.get("tries") == 0 else found

    def _caught_up(self, task: Task, unsent: set[str], began: datetime) -> None:
        """Whoever looks for what the stream has passed over or forgotten begins each of those, unless AWS failed on the
        way, or SES refuses them still."""
        refused = {name for name, at in self.refusals.last.items() if at >= began}
        passed = sorted(name for name in unsent - refused if not self._begun(name))
        if passed and not task.injected and not task.conflicts:
            self.cloud.watch.found("everybody-gets-a-receipt", f"{passed[0]} was passed over while the round was open")

    def _job(self, name: str, event: dict[str, Any]) -> Any:
        printed = self.troubles.cloudwatch.printed
        return handlers.job(name, getattr(self.cloud, handlers.WORK[name]), event, printed)

    def schedule(self, name: str, event: dict[str, Any], every: float) -> None:
        """A rate: it fires, mostly, and now and then twice."""
        world, dice = self.world, self.forgotten if name == "acknowledge" else self.dice
        self.ticks += name == "advance"
        fires = world.number(f"tick of {name}")
        times = 1
        asleep = world.faulty and name == "advance" and self._asleep[0] <= self.cloud.now < self._asleep[1]
        if asleep or (world.faulty and world.happens(f"{fires} does not come", 0.08, dice)):
            times = 0
        elif world.happens(f"{fires} comes twice", 0.04, dice):
            times = 2
        for _ in range(times):
            self.later += 1
            late = dice.random() * (50 if world.faulty else 1)
            world.after(late, lambda: self._invoke(name, event, _tries_after_the_first(name)))
        world.after(every, lambda: self.schedule(name, event, every))


def _tries_after_the_first(name: str) -> int:
    """How often Lambda invokes a function again that failed without anybody waiting for it: as in template.yaml."""
    return 0 if name == "advance" else 2


def _outcome_of(letter: Letter) -> str:
    named = json.loads(letter.body)["detail"]["object"]
    name = keys.parse_document_object(named["key"])
    assert name is not None
    return keys.submission_key(name.round_id, name.application, name.submission, named["version-id"])["sk"]


STRAY = json.dumps(
    {"detail": {"object": {"key": "rounds/elsewhere/0/submissions/0/application.json", "version-id": "v"}}}
)
"""A message that names what is not there: it can never be handled."""


def letters_waiting(cloud: Cloud) -> bool:
    """Whether there are dead letters that a redrive can help."""
    return bool(cloud.failed_jobs.waiting) or any(one.body != STRAY for one in cloud.failed_uploads.waiting.values())


def message_of(version: ObjectVersion) -> str:
    """S3's event as EventBridge wraps it."""
    return json.dumps({"detail": {"object": {"key": version.key, "version-id": version.version_id}}})


def _is_outcome(change: Change) -> bool:
    return change.before is None and change.place[1].startswith(keys.SUBMISSIONS)
