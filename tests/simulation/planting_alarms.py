"""Faults planted in alarms: in template.yaml as it is read, and in what functions tell CloudWatch."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator

from tests.simulation import alarms, handlers
from tests.simulation.replacing import replaced

_JOBS = 9
_READ = alarms._read


def template_says(name: str, **other: object) -> Callable[[], contextlib.AbstractContextManager[None]]:
    """One alarm's properties, changed."""

    @contextlib.contextmanager
    def plant() -> Iterator[None]:
        read = lambda found, said: _READ(found, said | other if found == name else said)  # noqa: E731
        with replaced(alarms, "_read", read):
            alarms.alarms.cache_clear()
            yield
        alarms.alarms.cache_clear()

    return plant


def tells_nothing(function: str) -> Callable[[], contextlib.AbstractContextManager[None]]:
    """A function that prints no numbers."""

    @contextlib.contextmanager
    def plant() -> Iterator[None]:
        metrics = handlers.copy_of(function, _JOBS).metrics
        with replaced(metrics, "add_metric", lambda *_: None), replaced(metrics, "flush_metrics", lambda: None):
            yield

    return plant
