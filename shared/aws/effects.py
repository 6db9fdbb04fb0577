"""Things that happen outside, once: an e-mail, a publication.

A claim is written before the effect and closed after it. Whoever finds a claim open and old finishes it, under
the same identifier, so that the one repeat that a crash can cause is recognised by whoever receives it.
(Powertools' idempotency would do, with a second table and two more calls; see docs/decisions.)
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from boto3.dynamodb.conditions import Attr

from shared import keys
from shared.aws.table import ConditionFailedError, Item, Table, Update
from shared.instants import iso

LEASE = timedelta(minutes=2)
"""Longer than any function here runs, so an older claim's owner is dead."""


class BusyError(Exception):
    """Somebody else holds the claim at this moment; they finish it, or it can be taken over after the lease."""


@dataclass(frozen=True, slots=True)
class Effects:
    """The claims of one table."""

    table: Table

    def claim(self, round_id: str, effect: str, now: datetime) -> bool:
        """True: do it now. False: it was done. Raises BusyError while somebody else may be doing it."""
        condition = Attr("done_at").not_exists() & (
            Attr("claimed_at").not_exists() | Attr("claimed_at").lt(iso(now - LEASE))
        )
        key = keys.effect_key(round_id, effect)
        try:
            self.table.write(Update(key, set={"claimed_at": iso(now)}, add={"tries": 1}, condition=condition))
        except ConditionFailedError as error:
            found = error.found[0]
            if found is not None and "done_at" in found:
                return False
            raise BusyError(effect) from error
        return True

    @contextmanager
    def once(
        self, round_id: str, effect: str, now: datetime, *, untried: Callable[[Exception], bool] = lambda _: False
    ) -> Iterator[bool]:
        """A claim for the length of a block: True where the block is to have the effect and close the claim.

        A block that fails gives the claim back, so that the next try need not wait, and its failure has the effect for
        a note; only one that dies without a word holds it until the lease is over. `untried` is asked of a failure
        whether nothing can have come of this try, see `give_back`. Raises BusyError as `claim` does.
        """
        if not self.claim(round_id, effect, now):
            yield False
            return
        try:
            yield True
        except Exception as error:
            error.add_note(effect)
            self.give_back(round_id, effect, untried=untried(error))
            raise

    def give_back(self, round_id: str, effect: str, *, untried: bool = False) -> None:
        """Open the claim for whoever comes next, because what was claimed has not been done. `untried` where it was not
        even tried, or certainly to no effect: then it has not begun, and what was kept is forgotten, unless there was
        an earlier claim."""
        key = keys.effect_key(round_id, effect)
        back = Update(key, remove=("claimed_at",))
        if untried:
            back = replace(back, set={"tries": 0}, remove=("claimed_at", "letter"), condition=Attr("tries").eq(1))
        try:
            self.table.write(back)
        except ConditionFailedError:
            self.give_back(round_id, effect)

    def done(self, round_id: str, effect: str, now: datetime, **facts: Any) -> None:
        """Close the claim. A letter that was kept has gone out, and its address and text need not stay."""
        noted = {"done_at": iso(now), **facts}
        self.table.write(Update(keys.effect_key(round_id, effect), set=noted, remove=("letter",)))

    def keep(self, round_id: str, effect: str, letter: Mapping[str, str]) -> Mapping[str, str]:
        """Note what is about to go out, so that the repeat after a crash says the same though rows have changed since.
        Returns what counts: what an earlier try noted, where one did. The claim must be held."""
        once = Attr("letter").not_exists()
        try:
            self.table.write(Update(keys.effect_key(round_id, effect), set={"letter": dict(letter)}, condition=once))
        except ConditionFailedError as error:
            kept: Mapping[str, str] = (error.found[0] or {})["letter"]
            return kept
        return letter

    def is_done(self, round_id: str, effect: str) -> bool:
        """Whether it was done."""
        return "done_at" in self.noted(round_id, effect)

    def noted(self, round_id: str, effect: str) -> Item:
        """What was noted of it, done or not; nothing where it was never begun."""
        return self.table.get(keys.effect_key(round_id, effect)) or {}

    def note(self, round_id: str, effect: str, **facts: Any) -> None:
        """Note how far it is, for one that may be begun again without harm and takes several turns."""
        self.table.write(Update(keys.effect_key(round_id, effect), set=facts))

    def is_due(self, round_id: str, effect: str, now: datetime) -> bool:
        """Whether it was not done, and nobody seems to be at it."""
        found = self.noted(round_id, effect)
        return "done_at" not in found and found.get("claimed_at", "") < iso(now - LEASE)

    def all_done(self, round_id: str, prefix: str) -> set[str]:
        """The effects of the round whose names begin so and that were done."""
        return {name for name, item in self.begun(round_id, prefix).items() if "done_at" in item}

    def begun(self, round_id: str, prefix: str) -> dict[str, Item]:
        """What was noted of the effects of the round whose names begin so, also of those that are not done."""
        before = len(keys.effect_key(round_id, "")["sk"])
        found = self.table.query(keys.round_partition(round_id), keys.effect_key(round_id, prefix)["sk"])
        return {item["sk"][before:]: item for item in found if item.get("tries") != 0}
