"""Pure functions of the product remembered, because the same few documents are judged a million times."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from functools import lru_cache

from functions.ingest import intake
from shared import letters
from shared.programme import Programme, load
from shared.validation import Verdict, judge
from tests.simulation.replacing import replaced


@lru_cache(maxsize=256)
def _judged(raw: bytes, programme: str) -> Verdict:
    return judge(raw, load(programme))


def _judge(raw: bytes, programme: Programme) -> Verdict:
    return _judged(raw, programme.key)


@contextlib.contextmanager
def quick() -> Iterator[None]:
    """Judging a document and wrapping a line give the same for the same: they are worked out once."""
    wrapped = lru_cache(maxsize=4096)(letters._wrapped)
    with replaced(intake, "judge", _judge), replaced(letters, "_wrapped", wrapped):
        yield
