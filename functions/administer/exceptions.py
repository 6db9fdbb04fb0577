"""What staff do for one applicant alone, each with a reason on record: register a withdrawal that came by letter, let
somebody in after the deadline, ask for a completion."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, StringConstraints

from shared import keys, totals
from shared.applications import DRAFT_LIFETIME, STAFF, Application, ApplicationState
from shared.aws.rows import audit, count, replace_application, replace_round, require_round
from shared.aws.table import ABSENT, ConditionFailedError, ConflictError, Put, Table, Write
from shared.instants import BadInstantError, from_local, iso, whole_second
from shared.links import SECRET_BYTES, Link, new_link
from shared.problems import refuse
from shared.programme import load
from shared.references import RANDOM_BYTES, new_reference, read_reference, spaced
from shared.rounds import Access, Phase, Round, RoundState, round_phase, wrong_state

_MOST_TRIES = 4
_UNDECIDED = (RoundState.OPEN, RoundState.CLOSING, RoundState.CLOSED)
_Reason = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=1000)]


class _Request(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class Withdrawal(_Request):
    """Who asked for it, and how."""

    reason: _Reason


class LettingIn(_Request):
    """Until when, and why. `application` is the reference of one that was started; without it there will be a new one,
    with a private link to give away."""

    until: Annotated[str, StringConstraints(max_length=40)]
    reason: _Reason
    application: Annotated[str, StringConstraints(max_length=40)] | None = None


class Completion(_Request):
    """Until when, and what is missing, in words for the applicant."""

    until: Annotated[str, StringConstraints(max_length=40)]
    what: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=2000)]


@dataclass(frozen=True, slots=True)
class Exceptions:
    """What the staff routes for one application work with. `who` did it is an argument of everything that changes.
    `pages_address` is where the applicants' pages are, without a slash at its end."""

    table: Table
    pages_address: str
    now: Callable[[], datetime]
    random: Callable[[int], bytes]

    def withdraw(self, round_id: str, reference: str, request: Withdrawal, who: str) -> dict[str, Any]:
        """Register a withdrawal, until the round is decided; decisions that are in must be handed in again.

        Raises ProblemsError: 404, or 409 where there is nothing to withdraw or the round is decided.
        """
        for _ in range(_MOST_TRIES):
            now = self.now()
            call, application, decided = self._read(round_id, reference)
            if call.state not in _UNDECIDED:
                raise wrong_state(call.state, RoundState.CLOSED)
            if application.state is ApplicationState.WITHDRAWN:
                raise refuse("already-withdrawn", status=409)
            if application.state is not ApplicationState.SUBMITTED:
                raise refuse("nothing-to-withdraw", status=409)
            after = totals.kept(application, certified=call.is_certified).withdrawn(now, STAFF)
            facts = {"application": application.id, "reason": request.reason}
            event = audit(call.id, now, who, "application withdrawn by staff", self.random(RANDOM_BYTES), **facts)
            try:
                self._commit(call, application, after, event)
            except (ConditionFailedError, ConflictError):
                continue
            return {
                "application": application.id,
                "reference": spaced(application.id),
                "state": after.state.value,
                "withdrawn_at": iso(now),
                "decisions_outdated": decided,
            }
        raise ConflictError("gave way several times")

    def let_in(self, round_id: str, request: LettingIn, who: str) -> dict[str, Any]:
        """Let one applicant send something although the round's time is over, until it is decided.

        Raises ProblemsError: 404; 409 where the round is still open or is decided, or its closing is not finished.
        """
        return self._give(round_id, request.application, request.until, who, "applicant let in", request.reason)

    def ask_completion(self, round_id: str, reference: str, request: Completion, who: str) -> dict[str, Any]:
        """Let an applicant change what they submitted, and tell them what is asked for. Until a new version is
        accepted, the one before it counts.

        Raises ProblemsError as `let_in` does; 409 also where nothing stands that could be completed.
        """
        what = "completion asked for"
        return self._give(round_id, reference, request.until, who, what, request.what, asked=request.what)

    def _give(
        self, round_id: str, reference: str | None, until: str, who: str, what: str, reason: str, *, asked: str = ""
    ) -> dict[str, Any]:
        for _ in range(_MOST_TRIES):
            now = self.now()
            call = require_round(self.table, round_id)
            access = replace(self._access(call, until, now), asked=asked)
            known = None if reference is None else self._read(round_id, reference)[1]
            write, application, link = self._started(call, access, now) if known is None else _let_in(known, access)
            facts = {"application": application, "until": iso(access.until), "reason": reason}
            event = audit(call.id, now, who, what, self.random(RANDOM_BYTES), **facts)
            latest = max(access.until, call.exceptions_until or access.until)
            try:
                self.table.transact([replace_round(call, replace(call, exceptions_until=latest)), write, event])
            except (ConditionFailedError, ConflictError):
                continue
            return self._told(call, application, access, link)
        raise ConflictError("gave way several times")

    def _access(self, call: Round, until: str, now: datetime) -> Access:
        phase = round_phase(call, now)
        if phase in (Phase.SCHEDULED, Phase.OPEN):
            raise refuse("round-still-open", status=409)
        if phase in (Phase.DECIDED, Phase.ANNOUNCED):
            raise wrong_state(call.state, RoundState.CLOSED)
        # What is being marked for removal at this moment might be what they send.
        if phase is Phase.CLOSED and call.exceptions_until is None:
            marked = self.table.get(keys.effect_key(call.id, keys.leftovers_marked(call.certificates)))
            if marked is None or "done_at" not in marked:
                raise refuse("closing-unfinished", status=409)
        try:
            instant = whole_second(from_local(until, load(call.programme).zone, end_of_day=True))
        except BadInstantError as error:
            raise refuse("bad-instant", "until", given=until) from error
        if instant <= now:
            raise refuse("instant-too-early", "until")
        return Access(instant, whole_second(now))

    def _started(self, call: Round, access: Access, now: datetime) -> tuple[Write, str, Link]:
        """A new application for somebody who had started none."""
        reference = new_reference(self.random(RANDOM_BYTES))
        link = new_link(call.id, reference, self.random(SECRET_BYTES))
        language = load(call.programme).languages[0]
        # Revision 1, because ingest takes 0 for a draft that nobody was let in with.
        application = Application(reference, call.id, link.hash, language, now, revision=1, access=access)
        stored = {**application.as_item(), "expires_at": int((now + DRAFT_LIFETIME).timestamp())}
        return Put(keys.application_key(call.id, reference), stored, ABSENT), reference, link

    def _told(self, call: Round, application: str, access: Access, link: Link | None) -> dict[str, Any]:
        told: dict[str, Any] = {
            "application": application,
            "reference": spaced(application),
            "until": iso(access.until),
            "time_zone": load(call.programme).time_zone,
        }
        if link is not None:
            language = load(call.programme).languages[0]
            told["link"] = f"{self.pages_address}/{language}/form#{link.token}"
            told["token"] = link.token
        return told

    def _read(self, round_id: str, reference: str) -> tuple[Round, Application, bool]:
        """Round and application, and whether there are decisions."""
        identifier = read_reference(reference) or "-"
        call, stored, decided = self.table.get_several(
            keys.round_key(round_id), keys.application_key(round_id, identifier), keys.decisions_key(round_id)
        )
        if call is None:
            raise refuse("no-such-round", status=404)
        if stored is None:
            raise refuse("unknown-reference", status=404, given=reference)
        return Round.from_item(call), Application.from_item(stored), decided is not None

    def _commit(self, call: Round, before: Application, after: Application, event: Write) -> None:
        """One transaction. The round's revision grows with it, so that whoever is deciding at this moment gives way."""
        change = count(call.id, totals.change(before, after))
        self.table.transact([replace_round(call, call), replace_application(before, after), change, event])


def _let_in(known: Application, access: Access) -> tuple[Write, str, None]:
    if access.asked and known.state is not ApplicationState.SUBMITTED:
        raise refuse("nothing-to-complete", status=409, given=spaced(known.id))
    if known.access is not None:
        if access.until < known.access.until:
            raise refuse("instant-too-early", "until")
        access = replace(access, asked=access.asked or known.access.asked)
    # A draft that nobody sends expires all the same.
    update = replace(replace_application(known, replace(known, access=access)), remove=())
    return update, known.id, None
