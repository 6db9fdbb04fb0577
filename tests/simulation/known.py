"""Faults of the product that the simulation found and that are not mended yet, each with a mend.

The seeds run with these mends, so that one known fault does not hide the next; `test_stories.py` shows each fault
on the product as it is, and fails as soon as it is gone: then its entry here goes too.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from functions.acknowledge.receipts import Receipts
from functions.apply import applying
from shared.aws.effects import BusyError
from shared.submissions import Submission
from tests.simulation.doubles.bucket import MemoryBucket


@contextlib.contextmanager
def replaced(owner: Any, name: str, value: Any) -> Iterator[None]:
    """The attribute replaced for the length of a block."""
    before = getattr(owner, name)
    setattr(owner, name, value)
    try:
        yield
    finally:
        setattr(owner, name, before)


@dataclass(frozen=True, slots=True)
class Known:
    """A known fault: where it is, what it is, and what replaces what to mend it."""

    name: str
    where: str
    owner: Any
    attribute: str
    mend: Callable[[Any], Any]
    """Makes the mended function from the one that is there."""


def _come_back_for_what_is_busy(original: Callable[..., Any]) -> Any:
    def resend(self: Receipts) -> int:
        busy: list[BusyError] = []

        class Noting(Receipts):
            def acknowledge(self, submission: Submission) -> bool:
                try:
                    return Receipts.acknowledge(self, submission)
                except BusyError as error:
                    busy.append(error)
                    raise

        sent = int(original(Noting(self.table, self.effects, self.mailer, self.now)))
        if busy:
            raise busy[0]
        return sent

    return resend


def _by_the_clock_of_signing(original: Callable[..., Any]) -> Any:
    def sign_forms(*some: Any, bucket: MemoryBucket, now: datetime) -> Any:  # noqa: ARG001
        return original(*some, bucket=bucket, now=bucket.signing_clock())

    return sign_forms


KNOWN: tuple[Known, ...] = (
    Known(
        "forms are good after the grace, for as long as it took between the request for them and their signing",
        "functions/apply/applying.py, sign: sign_forms(now=now) after the write of the quota",
        applying,
        "sign_forms",
        _by_the_clock_of_signing,
    ),
    Known(
        "a receipt whose claim is open while receipts are sent again is passed over, and that counts as success",
        "functions/acknowledge/receipts.py, resend: except BusyError: continue",
        Receipts,
        "resend",
        _come_back_for_what_is_busy,
    ),
)


@contextlib.contextmanager
def mended(*, leaving: str | None = None) -> Iterator[None]:
    """The product with every known fault mended, but for the one that is left as it is."""
    with contextlib.ExitStack() as stack:
        for known in KNOWN:
            if known.name != leaving:
                stack.enter_context(
                    replaced(known.owner, known.attribute, known.mend(getattr(known.owner, known.attribute)))
                )
        yield
