"""Rounds of three weeks, of which a world sees the hour around a reminder: seven days, or one, before the end. Then
staff close the round early, because no world can wait for its end minute by minute."""

from __future__ import annotations

from datetime import datetime, timedelta

from shared.instants import iso
from shared.rounds import RoundState
from tests.simulation.cloud import OPENS, ROUND
from tests.simulation.world import Answer, Person, World

_SHARE = 0.12
_LEADS = (timedelta(days=7), timedelta(days=1))


class LongRound:
    """The end that the round of a world has, and who closes it when the world's own end has come."""

    def __init__(self, world: World) -> None:
        self.world, self.dice = world, world.dice("long round")
        self.is_one = world.happens("a round of three weeks", _SHARE, self.dice)
        reminds_at = OPENS + timedelta(minutes=self.dice.randint(2, 15))
        self.closes: datetime = reminds_at + self.dice.choice(_LEADS) if self.is_one else world.closes
        self.opens = {"opens": iso(OPENS - timedelta(days=20))} if self.is_one else {}
        world.deadline_moves |= self.is_one

    def closer(self) -> Person:
        """Asks until it is done."""
        yield (self.world.closes - self.world.cloud.now).total_seconds()
        doors, path, early = self.world.doors, f"/staff/rounds/{ROUND}/closing", {"reason": "Pengarna är slut"}
        while self.world.cloud.watch.round(ROUND).state in (RoundState.SCHEDULED, RoundState.OPEN):
            answer: Answer = yield ("administer", "closes early"), lambda: doors.ask("POST", path, early, by="anna")
            yield 61.0 if answer.failure is None else 5.0
