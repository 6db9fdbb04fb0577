"""The officer who sees to exceptions: withdrawals that come by letter, before the deadline and after it."""

from __future__ import annotations

from functions.administer.exceptions import Withdrawal
from shared import keys
from tests.simulation.cloud import OPENS, ROUND
from tests.simulation.world import Person, World


class Registrar:
    """Somebody with letters from applicants, whom others do not wait for."""

    def __init__(self, world: World) -> None:
        self.world, self.cloud, self.name = world, world.cloud, "registrar"
        self.dice = world.dice(self.name)

    def works(self) -> Person:
        """From the opening until well after the round was closed."""
        yield (OPENS - self.cloud.now).total_seconds()
        length = (self.world.closes - OPENS).total_seconds() + self.world.grace + 1200
        for number in range(self.dice.randint(1, 6)):
            yield self.dice.uniform(0, length / 3)
            if self.world.happens(f"{self.name}, deed {number}", 0.9, self.dice):
                yield from self._withdraw()

    def _withdraw(self) -> Person:
        known = [item["application"] for item in self.cloud.watch.rows(ROUND, keys.APPLICATIONS)]
        reference = self.dice.choice([*known, "7K3M-9QXR-C"])
        letter, desk = Withdrawal(reason="Brev"), self.cloud.exceptions
        ask = lambda: desk.withdraw(ROUND, reference, letter, self.name)  # noqa: E731
        if self.world.happens(f"{self.name} double-clicks", 0.2, self.dice):
            self.world.spawn("administer", ask, lambda task: None)  # noqa: ARG005
        yield ("administer", "registers a withdrawal"), ask
