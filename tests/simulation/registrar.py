"""The officer who sees to exceptions: withdrawals that come by letter, applicants who are let in late, completions."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from datetime import datetime, timedelta
from typing import Any

from shared import keys
from shared.instants import iso, parse_iso
from tests.simulation.cloud import OPENS, ROUND
from tests.simulation.delivery import Delivery
from tests.simulation.people import STAFF_ROUND, Applicant, Holder
from tests.simulation.world import Answer, Person, World


class Registrar:
    """Somebody with letters from applicants, whom others do not wait for."""

    def __init__(self, world: World, delivery: Delivery, applicants: Sequence[Applicant]) -> None:
        self.world, self.delivery, self.cloud, self.name = world, delivery, world.cloud, "registrar"
        self.applicants = list(applicants)
        self.dice = world.dice(self.name)
        self.regrets = world.dice(f"{self.name}'s regrets")
        """Dice of their own: nobody else's day changes by them."""

    def works(self) -> Person:
        """From the opening until well after the round was closed."""
        yield (OPENS - self.cloud.now).total_seconds()
        length = (self.world.closes - OPENS).total_seconds() + self.world.grace + 1200
        for number in range(self.dice.randint(1, 8)):
            yield self.dice.uniform(0, length / 3)
            if self.world.happens(f"{self.name}, deed {number}", 0.9, self.dice):
                yield from self._withdraw() if self.dice.random() < 0.4 else self._let_in(number)

    def _ask(self, path: str, body: dict[str, Any]) -> Any:
        return self.world.doors.ask("POST", f"{STAFF_ROUND}/{path}", body, by=self.name)

    def _withdraw(self) -> Person:
        known = [item["application"] for item in self.cloud.watch.rows(ROUND, keys.APPLICATIONS)]
        reference = self.dice.choice([*known, "7K3M-9QXR-C"])
        ask = lambda: self._ask(f"applications/{reference}/withdrawal", {"reason": "Brev"})  # noqa: E731
        if self.world.happens(f"{self.name} double-clicks", 0.2, self.dice):
            self.world.spawn("administer", ask, lambda task: None)  # noqa: ARG005
        yield ("administer", "registers a withdrawal"), ask

    def _let_in(self, number: int) -> Person:
        """Somebody who had begun, or somebody new with a link of their own."""
        begun = [one for one in self.applicants if one.started is not None]
        guest = self.dice.choice(begun) if begun and self.dice.random() < 0.6 else None
        late = self.cloud.now + timedelta(seconds=self.dice.randint(20, 900))
        reference = guest.started.application if guest is not None and guest.started is not None else None
        answer: Answer = yield from self._give(late, reference)
        if answer.failure is not None:
            return
        if guest is None:
            guest = self._newcomer(number, answer.value["application"], answer.value["token"])
        self.world.person(f"{guest.name}, let in ({number})", guest.let_in(parse_iso(answer.value["until"])))
        if self.regrets.random() < 0.3:
            self.world.person(f"{self.name} regrets ({number})", self._end(answer.value["application"]))

    def _end(self, reference: str) -> Person:
        """What was given is taken back, mostly while there is something to take back; now and then by two at once."""
        yield self.regrets.uniform(0, 400)
        ending = {"reason": "Det kom med posten"}
        ask = lambda: self._ask(f"applications/{reference}/exception-ending", ending)  # noqa: E731
        if self.world.happens(f"{self.name} ends twice", 0.2, self.regrets):
            self.world.spawn("administer", ask, lambda task: None)  # noqa: ARG005
        yield ("administer", "ends an exception"), ask

    def _give(self, late: datetime, reference: str | None) -> Generator[Any, Any, Any]:
        if reference is not None and self.dice.random() < 0.4:
            asking = {"until": iso(late), "what": "Budgeten saknas"}
            ask = lambda: self._ask(f"applications/{reference}/completion", asking)  # noqa: E731
            return (yield ("administer", "asks for a completion"), ask)
        request = {"until": iso(late), "reason": "Strömavbrott", "application": reference}
        return (yield ("administer", "lets somebody in"), lambda: self._ask("exceptions", request))

    def _newcomer(self, number: int, reference: str, token: str) -> Applicant:
        guest = Applicant(self.world, self.delivery, 100 + number)
        self.applicants.append(guest)
        guest.started = Holder(reference, token)
        return guest
