"""Faults that only a request through the door can show."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from typing import Any

from shared.aws import http
from tests.simulation.doors import HTTP_COPIES, http_copy
from tests.simulation.replacing import replaced

_STAFFED = ("administer", "decide", "announce")
_COPIES = HTTP_COPIES[:8]


def refusals_are_well() -> contextlib.AbstractContextManager[None]:
    """What is refused is answered as if it had been done."""
    original = http.problem_document

    def all_well(*some: Any) -> Any:
        response = original(*some)
        response.status_code = 200
        return response

    return replaced(http, "problem_document", all_well)


@contextlib.contextmanager
def first_caller_remembered() -> Iterator[None]:
    """A running copy keeps who signed, as it keeps its clients."""
    with contextlib.ExitStack() as stack:
        for function in _STAFFED:
            for number in _COPIES:
                module = http_copy(function, number)
                stack.enter_context(replaced(module, "who", _remembered(module.who)))
        yield


def _remembered(who: Callable[[Any], str]) -> Callable[[Any], str]:
    known: list[str] = []

    def first(app: Any) -> str:
        known.append(who(app))
        return known[0]

    return first
