"""Verification by staff: whatever was altered in a closed round is found, and nothing else is called a difference."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from datetime import timedelta
from functools import reduce
from operator import getitem
from typing import Any

import pytest

from functions.administer.exceptions import Exceptions, LettingIn
from functions.administer.verifying import Verifying
from shared import keys
from shared.applications import Outcome
from shared.aws import clients
from shared.aws.bucket import Bucket, Seen
from shared.aws.table import Put, Update
from shared.instants import iso, parse_iso
from shared.problems import ProblemsError
from shared.references import spaced
from tests.builders.documents import a_document, raw
from tests.functions.world import ROUND, World


def close(world: World) -> None:
    world.now = parse_iso("2019-10-16T08:00:00Z")
    world.lifecycle.tick()


def verifying(world: World) -> Verifying:
    return Verifying(world.table, world.bucket)


def test_a_true_certificate_is_verified_also_when_late_uploads_came_after_it(world: World) -> None:
    late = world.start()
    world.submit(world.start().application.id)
    close(world)
    world.submit(late.application.id)
    verified = verifying(world).certificate(ROUND)
    assert (verified["differences"], verified["after_certificate"]) == ([], 1)


def test_every_altered_row_object_or_certificate_is_found(world: World) -> None:
    draft = world.start().application.id
    submission = world.submit(draft).submission
    close(world)
    row = keys.submission_key(ROUND, draft, submission.submission, submission.version_id)
    application = keys.application_key(ROUND, draft)
    stored = {place["sk"]: world.table.get(place) or {} for place in (row, application, keys.certificate_key(ROUND))}

    def differences_after(change: Update) -> list[str]:
        world.table.write(change)
        found: list[str] = verifying(world).certificate(ROUND)["differences"]
        before = {name: value for name, value in stored[change.key["sk"]].items() if name not in ("pk", "sk")}
        world.table.write(Update(change.key, set=before))
        assert verifying(world).certificate(ROUND)["differences"] == []
        return found

    assert differences_after(Update(row, set={"sha256": "00" * 32})) == ["root"]
    assert differences_after(Update(row, set={"outcome": "rejected"})) == ["outcomes", "root", "totals"]
    assert differences_after(Update(row, set={"arrived_at": "2019-10-01T08:00:01Z"})) == ["root"]
    assert differences_after(Update(keys.certificate_key(ROUND), set={"root": "00" * 32})) == ["root"]
    assert differences_after(Update(keys.certificate_key(ROUND), set={"objects": 2})) == ["objects"]
    current = stored[application["sk"]]["current"]
    dearer = {**current, "facts": {**current["facts"], "requested": 1}}
    assert differences_after(Update(application, set={"current": dearer})) == ["by", "requested", "totals"]
    world.upload(draft)
    assert "missing" in verifying(world).certificate(ROUND)["differences"]


def test_every_application_is_held_against_the_upload_that_it_came_from(world: World) -> None:
    one = world.start().application.id
    first = world.submit(one, a_document(project__title="Vatten åt alla")).submission
    second = world.submit(one, a_document(project__title="Vatten åt flera")).submission
    never_sent, refused = world.start().application.id, world.start().application.id
    world.submit(refused, a_document(project__years=9))
    place = keys.application_key(ROUND, one)
    stored = world.table.get(place) or {}
    current = stored["current"]
    assert [verifying(world).application(ROUND, each)["differences"] for each in (one, never_sent, refused)] == [[]] * 3

    def differences_after(**changed: object) -> list[str]:
        world.table.write(Update(place, set={"current": {**current, **changed}}))
        found: list[str] = verifying(world).application(ROUND, spaced(one))["differences"]
        world.table.write(Update(place, set={"current": current}))
        return found

    facts = current["facts"]
    assert differences_after(facts={**facts, "title": "Vatten åt få"}) == ["facts"]
    assert differences_after(facts={**facts, "requested": facts["requested"] + 1}) == ["facts"]
    assert differences_after(sha256="00" * 32) == ["document", "submissions"]
    assert differences_after(arrived_at="2019-10-01T07:59:59Z") == ["document", "submissions"]
    assert differences_after(number=7) == ["submissions"]
    older = {"submission": first.submission, "version_id": first.version_id, "sha256": first.sha256}
    same_size = len(raw(a_document(project__title="Vatten åt alla")))
    assert differences_after(**older, number=1, size=same_size) == ["facts", "submissions"]
    assert differences_after(size=1) == ["document"]
    gone = [{**file, "version_id": "gone"} for file in facts["attachments"]]
    assert differences_after(facts={**facts, "attachments": gone}) == ["attachments"]
    world.table.write(Update(place, set={"state": "withdrawn"}))
    assert verifying(world).application(ROUND, one)["differences"] == ["state"]
    world.table.write(Update(place, set={"state": "submitted"}, remove=("current",)))
    assert verifying(world).application(ROUND, one)["differences"] == ["state", "submissions"]
    world.table.write(Update(place, set={"current": current}))
    document = keys.document_object(ROUND, one, second.submission)
    clients.s3().delete_object(Bucket="uploads", Key=document, VersionId=second.version_id)
    assert verifying(world).application(ROUND, one)["differences"] == ["document"]


@pytest.mark.parametrize("sent", [a_document(), a_document(project__years=9)], ids=["accepted", "refused"])
def test_whose_link_opens_an_application_is_as_its_uploads_say(world: World, sent: dict[str, Any]) -> None:
    one = world.start().application
    world.submit(one.id, sent)
    place = keys.application_key(ROUND, one.id)
    others = {"link_hash": world.start().application.link_hash, "language": "en", "started_at": "2019-10-01T07:00:00Z"}
    for name, other in others.items():
        before = (world.table.get(place) or {})[name]
        world.table.write(Update(place, set={name: other}))
        assert verifying(world).application(ROUND, one.id)["differences"] == ["origin"]
        world.table.write(Update(place, set={name: before}))
        assert verifying(world).application(ROUND, one.id)["differences"] == []


def test_a_file_that_was_swapped_for_another_of_its_size_is_found(world: World) -> None:
    one = world.start().application.id
    world.submit(one)
    place = keys.application_key(ROUND, one)
    current = (world.table.get(place) or {})["current"]
    first, *others = current["facts"]["attachments"]
    swapped = world.put(keys.attachment_object(ROUND, one, first["sha256"]), b"x" * first["size"])
    attachments = [{**first, "version_id": swapped.version_id}, *others]
    world.table.write(
        Update(place, set={"current": {**current, "facts": {**current["facts"], "attachments": attachments}}})
    )
    assert verifying(world).application(ROUND, one)["differences"] == ["attachments"]


def test_of_each_file_the_version_that_was_looked_at_is_read_once(world: World) -> None:
    """Whatever was uploaded to the same name after it."""

    class Reads(Bucket):
        def look_at(self, key: str, version_id: str, *, most: int) -> Seen:
            reads.append(key)
            return super().look_at(key, version_id, most=most)

    reads: list[str] = []
    one = world.start().application.id
    world.submit(one)
    for file in a_document()["attachments"]:
        world.put(keys.attachment_object(ROUND, one, file["sha256"]), b"x" * file["size"])
    watched = Verifying(world.table, Reads(clients.s3(), "uploads"))
    assert watched.application(ROUND, one)["differences"] == []
    assert sorted(reads) == sorted(
        keys.attachment_object(ROUND, one, file["sha256"]) for file in a_document()["attachments"]
    )


def test_every_submission_is_held_against_its_own_upload(world: World) -> None:
    one, refused = world.start().application.id, world.start().application.id
    older = world.submit(one, a_document(project__title="Vatten åt alla")).submission
    world.submit(one)
    never = world.submit(refused, a_document(project__years=9)).submission
    for submission in (older, never):
        place = keys.submission_key(ROUND, submission.application, submission.submission, submission.version_id)
        for altered in ({"sha256": "00" * 32}, {"arrived_at": "2019-10-01T07:59:59Z"}):
            world.table.write(Update(place, set=altered))
            assert "document" in verifying(world).application(ROUND, submission.application)["differences"]
        world.table.write(Update(place, set={name: submission.as_item()[name] for name in ("sha256", "arrived_at")}))
        assert verifying(world).application(ROUND, submission.application)["differences"] == []
        document = keys.document_object(ROUND, submission.application, submission.submission)
        clients.s3().delete_object(Bucket="uploads", Key=document, VersionId=submission.version_id)
        assert verifying(world).application(ROUND, submission.application)["differences"] == ["document"]


def test_what_was_refused_last_is_what_the_row_says_was(world: World) -> None:
    one = world.start().application.id
    world.submit(one, a_document(project__years=9))
    world.now += timedelta(minutes=1)
    world.submit(one, a_document(project__years=8))
    place = keys.application_key(ROUND, one)
    refused = (world.table.get(place) or {})["refused"]
    assert verifying(world).application(ROUND, one)["differences"] == []
    alterations: list[dict[str, Any]] = [
        {"problems": []},
        {"outcome": "late"},
        {"arrived_at": "2019-10-01T08:02:00Z"},
        {"contact": {**refused["contact"], "email": "somebody@else.example"}},
        {"version_id": "another"},
    ]
    for altered in alterations:
        world.table.write(Update(place, set={"refused": {**refused, **altered}}))
        assert verifying(world).application(ROUND, one)["differences"] == ["refusal"], altered
    world.table.write(Update(place, set={"state": "draft"}, remove=("refused",)))
    assert verifying(world).application(ROUND, one)["differences"] == ["refusal"]


def test_a_current_version_that_is_made_of_a_repeat_is_found(world: World) -> None:
    one = world.start().application.id
    world.submit(one)
    world.now += timedelta(minutes=1)
    repeated = world.submit(one).submission
    assert repeated.outcome is Outcome.DUPLICATE
    place = keys.application_key(ROUND, one)
    current = (world.table.get(place) or {})["current"]
    named = {name: repeated.as_item()[name] for name in ("submission", "version_id", "arrived_at", "number")}
    assert verifying(world).application(ROUND, one)["differences"] == []
    world.table.write(Update(place, set={"current": {**current, **named}}))
    assert verifying(world).application(ROUND, one)["differences"] == ["submissions"]


def test_an_application_whose_row_is_gone_is_missed_by_its_submissions(world: World) -> None:
    gone = world.start().application.id
    close(world)
    world.submit(gone)  # too late, so that no certificate counts it
    assert verifying(world).certificate(ROUND)["differences"] == []
    remove(keys.application_key(ROUND, gone))
    assert "applications" in verifying(world).certificate(ROUND)["differences"]


def test_an_upload_that_vanished_after_it_was_recorded_is_told(world: World) -> None:
    submission = world.submit(world.start().application.id).submission
    close(world)
    document = keys.document_object(ROUND, submission.application, submission.submission)
    clients.s3().delete_object(Bucket="uploads", Key=document, VersionId=submission.version_id)
    assert verifying(world).certificate(ROUND)["differences"] == ["objects", "vanished"]


def test_a_repeated_or_withdrawn_application_is_as_it_was_uploaded(world: World) -> None:
    started = world.start()
    world.submit(started.application.id)
    world.submit(started.application.id)
    world.applying.withdraw(started.link)
    assert verifying(world).application(ROUND, started.application.id)["differences"] == []


def test_an_unknown_reference_is_told(world: World) -> None:
    with pytest.raises(ProblemsError) as error:
        verifying(world).application(ROUND, "7K3M-9QXR-C")
    assert (error.value.status, error.value.problems[0].code) == (404, "unknown-reference")


@pytest.mark.parametrize("number", [1, 2])
def test_a_certificate_that_is_altered_anywhere_is_found_out(closed: World, number: int) -> None:
    certify_an_exception(closed)
    stored = closed.table.get(keys.certificate_key(ROUND, number))
    assert stored is not None
    assert verifying(closed).certificate(ROUND)["differences"] == []
    written = {name: value for name, value in stored.items() if name not in ("pk", "sk")}
    unnoticed = []
    for what, altered in alterations(written):
        closed.table.write(Put(keys.certificate_key(ROUND, number), altered))
        if not verifying(closed).certificate(ROUND)["differences"]:
            unnoticed.append(what)
    assert unnoticed == []


def alterations(written: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Each value raised, lowered or replaced, each name left out, and one added wherever there are names."""
    for path, value in values(written):
        told = "/".join(path)
        if isinstance(value, dict):
            yield f"more in {told}", changed(written, (*path, "more"), 1)
        for new in [value + 1, value - 1] if isinstance(value, int) else ["altered"]:
            yield f"{told} is {new}", changed(written, path, new)
        yield f"without {told}", changed(written, path)
    yield "more", {**written, "more": 1}


def changed(written: dict[str, Any], path: tuple[str, ...], *new: Any) -> dict[str, Any]:
    altered = copy.deepcopy(written)
    place = reduce(getitem, path[:-1], altered)
    place.pop(path[-1], None)
    for value in new:
        place[path[-1]] = value
    return altered


def values(of: dict[str, Any], path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Everything in it, the parts of parts included."""
    for name, inner in of.items():
        yield (*path, name), inner
        if isinstance(inner, dict):
            yield from values(inner, (*path, name))


def certify_an_exception(closed: World) -> None:
    """Somebody is let in, sends something, and is certified."""
    until = closed.now + timedelta(days=1)
    exceptions = Exceptions(closed.table, "https://ansok.funder.example", closed.clock, closed.random, mails=True)
    closed.lifecycle.tick()
    told = exceptions.let_in(ROUND, LettingIn(until=iso(until), reason="Strömavbrott"), "anna")
    closed.submit(told["application"])
    closed.now = until + timedelta(minutes=12)
    closed.lifecycle.tick()
    assert closed.round().certificates == 2


def test_a_certificate_is_not_hidden_by_saying_that_there_is_none(closed: World) -> None:
    certify_an_exception(closed)
    closed.table.write(Update(keys.round_key(ROUND), set={"supplements": 0}))
    assert "certificates" in verifying(closed).certificate(ROUND)["differences"]
    remove(keys.certificate_key(ROUND, 2))
    assert "certificates" in verifying(closed).certificate(ROUND)["differences"]


def test_a_certificate_that_was_taken_away_is_missed(closed: World) -> None:
    remove(keys.certificate_key(ROUND))
    assert {"certificates", "root"} <= {*verifying(closed).certificate(ROUND)["differences"]}


def test_the_instant_of_a_closing_is_that_of_its_event(closed: World) -> None:
    later = "2019-12-01T00:00:00Z"
    closed.table.write(Update(keys.round_key(ROUND), set={"closed_at": later}))
    closed.table.write(Update(keys.certificate_key(ROUND), set={"certified_at": later}))
    assert verifying(closed).certificate(ROUND)["differences"] == ["certified_at", "closed_at"]


def remove(place: keys.Key) -> None:
    clients.dynamodb().delete_item(TableName="anslag", Key={name: {"S": value} for name, value in place.items()})


def test_rows_that_cannot_be_read_are_named_all_at_once(world: World) -> None:
    one, other = world.start().application.id, world.start().application.id
    row = world.submit(one).submission
    submission = keys.submission_key(ROUND, one, row.submission, row.version_id)
    close(world)
    world.table.write(Update(keys.round_key(ROUND), set={"programme": "municipal-partnership-1919"}))
    world.table.write(Update(keys.application_key(ROUND, other), set={"application": one}))
    world.table.write(Update(submission, set={"outcome": "acepted"}))
    with pytest.raises(ProblemsError) as error:
        verifying(world).certificate(ROUND)
    (problem,) = error.value.problems
    assert (error.value.status, problem.code) == (409, "rows-unreadable")
    named = f"ROUND#{ROUND}, APPLICATION#{other}, {submission['sk']}"
    assert named in problem.sv
    assert named in problem.en
