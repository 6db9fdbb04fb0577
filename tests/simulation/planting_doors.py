"""Faults that only a request through the door can show."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from functions.administer.exceptions import Exceptions
from functions.apply.applying import Applying
from shared.aws import http
from shared.aws.rows import unchanged
from shared.aws.table import Write
from shared.instants import whole_second
from shared.rounds import _SECOND, FORM_LIFETIME, Round
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


def twice_in_one_commit() -> contextlib.AbstractContextManager[None]:
    """A withdrawal by letter writes the round, and checks it in the same transaction: no such thing is done."""
    original = Exceptions._commit

    class Checked:
        def __init__(self, table: Any, call: Round) -> None:
            self._table, self._call = table, call

        def transact(self, some: Sequence[Write]) -> None:
            self._table.transact([*some, unchanged(self._call)])

    def commit(self: Exceptions, call: Round, *rest: Any) -> None:
        original(replace(self, table=Checked(self.table, call)), call, *rest)  # type: ignore[arg-type]

    return replaced(Exceptions, "_commit", commit)


def five_minutes_early(self: Applying, *rest: Any) -> datetime:
    """Whoever asks for forms is told that the round is over before it is."""
    return _ADMIT(replace(self, now=lambda: self.now() + timedelta(minutes=5)), *rest)


_ADMIT = Applying._admit


def without_grace(call: Round, now: datetime) -> datetime:
    """Forms end with the deadline, and uploads that have begun with them."""
    soon = whole_second(now) + FORM_LIFETIME
    return soon if call.closes_at is None else min(soon, call.closes_at + _SECOND)
