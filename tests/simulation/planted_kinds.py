"""What a planted fault is: what stands in for what, which promise finds it, and within how many worlds."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from dataclasses import dataclass

TOTALS = "totals-equal-recount"
ONE_OUTCOME = "one-outcome-for-each-version"
S3S_CLOCK = "s3s-clock-decides-what-is-late"
NEWEST = "the-newest-version-counts"
ONCE = "each-effect-at-most-once"
CERTIFICATE = "the-certificate-is-true"
RECEIPT = "everybody-gets-a-receipt"
RECEIPTS = "a-receipt-is-true-and-proven"
TROUBLE = "trouble-sets-off-its-alarm"
ALTERED = "an-altered-row-is-found"


@dataclass(frozen=True, slots=True)
class Planted:
    """A fault, the invariant that finds it, and within how many seeds. `ignoring` are invariants that would find
    it even before."""

    name: str
    invariant: str
    within: int
    plant: Callable[[], contextlib.AbstractContextManager[None]]
    ignoring: frozenset[str] = frozenset()
    first: int = 0
    """The seed to begin with, where what it takes is rare."""

    def seeds(self) -> range:
        """The seeds to look in."""
        return range(self.first, self.first + self.within)


@dataclass(frozen=True, slots=True)
class PlantedInPair:
    """A fault that takes two functions at the same time: in which pair, and within how many of its interleavings."""

    name: str
    invariant: str
    within: int
    plant: Callable[[], contextlib.AbstractContextManager[None]]
    pair: str
