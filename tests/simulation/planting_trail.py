"""Faults in what the audit trail tells, and in what becomes of dead letters: what stands in for what."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from functions.administer.dead_letters import DeadLetters, Job
from functions.advance.closing import Closing
from functions.announce.announcing import Announcing
from functions.apply.applying import Applying
from shared.aws.table import Item, Put, Write
from shared.rounds import Round
from tests.simulation.replacing import replaced


def exceptions_certified_untold() -> contextlib.AbstractContextManager[None]:
    """The certificate of those who were let in leaves no event."""
    original = Closing._certify

    class Untold:
        def __init__(self, table: Any) -> None:
            self._table = table

        def __getattr__(self, name: str) -> Any:
            return getattr(self._table, name)

        def transact(self, some: Sequence[Write]) -> None:
            further = any(isinstance(one, Put) and "number" in one.attributes for one in some)
            self._table.transact([one for one in some if not further or not one.key["pk"].startswith("AUDIT#")])

    def certify(self: Closing, *rest: Any) -> Any:
        return original(replace(self, table=Untold(self.table)), *rest)  # type: ignore[arg-type]

    return replaced(Closing, "_certify", certify)


def another_withdrew() -> contextlib.AbstractContextManager[None]:
    """The event of a withdrawal names another application."""
    original = Applying._commit

    def commit(self: Applying, call: Round, before: Any, after: Any, changed: Any, also: Sequence[Put]) -> None:
        events = [replace(event, attributes={**event.attributes, "application": "0000000000"}) for event in also]
        original(self, call, before, after, changed, events)

    return replaced(Applying, "_commit", commit)


def published_by_the_job(self: Announcing, call: Round, stored: Item, *rest: Any) -> Item:
    """The event of an announcement names the scheduled job, whoever claimed it."""
    return _RECORD(self, call, {**stored, "claimed_by": "scheduled job"}, *rest)


_RECORD = Announcing._record


def first_job_for_all(self: DeadLetters, letter: Any) -> Job:  # noqa: ARG001
    """Whatever a dead letter asks for, the schedule is started."""
    return self.advance, {"source": "redrive"}
