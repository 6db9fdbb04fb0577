"""The course of a load: what happens in the middle of it happens there whatever the load's size and the machine's
speed, because it goes by how much of the load is done, and by no clock."""

from __future__ import annotations

import math
import threading
from collections.abc import Sequence


class CalledOffError(Exception):
    """The load ended early, because something in it failed."""


class Course:
    """A load of `count` in parts. A happening is due when its part of the load is done; what lies behind the next one
    waits until it is over, and the last few wait for the last. So none of them can be too late."""

    def __init__(self, count: int, parts: Sequence[float], last_few: int) -> None:
        self.places = [math.ceil(part * count) for part in sorted(parts)]
        self._limits = [*self.places[1:], count - last_few, count]
        if sorted({0, *self.places, *self._limits}) != [0, *self.places, *self._limits[-2:]]:
            raise ValueError(f"{count} are too few for happenings after {self.places} of them")
        self._over = 0
        self._called_off = False
        self._changed = threading.Condition()

    def wait_for_turn(self, number: int) -> None:
        """Wait until the load may go on with this one of it, counted from 0. Raises CalledOffError."""
        with self._changed:
            self._changed.wait_for(lambda: self._called_off or number < self._limits[self._over])
            if self._called_off:
                raise CalledOffError

    def one_is_over(self) -> None:
        """The happening that was due has happened."""
        with self._changed:
            self._over += 1
            self._changed.notify_all()

    def call_off(self) -> None:
        """Nobody waits any more."""
        with self._changed:
            self._called_off = True
            self._changed.notify_all()
