"""What stands between a double and whoever calls it. This one lets every call through at once; the simulation's
decides what becomes of each."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, TypeVar

Answer = TypeVar("Answer")
Site = tuple[str, int] | None
"""The line of code that made a call: file and number, where anybody asked."""


class Wire:
    """No delay, no failure, the machine's own clock."""

    def call(self, operation: str, act: Callable[[], Answer], site: Site = None) -> Answer:  # noqa: ARG002
        """Do what was asked. `site` is given where the work happens later than the asking, as with pages."""
        return act()

    def here(self) -> Site:
        """The line that called the double, where anybody wants to know."""
        return None

    def flight(self) -> None:
        """The time in which a transaction is under way: others may run meanwhile, and meet it."""

    def now(self) -> datetime:
        """The caller's clock."""
        return datetime.now(UTC)

    def shuffle(self, things: list[Any]) -> None:
        """Queues keep no order; this one does."""
