"""What must be true of a round at the end, whatever happened to the machines on the way. Looks, and mends nothing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from infrastructure.cloud.mailbox import mailbox
from infrastructure.demo.load import Planned
from infrastructure.demo.mischief import Weather
from infrastructure.demo.staff import Officer
from shared import keys, totals
from shared.applications import Application, ApplicationState, Outcome
from shared.aws.bucket import Bucket
from shared.aws.reconciliation import reconcile
from shared.aws.rows import read_applications, read_submissions
from shared.aws.table import Table
from shared.references import spaced
from shared.submissions import Submission


@dataclass(frozen=True)
class Sent:
    """What an applicant knows at the end: the reference of what was sent."""

    planned: Planned
    reference: str


@dataclass
class Reckoning:
    """Everything there is at the end, as people and machines can read it."""

    weather: Weather
    anna: Officer
    round_id: str
    sent: Sequence[Sent]
    applications: dict[str, Application] = field(init=False)
    submissions: list[Submission] = field(init=False)

    def __post_init__(self) -> None:
        self.table = Table(self.weather.client("dynamodb"), self.weather.outputs["TableName"])
        self.applications = {spaced(one.id): one for one in read_applications(self.table, self.round_id)}
        self.submissions = read_submissions(self.table, self.round_id)

    @cached_property
    def shown(self) -> dict[str, Any]:
        """What staff see of the round."""
        answer: dict[str, Any] = self.anna.ask("rounds", "show", self.round_id)
        return answer

    @property
    def certificate(self) -> dict[str, Any]:
        """As closing wrote it."""
        written: dict[str, Any] = self.shown["certificate"]
        return written

    def faults(self) -> Iterator[str]:
        """Each thing that is not as it must be, as a sentence."""
        yield from self._certificate()
        yield from self._counts()
        yield from self._each_application()
        yield from self._receipts()
        for letter in self.anna.ask("dead-letters", "list")["dead_letters"]:
            yield f"a dead letter is left: {letter['reason']}"

    def _certificate(self) -> Iterator[str]:
        bucket = Bucket(self.weather.client("s3"), self.weather.outputs["UploadBucketName"])
        seen = reconcile(bucket, self.round_id, self.submissions)
        yield from (f"{one.key} has no outcome" for one in seen.missing)
        yield from (f"{one.application} has an outcome, and its upload is gone" for one in seen.vanished)
        if untrue := self.anna.verify(self.round_id):
            yield f"the certificate is not true: {untrue}"
        if not self.certificate["objects"] == sum(self.certificate["outcomes"].values()) == seen.documents:
            yield f"{seen.documents} documents in the bucket, and the certificate has {self.certificate}"

    def _counts(self) -> Iterator[str]:
        faulty = sum(one.planned.faulty for one in self.sent)
        good, outcomes = len(self.sent) - faulty, self.certificate["outcomes"]
        states = Counter(one.state.value for one in self.applications.values())
        found = {name: states[name] for name in ("submitted", "refused", "withdrawn")}
        if found != {"submitted": good, "refused": faulty, "withdrawn": 0}:
            yield f"{good} good ones and {faulty} bad ones were sent, and there are {found}"
        if outcomes["accepted"] != good or outcomes["late"] or outcomes["rejected"] < faulty:
            yield f"{good} good ones and {faulty} bad ones were sent, and outcomes are {outcomes}"
        recount = totals.recount(self.applications.values(), [one.outcome for one in self.submissions])
        told = {name: value for name, value in self.shown["totals"].items() if name != "awarded"}
        if not totals.as_json(recount) == told == self.certificate["totals"]:
            yield f"totals {told} differ from the recount {totals.as_json(recount)}"

    def _each_application(self) -> Iterator[str]:
        for one in self.sent:
            found = self.applications.get(one.reference)
            expected = ApplicationState.REFUSED if one.planned.faulty else ApplicationState.SUBMITTED
            if found is None or found.state is not expected:
                yield f"{one.reference} is {found.state if found else 'nowhere'}, not {expected}"

    @property
    def letters(self) -> Counter[str]:
        """How many messages went out, by what they mean."""
        return Counter(
            mail.attributes.get("X-Anslag-Effect", "") for mail in mailbox(self.weather.cloud) if mail.channel == "ses"
        )

    def unanswered(self) -> set[str]:
        """The letters that have to go out and have not yet, by what they mean."""
        return self._to_be_told() - set(self.letters)

    def _to_be_told(self) -> set[str]:
        refused = {one.refused.version_id for one in self.applications.values() if one.refused}
        receipts = {
            _effect(one) for one in self.submissions if one.outcome is Outcome.ACCEPTED or one.version_id in refused
        }
        taking_part = (one for one in self.applications.values() if one.state is ApplicationState.SUBMITTED)
        return receipts | {keys.closing_letter(one.id, one.current.number) for one in taking_part if one.current}

    def _receipts(self) -> Iterator[str]:
        letters = self.letters
        allowed = {_effect(one) for one in self.submissions if one.outcome in (Outcome.ACCEPTED, Outcome.REJECTED)}
        yield from (f"{effect} was never sent" for effect in self.unanswered())
        allowed |= self._closing_letters()
        # Those who were refused hear of every extension.
        told = {effect for effect in letters if not effect.startswith(keys.NOTICE_LETTERS)}
        yield from (f"{effect or 'a letter'} was sent, and tells of nothing" for effect in told - allowed)
        for effect, times in letters.items():
            if times > 1 and self._tries(effect) < times:
                yield f"{effect} was sent {times} times, and nobody died over it"

    def _closing_letters(self) -> set[str]:
        versions = {one.id: one.current.number if one.current else 0 for one in self.applications.values()}
        return {keys.closing_letter(one, number) for one, most in versions.items() for number in (0, most)}

    def _tries(self, effect: str) -> int:
        row = self.table.get(keys.effect_key(self.round_id, effect)) or {}
        return int(row.get("tries", 0))


def _effect(submission: Submission) -> str:
    return keys.receipt_effect(submission.application, submission.submission, submission.version_id)
