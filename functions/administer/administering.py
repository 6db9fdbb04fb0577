"""What staff do with rounds: create, extend, close, advance, and read what is there."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from shared import keys, totals
from shared.applications import Application
from shared.aws.messages import Functions
from shared.aws.rows import (
    audit,
    change_round,
    commit_round_change,
    create_round,
    read_application,
    read_applications,
    read_rounds,
    require_round,
    standing,
)
from shared.aws.table import ConditionFailedError, Table
from shared.instants import BadInstantError, from_local, iso, whole_second
from shared.problems import Problem, ProblemsError, problem, refuse
from shared.programme import Programme, UnknownProgrammeError, available, load
from shared.references import RANDOM_BYTES, read_reference, spaced
from shared.rounds import FORM_LIFETIME, Round, RoundState, wrong_state
from shared.trail import FOR_VERIFICATION

_CLOCKS_DIFFER = timedelta(seconds=5)
"""More than the clocks of two functions ever do."""
_Line = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]
_Reason = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=1000)]
_Moment = Annotated[str, StringConstraints(max_length=40)]


class _Request(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class RoundName(_Request):
    """What people call the round."""

    sv: _Line
    en: _Line


class NewRound(_Request):
    """A round to be created. Dates and times without an offset are in the programme's time zone."""

    id: Annotated[str, StringConstraints(max_length=60)]
    name: RoundName
    programme: Annotated[str, StringConstraints(max_length=80)]
    opens: _Moment
    closes: _Moment | None = None
    budget: Annotated[int, Field(ge=1, le=10**10)] | None = None
    grace_seconds: Annotated[int, Field(ge=0, le=7200)] | None = None


class Extension(_Request):
    """A later end, and why."""

    closes: _Moment
    reason: _Reason


class EarlyClosing(_Request):
    """Why the round ends now."""

    reason: _Reason


@dataclass(frozen=True, slots=True)
class Administering:
    """What the staff routes for rounds work with. `who` did it is an argument of everything that changes."""

    table: Table
    functions: Functions
    advance: str
    now: Callable[[], datetime]
    random: Callable[[int], bytes]

    def rounds(self) -> list[dict[str, Any]]:
        """Every round, by identifier."""
        return [self._public(call) for call in read_rounds(self.table)]

    def create(self, request: NewRound, who: str) -> dict[str, Any]:
        """A new round. Raises ProblemsError with every mistake; 409 where the id is taken."""
        call = planned(request)
        closes_at = call.as_item()["closes_at"]
        event = audit(call.id, self.now(), who, "round created", self.random(RANDOM_BYTES), closes_at=closes_at)
        try:
            self.table.transact(create_round(call, event))
        except ConditionFailedError as error:
            raise refuse("round-exists", "id", status=409, given=call.id) from error
        return self._public(call)

    def show(self, round_id: str) -> dict[str, Any]:
        """A round with its totals, certificate and decisions, as far as there are any."""
        call = require_round(self.table, round_id)
        number = call.next_announcement
        counted, certificate, decided, corrected = self.table.get_several(
            keys.totals_key(round_id),
            keys.certificate_key(round_id),
            # What was awarded is what was announced last: it changes with the round's own row, and not before.
            keys.decisions_key(round_id, call.announcement or number),
            keys.decisions_key(round_id, number + (call.announcement is None)),
        )
        return {
            "round": self._public(call),
            "totals": totals.as_json(totals.counters(counted or {})) | {"awarded": _awarded(decided)},
            "certificate": _without_keys(certificate),
            "decisions": _without_keys(decided),
            "correction": _without_keys(standing(corrected)),
        }

    def extend(self, round_id: str, request: Extension, who: str) -> dict[str, Any]:
        """Move the end later, while the round is scheduled or open, grace and draining included.

        Raises ProblemsError; 409 where the round is past that, or changed at the same moment.
        """
        call = require_round(self.table, round_id)
        programme = load(call.programme)
        if call.state not in (RoundState.SCHEDULED, RoundState.OPEN, RoundState.CLOSING):
            raise wrong_state(call.state, RoundState.OPEN)
        if call.closes_at is None:
            raise refuse("round-has-no-end", status=409)
        closes_at = _instant("closes", request.closes, programme, end_of_day=True)
        if isinstance(closes_at, Problem):
            raise ProblemsError([closes_at])
        if closes_at <= max(call.closes_at, self.now()):
            raise refuse("not-an-extension", "closes", closes=programme.moment(call.closes_at, seconds=True))
        reopened = RoundState.OPEN if call.state is RoundState.CLOSING else call.state
        now = whole_second(self.now())
        after = replace(call, closes_at=closes_at, state=reopened, closing_since=None, extended_at=now)
        return self._change(call, after, who, "round extended", request.reason)

    def close(self, round_id: str, request: EarlyClosing, who: str) -> dict[str, Any]:
        """End the time for applications now; the scheduled job does the rest after the grace.

        The grace is at least as long as a form lives, since forms are out that were signed for a later end: what
        was begun before the closing may finish, as at any deadline.
        """
        call = require_round(self.table, round_id)
        now = whole_second(self.now())
        if call.state in (RoundState.OPEN, RoundState.CLOSING) and call.closes_at is not None and call.closes_at < now:
            raise refuse(
                "round-time-over", status=409, closed=load(call.programme).moment(call.closes_at, seconds=True)
            )
        if call.state is not RoundState.OPEN:
            raise wrong_state(call.state, RoundState.OPEN)
        grace = max(call.grace, FORM_LIFETIME + _CLOCKS_DIFFER)
        # Whoever was let in and not told, because everybody might send, has time of their own again.
        exceptions = call.exceptions + 1 if call.exceptions else 0
        after = replace(call, closes_at=now, grace=grace, extended_at=None, exceptions=exceptions)
        return self._change(call, after, who, "round closed early", request.reason)

    def advance_now(self) -> None:
        """Start the scheduled job without waiting for its minute."""
        self.functions.start(self.advance, {"source": "operator"})

    def applications(self, round_id: str) -> list[dict[str, Any]]:
        """A line for each application of the round, drafts too."""
        require_round(self.table, round_id)
        return [_line(application) for application in read_applications(self.table, round_id)]

    def application(self, round_id: str, reference: str) -> dict[str, Any]:
        """Everything that is stored of an application but its link. Raises ProblemsError with status 404."""
        known = read_reference(reference)
        application = read_application(self.table, round_id, known) if known else None
        if application is None:
            raise refuse("unknown-reference", status=404, given=reference)
        stored = application.as_item()
        del stored["link_hash"]
        return {**_line(application), **stored}

    def events(self, round_id: str) -> list[dict[str, Any]]:
        """The round's audit trail, oldest first."""
        require_round(self.table, round_id)
        found = self.table.query(keys.audit_partition(round_id))
        return [_without_keys(item, *FOR_VERIFICATION) or {} for item in found]

    def _change(self, before: Round, after: Round, who: str, what: str, reason: str) -> dict[str, Any]:
        closes_at = after.as_item()["closes_at"]
        facts = {"reason": reason, "closes_at": closes_at}
        event = audit(before.id, self.now(), who, what, self.random(RANDOM_BYTES), **facts)
        commit_round_change(self.table, change_round(before, after, event))
        return self._public(after)

    def _public(self, call: Round) -> dict[str, Any]:
        return call.public(self.now(), load(call.programme).time_zone)


def planned(request: NewRound) -> Round:
    """The round that a request describes. Raises ProblemsError with every mistake in it."""
    problems: list[Problem] = []
    if not keys.ROUND_ID.fullmatch(request.id):
        problems.append(problem("bad-round-id", "id"))
    try:
        programme = load(request.programme)
    except UnknownProgrammeError as error:
        unknown = problem("unknown-programme", "programme", given=request.programme, allowed=", ".join(available()))
        raise ProblemsError([*problems, unknown]) from error
    opens = _instant("opens", request.opens, programme, end_of_day=False)
    closes = _instant("closes", request.closes, programme, end_of_day=True) if request.closes else None
    problems += [one for one in (opens, closes) if isinstance(one, Problem)]
    if isinstance(opens, datetime) and isinstance(closes, datetime) and closes <= opens:
        problems.append(problem("closes-before-opens", "closes"))
    if problems or isinstance(opens, Problem) or isinstance(closes, Problem):
        raise ProblemsError(problems)
    grace = programme.grace_minutes * 60 if request.grace_seconds is None else request.grace_seconds
    return Round(
        id=request.id,
        name=request.name.model_dump(),
        programme=request.programme,
        state=RoundState.SCHEDULED,
        opens_at=opens,
        closes_at=closes,
        grace=timedelta(seconds=grace),
        budget=request.budget,
    )


def _instant(path: str, text: str, programme: Programme, *, end_of_day: bool) -> datetime | Problem:
    try:
        return whole_second(from_local(text, programme.zone, end_of_day=end_of_day))
    except BadInstantError:
        return problem("bad-instant", path, given=text)


def _line(application: Application) -> dict[str, Any]:
    current = application.current
    return {
        "application": application.id,
        "reference": spaced(application.id),
        "state": application.state.value,
        "applicant": current.facts.applicant.name if current else None,
        "title": current.facts.title if current else None,
        "requested": current.facts.requested if current else None,
        "version": current.number if current else None,
        "arrived_at": iso(current.arrived_at) if current else None,
        "problems": [found.code for found in application.refused.problems] if application.refused else [],
    }


def _awarded(decided: dict[str, Any] | None) -> int | None:
    return decided["sum"] if decided is not None and "approved_by" in decided else None


def _without_keys(item: dict[str, Any] | None, *others: str) -> dict[str, Any] | None:
    hidden = {"pk", "sk", *others}
    return None if item is None else {name: value for name, value in item.items() if name not in hidden}
