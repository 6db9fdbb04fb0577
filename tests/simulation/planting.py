"""Ways to plant faults in the product: what stands in for what. `planted` has the list."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Collection, Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from boto3.dynamodb.conditions import Attr

from functions.administer.dead_letters import DeadLetters
from functions.advance import closing, lifecycle
from functions.advance.closing import Closing
from functions.announce import announcing
from functions.apply.attesting import Attesting
from functions.decide.deciding import Deciding
from functions.publish.publishing import Publishing
from shared import keys, totals
from shared.announcements import content_digest, resting_on
from shared.applications import Application, Outcome
from shared.aws import rows
from shared.aws.reconciliation import Reconciliation, reconcile
from shared.aws.table import Put, Update, Write
from shared.references import RANDOM_BYTES
from shared.results.publication import Publication
from shared.rounds import Round, RoundState
from shared.submissions import Submission, leaves
from tests.simulation import handlers
from tests.simulation.planting_arrivals import ANYTHING, change, duplicate_too
from tests.simulation.replacing import replaced


def no_sweep(bucket: Any, round_id: str, submissions: Any) -> Reconciliation:
    found = _RECONCILE(bucket, round_id, submissions)
    return replace(found, missing=())


_RECONCILE = reconcile


class _Counters:
    """Stands in for `totals` in closing: its recount gives what the counters say."""

    def __init__(self) -> None:
        self.said: dict[str, int] = {}

    def __getattr__(self, name: str) -> Any:
        return getattr(totals, name)

    def recount(self, *_: Any) -> dict[str, int]:
        return self.said


@contextlib.contextmanager
def counters_certified() -> Iterator[None]:
    """The certificate has what was counted on the way."""
    counters, original = _Counters(), Closing._certify

    def certify(self: Closing, call: Round, seen: Any, submissions: Any, stored: Any, begun: Any) -> Any:
        counters.said = totals.counters(stored)
        return original(self, call, seen, submissions, stored, begun)

    with (
        replaced(Closing, "_certify", certify),
        replaced(closing, "totals", counters),
        change(duplicate_too)(),
    ):
        yield


def swallow(which: str) -> Callable[[DeadLetters, Any], tuple[set[str], bool]]:
    """Delete what failed, and put nothing back."""

    def redrive(self: DeadLetters, wanted: Collection[str] | None) -> tuple[set[str], bool]:  # noqa: ARG001
        queue = getattr(self, which)
        letters = queue.receive(hidden_seconds=30)
        for letter in letters:
            queue.delete(letter)
        return {letter.id for letter in letters}, False

    return redrive


@contextlib.contextmanager
def handler(function: str, name: str, value: Any) -> Iterator[None]:
    """Something of a handler's module replaced in every running copy."""
    with contextlib.ExitStack() as stack:
        for number in range(3):
            stack.enter_context(replaced(handlers.copy_of(function, number), name, value))
        yield


def whole_batch_is_fine(event: Any, record_handler: Any, processor: Any, context: Any) -> Any:
    _PARTIAL(event=event, record_handler=record_handler, processor=processor, context=context)
    return {"batchItemFailures": []}


def by_receipt_handle(event: Any, record_handler: Any, processor: Any, context: Any) -> Any:
    answer = _PARTIAL(event=event, record_handler=record_handler, processor=processor, context=context)
    handles = {record["messageId"]: record["receiptHandle"] for record in event["Records"]}
    return {
        "batchItemFailures": [{"itemIdentifier": handles[one["itemIdentifier"]]} for one in answer["batchItemFailures"]]
    }


_PARTIAL = handlers.copy_of("ingest", 0).process_partial_response


def _nobody_asks_who(self: Deciding, round_id: str) -> Any:
    call, decided = _READ_DECISIONS(self, round_id)
    return call, {**decided, "entered_by": "nobody"} if decided else None


_READ_DECISIONS = Deciding._round_and_decisions


@contextlib.contextmanager
def one_person() -> Iterator[None]:
    from functions.decide import deciding

    def approve(round_id: str, found: str, who: str, at: str, number: int = 1) -> Update:
        condition = Attr("digest").eq(found)
        return Update(
            keys.decisions_key(round_id, number), set={"approved_by": who, "approved_at": at}, condition=condition
        )

    with replaced(deciding, "approve", approve), replaced(Deciding, "_round_and_decisions", _nobody_asks_who):
        yield


@contextlib.contextmanager
def untold() -> Iterator[None]:
    """The scheduled job moves rounds without an event in the audit trail."""

    def move(self: lifecycle.Lifecycle, call: Round, state: RoundState) -> None:
        since = self.now() if state is RoundState.CLOSING else None
        event = rows.audit(call.id, self.now(), "", "", bytes(RANDOM_BYTES))
        self.table.transact(rows.change_round(call, replace(call, state=state, closing_since=since), event)[:1])

    with replaced(lifecycle.Lifecycle, "_move", move):
        yield


def closed_in_one_go() -> contextlib.AbstractContextManager[None]:
    """A round that could not be closed by the tick that began it is left as it is."""
    original = lifecycle.Lifecycle._advance

    def advance(self: lifecycle.Lifecycle, call: Round) -> Any:
        return [] if call.state is RoundState.CLOSING else original(self, call)

    return replaced(lifecycle.Lifecycle, "_advance", advance)


def counter_announced() -> contextlib.AbstractContextManager[None]:
    """The announced amount is what the totals say was asked for."""
    original = announcing.Announcing._compose

    def compose(self: announcing.Announcing, call: Round, decided: Any) -> Any:
        announcement = original(self, call, decided)
        counted = (self.table.get(keys.totals_key(call.id)) or {}).get("requested", 0)
        document = dict(announcement.document)
        document |= {"totals": {**document["totals"], "amount": counted}}
        texts = {name: {"subject": text.subject, "body": text.text} for name, text in announcement.texts.items()}
        content = content_digest(announcement.number, texts, announcement.email, document, announcement.attributes)
        return replace(announcement, document=document, digest=resting_on(content, decided["digest"]))

    return replaced(announcing.Announcing, "_compose", compose)


@contextlib.contextmanager
def listed_first() -> Iterator[None]:
    """Closing lists the bucket, and reads the rows after that."""
    original = Closing.close

    class Listed:
        def __init__(self, found: list[Any]) -> None:
            self._found = found

        def versions(self, _: str) -> Iterator[Any]:
            return iter(self._found)

    def close(self: Closing, call: Round) -> Any:
        found = list(self.bucket.versions(keys.round_prefix(call.id)))
        return original(replace(self, bucket=Listed(found)), call)  # type: ignore[arg-type]

    with replaced(Closing, "close", close):
        yield


@contextlib.contextmanager
def unfenced_round() -> Iterator[None]:
    """Whoever writes a round does not look whether somebody else did."""
    from functions.administer import administering
    from functions.decide import deciding

    def loose_round(before: Round, after: Round, event: Put) -> list[Write]:
        return _loose(rows.change_round(before, after, event))

    with contextlib.ExitStack() as stack:
        for module in (administering, deciding, closing, lifecycle, announcing):
            stack.enter_context(replaced(module, "change_round", loose_round))
        yield


@contextlib.contextmanager
def announced_by_everybody() -> Iterator[None]:
    """An announcement is claimed without a condition, neither on its own row nor on the round's."""

    def loose_claim(before: Round, after: Round, event: Put) -> list[Write]:
        writes = rows.change_round(before, after, event)
        return _loose(writes) if after.announcing is not None else writes

    with replaced(announcing, "ABSENT", ANYTHING), replaced(announcing, "change_round", loose_claim):
        yield


def _loose(writes: list[Write]) -> list[Write]:
    return [replace(one, condition=None) if isinstance(one, Update) else one for one in writes]


@contextlib.contextmanager
def impatient() -> Iterator[None]:
    """What is to go out later goes out with the next tick."""

    def over(call: Round, now: datetime) -> bool:  # noqa: ARG001
        return call.embargo is not None

    with replaced(lifecycle, "embargo_is_over", over), replaced(announcing, "embargo_is_over", over):
        yield


def uncorrected() -> contextlib.AbstractContextManager[None]:
    """A correction goes out with the decisions that were announced before."""
    original = announcing.Announcing._awards

    def awards(self: announcing.Announcing, call: Round, decided: Any, applications: Any) -> Any:
        if call.announcement is not None:
            decided = self.table.get(keys.decisions_key(call.id, call.announcement))
        return original(self, call, decided, applications)

    return replaced(announcing.Announcing, "_awards", awards)


@contextlib.contextmanager
def one_claim_of_pages() -> Iterator[None]:
    """Whoever writes pages holds the claim of one announcement alone."""

    def claim(self: Publishing, stack: Any, round_id: str, last: int) -> list[str]:
        effect = keys.result_pages(last)
        return [effect] if stack.enter_context(self.effects.once(round_id, effect, self.now())) else []

    with replaced(Publishing, "_claim", claim):
        yield


def first_texts(self: Publishing, call: Round) -> Publication:
    """Every announcement is published with what the first one said."""
    read = _READ_PUBLICATION(self, call)
    first = read.announcements[0]
    return replace(read, announcements=tuple(replace(one, texts=first.texts) for one in read.announcements))


_READ_PUBLICATION = Publishing._read


def impatient_closing(_: Closing, last: datetime, now: datetime) -> bool:
    """Closing counts five seconds after the last one."""
    return now <= last + timedelta(seconds=5)


def of_the_repetition(self: Attesting, call: Round, application: Application, submission: str) -> Submission | None:
    """What was recorded last by that name."""
    stored = self.table.query(keys.round_partition(call.id), keys.submissions_prefix(application.id))
    found = [one for one in map(Submission.from_item, stored) if one.submission == submission]
    return max(found, key=lambda one: (one.outcome is Outcome.DUPLICATE, one.order), default=None)


def among_everything(self: Attesting, call: Round, submission: Submission) -> list[bytes] | None:
    """Once its certificate is written, whatever else that does not stand for; and held against no certificate."""
    certified = submission.after_certificate < call.certificates
    return leaves(rows.read_submissions(self.table, call.id)) if certified else None
