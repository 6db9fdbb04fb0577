"""Faults in what becomes of an arrival or a withdrawal: what stands in for what. `planted_arrivals` has the list."""

from __future__ import annotations

import contextlib
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from boto3.dynamodb.conditions import Attr

from functions.ingest import intake
from functions.ingest.intake import Intake
from shared import totals
from shared.applications import APPLICANT, Application, ApplicationState, Arrival, Outcome
from shared.aws.table import Check, Update, Write
from shared.instants import whole_second
from shared.rounds import Access, Round, held
from tests.simulation.replacing import replaced

ANYTHING = Attr("pk").exists() | Attr("pk").not_exists()


def writes(change: Callable[[list[Write]], list[Write]]) -> Callable[[], contextlib.AbstractContextManager[None]]:
    """Ingest's transaction, changed."""
    original = intake._writes
    return lambda: replaced(intake, "_writes", lambda *some, **named: change(original(*some, **named)))


def loose(writes: list[Write], place: int) -> list[Write]:
    """Without the condition at that place."""
    write = writes[place]
    loose = Check(write.key, ANYTHING) if isinstance(write, Check) else replace(write, condition=None)
    return [*writes[:place], loose, *writes[place + 1 :]]


def change(wrong: Callable[..., dict[str, int]]) -> Callable[[], contextlib.AbstractContextManager[None]]:
    original = totals.change
    return lambda: replaced(totals, "change", lambda *some: wrong(original, *some))


def whole_again(original: Any, before: Application, after: Application, *rest: Any) -> dict[str, int]:
    return dict(original(Application(before.id, before.round_id, "", "", before.started_at), after, *rest))


def duplicate_too(original: Any, before: Application, after: Application, *rest: Any) -> dict[str, int]:
    if rest == (Outcome.DUPLICATE,):
        before = Application(before.id, before.round_id, "", "", before.started_at)
    return dict(original(before, after, *rest))


def processing_time() -> contextlib.AbstractContextManager[None]:
    original = Intake._record

    def record(self: Intake, name: Any, arrival: Any, call: Round) -> Any:
        return original(self, name, replace(arrival, arrived_at=whole_second(self.now())), call)

    return replaced(Intake, "_record", record)


def open_to_all(call: Round, _: Access | None) -> Round:
    """The round's own row says until when anybody is let in."""
    return call if call.exceptions_until is None else held(call, Access(call.exceptions_until, call.opens_at))


def open_long(call: Round, access: Access | None) -> Round:
    """Whoever was let in may send for as long as there is no certificate of it."""
    let_in = access is not None and call.exceptions_until is not None
    return held(call, replace(access, until=access.until + timedelta(days=1)) if let_in and access else access)


def counted_apart() -> contextlib.AbstractContextManager[None]:
    """Application and outcome in one write, totals in the next."""
    original = Intake._record

    class Apart:
        def __init__(self, table: Any) -> None:
            self._table, self.get = table, table.get

        def transact(self, writes: Sequence[Write]) -> None:
            self._table.transact(writes[:-1])
            self._table.write(writes[-1])

    def record(self: Intake, *rest: Any) -> Any:
        return original(replace(self, table=Apart(self.table)), *rest)  # type: ignore[arg-type]

    return replaced(Intake, "_record", record)


def always_newer() -> contextlib.AbstractContextManager[None]:
    original = Application.with_arrival

    def with_arrival(self: Application, arrival: Any) -> Any:
        outcome, after = original(self, arrival)
        if outcome is Outcome.ACCEPTED and after is self:
            long_ago = replace(self.current, arrived_at=self.started_at - timedelta(days=999)) if self.current else None
            return original(replace(self, current=long_ago), arrival)
        return outcome, after

    return replaced(Application, "with_arrival", with_arrival)


def by_version_id(arrived_at: datetime, submission: str, version_id: str) -> str:
    return f"{version_id}#{arrived_at}#{submission}"


def unpadded(arrived_at: datetime, submission: str, version_id: str) -> str:
    """What AWS calls a sequencer is compared as text, padded; so are our instants. These are not."""
    return f"{arrived_at.hour}:{arrived_at.minute}:{arrived_at.second}#{submission}#{version_id}"


def still_expiring(some: list[Write]) -> list[Write]:
    """Ingest's transaction leaves the draft's expiry where it was."""
    return [replace(one, remove=()) if isinstance(one, Update) else one for one in some]


def cut_titles(some: list[Write]) -> list[Write]:
    """Ingest's transaction stores a title that is not the document's."""

    def cut(write: Write) -> Write:
        if not isinstance(write, Update) or not write.set.get("current"):
            return write
        current = write.set["current"]
        facts = {**current["facts"], "title": f"{current['facts']['title']}…"}
        return replace(write, set={**write.set, "current": {**current, "facts": facts}})

    return [cut(one) for one in some]


def loose_withdrawal() -> contextlib.AbstractContextManager[None]:
    """A withdrawal counts itself in a second write."""
    from functions.apply.applying import Applying

    original = Applying._commit

    class Apart:
        def __init__(self, table: Any) -> None:
            self._table = table

        def transact(self, some: Sequence[Write]) -> None:
            counting = [one for one in some if one.key["sk"] == "TOTALS"]
            self._table.transact([one for one in some if one not in counting])
            for one in counting:
                self._table.write(one)

    def commit(self: Applying, *rest: Any) -> None:
        original(replace(self, table=Apart(self.table)), *rest)  # type: ignore[arg-type]

    return replaced(Applying, "_commit", commit)


def withdrawn_untold() -> contextlib.AbstractContextManager[None]:
    """A withdrawal leaves no event."""
    from functions.apply.applying import Applying

    original = Applying._commit

    def commit(self: Applying, call: Round, before: Any, after: Any, changed: Any, _: Any) -> None:
        original(self, call, before, after, changed, [])

    return replaced(Applying, "_commit", commit)


def by_its_own_clock(self: Application, now: datetime, by: str = APPLICANT) -> Application:
    """A withdrawal is of the instant that the function has, whatever S3 has noted of what it withdraws."""
    return replace(self, withdrawn_at=now, withdrawn_by=by)


def before_its_second(self: Application) -> ApplicationState:
    """What arrived in the second of a withdrawal came after it."""
    arrived, withdrawn = self.current.arrived_at if self.current else None, self.withdrawn_at
    if withdrawn is not None and arrived is not None and arrived == whole_second(withdrawn):
        return ApplicationState.SUBMITTED
    state: ApplicationState = _STATE.__get__(self)
    return state


_STATE: Any = Application.state


def no_county(application: Application) -> Counter[str]:
    """An application counts nowhere in the country."""
    return Counter({name: count for name, count in _CONTRIBUTION(application).items() if not name.startswith("county")})


_CONTRIBUTION = totals.contribution


def older_refused(self: Application, arrival: Arrival) -> tuple[Outcome, Application]:
    """What is handled after a newer version is refused."""
    outcome, after = _WITH_ARRIVAL(self, arrival)
    return (Outcome.REJECTED, after) if outcome is Outcome.ACCEPTED and after is self else (outcome, after)


_WITH_ARRIVAL = Application.with_arrival
