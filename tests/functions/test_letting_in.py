"""One applicant let in after the deadline: the form opens, what arrives in time counts once, and every proof holds."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from functions.administer.exceptions import Completion, LettingIn
from functions.apply.applying import Started, standing
from functions.apply.attesting import Attesting
from functions.apply.uploads import FormsRequest
from functions.ingest.intake import AfterCertificateError
from shared import keys
from shared.applications import ApplicationState, Outcome
from shared.attestation import faults
from shared.aws import clients
from shared.aws.bucket import Bucket, ObjectVersion
from shared.aws.table import Update
from shared.instants import iso, parse_iso
from shared.links import Link, read_link
from shared.problems import ProblemsError
from shared.rounds import RoundState
from tests.builders.documents import a_document
from tests.functions.staff import decided, deciding, filled_in, refused
from tests.functions.test_exceptions import counted, exceptions, verified
from tests.functions.world import ROUND, World
from tests.simulation.doubles.signer import MemorySigner

UNTIL = parse_iso("2019-10-18T15:00:00Z")
_GRACE = timedelta(minutes=10)
_DRAIN = timedelta(minutes=1)
FORMS = FormsRequest.model_validate({"document": {"size": 10, "sha256": "0" * 64}})


def let_in(world: World, reference: str | None = None, until: Any = UNTIL) -> dict[str, Any]:
    request = LettingIn(until=iso(until), reason="Strömavbrott i kommunhuset", application=reference)
    return exceptions(world).let_in(ROUND, request, "anna")


def link_of(told: dict[str, Any]) -> Link:
    link = read_link(f"Bearer {told['token']}")
    assert link is not None
    return link


def over(world: World) -> None:
    """The exception's time is over, and the scheduled job has seen to it."""
    world.now = UNTIL + _GRACE + _DRAIN + timedelta(seconds=1)
    world.lifecycle.tick()


@pytest.fixture
def settled(closed: World) -> World:
    """A closed round that the scheduled job has finished with."""
    closed.lifecycle.tick()
    return closed


def test_a_new_link_is_made_and_opens_the_form_until_the_instant(settled: World) -> None:
    told = let_in(settled)
    link = link_of(told)
    assert told["link"] == f"https://ansok.funder.example/sv/form#{link.token}"
    seen = standing(*settled.applying.status(link), settled.now)
    assert (seen["state"], seen["round"]["phase"], seen["round"]["closes_at"]) == ("draft", "open", iso(UNTIL))
    assert settled.applying.round(ROUND)["phase"] == "closed"
    event = settled.administering.events(ROUND)[-1]
    assert (event["what"], event["who"], event["reason"], event["until"]) == (
        "applicant let in",
        "anna",
        "Strömavbrott i kommunhuset",
        iso(UNTIL),
    )


def test_forms_are_signed_for_the_one_and_for_nobody_else_and_end_with_the_grace(settled: World) -> None:
    other = let_in(settled)
    link = link_of(other)
    settled.now = UNTIL
    assert settled.applying.sign(link, FORMS)["expires_at"] == iso(UNTIL + _GRACE + timedelta(seconds=1))
    settled.now = UNTIL - timedelta(days=1)
    assert settled.applying.sign(link, FORMS)["expires_at"] == iso(settled.now + timedelta(minutes=15))
    settled.now = UNTIL + timedelta(seconds=1)
    with pytest.raises(ProblemsError) as error:
        settled.applying.sign(link, FORMS)
    assert refused(error) == (409, [("round-not-open", "")])
    assert "18 oktober 2019" in error.value.problems[0].sv


def test_somebody_who_had_begun_goes_on_with_their_own_link(world: World) -> None:
    started, other = world.start(), world.start()
    world.now = parse_iso("2019-10-16T08:00:00Z")
    world.lifecycle.tick()
    world.lifecycle.tick()
    assert "token" not in let_in(world, started.application.id)
    world.applying.sign(started.link, FORMS)
    with pytest.raises(ProblemsError) as error:
        world.applying.sign(other.link, FORMS)
    assert refused(error) == (409, [("round-not-open", "")])
    with pytest.raises(ProblemsError) as error:
        world.applying.start(ROUND, "sv")
    assert refused(error) == (409, [("round-not-open", "")])


@pytest.mark.parametrize(
    ("arrives", "outcome"),
    [
        (UNTIL - timedelta(hours=1), Outcome.ACCEPTED),
        (UNTIL + _GRACE, Outcome.ACCEPTED),
        (UNTIL + _GRACE + timedelta(seconds=1), Outcome.LATE),
    ],
)
def test_what_counts_is_judged_by_when_it_arrived_and_not_by_when_it_is_handled(
    settled: World, arrives: Any, outcome: Outcome
) -> None:
    reference = let_in(settled)["application"]
    upload = settled.upload(reference, at=arrives)
    settled.now = UNTIL + timedelta(days=2)
    assert settled.intake.ingest(upload).submission.outcome is outcome
    assert settled.intake.ingest(upload).again


def test_what_others_send_is_still_late(settled: World) -> None:
    let_in(settled)
    (submission, *_) = settled.submissions()
    assert settled.submit(submission.application).submission.outcome is Outcome.LATE


def test_it_counts_once_and_the_certificate_of_the_closing_stays_true(settled: World) -> None:
    before, certificate = counted(settled), settled.table.get(keys.certificate_key(ROUND))
    reference = let_in(settled)["application"]
    submission = settled.submit(reference).submission
    assert (submission.outcome, submission.after_certificate) == (Outcome.ACCEPTED, 1)
    after = counted(settled)
    assert after["applications"]["submitted"] == before["applications"]["submitted"] + 1
    assert settled.table.get(keys.certificate_key(ROUND)) == certificate
    found = verified(settled)
    assert (found["differences"], found["after_certificate"]) == ([], 1)
    over(settled)
    further = settled.table.get(keys.certificate_key(ROUND, 2)) or {}
    assert (further["number"], further["objects"], further["missing"]) == (2, 1, 0)
    assert further["outcomes"] == {"accepted": 1, "rejected": 0, "late": 0, "duplicate": 0}
    assert (settled.round().supplements, settled.round().exceptions_until) == (1, None)
    assert verified(settled)["differences"] == []
    settled.table.write(Update(keys.certificate_key(ROUND, 2), set={"root": "00" * 32}))
    assert verified(settled)["differences"] == ["root of certificate 2"]


def test_a_receipt_is_proven_by_the_certificate_that_stands_for_it(settled: World) -> None:
    from tests.simulation.kernel import Kernel

    attesting = Attesting(settled.table, MemorySigner(Kernel(settled.clock)))
    told = let_in(settled)
    settled.submit(told["application"])
    unproven = attesting.receipt(*settled.applying.status(link_of(told)))
    over(settled)
    proven = attesting.receipt(*settled.applying.status(link_of(told)))
    certificate = attesting.certificate(ROUND)
    assert "certified" not in unproven["statement"]
    assert proven["statement"]["certified"]["root"] == certificate["supplements"][0]["root"] != certificate["root"]
    assert [faults(kept, lambda *_: True) for kept in (unproven, proven)] == [[], []]


def test_an_upload_whose_notification_was_lost_is_found_before_it_is_certified(settled: World) -> None:
    reference = let_in(settled)["application"]
    upload = settled.upload(reference)
    over(settled)
    assert settled.round().supplements == 0
    (letter,) = settled.uploads.receive(hidden_seconds=30)
    assert json.loads(letter.body)["detail"]["object"]["key"] == upload.key
    settled.intake.ingest(upload)
    settled.lifecycle.tick()
    assert settled.round().supplements == 1
    assert verified(settled)["differences"] == []


def test_what_turns_up_after_its_certificate_is_left_to_a_person(settled: World) -> None:
    reference = let_in(settled)["application"]
    over(settled)
    upload = settled.upload(reference, at=UNTIL)
    with pytest.raises(AfterCertificateError):
        settled.intake.ingest(upload)


def test_decisions_wait_for_whoever_was_let_in_and_then_decide_on_them(settled: World) -> None:
    digest = deciding(settled).take_in(ROUND, filled_in(settled), "anna")["digest"]
    reference = let_in(settled)["application"]
    settled.submit(reference)
    with pytest.raises(ProblemsError) as error:
        deciding(settled).approve(ROUND, digest, "bertil")
    assert refused(error) == (409, [("exceptions-open", "")])
    over(settled)
    with pytest.raises(ProblemsError) as error:
        deciding(settled).approve(ROUND, digest, "bertil")
    assert refused(error) == (409, [("decisions-outdated", "")])
    decided(settled)
    assert settled.round().state is RoundState.DECIDED
    with pytest.raises(ProblemsError) as error:
        let_in(settled, until=settled.now + timedelta(days=1))
    assert refused(error) == (409, [("round-in-wrong-state", "")])


def _open(world: World) -> None:
    world.now = parse_iso("2019-10-15T21:59:59Z")


def _finished(world: World) -> None:
    world.now = parse_iso("2019-10-16T08:00:00Z")
    world.lifecycle.tick()


@pytest.mark.parametrize(
    ("before", "code", "until"),
    [
        (_open, "round-still-open", UNTIL),
        (_finished, "instant-too-early", "2019-10-16T10:00:00+02:00"),
        (_finished, "bad-instant", "snart"),
    ],
)
def test_nobody_is_let_in_before_the_deadline_or_into_the_past(
    world: World, before: Callable[[World], Any], code: str, until: Any
) -> None:
    before(world)
    moment = until if isinstance(until, str) else iso(until)
    with pytest.raises(ProblemsError) as error:
        exceptions(world).let_in(ROUND, LettingIn(until=moment, reason="Sent"), "anna")
    assert error.value.problems[0].code == code
    assert world.round().exceptions_until is None


def test_a_time_that_was_given_is_made_longer_and_never_shorter(settled: World) -> None:
    reference = let_in(settled)["application"]
    with pytest.raises(ProblemsError) as error:
        let_in(settled, reference, UNTIL - timedelta(hours=1))
    assert refused(error) == (422, [("instant-too-early", "until")])
    let_in(settled, reference, UNTIL + timedelta(days=1))
    let_in(settled, until=UNTIL)
    assert settled.round().exceptions_until == UNTIL + timedelta(days=1)
    with pytest.raises(ProblemsError) as error:
        let_in(settled, "7K3M-9QXR-C")
    assert refused(error) == (404, [("unknown-reference", "")])


def test_somebody_let_in_while_the_round_closes_is_in_its_certificate_if_they_send_before_it(world: World) -> None:
    started: Started = world.start()
    world.now = parse_iso("2019-10-15T22:05:00Z")
    let_in(world, started.application.id)
    world.submit(started.application.id)
    world.now = parse_iso("2019-10-16T08:00:00Z")
    world.lifecycle.tick()
    assert (world.table.get(keys.certificate_key(ROUND)) or {})["objects"] == 1
    world.submit(started.application.id, a_document(project__title="En bättre rubrik"))
    over(world)
    assert (world.table.get(keys.certificate_key(ROUND, 2)) or {})["objects"] == 1
    assert counted(world)["applications"] == {"submitted": 1}
    assert verified(world)["differences"] == []


def test_whoever_may_send_while_the_bucket_is_listed_is_certified_when_their_time_is_over(world: World) -> None:
    """It takes long, and what arrives meanwhile may not be seen."""
    started = world.start()
    world.now = parse_iso("2019-10-15T22:05:00Z")
    let_in(world, started.application.id)

    class Slow(Bucket):
        def versions(self, prefix: str) -> Iterator[ObjectVersion]:
            listed = list(super().versions(prefix))
            world.upload(started.application.id)
            world.now = UNTIL + _GRACE + _DRAIN + timedelta(seconds=1)
            return iter(listed)

    world.now = UNTIL
    closing = world.lifecycle.closing
    world.table.write(Update(keys.round_key(ROUND), set={"state": "closing"}))
    closed = replace(closing, bucket=Slow(clients.s3(), "uploads")).close(world.round())
    assert closed is not None
    assert closed.certified
    assert world.round().exceptions_until == UNTIL


def test_the_holder_may_withdraw_as_long_as_they_may_send(settled: World) -> None:
    told = let_in(settled)
    settled.submit(told["application"])
    settled.now += timedelta(minutes=1)
    call, application = settled.applying.withdraw(link_of(told))
    assert application.state is ApplicationState.WITHDRAWN
    assert counted(settled)["applications"]["withdrawn"] == 1
    over(settled)
    assert verified(settled)["differences"] == []
    assert replace(call, exceptions_until=None).id == ROUND


def test_a_completion_is_asked_for_and_the_version_before_it_counts_until_there_is_one(world: World) -> None:
    started = world.start()
    world.submit(started.application.id)
    _finished(world)
    asking = Completion(until=iso(UNTIL), what="Budgeten saknar år 2.\nSkicka den igen.")
    told = exceptions(world).ask_completion(ROUND, started.application.id, asking, "anna")
    assert "token" not in told
    seen = standing(*world.applying.status(started.link), world.now)
    assert (seen["state"], seen["round"]["phase"], seen["asked"]) == (
        "submitted",
        "open",
        {"what": "Budgeten saknar år 2.\nSkicka den igen.", "until": iso(UNTIL), "answered": False},
    )
    event = world.administering.events(ROUND)[-1]
    assert (event["what"], event["who"], event["reason"]) == ("completion asked for", "anna", asking.what)
    world.now += timedelta(minutes=1)
    assert world.submit(started.application.id, a_document(project__years=9)).submission.outcome is Outcome.REJECTED
    assert (counted(world)["applications"], counted(world)["requested"]) == ({"submitted": 1}, 850_000)
    assert not standing(*world.applying.status(started.link), world.now)["asked"]["answered"]
    smaller = a_document(budget__0__amount=200_000)
    assert world.submit(started.application.id, smaller).submission.number == 2
    assert standing(*world.applying.status(started.link), world.now)["asked"]["answered"]
    assert counted(world)["requested"] < 850_000
    assert (verified(world)["differences"], verified(world)["changed_after_certificate"]) == ([], 1)
    over(world)
    assert "asked" not in standing(*world.applying.status(started.link), world.now)
    assert verified(world)["differences"] == []


def test_only_what_is_submitted_can_be_completed(settled: World) -> None:
    reference = let_in(settled)["application"]
    with pytest.raises(ProblemsError) as error:
        exceptions(settled).ask_completion(ROUND, reference, Completion(until=iso(UNTIL), what="Budget"), "anna")
    assert refused(error) == (409, [("nothing-to-complete", "")])
