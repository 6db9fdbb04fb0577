"""Pure functions of the product remembered, because the same few documents are judged a million times."""

from __future__ import annotations

import contextlib
import gc
import json
import sys
from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import Any

from shared import instants, letters, wording
from shared.programme import Programme, load
from shared.results.everything import File, overview_files, round_files
from shared.results.publication import Publication
from shared.validation import Verdict, judge
from tests.simulation.replacing import replaced

_PURE: tuple[Callable[..., Any], ...] = (
    instants.iso,
    instants.parse_iso,
    letters.one_line,
    letters._wrapped,
    wording.moment,
)
"""Give the same for the same, and are asked for it again and again."""
_FILES_KEPT = 20
_SELDOM = 50_000
"""Objects made before Python looks for rings of them, instead of 2,000: a world leaves few behind."""


@lru_cache(maxsize=256)
def _judged(raw: bytes, programme: str) -> Verdict:
    return judge(raw, load(programme))


def _judge(raw: bytes, programme: Programme) -> Verdict:
    return _judged(raw, programme.key)


def _written_once(write: Callable[..., Iterator[File]]) -> Callable[..., list[File]]:
    """The files of the same announcements, written once."""
    written: dict[str, list[File]] = {}

    def files(given: Publication | list[Publication], address: str) -> list[File]:
        every = given if isinstance(given, list) else [given]
        # All that pages are made of: were it less, wrong pages would be held against themselves.
        read = [[[one.document, one.texts, one.subjects] for one in each.announcements] for each in every]
        told = json.dumps([address, read], sort_keys=True)
        if told not in written:
            if len(written) >= _FILES_KEPT:
                written.clear()  # They were another world's.
            written[told] = list(write(given, address))
        return written[told]

    return files


@contextlib.contextmanager
def quick() -> Iterator[None]:
    """What is pure is worked out once, wherever the product uses it."""
    remembered = {id(judge): _judge, **{id(one): lru_cache(maxsize=4096)(one) for one in _PURE}}
    remembered |= {id(one): _written_once(one) for one in (round_files, overview_files)}
    before = gc.get_threshold()
    with contextlib.ExitStack() as stack:
        for module in [one for name, one in sys.modules.items() if name.startswith(("functions.", "shared."))]:
            for name, value in list(vars(module).items()):
                if id(value) in remembered:
                    stack.enter_context(replaced(module, name, remembered[id(value)]))
        gc.set_threshold(_SELDOM, *before[1:])
        try:
            yield
        finally:
            gc.set_threshold(*before)
