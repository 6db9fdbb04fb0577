"""Receipts that a holder checks alone, certificates that anybody can read, and their verification by staff."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import boto3
import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from functions.administer.verifying import Verifying
from functions.apply.attesting import Attesting
from shared import keys
from shared.attestation import faults
from shared.aws import clients
from shared.aws.signer import Signer
from shared.aws.table import Put, Update
from shared.instants import parse_iso
from shared.problems import ProblemsError
from shared.references import spaced
from tests.builders.documents import a_document, raw
from tests.functions.world import ROUND, World


@pytest.fixture
def attesting(world: World) -> Attesting:
    """With a key of KMS's."""
    clients.kms.cache_clear()
    made = boto3.client("kms").create_key(KeySpec="ECC_NIST_P256", KeyUsage="SIGN_VERIFY")
    return Attesting(world.table, Signer(clients.kms(), made["KeyMetadata"]["KeyId"]))


def is_signed_by(attesting: Attesting, message: bytes, signature: bytes) -> bool:
    key = load_pem_public_key(attesting.published_key().encode())
    assert isinstance(key, ec.EllipticCurvePublicKey)
    try:
        key.verify(signature, message, ec.ECDSA(SHA256()))
    except InvalidSignature:
        return False
    return True


def close(world: World) -> None:
    world.now = parse_iso("2019-10-16T08:00:00Z")
    world.lifecycle.tick()


def verifying(world: World) -> Verifying:
    return Verifying(world.table, world.bucket)


def test_a_receipt_holds_before_closing_and_is_proven_after_it(world: World, attesting: Attesting) -> None:
    starteds = [world.start() for _ in range(3)]
    for started in starteds:
        world.submit(started.application.id)
    call, application = world.applying.status(starteds[1].link)
    before = attesting.receipt(call, application)
    assert "certified" not in before["statement"]
    close(world)
    after = attesting.receipt(*world.applying.status(starteds[1].link))
    certificate = attesting.certificate(ROUND)
    assert after["statement"]["certified"]["root"] == certificate["root"]
    for kept in (before, after):
        assert faults(json.loads(json.dumps(kept)), lambda *signed: is_signed_by(attesting, *signed)) == []
    assert before["statement"]["sha256"] == application.current.sha256 if application.current else False


def test_a_receipt_names_no_person(world: World, attesting: Attesting) -> None:
    started = world.start()
    world.submit(started.application.id)
    assert "asa.oberg" not in json.dumps(attesting.receipt(*world.applying.status(started.link)))


def test_a_refused_submission_has_its_receipt_too(world: World, attesting: Attesting) -> None:
    started = world.start()
    world.submit(started.application.id, a_document(contact__email=None))
    assert attesting.receipt(*world.applying.status(started.link))["statement"]["outcome"] == "rejected"


def test_an_upload_after_the_certificate_is_not_in_it_and_breaks_no_other_proof(
    world: World, attesting: Attesting
) -> None:
    early, late = world.start(), world.start()
    world.submit(early.application.id)
    close(world)
    world.submit(late.application.id)
    proven = attesting.receipt(*world.applying.status(early.link))
    unproven = attesting.receipt(*world.applying.status(late.link))
    assert "certified" not in unproven["statement"]
    assert unproven["statement"]["outcome"] == "late"
    for kept in (proven, unproven):
        assert faults(kept, lambda *signed: is_signed_by(attesting, *signed)) == []


def test_where_there_is_nothing_to_show_the_answer_says_why(world: World, attesting: Attesting) -> None:
    started = world.start()
    unsigned = replace(attesting, signer=None)
    answers = []
    for ask in (
        lambda: attesting.receipt(*world.applying.status(started.link)),
        lambda: attesting.certificate(ROUND),
        unsigned.published_key,
        lambda: verifying(world).certificate(ROUND),
    ):
        with pytest.raises(ProblemsError) as error:
            ask()
        answers.append((error.value.status, error.value.problems[0].code))
    assert answers == [
        (404, "no-receipt-yet"),
        (404, "not-certified-yet"),
        (404, "nothing-is-signed"),
        (404, "not-certified-yet"),
    ]


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
    assert differences_after(arrived_at="2019-10-01T07:59:59Z") == ["document"]
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


def test_a_certificate_that_is_altered_anywhere_is_found_out(closed: World) -> None:
    stored = closed.table.get(keys.certificate_key(ROUND))
    assert stored is not None
    unnoticed = []
    for path in leaves(stored):
        altered = copy.deepcopy(stored)
        place = altered
        for step in path[:-1]:
            place = place[step]
        place[path[-1]] = 99 if isinstance(place[path[-1]], int) else "altered"
        facts = {name: value for name, value in altered.items() if name not in ("pk", "sk")}
        closed.table.write(Put(keys.certificate_key(ROUND), facts))
        if not verifying(closed).certificate(ROUND)["differences"]:
            unnoticed.append("/".join(path))
    assert unnoticed == []


def leaves(value: dict[str, Any], path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    for name, inner in value.items():
        if name in ("pk", "sk"):
            continue
        if isinstance(inner, dict):
            yield from leaves(inner, (*path, name))
        else:
            yield (*path, name)
