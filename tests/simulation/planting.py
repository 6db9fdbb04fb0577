"""Ways to plant faults in the product: what stands in for what. `planted` has the list."""

from __future__ import annotations

import contextlib
import itertools
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from boto3.dynamodb.conditions import Attr

from functions.acknowledge.owing import Owing, Settled
from functions.acknowledge.verdicts import Verdicts
from functions.administer.dead_letters import DeadLetters
from functions.advance import closing, lifecycle
from functions.advance.closing import Closing
from functions.announce import announcing
from functions.decide.deciding import Deciding
from functions.ingest import intake
from functions.ingest.intake import Intake
from functions.publish.publishing import Publishing
from functions.summarise.summarising import Summarising
from shared import keys, totals
from shared.applications import Application, Outcome
from shared.aws import rows
from shared.aws.effects import Effects
from shared.aws.reconciliation import Reconciliation, reconcile
from shared.aws.table import Check, Update, Write
from shared.instants import iso, whole_second
from shared.rounds import Access, Round, RoundState, held
from tests.simulation import handlers
from tests.simulation.replacing import replaced

ANYTHING = Attr("pk").exists() | Attr("pk").not_exists()


def writes(change: Callable[[list[Write]], list[Write]]) -> Callable[[], contextlib.AbstractContextManager[None]]:
    """Ingest's transaction, changed."""
    original = intake._writes
    return lambda: replaced(intake, "_writes", lambda *some, **named: change(original(*some, **named)))


def loose(writes: list[Write], place: int) -> list[Write]:
    """Without the condition at that place."""
    write = writes[place]
    loose = Check(write.key, ANYTHING) if isinstance(write, Check) else replace(write, condition=None)
    return [*writes[:place], loose, *writes[place + 1 :]]


def change(wrong: Callable[..., dict[str, int]]) -> Callable[[], contextlib.AbstractContextManager[None]]:
    original = totals.change
    return lambda: replaced(totals, "change", lambda *some: wrong(original, *some))


def whole_again(original: Any, before: Application, after: Application, *rest: Any) -> dict[str, int]:
    return dict(original(Application(before.id, before.round_id, "", "", before.started_at), after, *rest))


def duplicate_too(original: Any, before: Application, after: Application, *rest: Any) -> dict[str, int]:
    if rest == (Outcome.DUPLICATE,):
        before = Application(before.id, before.round_id, "", "", before.started_at)
    return dict(original(before, after, *rest))


def processing_time() -> contextlib.AbstractContextManager[None]:
    original = Intake._record

    def record(self: Intake, name: Any, arrival: Any, call: Round) -> Any:
        return original(self, name, replace(arrival, arrived_at=whole_second(self.now())), call)

    return replaced(Intake, "_record", record)


def open_to_all(call: Round, _: Access | None) -> Round:
    """The round's own row says until when anybody is let in."""
    return call if call.exceptions_until is None else held(call, Access(call.exceptions_until, call.opens_at))


def open_long(call: Round, access: Access | None) -> Round:
    """Whoever was let in may send for as long as there is no certificate of it."""
    let_in = access is not None and call.exceptions_until is not None
    return held(call, replace(access, until=access.until + timedelta(days=1)) if let_in and access else access)


def counted_apart() -> contextlib.AbstractContextManager[None]:
    """Application and outcome in one write, totals in the next."""
    original = Intake._record

    class Apart:
        def __init__(self, table: Any) -> None:
            self._table, self.get = table, table.get

        def transact(self, writes: Sequence[Write]) -> None:
            self._table.transact(writes[:-1])
            self._table.write(writes[-1])

    def record(self: Intake, *rest: Any) -> Any:
        return original(replace(self, table=Apart(self.table)), *rest)  # type: ignore[arg-type]

    return replaced(Intake, "_record", record)


def always_newer() -> contextlib.AbstractContextManager[None]:
    original = Application.with_arrival

    def with_arrival(self: Application, arrival: Any) -> Any:
        outcome, after = original(self, arrival)
        if outcome is Outcome.ACCEPTED and after is self:
            long_ago = replace(self.current, arrived_at=self.started_at - timedelta(days=999)) if self.current else None
            return original(replace(self, current=long_ago), arrival)
        return outcome, after

    return replaced(Application, "with_arrival", with_arrival)


def by_version_id(arrived_at: datetime, submission: str, version_id: str) -> str:
    return f"{version_id}#{arrived_at}#{submission}"


def unpadded(arrived_at: datetime, submission: str, version_id: str) -> str:
    """What AWS calls a sequencer is compared as text, padded; so are our instants. These are not."""
    return f"{arrived_at.hour}:{arrived_at.minute}:{arrived_at.second}#{submission}#{version_id}"


def still_expiring(some: list[Write]) -> list[Write]:
    """Ingest's transaction leaves the draft's expiry where it was."""
    return [replace(one, remove=()) if isinstance(one, Update) else one for one in some]


def cut_titles(some: list[Write]) -> list[Write]:
    """Ingest's transaction stores a title that is not the document's."""

    def cut(write: Write) -> Write:
        if not isinstance(write, Update) or not write.set.get("current"):
            return write
        current = write.set["current"]
        facts = {**current["facts"], "title": f"{current['facts']['title']}…"}
        return replace(write, set={**write.set, "current": {**current, "facts": facts}})

    return [cut(one) for one in some]


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


@contextlib.contextmanager
def no_claim(self: Effects, round_id: str, effect: str, now: datetime) -> Iterator[bool]:  # noqa: ARG001
    yield True


def ten_minutes(self: Effects, round_id: str, effect: str, now: datetime) -> bool:
    key = keys.effect_key(round_id, effect)
    stored = self.table.get(key) or {}
    if "done_at" in stored and stored["done_at"] < iso(now - timedelta(minutes=10)):
        self.table.write(Update(key, remove=("done_at", "claimed_at")))
    return _CLAIM(self, round_id, effect, now)


_CLAIM = Effects.claim


def summary_done_at_once(self: Effects, round_id: str, effect: str, now: datetime) -> bool:
    """Whoever claims the closing summary notes that it went out, and then lets it."""
    mine = _CLAIM(self, round_id, effect, now)
    if mine and effect == keys.CLOSING_SUMMARY:
        self.done(round_id, effect, now)
    return mine


def every_try_counted(self: Effects, round_id: str, effect: str, now: datetime) -> bool:
    """Tries are counted also after it was done."""
    self.table.write(Update(keys.effect_key(round_id, effect), add={"asked": 1}))
    return _CLAIM(self, round_id, effect, now)


class _Afterwards(Effects):
    """Looks whether it was done, and claims nothing before."""

    @contextlib.contextmanager
    def once(self, round_id: str, effect: str, now: datetime) -> Iterator[bool]:  # noqa: ARG002
        yield not self.is_done(round_id, effect)


def claimed_afterwards(self: Summarising, round_id: str) -> bool:
    """Publish, then claim."""
    return _CLOSING_SUMMARY(replace(self, effects=_Afterwards(self.table)), round_id)


_CLOSING_SUMMARY = Summarising.closing_summary


def swallow(which: str) -> Callable[[DeadLetters, Any], tuple[set[str], bool]]:
    """Delete what failed, and put nothing back."""

    def redrive(self: DeadLetters, wanted: Collection[str] | None) -> tuple[set[str], bool]:  # noqa: ARG001
        queue = getattr(self, which)
        letters = queue.receive(hidden_seconds=30)
        for letter in letters:
            queue.delete(letter)
        return {letter.id for letter in letters}, False

    return redrive


def all_well(self: Owing, *some: Any) -> Settled:
    """Whatever became of the letters, all of them were sent."""
    return Settled(sent=_SEND(self, *some).sent)


_SEND = Owing._send


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
        self.table.transact([rows.replace_round(call, replace(call, state=state, closing_since=since))])

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
        return replace(announcement, document={**document, "totals": {**document["totals"], "amount": counted}})

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

    original = rows.replace_round

    def loose_round(before: Round, after: Round) -> Update:
        return replace(original(before, after), condition=None)

    with contextlib.ExitStack() as stack:
        for module in (administering, deciding, closing, lifecycle, announcing):
            stack.enter_context(replaced(module, "replace_round", loose_round))
        yield


@contextlib.contextmanager
def announced_by_everybody() -> Iterator[None]:
    """An announcement is claimed without a condition, neither on its own row nor on the round's."""
    original = rows.replace_round

    def loose_claim(before: Round, after: Round) -> Update:
        update = original(before, after)
        return replace(update, condition=None) if after.announcing is not None else update

    with replaced(announcing, "ABSENT", ANYTHING), replaced(announcing, "replace_round", loose_claim):
        yield


@contextlib.contextmanager
def impatient() -> Iterator[None]:
    """What is to go out later goes out with the next tick."""

    def over(call: Round, now: datetime) -> bool:  # noqa: ARG001
        return call.embargo is not None

    with replaced(lifecycle, "embargo_is_over", over), replaced(announcing, "embargo_is_over", over):
        yield


def uncorrected() -> contextlib.AbstractContextManager[None]:
    """A correction goes out with the decisions that were announced before."""
    original = announcing.Announcing._approved

    def approved(self: announcing.Announcing, call: Round) -> Any:
        decided = original(self, call)
        if decided is None or call.announcement is None:
            return decided
        before = self.table.get(keys.decisions_key(call.id, call.announcement)) or {}
        return {**decided, "decisions": before.get("decisions") or before["digest"]}

    return replaced(announcing.Announcing, "_approved", approved)


@contextlib.contextmanager
def one_claim_of_pages() -> Iterator[None]:
    """Whoever writes pages holds the claim of one announcement alone."""

    def claim(self: Publishing, stack: Any, round_id: str, last: int) -> list[str]:
        effect = keys.result_pages(last)
        return [effect] if stack.enter_context(self.effects.once(round_id, effect, self.now())) else []

    with replaced(Publishing, "_claim", claim):
        yield


def loose_withdrawal() -> contextlib.AbstractContextManager[None]:
    """A withdrawal counts itself in a second write."""
    from functions.apply.applying import Applying

    original = Applying._commit

    class Apart:
        def __init__(self, table: Any) -> None:
            self._table = table

        def transact(self, some: Sequence[Write]) -> None:
            counting = [one for one in some if one.key["sk"] == "TOTALS"]
            self._table.transact([one for one in some if one not in counting])
            for one in counting:
                self._table.write(one)

    def commit(self: Applying, *rest: Any) -> None:
        original(replace(self, table=Apart(self.table)), *rest)  # type: ignore[arg-type]

    return replaced(Applying, "_commit", commit)


def withdrawn_untold() -> contextlib.AbstractContextManager[None]:
    """A withdrawal leaves no event."""
    from functions.apply.applying import Applying

    original = Applying._commit

    def commit(self: Applying, call: Round, before: Any, after: Any, changed: Any, _: Any) -> None:
        original(self, call, before, after, changed, [])

    return replaced(Applying, "_commit", commit)


def stream_goes_on(event: Any, _: Any) -> Any:
    """Every record is tried, and none is said to have failed."""
    module = handlers.copy_of("acknowledge", 0)
    for record in module.DynamoDBStreamEvent(event).records:
        with contextlib.suppress(Exception):
            module.owing().receipts.acknowledge(module.Submission.from_item(module.whole(record.dynamodb.new_image)))
    return {"batchItemFailures": []}


@contextlib.contextmanager
def told_when_approved() -> Iterator[None]:
    """Decision letters go out as soon as there are approved decisions."""
    due = Verdicts.due

    def early(self: Verdicts, call: Round) -> Any:
        decided = self.table.get(keys.decisions_key(call.id, 1)) or {}
        yield from due(self, call)
        if "approved_by" in decided and call.state is RoundState.DECIDED:
            yield from self._decisions(call, 1)

    with (
        replaced(Verdicts, "due", early),
        replaced(keys, "letters_told", lambda *_: f"letters-told-{next(_NUMBERS)}"),
    ):
        yield


_NUMBERS = itertools.count()
