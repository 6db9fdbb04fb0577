"""Something of the product replaced for a while: by a quicker form of the same, or by a planted fault."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any


@contextlib.contextmanager
def replaced(owner: Any, name: str, value: Any) -> Iterator[None]:
    """The attribute replaced for the length of a block."""
    before = getattr(owner, name)
    setattr(owner, name, value)
    try:
        yield
    finally:
        setattr(owner, name, before)


@contextlib.contextmanager
def recoded(function: Any, other: Any) -> Iterator[None]:
    """A function that does something else for the length of a block, also for whoever imported it by its name. The
    other one sees the names of the first one's module, and none of its own."""
    before = function.__code__
    function.__code__ = other.__code__
    try:
        yield
    finally:
        function.__code__ = before
