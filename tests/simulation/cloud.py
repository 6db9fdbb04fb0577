"""One simulated account: the doubles on one wire, the work objects on the doubles, as handlers put them together."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from functions.acknowledge.excepting import Excepting
from functions.acknowledge.owing import Owing
from functions.acknowledge.receipts import Receipts
from functions.acknowledge.reminding import Reminding
from functions.acknowledge.sending import Sending
from functions.acknowledge.verdicts import Verdicts
from functions.administer.administering import Administering, NewRound
from functions.administer.dead_letters import DeadLetters
from functions.administer.exceptions import Exceptions
from functions.administer.verifying import Verifying
from functions.advance.closing import Closing
from functions.advance.lifecycle import Lifecycle
from functions.announce.announcing import Announcing
from functions.apply.applying import Applying
from functions.apply.attesting import Attesting
from functions.apply.drafting import Drafting
from functions.apply.mailing import Mailing
from functions.decide.correcting import Correcting
from functions.decide.deciding import Deciding
from functions.ingest.intake import Intake
from functions.publish.publishing import Publishing
from functions.summarise.summarising import Summarising
from shared import keys
from shared.aws.effects import Effects
from shared.instants import parse_iso
from shared.rounds import Round
from tests.simulation.doubles.bucket import MemoryBucket
from tests.simulation.doubles.messages import (
    Mail,
    MemoryFunctions,
    MemoryMailer,
    MemoryQueue,
    MemoryTopic,
    Published,
    Waiting,
)
from tests.simulation.doubles.public_files import MemoryPublicFiles
from tests.simulation.doubles.signer import MemorySigner
from tests.simulation.doubles.table import MemoryTable
from tests.simulation.kernel import Kernel
from tests.simulation.watch import Watch

ROUND = "2019-autumn"
OPENS = parse_iso("2019-10-15T10:00:00Z")
DIGEST = "digest-"
"""Begins the effects of telling staff how it goes."""
DRAIN = timedelta(seconds=60)
PAGES = "https://bidrag.example"
"""Where everybody reads results."""


def new_round(closes: datetime, grace: int, **changes: Any) -> dict[str, Any]:
    """The request for the round of a world."""
    request = {
        "id": ROUND,
        "name": {"sv": "Hösten 2019", "en": "Autumn 2019"},
        "programme": "municipal-partnership-2019",
        "opens": OPENS.isoformat(),
        "closes": closes.isoformat(),
        "budget": 11_000_000,
        "grace_seconds": grace,
    }
    return request | changes


@dataclass
class Environment:
    """One running copy of a function: what it remembers between events, and how far its clock is off."""

    name: str
    skew: timedelta = timedelta(0)
    rounds: dict[str, Round] = field(default_factory=dict)
    busy: bool = False


class Cloud:
    """Everything that functions reach. Its clock stands until somebody moves it."""

    def __init__(self, *, page: int = 1000) -> None:
        self.now = OPENS - timedelta(minutes=5)
        self.kernel = Kernel(lambda: self.now)
        clock = lambda: self.now  # noqa: E731
        self.table = MemoryTable(self.kernel, page=page)
        self.bucket = MemoryBucket(clock, self.kernel, page=page)
        self.uploads = MemoryQueue("uploads", clock, self.kernel)
        self.failed_uploads = MemoryQueue("failed-uploads", clock, self.kernel)
        self.failed_jobs = MemoryQueue("failed-jobs", clock, self.kernel)
        self.effects: dict[str, list[Any]] = {}
        """What left for the world outside, by the names that its claims have."""
        self.texts: dict[str, list[str]] = {}
        """What letters said that have to say the same at a second try, though rows have changed."""
        self.staff = MemoryTopic(self._summary_sent, self.kernel)
        self.staff.subscribed = {"anna@funder.example": True, "bertil@funder.example": False}
        self.awards = MemoryTopic(self._announced, self.kernel)
        self.mailer = MemoryMailer(self._mailed, self.kernel)
        self.public = MemoryPublicFiles(self.kernel)
        self.started: list[tuple[str, dict[str, Any]]] = []
        self.functions = MemoryFunctions(lambda name, event: self.started.append((name, event)), self.kernel)
        self.watch = Watch(self.table, self.bucket, clock)
        self.watch.tell = lambda what: self.kernel.note("the table", what)
        self.watch.done = self.kernel.noted
        self.failed_uploads.removed = self._upload_given_up
        self.failed_jobs.removed = self._job_given_up
        self.functions.taken = self._function_started
        self.last_starts: dict[str, datetime] = {}
        """When each job was started last, whoever asked for it."""
        self.drawn = 0
        """How often somebody asked for something random."""

    # --- what functions are made from ---

    def random(self, count: int) -> bytes:
        """Different bytes each time, the same in every run, in no order."""
        self.drawn += 1
        number = self.drawn * 0x9E3779B97F4A7C15 % 2**64
        return (number.to_bytes(8, "big") * 3)[:count]

    @property
    def applying(self) -> Applying:
        return Applying(self.table, self.bucket, self.kernel.now, self.random)

    @property
    def drafting(self) -> Drafting:
        return Drafting(self.table, self.kernel.now)

    @property
    def mailing(self) -> Mailing:
        return Mailing(self.table, Effects(self.table), self.mailer, "https://ansok.funder.example", self.kernel.now)

    def intake(self, environment: Environment) -> Intake:
        return Intake(self.table, self.bucket, environment.rounds, self.kernel.now)

    @property
    def closing(self) -> Closing:
        return Closing(self.table, self.bucket, self.uploads, DRAIN, self.kernel.now, self.random, marks=1)

    @property
    def lifecycle(self) -> Lifecycle:
        return Lifecycle(
            self.table,
            self.closing,
            Effects(self.table),
            self.functions,
            "summarise",
            "announce",
            "publish",
            "acknowledge",
            self.kernel.now,
            self.random,
        )

    @property
    def receipts(self) -> Receipts:
        return Receipts(self.table, self._sending)

    @property
    def _sending(self) -> Sending:
        return Sending(Effects(self.table), self.mailer, self.kernel.now)

    @property
    def owing(self) -> Owing:
        way = self.table, self._sending
        return Owing(*way, self.receipts, Verdicts(*way, PAGES), Reminding(*way), Excepting(*way))

    @property
    def summarising(self) -> Summarising:
        dead_letters = [self.failed_uploads, self.failed_jobs]
        return Summarising(self.table, self.bucket, Effects(self.table), self.staff, dead_letters, self.kernel.now)

    @property
    def administering(self) -> Administering:
        return Administering(self.table, self.functions, "advance", self.kernel.now, self.random)

    @property
    def exceptions(self) -> Exceptions:
        return Exceptions(self.table, PAGES, self.kernel.now, self.random, mails=True)

    @property
    def dead_letters(self) -> DeadLetters:
        return DeadLetters(
            self.failed_uploads,
            self.uploads,
            self.failed_jobs,
            self.functions,
            "advance",
            "acknowledge",
            "summarise",
            self.kernel.now,
            self.table,
        )

    @property
    def deciding(self) -> Deciding:
        return Deciding(self.table, self.kernel.now, self.random)

    @property
    def correcting(self) -> Correcting:
        return Correcting(self.table, self.kernel.now, self.random)

    @property
    def announcing(self) -> Announcing:
        effects = Effects(self.table)
        own = (self.kernel.now, self.random)
        return Announcing(self.table, effects, self.awards, self.functions, "publish", PAGES, *own, True)

    @property
    def publishing(self) -> Publishing:
        return Publishing(self.table, Effects(self.table), self.public, PAGES, self.kernel.now)

    @property
    def attesting(self) -> Attesting:
        return Attesting(self.table, MemorySigner(self.kernel))

    @property
    def verifying(self) -> Verifying:
        return Verifying(self.table, self.bucket)

    def create_round(self, closes: datetime, grace: int, **changes: Any) -> None:
        """The round of this world."""
        self.administering.create(NewRound.model_validate(new_round(closes, grace, **changes)), "anna")

    # --- what leaves for the world outside ---

    def _effect(self, name: str, content: Any) -> None:
        self.effects.setdefault(name, []).append(content)
        self.kernel.effect(name)

    def _mailed(self, mail: Mail) -> None:
        self.watch.letter_sent(ROUND, mail.effect)
        self._effect(mail.effect, (mail.to, mail.subject))
        if mail.effect.startswith((keys.NOTICE_LETTERS, keys.EXCEPTION_LETTERS)):
            self.texts.setdefault(mail.effect, []).append(mail.text)

    def _summary_sent(self, message: Published) -> None:
        self._effect(self._named(message), message.text)

    def _upload_given_up(self, letter: Waiting) -> None:
        if self.uploads.entered.get(letter.body, OPENS - timedelta(days=1)) < letter.sent_at:
            self.watch.dropped(f"{letter.body[:60]} was deleted and not put back")

    def _job_given_up(self, letter: Waiting) -> None:
        body = json.loads(letter.body)
        job = _job_of(body.get("requestPayload", body)) if "DDBStreamBatchInfo" not in body else _RECEIPTS
        if self.last_starts.get(job, OPENS - timedelta(days=1)) < letter.sent_at:
            self.watch.dropped(f"{letter.body[:60]} was deleted and {job} not started")

    def _function_started(self, name: str, event: Mapping[str, Any]) -> None:
        if name != "acknowledge" or "resend" in event:  # What a closed round owes is asked for every minute anyway.
            self.last_starts[_SCHEDULE if name == "advance" else _job_of(event)] = self.now

    def _announced(self, message: Published) -> None:
        self._effect(self._named(message), (message.text, dict(message.document or {})))

    def _named(self, message: Published) -> str:
        """What a repeat of the message is recognised by."""
        return str(message.attributes["effect"]).removeprefix(f"{ROUND} ")


def _job_of(event: Mapping[str, Any]) -> str:
    """What has to be run where that could not be: letters all in one go, a summary by itself, all else with the
    schedule."""
    if {"resend", "owed", "notify", "unsent"} & event.keys():
        return _RECEIPTS
    return json.dumps(event, sort_keys=True) if "summary" in event else _SCHEDULE


_RECEIPTS, _SCHEDULE = "what sends receipts", "the scheduled job"
