"""What staff do for one applicant alone, each with a reason on record: register a withdrawal that came by letter, let
somebody in after the deadline, ask for a completion, end either before its time."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, StringConstraints

from shared import keys, totals
from shared.applications import DRAFT_LIFETIME, STAFF, Application, ApplicationState
from shared.aws.contacts import address_of
from shared.aws.rows import audit, change_round, count, read_applications, replace_application, require_round
from shared.aws.table import ABSENT, ConditionFailedError, ConflictError, Put, Table, Write
from shared.instants import BadInstantError, from_local, iso, whole_second
from shared.links import SECRET_BYTES, Link, new_link
from shared.problems import refuse
from shared.programme import load
from shared.references import RANDOM_BYTES, new_reference, read_reference, spaced
from shared.rounds import (
    FORM_LIFETIME,
    Access,
    Phase,
    Round,
    RoundState,
    is_everybodys,
    round_phase,
    wrong_state,
)
from shared.trail import COMPLETION_ASKED, EXCEPTION_ENDED, LET_IN, WITHDRAWN_BY_STAFF, access_digest

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


class Ending(_Request):
    """Why, in words for the applicant."""

    reason: _Reason


@dataclass(frozen=True, slots=True)
class Exceptions:
    """What the staff routes for one application work with. `who` did it is an argument of everything that changes.
    `pages_address` is where the applicants' pages are, without a slash at its end; `mails` is whether applicants are
    written to at all."""

    table: Table
    pages_address: str
    now: Callable[[], datetime]
    random: Callable[[int], bytes]
    mails: bool

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
            facts = {"application": application.id, "revision": application.revision, "reason": request.reason}
            facts |= {"withdrawn_at": iso(after.withdrawn_at or now), "origin": application.origin}
            event = audit(call.id, now, who, WITHDRAWN_BY_STAFF, self.random(RANDOM_BYTES), **facts)
            try:
                self._commit(call, application, after, event)
            except (ConditionFailedError, ConflictError):
                continue
            return {
                "application": application.id,
                "reference": spaced(application.id),
                "state": after.state.value,
                "withdrawn_at": iso(after.withdrawn_at or now),
                "decisions_outdated": decided,
            }
        raise ConflictError("gave way several times")

    def let_in(self, round_id: str, request: LettingIn, who: str) -> dict[str, Any]:
        """Let one applicant send something although the round's time is over, until it is decided.

        Raises ProblemsError: 404; 409 where the round is still open or is decided.
        """
        return self._give(round_id, request.application, request.until, who, LET_IN, request.reason)

    def ask_completion(self, round_id: str, reference: str, request: Completion, who: str) -> dict[str, Any]:
        """Let an applicant change what they submitted, and tell them what is asked for. Until a new version is
        accepted, the one before it counts.

        Raises ProblemsError as `let_in` does; 409 also where nothing stands that could be completed.
        """
        what = request.what
        return self._give(round_id, reference, request.until, who, COMPLETION_ASKED, what, asked=what)

    def end(self, round_id: str, reference: str, request: Ending, who: str) -> dict[str, Any]:
        """End what an applicant was let in for, or asked to complete, now. What arrived before stands, and uploads on
        their way have the round's grace.

        Raises ProblemsError: 404; 409 where the applicant has no more time than anybody, or not yet, because the round
        was extended and is open.
        """
        for _ in range(_MOST_TRIES):
            now = self.now()
            call, application, _ = self._read(round_id, reference)
            access = application.access
            given = spaced(application.id)
            if access is None or access.ended or access.until < whole_second(now) or is_everybodys(call, access):
                raise refuse("no-exception", status=409, given=given)
            if round_phase(call, now) is Phase.OPEN:
                raise refuse("exception-not-begun", status=409, given=given)
            ended = replace(access, until=whole_second(now), ended=request.reason)
            ended, letter = self._addressed(call, application, ended)
            # Forms that are out outlive it; what they bring is looked for before this time is certified.
            forms_over = ended.until + FORM_LIFETIME - call.grace
            latest = max([ended.until, forms_over, *self._untils_of_others(application)])
            facts = {"application": application.id, "revision": application.revision, "reason": request.reason}
            facts |= {"was_until": iso(access.until)} | _digests(application.link_hash, access, ended)
            event = audit(call.id, now, who, EXCEPTION_ENDED, self.random(RANDOM_BYTES), **facts)
            if self._committed(call, latest, _with_access(application, ended), event):
                return self._told(call, application.id, ended, letter)
        raise ConflictError("gave way several times")

    def _give(
        self, round_id: str, reference: str | None, until: str, who: str, what: str, reason: str, *, asked: str = ""
    ) -> dict[str, Any]:
        for _ in range(_MOST_TRIES):
            now = self.now()
            call = require_round(self.table, round_id)
            access = replace(self._access(call, until, now), asked=asked)
            known = None if reference is None else self._read(round_id, reference)[1]
            link: Link | None = None
            revision = 0
            if known is None:
                write, application, link = self._started(call, access, now)
                told, letter = _digests(link.hash, None, access), "no-address"  # Whoever has it in hand gives it away.
            else:
                access, letter = self._addressed(call, known, _prolonged(known, access))
                write, application, revision = _with_access(known, access), known.id, known.revision
                told = _digests(known.link_hash, known.access, access)
            facts = {"application": application, "revision": revision, "until": iso(access.until), "reason": reason}
            event = audit(call.id, now, who, what, self.random(RANDOM_BYTES), **facts, **told)
            latest = max(access.until, call.exceptions_until or access.until)
            if self._committed(call, latest, write, event):
                return self._told(call, application, access, letter, link)
        raise ConflictError("gave way several times")

    def _addressed(self, call: Round, known: Application, access: Access) -> tuple[Access, str]:
        """The access with the letter that tells of it, and whether that goes out. What was said before to the same
        address is not said again, and nobody is told days later of what staff were to write themselves."""
        before = known.access
        to = address_of(self.table, known) or (before.to if before is not None else "")
        if not self.mails or not to:
            return replace(access, letter=0, to=""), "no-address" if self.mails else "no-sender"
        access = replace(access, to=to)
        if before is not None and before.letter and replace(before, given_at=access.given_at) == access:
            return access, "sent-before"
        return replace(access, letter=call.exceptions + 1), "owed"

    def _untils_of_others(self, application: Application) -> Iterator[datetime]:
        for other in read_applications(self.table, application.round_id):
            if other.access is not None and other.id != application.id:
                yield other.access.until

    def _committed(self, call: Round, latest: datetime, write: Write, event: Put) -> bool:
        """One transaction, or False where somebody was faster. The letters of the round's exceptions are asked for
        again with every one more."""
        after = replace(call, exceptions_until=latest, exceptions=call.exceptions + 1)
        try:
            self.table.transact([*change_round(call, after, event), write])
        except (ConditionFailedError, ConflictError):
            return False
        return True

    def _access(self, call: Round, until: str, now: datetime) -> Access:
        phase = round_phase(call, now)
        if phase in (Phase.SCHEDULED, Phase.OPEN):
            raise refuse("round-still-open", status=409)
        if phase in (Phase.DECIDED, Phase.ANNOUNCED):
            raise wrong_state(call.state, RoundState.CLOSED)
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

    def _told(
        self, call: Round, application: str, access: Access, letter: str, link: Link | None = None
    ) -> dict[str, Any]:
        told: dict[str, Any] = {
            "application": application,
            "reference": spaced(application),
            "until": iso(access.until),
            "time_zone": load(call.programme).time_zone,
            "letter": letter,
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

    def _commit(self, call: Round, before: Application, after: Application, event: Put) -> None:
        """One transaction. The round's revision grows with it, so that whoever is deciding at this moment gives way."""
        change = count(call.id, totals.change(before, after))
        self.table.transact([*change_round(call, call, event), replace_application(before, after), change])


def _prolonged(known: Application, access: Access) -> Access:
    """What somebody is given who may have had something before. Time that was given is made longer and never shorter,
    unless it was ended. What was asked for in it is asked for still, where that time is not over and nothing has come
    of it; and it was asked for when it first was, so that an answer stays one."""
    if access.asked and known.state is not ApplicationState.SUBMITTED:
        raise refuse("nothing-to-complete", status=409, given=spaced(known.id))
    before = known.access
    if before is None or before.ended:
        return access
    if access.until < before.until:
        raise refuse("instant-too-early", "until")
    access = replace(access, letter=before.letter)
    if before.until < access.given_at or known.state is not ApplicationState.SUBMITTED:
        return access
    asked = access.asked or ("" if known.has_completed else before.asked)
    return replace(access, asked=asked, given_at=before.given_at if asked == before.asked else access.given_at)


def _digests(link_hash: str, before: Access | None, access: Access) -> dict[str, str]:
    """What an event says of the two, for verification."""
    return {"found": access_digest(link_hash, before), "access": access_digest(link_hash, access)}


def _with_access(known: Application, access: Access) -> Write:
    # A draft that nobody sends expires all the same.
    return replace(replace_application(known, replace(known, access=access)), remove=())
