"""Faults in what goes out, and how often: what stands in for what. `planted_letters` has the list."""

from __future__ import annotations

import contextlib
import itertools
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from functions.acknowledge.owing import Owing, Settled
from functions.acknowledge.receipts import Receipts
from functions.acknowledge.sending import Work
from functions.acknowledge.verdicts import Verdicts
from functions.summarise.summarising import Summarising
from shared import keys
from shared.applications import Outcome
from shared.aws.effects import Effects
from shared.aws.table import Update
from shared.decision_letters import DecisionLetters, Due
from shared.instants import iso
from shared.rounds import Round, RoundState
from shared.submissions import Submission
from tests.simulation.replacing import replaced


@contextlib.contextmanager
def no_claim(self: Effects, round_id: str, effect: str, now: datetime, **_: Any) -> Iterator[bool]:  # noqa: ARG001
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
    def once(self, round_id: str, effect: str, now: datetime, **_: Any) -> Iterator[bool]:  # noqa: ARG002
        yield not self.is_done(round_id, effect)


def claimed_afterwards(self: Summarising, round_id: str) -> bool:
    """Publish, then claim."""
    return _CLOSING_SUMMARY(replace(self, effects=_Afterwards(self.table)), round_id)


_CLOSING_SUMMARY = Summarising.closing_summary


def all_well(self: Owing, *some: Any) -> Settled:
    """Whatever became of the letters, all of them were sent."""
    return Settled(sent=_SEND(self, *some).sent)


_SEND = Owing._send


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
        replaced(Verdicts, "_is_last", lambda *_: True),
        replaced(keys, "letters_told", lambda *_: f"letters-told-{next(_NUMBERS)}"),
    ):
        yield


_NUMBERS = itertools.count()


def good_news_only(self: Receipts, submission: Submission) -> bool:
    """Whoever is refused is told nothing."""
    return submission.outcome is Outcome.ACCEPTED and _ACKNOWLEDGE(self, submission)


_ACKNOWLEDGE = Receipts.acknowledge


def refused_once(self: Receipts, round_id: str) -> Iterator[Work]:
    """What SES refused is left to itself."""
    begun = self.sending.effects.table.query(keys.round_partition(round_id), keys.effect_key("", keys.RECEIPTS)["sk"])
    refused = {item["sk"] for item in begun if item.get("tries") == 0}
    for work in _RECEIPTS_DUE(self, round_id):
        effect = keys.effect_key(round_id, work.args[0])["sk"]  # type: ignore[attr-defined]
        if effect not in refused:
            yield work


_RECEIPTS_DUE = Receipts.due


def kinds_compared(self: DecisionLetters, noted: Any) -> Iterator[Due]:
    """Whoever is awarded another amount knew already that there was an award."""
    for due in _DUE(self, noted):
        application = due.decision.application
        letters = keys.decision_letters(application)
        told = [name for name in noted if name.startswith(letters) and "done_at" in noted[name]]
        decided = [self.announced[int(name.removeprefix(letters)) - 1].decisions[application].kind for name in told]
        if due.decision.kind not in decided:
            yield due


def told_again(self: DecisionLetters, noted: Any) -> Iterator[Due]:
    """Every announcement is told to everybody whom it decides on."""
    due = {one.decision.application: one for one in _DUE(self, noted)}
    every = self.announced[-1].decisions
    yield from (due.get(one) or Due(every[one], corrects=True, reason={}) for one in every)


def always_the_first(self: DecisionLetters, noted: Any) -> Iterator[Due]:
    """No letter says that it corrects another."""
    yield from (replace(one, corrects=False) for one in _DUE(self, noted))


def never_the_first(self: DecisionLetters, noted: Any) -> Iterator[Due]:
    """Every letter of a correction says that it corrects another, also where nobody was told anything before."""
    yield from (replace(one, corrects=self.number > 1) for one in _DUE(self, noted))


_DUE = DecisionLetters.due


@contextlib.contextmanager
def told_when_claimed() -> Iterator[None]:
    """A correction is told to whom it concerns while it goes out."""
    due = Verdicts.due

    def early(self: Verdicts, call: Round) -> Any:
        yield from due(self, replace(call, announcement=call.announcing or call.announcement))

    with (
        replaced(Verdicts, "due", early),
        replaced(Verdicts, "_is_last", lambda *_: True),
        replaced(keys, "letters_told", lambda *_: f"letters-told-{next(_NUMBERS)}"),
    ):
        yield


def undone(self: Effects, round_id: str, effect: str, *, untried: bool = False) -> None:  # noqa: ARG001
    """Whoever fails opens the claim again, also where all was done and only its answer was lost."""
    self.table.write(Update(keys.effect_key(round_id, effect), remove=("claimed_at", "done_at")))


def worded_anew(self: Effects, round_id: str, effect: str, letter: Mapping[str, str]) -> Mapping[str, str]:
    """A second try has the address and the subject of the first, and words of its own."""
    kept = _KEEP(self, round_id, effect, letter)
    return {**kept, "text": letter["text"]} if effect != keys.CLOSING_SUMMARY else kept


_KEEP = Effects.keep


def closings_compared_by_version(self: Effects, round_id: str, prefix: str) -> set[str]:
    """Whoever was told of the closing with another version than the current one was not told of it."""
    return set() if prefix == keys.CLOSING_LETTERS else _ALL_DONE(self, round_id, prefix)


_ALL_DONE = Effects.all_done
