"""Who writes an application together: two windows that save as one types, and a colleague who wants the link."""

from __future__ import annotations

from typing import Any

from tests.simulation.people import Applicant
from tests.simulation.world import Answer, Person, World

_COLLEAGUE = {"email": "kollega@pitea.example", "language": "sv"}


class Writer:
    """Somebody with an applicant's private link. Its dice are its own: nobody else's day changes by it."""

    def __init__(self, world: World, applicant: Applicant) -> None:
        self.world, self.applicant = world, applicant
        self.name = f"writer of {applicant.name}"
        self.dice = world.dice(self.name)
        self.known = {"window 1": 0, "window 2": 0}
        """The revision that each window goes on from."""

    def types(self) -> Person:
        """For an hour or so, from when there is something to write in."""
        for number in range(self.dice.randint(5, 15)):
            yield self.dice.uniform(20, 400)
            if self.applicant.started is None or not self.world.happens(f"{self.name}, deed {number}", 0.9, self.dice):
                continue
            yield from self._deed(number)

    def _deed(self, number: int) -> Person:
        ask, draw = self.applicant.ask, self.dice.random()
        window = self.dice.choice(tuple(self.known))
        if draw < 0.15:
            yield ("apply", "has the link mailed"), lambda: ask("POST", "/application/link", _COLLEAGUE)
        elif draw < 0.4:
            answer: Answer = yield ("apply", f"reads the draft in {window}"), lambda: ask("GET", "/application/draft")
            if answer.failure is None:
                self.known[window] = answer.value["revision"]
        elif draw < 0.5:
            yield ("apply", "looks back"), lambda: ask("GET", "/application/history")
        else:
            editor = window.replace(" ", "-")
            request = {"revision": self.known[window], "editor": editor, "draft": _typed(number)}
            answer = yield ("apply", f"saves in {window}"), lambda: ask("PUT", "/application/draft", request)
            if answer.failure is None:
                self.known[window] = answer.value["revision"]


def _typed(number: int) -> dict[str, Any]:
    """Most say soon how to reach them."""
    return {"typed": number, "fields": {"contact.email": "asa.oberg@pitea.example"} if number % 3 else {}}
