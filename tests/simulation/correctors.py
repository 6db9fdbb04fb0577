"""Staff who correct: they find mistakes in what was announced, hand in the list as it should have been, approve each
other's corrections and publish them, two at once too."""

from __future__ import annotations

import csv
import io
from random import Random

from shared import keys
from shared.rounds import RoundState
from tests.simulation.cloud import ROUND
from tests.simulation.people import STAFF_ROUND, Officer
from tests.simulation.world import Answer, Person, World

_MOST = 3
"""The number of the last announcement that anybody makes."""
_PATIENCE = 40


class Corrector(Officer):
    """An officer who begins where the others end. Their dice are their own: nobody else's day changes by them."""

    def __init__(self, world: World, name: str) -> None:
        super().__init__(world, name)
        self.reason = {"sv": f"{name} hittade ett fel.", "en": f"{name} found a mistake."}

    def works(self) -> Person:
        """From the announcement on; where none comes in time, nobody corrects anything."""
        yield (self.world.closes - self.cloud.now).total_seconds() + self.dice.uniform(0, 300)
        for number in range(_PATIENCE):
            yield self.dice.uniform(10, 150)
            call = self.cloud.watch.round(ROUND)
            if (call.announcement or 0) >= _MOST:
                return
            if call.state is RoundState.ANNOUNCED and self.world.happens(
                f"{self.name}, correction {number}", 0.9, self.dice
            ):
                yield from self._correct(call.next_announcement)

    def _correct(self, number: int) -> Person:
        pending = self.cloud.table.peek(keys.decisions_key(ROUND, number))
        if pending is None or "taken_back" in pending or ("approved_by" not in pending and self.dice.random() < 0.2):
            yield from self._enter()
        elif "approved_by" not in pending:
            digest = pending["digest"]
            yield from self._perhaps_twice("decide", "approves a correction", lambda: self.approve(digest))
        elif self.patience.random() < 0.1:
            yield ("decide", "takes the approval back"), self.take_back
        else:
            yield from self._publish()

    def _enter(self) -> Person:
        yield ("announce", "reads what went out"), self.preview
        answer: Answer = yield ("decide", "takes the list out"), self.list_out
        if answer.failure is not None:
            return
        correction = {"csv": mended(answer.value, self.dice).decode(), "reason": self.reason}
        yield ("decide", "hands a correction in"), lambda: self.ask("PUT", f"{STAFF_ROUND}/correction", correction)


def mended(listed: str, dice: Random) -> bytes:
    """The decision list with another decision on one application, or now and then with none changed."""
    rows = list(csv.DictReader(io.StringIO(listed.removeprefix("\ufeff")), delimiter=";"))
    chosen = dice.randrange(len(rows) + 1) if rows else 0
    lines = ["reference;decision;amount;list"]
    for place, row in enumerate(rows):
        decision, amount = row["decision"], row["amount"]
        if place == chosen:
            taken_back = decision == "award" and dice.random() < 0.5
            decision, amount = ("decline", "") if taken_back else ("award", str(dice.randint(1, int(row["requested"]))))
        lines.append(f"{row['reference']};{decision};{amount};{row['list']}")
    return "\n".join(lines).encode()
