"""Somebody with the table's console open, who changes a title while an announcement waits for its instant. What would
go out is then not what was approved: it is held back, until staff have done what the runbook says."""

from __future__ import annotations

from datetime import timedelta

from shared import keys
from shared.rounds import Round
from tests.simulation.cloud import ROUND
from tests.simulation.people import Officer
from tests.simulation.world import Person

_LOOKS = 80
_LEAVES = 1500
"""Seconds until somebody sees to what is held back."""


class Meddler(Officer):
    """Looks for an announcement that is to go out later; meddles once, and mends it."""

    def works(self) -> Person:
        """From the end of the round on."""
        yield (self.world.closes - self.cloud.now).total_seconds()
        for _ in range(_LOOKS):
            yield self.dice.uniform(5, 40)
            embargo = self._round.embargo
            if embargo is not None and embargo.at > self.cloud.now + timedelta(seconds=5):
                yield from self._meddle()
                return

    @property
    def _round(self) -> Round:
        return self.cloud.watch.round(ROUND)

    def _meddle(self) -> Person:
        self.world.kernel.note(self.name, "changes titles behind everybody's back")
        kept = self._retitle({})
        for _ in range(_LOOKS):
            yield 20.0
            embargo = self._round.embargo
            if embargo is None or embargo.held_back:
                break
        left = self.cloud.now + timedelta(seconds=_LEAVES)
        while self._round.embargo is not None and self.cloud.now < left:
            yield 30.0
        self._retitle(kept)
        for _ in range(_LOOKS):
            # Who read the other titles may have them go out at an instant that is still to come: held back as well.
            embargo = self._round.embargo
            if embargo is not None and embargo.held_back:
                yield ("announce", "calls off what is held back"), self.call_off
            yield self.dice.uniform(5, 20)

    def _retitle(self, titles: dict[str, str]) -> dict[str, str]:
        """Give applications these titles, or others than they have. Returns those that they had. No commit tells of
        it, and no function does it: this is what must not happen."""
        rows, had = self.cloud.table.rows[keys.round_partition(ROUND)], {}
        for item in self.cloud.watch.rows(ROUND, keys.APPLICATIONS):
            current = item.get("current")
            if not current or (titles and item["application"] not in titles):
                continue
            facts, name = current["facts"], item["application"]
            had[name] = facts["title"]
            facts = {**facts, "title": titles.get(name, f"{facts['title']} (ny)")}
            rows[item["sk"]] = {**item, "current": {**current, "facts": facts}}
        return had
