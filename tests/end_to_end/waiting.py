"""Waiting for something that happens elsewhere, with an end, and with words for what did not happen."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import TypeVar

Found = TypeVar("Found")


def until(look: Callable[[], Found | None], what: str, *, seconds: float = 120, pause: float = 0.1) -> Found:
    """Look until there is something, and return it. Fails with what was awaited and what was seen last."""
    end = time.monotonic() + seconds
    while not (found := look()):
        if time.monotonic() > end:
            raise AssertionError(f"waited {seconds:.0f} seconds in vain for {what}; seen last: {found!r}")
        time.sleep(pause)
    return found


def until_instant(instant: datetime) -> None:
    """Wait for the clock. S3 and the functions of the embedded cloud have the same one."""
    time.sleep(max(0.0, (instant - datetime.now(UTC)).total_seconds()))
