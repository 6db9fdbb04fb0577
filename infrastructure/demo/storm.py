"""make storm COUNT=2000: a round of that many applications, one in twenty of them faulty, while everything goes wrong.

Functions are killed at random, every event is delivered twice (uploads, the table's stream, schedules, jobs), the
cloud is stopped and started, and for a while ingest is locked out. Then the schedule closes the round. At the end
nothing may be missing or counted twice, and nothing is repaired by hand: staff do what the runbook says,
`anslag dead-letters redrive --all`.

What a stop means: the cloud is asked to end (SIGTERM), saves what it has and ends with everything at work in it. A
killed embedded cloud forgets what it had not saved, which no part of AWS does, so that is not tried.
"""

from __future__ import annotations

import argparse
import contextlib
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, TypeVar

import requests
from rich.console import Console

from infrastructure.build import build_artefacts, this_machine
from infrastructure.cloud.deployment import deploy
from infrastructure.cloud.running import HOME, ROOT, roomy_place, running_cloud
from infrastructure.cloud.twice import KINDS, delivered_again
from infrastructure.demo import PARAMETERS
from infrastructure.demo.applicant import ApplicantClient, RefusedError
from infrastructure.demo.course import Course
from infrastructure.demo.load import Planned, create_round, planned, wait
from infrastructure.demo.mischief import (
    Killer,
    Weather,
    deaths_at_work,
    deliver_uploads_twice,
    impatient,
    locked_out,
)
from infrastructure.demo.reckoning import Reckoning, Sent
from infrastructure.demo.staff import CommandFailedError, Officer, hire, verify_sender

_ROUND = "storm"
_AT_ONCE = 4
_PATIENCE = 300.0
_MINUTE = 60
_LETTER, _LOOK = 0.5, 0.01
"""Seconds for each application: what its closing letter may take, on a machine of two cores; the time between two looks
at everything."""
_HURRY_SECONDS = 3
_LEAST = 60
"""Applications: fewer would leave too few between two happenings."""
Said = TypeVar("Said")


@dataclass(frozen=True)
class Pace:
    """How violent a storm is. `stops` and `lockout` are parts of the load after which it happens; `ahead` is how
    long before its end, in seconds, a round is extended."""

    death_every: float = 20
    """Applications between two deaths, on average."""
    death_seconds: float = 20
    """Between two deaths where nobody applies, on average."""
    stops: Sequence[float] = (0.3, 0.7)
    lockout: float = 0.45
    locked_out: float = 0.04
    ahead: int = 150


@dataclass
class PatientClient(ApplicantClient):
    """An applicant whose page tries again where nobody answers, or with an error of the service's own."""

    repeats: int = 0

    def ask(self, method: str, path: str, body: Any = None) -> dict[str, Any]:
        """Ask, again where the service does not answer."""
        return self._again(lambda: super(PatientClient, self).ask(method, path, body))

    def upload(self, form: Any, content: bytes) -> requests.Response:
        """Post one file, again where S3 does not answer."""
        return self._again(lambda: super(PatientClient, self).upload(form, content))

    def send(self, document: Any, files: Any = ()) -> dict[str, Any]:
        """Send, and again from new forms where S3 no longer takes the old ones."""
        return self._again(lambda: super(PatientClient, self).send(document, files), "403")

    def _again(self, deed: Callable[[], Said], also: str = "") -> Said:
        end = time.monotonic() + _PATIENCE
        while True:
            try:
                done = deed()
                if not isinstance(done, requests.Response) or done.status_code < 500:
                    return done
            except RefusedError as refused:
                # A round that has run out because staff were slow to extend it is extended yet.
                ended = "round-not-open" in [one["code"] for one in refused.problems]
                if (refused.status < 500 and not ended) or time.monotonic() > end:
                    raise
            except requests.HTTPError as refused:
                if not also or refused.response.status_code != int(also) or time.monotonic() > end:
                    raise
            except requests.RequestException:
                if time.monotonic() > end:
                    raise
            self.repeats += 1
            time.sleep(1)


@dataclass
class Storm:
    """One round in bad weather. `tell` gets a line for each thing that happens."""

    weather: Weather
    anna: Officer
    plan: Sequence[Planned]
    pace: Pace
    seed: int
    tell: Callable[[str], None]
    closes_at: datetime = field(init=False)
    ahead: float = field(init=False)
    sent: list[Sent] = field(default_factory=list)
    repeats: int = 0
    letters: int = 0
    redriven: int = 0
    at_work: int = 0
    again: Counter[str] = field(default_factory=Counter)
    """What came a second time, by kind."""
    late: list[str] = field(default_factory=list)
    """What was to come about, and did not in time."""

    def blow(self) -> Killer:
        """Everything, from the opening of the round to its certificate and the last receipt."""
        deliver_uploads_twice(self.weather)
        self.tell("every event is delivered twice, and functions are killed from now on")
        begun = time.monotonic()
        self._ask("rounds", "list")
        # A slow machine has to be given more time for everything.
        self.ahead = max(self.pace.ahead, 12 * (time.monotonic() - begun))
        self.closes_at = self._soon()
        create_round(self.anna, _ROUND, self.closes_at)
        pace = self.pace.death_every, self.pace.death_seconds
        with Killer(self.weather, self.seed, lambda: len(self.sent), *pace) as killer:
            with self._kept_open():
                self._load()
            closes_at = datetime.fromisoformat(self._round()["closes_at"])
            self.tell(f"all have been sent; the round closes at {closes_at:%H:%M:%S} (UTC)")
            time.sleep(max(0.0, (closes_at - datetime.now(UTC)).total_seconds()))
            wait(self._closed, "the round to close")
        self.tell("the round is closed; nothing is killed any more")
        self._settle()
        self._count()
        return killer

    # What goes wrong

    def _load(self) -> None:
        happenings = [(part, self._stop_and_start) for part in self.pace.stops]
        happenings.append((self.pace.lockout, self._lock_ingest_out))
        course = Course(len(self.plan), [part for part, _ in happenings], _AT_ONCE)
        with ThreadPoolExecutor(_AT_ONCE) as crowd, _called_off_on_failure(crowd, course):
            sending = [crowd.submit(self._apply, course, number, one) for number, one in enumerate(self.plan)]
            for place, (_, happening) in zip(course.places, sorted(happenings, key=lambda one: one[0]), strict=True):
                while len(self.sent) < place:
                    time.sleep(0.1)
                    for one in sending:
                        if one.done():
                            one.result()  # raises what went wrong with it, instead of waiting for it in vain
                self.tell(f"{len(self.sent)} of {len(self.plan)} have been sent")
                happening()
                course.one_is_over()
            for one in sending:
                one.result()

    def _apply(self, course: Course, number: int, one: Planned) -> None:
        course.wait_for_turn(number)
        client = PatientClient(self.weather.outputs["ApiUrl"])
        one.send(client, _ROUND)
        self.repeats += client.repeats
        self.sent.append(Sent(one, client.reference))

    def _stop_and_start(self) -> None:
        self._extend()
        begun = time.monotonic()
        self._count()
        self.weather.stop_and_start()
        self._extend()
        self.tell(f"the cloud was stopped, and started with its state, in {time.monotonic() - begun:.1f} s")

    def _count(self) -> None:
        """What the cloud has said since it was started; the next start forgets it."""
        said = self.weather.cloud.log.read_text(errors="replace")
        self.at_work += deaths_at_work(said)
        self.again += delivered_again(said)

    def _lock_ingest_out(self) -> None:
        many = max(4, int(self.pace.locked_out * len(self.plan)))
        with impatient(self.weather, _HURRY_SECONDS), locked_out(self.weather, "IngestRole", "s3:*"):
            wait(lambda: self._waiting("FailedUploadsUrl") >= many, f"{many} dead letters")
        letters = self._ask("dead-letters", "list")["dead_letters"]
        self.letters += len(letters)
        reasons = sorted({one["reason"] for one in letters})
        self.tell(f"ingest was locked out: {len(letters)} dead letters, reasons {reasons}")
        self._redrive()

    # What staff do

    def _redrive(self) -> int:
        redriven = int(self._ask("dead-letters", "redrive", "--all")["redriven"])
        self.redriven += redriven
        if redriven:
            self.tell(f"{self.anna.name}: anslag dead-letters redrive --all ({redriven})")
        return redriven

    def _closed(self) -> bool:
        self._redrive()
        return bool(self._round()["state"] == "closed")

    def _settle(self) -> None:
        """Until nothing is under way any more: no dead letter, no message in a queue, no letter that is owed."""
        told = time.monotonic()

        def calm() -> bool:
            nonlocal told
            queued = self._waiting("UploadQueueUrl", "FailedUploadsUrl", "FailedJobsUrl")
            redriven, owed = self._redrive(), len(self.reckoning().unanswered())
            if owed and time.monotonic() - told > _MINUTE:
                told = time.monotonic()
                self.tell(f"{owed} letters are still to go out")
            return not redriven and not queued and not owed

        # A look reads every row and every letter, which whoever writes letters has to wait for.
        many = len(self.plan)
        seldom = max(1.0, _LOOK * many)
        try:
            wait(calm, "everything to come to rest", seconds=_PATIENCE * 2 + _LETTER * many, pause=seldom)
        except TimeoutError as late:
            self.late.append(str(late))

    def missed(self, killed: int) -> list[str]:
        """What was to go wrong, and did not: then the storm shows nothing."""
        happened = {
            "function was killed": killed,
            "function was killed at its work": self.at_work,
            **{f"second delivery of {kind}": self.again[kind] for kind in KINDS},
            "dead letter while ingest was locked out": self.letters,
            "stop and start of the cloud for each that was planned": self.weather.stops >= len(self.pace.stops),
        }
        return [f"no {what}" for what, count in happened.items() if not count]

    def reckoning(self) -> Reckoning:
        """How things stand now."""
        return Reckoning(self.weather, self.anna, _ROUND, self.sent)

    @contextlib.contextmanager
    def _kept_open(self) -> Iterator[None]:
        """Anna extends the round whenever its end is near, as long as a block takes."""
        done = threading.Event()

        def extend() -> None:
            while not done.wait(1):
                if (self.closes_at - datetime.now(UTC)).total_seconds() < self.ahead * 0.6:
                    self._extend()

        extending = threading.Thread(target=extend)
        extending.start()
        try:
            yield
        finally:
            done.set()
            extending.join()

    def _extend(self) -> None:
        """Twice, or to an end that is no later, is refused, and the next time it is asked for again."""
        later, begun = self._soon(), time.monotonic()
        with contextlib.suppress(CommandFailedError):
            self.anna.ask("rounds", "extend", _ROUND, "--closes", later.isoformat(), "--reason", "oväder")
            self.closes_at = later
        self.ahead = max(self.ahead, 6 * (time.monotonic() - begun))

    def _soon(self) -> datetime:
        return datetime.now(UTC).replace(microsecond=0) + timedelta(seconds=int(self.ahead))

    def _round(self) -> dict[str, Any]:
        answer: dict[str, Any] = self._ask("rounds", "show", _ROUND)["round"]
        return answer

    def _ask(self, *arguments: str) -> Any:
        """The operator's command, again where the function behind it died."""
        end = time.monotonic() + _PATIENCE
        while True:
            try:
                return self.anna.ask(*arguments)
            except CommandFailedError as failed:
                if time.monotonic() > end:
                    raise
                self.tell(f"{self.anna.name} tries again: {' '.join(str(failed).split())[:200]}")
                time.sleep(1)

    def _waiting(self, *queues: str) -> int:
        """Messages in these queues, those that somebody is at included."""
        names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
        sqs, outputs = self.weather.client("sqs"), self.weather.outputs
        found = [sqs.get_queue_attributes(QueueUrl=outputs[queue], AttributeNames=names) for queue in queues]
        return sum(int(count) for one in found for count in one["Attributes"].values())


@contextlib.contextmanager
def _called_off_on_failure(crowd: ThreadPoolExecutor, course: Course) -> Iterator[None]:
    try:
        yield
    except BaseException:
        course.call_off()
        crowd.shutdown(wait=False, cancel_futures=True)
        raise


@dataclass(frozen=True)
class Result:
    """What a storm came to: numbers to print, and what is not as it must be."""

    happened: dict[str, Any]
    faults: list[str]


def run(count: int, seed: int, pace: Pace, tell: Callable[[str], None]) -> Result:
    """A storm on a cloud of its own, which is gone afterwards."""
    with (
        TemporaryDirectory(prefix="anslag-", dir=roomy_place()) as home,
        running_cloud(Path(home), keep=True, twice=True) as cloud,
    ):
        outputs = deploy(cloud, ROOT / "template.yaml", PARAMETERS, build_artefacts(HOME / "artefacts", this_machine()))
        verify_sender(cloud, PARAMETERS["ReceiptSender"])
        (anna,) = hire(cloud, outputs, ["anna"])
        storm = Storm(Weather(cloud, outputs), anna, planned(count), pace, seed, tell)
        killer = storm.blow()
        end = storm.reckoning()
        letters = end.letters
        happened = {
            "applications": f"{len(storm.plan)}, {sum(one.faulty for one in storm.plan)} of them faulty",
            "processes killed": f"{killer.killed.total()}: {dict(sorted(killer.killed.items()))}",
            "batches lost with their process": storm.at_work,
            "deliveries again, beside uploads": dict(sorted(storm.again.items())),
            "stops and starts of the cloud": storm.weather.stops,
            "requests that applicants had to repeat": storm.repeats,
            "dead letters while ingest was locked out": storm.letters,
            "dead letters redriven": storm.redriven,
            "outcomes": end.certificate["outcomes"],
            "objects, missing": (end.certificate["objects"], end.certificate["missing"]),
            "applications by state": end.shown["totals"]["applications"],
            "messages to applicants": f"{letters.total()}, with {len(letters)} meanings",
            "certificate": end.certificate["root"],
        }
        return Result(happened, [*storm.missed(killer.killed.total()), *storm.late, *end.faults()])


def main() -> int:
    """Blow, tell, and return the exit code."""
    options = argparse.ArgumentParser()
    options.add_argument("count", type=int, nargs="?", default=2000)
    options.add_argument("--seed", type=int, default=1)
    chosen = options.parse_args()
    if chosen.count < _LEAST:
        options.error(f"a storm takes {_LEAST} applications at least")
    console, begun = Console(highlight=False, soft_wrap=True, markup=False), time.monotonic()
    result = run(
        chosen.count, chosen.seed, Pace(), lambda line: console.print(f"{time.monotonic() - begun:6.1f} s  {line}")
    )
    for name, value in result.happened.items():
        console.print(f"{name:<42} {value}")
    for fault in result.faults:
        console.print(f"WRONG: {fault}", style="red")
    verdict = "Something is not as it must be." if result.faults else "Nothing missing, nothing counted twice."
    console.print(f"{verdict} {time.monotonic() - begun:.0f} seconds, seed {chosen.seed}.")
    return 1 if result.faults else 0


if __name__ == "__main__":
    sys.exit(main())
