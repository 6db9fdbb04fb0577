"""What an applicant can do through the API: start, ask for signed forms, see how it stands, withdraw."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Any

from boto3.dynamodb.conditions import Attr

from functions.apply.holding import hold
from functions.apply.uploads import MOST_FORMS, FormsRequest, file_problems, sign_forms
from shared import keys, register, totals
from shared.applications import DRAFT_LIFETIME, Application, ApplicationState, Version
from shared.aws.bucket import Bucket
from shared.aws.rows import audit, count, read_rounds, require_round, unchanged
from shared.aws.table import ABSENT, PRESENT, ConditionFailedError, ConflictError, Put, Table, Update
from shared.form import form, messages
from shared.instants import iso, whole_second
from shared.links import SECRET_BYTES, Link, new_link
from shared.problems import ProblemsError, refuse
from shared.programme import Programme, load
from shared.references import RANDOM_BYTES, new_reference, new_submission, spaced
from shared.rounds import Access, Phase, Round, held, last_for, round_phase
from shared.submissions import Submission
from shared.trail import WITHDRAWN

_MOST_TRIES = 4
_LISTED = (
    Phase.OPEN,
    Phase.SCHEDULED,
    Phase.GRACE,
    Phase.CLOSING,
    Phase.CLOSED,
    Phase.DECIDED,
    Phase.ANNOUNCED,
)


@dataclass(frozen=True, slots=True)
class Started:
    """A new application, and the link that only its holder ever sees."""

    application: Application
    link: Link
    call: Round


@dataclass(frozen=True, slots=True)
class Applying:
    """What the public routes work with. `random` gives that many unpredictable bytes."""

    table: Table
    bucket: Bucket
    now: Callable[[], datetime]
    random: Callable[[int], bytes]

    def rounds(self) -> list[dict[str, Any]]:
        """Every round as anybody may know it, those that are open first."""
        now = self.now()
        listed = [call.public(now, load(call.programme).time_zone) for call in read_rounds(self.table)]
        return sorted(listed, key=lambda call: (_LISTED.index(call["phase"]), call["opens_at"]))

    def round(self, round_id: str) -> dict[str, Any]:
        """One round with its programme, the form that a page draws, and the sentences for what a page checks."""
        call = require_round(self.table, round_id)
        programme = load(call.programme)
        return {
            **call.public(self.now(), programme.time_zone),
            "programme": form_data(programme),
            "form": form(programme),
            "messages": messages(),
        }

    def start(self, round_id: str, language: str) -> Started:
        """A new draft: one read and one write. Raises ProblemsError where the round is not open."""
        now, call = self.now(), require_round(self.table, round_id)
        _require_open(call, load(call.programme), now)
        for _ in range(_MOST_TRIES):
            reference = new_reference(self.random(RANDOM_BYTES))
            link = new_link(round_id, reference, self.random(SECRET_BYTES))
            application = Application(reference, round_id, link.hash, language, now)
            expires_at = int((now + DRAFT_LIFETIME).timestamp())
            draft = {**application.as_item(), "expires_at": expires_at}
            try:
                self.table.write(Put(keys.application_key(round_id, reference), draft, ABSENT))
            except ConditionFailedError:
                continue  # The reference is taken: one chance in a million at a million applications.
            return Started(application, link, call)
        raise ConflictError("no free reference")

    def sign(self, link: Link | None, request: FormsRequest) -> dict[str, Any]:
        """Signed forms for a new submission: one read and one write.

        Raises ProblemsError: 404 for a wrong link, 409 when the round is not open, 422 for files that would
        be refused, 429 when the application has used up its forms.
        """
        call, application = self._held(link)
        programme = load(call.programme)
        self._admit(call, application, programme)
        if problems := list(file_problems(request, programme)):
            raise ProblemsError(problems)
        wanted = request.count
        # PRESENT, because a draft may expire at this moment, and an update would make a row of nothing but a count.
        quota = PRESENT & (Attr("forms_signed").not_exists() | Attr("forms_signed").lte(MOST_FORMS - wanted))
        key = keys.application_key(call.id, application.id)
        try:
            self.table.write(Update(key, add={"forms_signed": wanted}, condition=quota))
        except ConditionFailedError as error:
            raise refuse("too-many-uploads", status=429) from error
        # The write may have taken seconds, and S3 counts a form's lifetime from its signing.
        now = self._admit(call, application, programme)
        submission = new_submission(now, self.random(RANDOM_BYTES)) if request.document else None
        mine = held(call, application.access)
        return sign_forms(request, mine, application, submission, bucket=self.bucket, now=now)

    def history(self, link: Link | None) -> dict[str, Any]:
        """Everything that was sent with the link, and what became of it, newest last: two reads."""
        call, application = self._held(link)
        items = self.table.query(keys.round_partition(call.id), keys.submissions_prefix(application.id))
        sent = sorted(map(Submission.from_item, items), key=lambda one: one.order)
        return {"submissions": [one.public() for one in sent], "now": iso(whole_second(self.now()))}

    def status(self, link: Link | None) -> tuple[Round, Application]:
        """The application that the link opens, with its round: one read."""
        return self._held(link)

    def withdraw(self, link: Link | None) -> tuple[Round, Application]:
        """Withdraw, while the round is open. Raises ProblemsError; 409 where there is nothing to withdraw."""
        for _ in range(_MOST_TRIES):
            now = self.now()
            call, application = self._held(link)
            _require_open(call, load(call.programme), now, application.access)
            if application.state is ApplicationState.WITHDRAWN:
                raise refuse("already-withdrawn", status=409)
            if application.state is not ApplicationState.SUBMITTED:
                raise refuse("nothing-to-withdraw", status=409)
            after = totals.kept(application, certified=call.is_certified).withdrawn(now)
            event = audit(
                call.id,
                now,
                "applicant",
                WITHDRAWN,
                self.random(RANDOM_BYTES),
                application=application.id,
                revision=application.revision,
                withdrawn_at=iso(after.withdrawn_at or now),
                origin=application.origin,
            )
            try:
                self._commit(call, application, after, _withdrawal(after), [event])
            except (ConditionFailedError, ConflictError):
                continue
            return call, replace(after, revision=application.revision + 1)
        raise ConflictError("gave way several times")

    def _held(self, link: Link | None) -> tuple[Round, Application]:
        held = hold(self.table, link)
        return held.call, held.application

    def _admit(self, call: Round, application: Application, programme: Programme) -> datetime:
        """This instant, at which the round is open. Raises ProblemsError, 409, where it is not."""
        now = self.now()
        if round_phase(call, now, application.access) is not Phase.OPEN:
            self._turn_away(call, application, now)
            _require_open(call, programme, now, application.access)
        return now

    def _turn_away(self, call: Round, application: Application, now: datetime) -> None:
        """Note, once, that somebody stood at the door after the deadline: staff are told how many did."""
        late = round_phase(call, now) is not Phase.SCHEDULED
        if not late or application.turned_away_at is not None:
            return
        after = replace(application, turned_away_at=now)
        try:
            self._commit(call, application, after, {"turned_away_at": iso(now)}, [])
        except (ConditionFailedError, ConflictError):
            return  # Something else moved at that moment. It is a note for staff; the refusal stands without it.

    def _commit(
        self,
        call: Round,
        before: Application,
        after: Application,
        changed: dict[str, Any],
        also: Sequence[Put],
    ) -> None:
        fence = Attr("revision").eq(before.revision)
        # What counts is kept: were the row to expire, the totals would no longer equal the recount.
        update = Update(
            keys.application_key(call.id, before.id),
            set={**changed, "revision": before.revision + 1},
            remove=("expires_at",),
            condition=fence,
        )
        self.table.transact([unchanged(call), update, count(call.id, totals.change(before, after)), *also])


def _withdrawal(after: Application) -> dict[str, Any]:
    stored = after.as_item()
    named = ("withdrawn_at", "withdrawn_by", "state", "certified")
    return {name: stored[name] for name in named if name in stored}


def _require_open(call: Round, programme: Programme, now: datetime, access: Access | None = None) -> None:
    phase = round_phase(call, now, access)
    if phase is Phase.SCHEDULED:
        raise refuse("round-not-yet-open", status=409, opens=programme.moment(call.opens_at))
    if phase is not Phase.OPEN:
        raise refuse("round-not-open", status=409, closed=programme.moment(held(call, access).closes_at or now))


def form_data(programme: Programme) -> dict[str, Any]:
    """What a page needs to know of its programme, beside the form: all but where the rules were taken from."""
    return {"key": programme.key, **programme.model_dump(exclude={"source", "questions", "form"})}


def published_register() -> dict[str, Any]:
    """Who can apply by code, as a page offers them."""
    entries = register.entries()
    municipalities = [one for one in entries if one.kind == register.MUNICIPALITY]
    regions = [one for one in entries if one.kind == register.REGION]
    return {
        "municipalities": [{"code": one.code, "name": one.name, "county": one.county_name} for one in municipalities],
        "regions": [{"code": one.code, "name": one.name} for one in regions],
    }


def standing(call: Round, application: Application, now: datetime) -> dict[str, Any]:
    """How an application stands, as its holder sees it: with the same letters that go out by e-mail."""
    from shared import receipt, refusal  # noqa: PLC0415  Babel is only needed here

    programme, language = load(call.programme), application.told_in
    current, refused = application.current, application.refused
    body: dict[str, Any] = {
        "application": application.id,
        "reference": spaced(application.id),
        "state": application.state.value,
        "started_at": iso(application.started_at),
        "round": call.public(now, programme.time_zone, application.access),
        "now": iso(whole_second(now)),
    }
    access = application.access
    if access is not None and access.asked and not access.ended and round_phase(call, now, access) is Phase.OPEN:
        until = iso(last_for(call, access))
        body["asked"] = {"what": access.asked, "until": until, "answered": application.has_completed}
    if application.withdrawn_at is not None:
        body["withdrawn_at"] = iso(application.withdrawn_at)
    if application.state is ApplicationState.WITHDRAWN:
        body["receipt"] = asdict(receipt.withdrawn(application, call, programme, language))
    elif current is not None:
        body["receipt"] = asdict(receipt.accepted(application, call, programme, language))
    if current is not None:
        body["current"] = _current(current)
    if refused is not None and refused.order > application.confirmed:
        missed = refusal.missed(application, call)
        body["refused"] = {
            "submission": refused.submission,
            "arrived_at": iso(refused.arrived_at),
            "outcome": refused.outcome.value,
            "deadline": iso(missed.closes_at) if missed is not None and missed.closes_at is not None else None,
            "problems": [found.as_json() for found in refused.problems],
            **asdict(refusal.refused(application, call, programme, language)),
        }
    return body


def _current(version: Version) -> dict[str, Any]:
    return {
        "submission": version.submission,
        "version": version.number,
        "arrived_at": iso(version.arrived_at),
        "sha256": version.sha256,
        "size": version.size,
        "title": version.facts.title,
        "requested": version.facts.requested,
        "attachments": [
            {name: file[name] for name in ("kind", "name", "size", "sha256", "type")}
            for file in version.facts.attachments
        ],
    }
