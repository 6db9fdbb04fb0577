"""Receipts that a holder checks alone, and certificates that anybody can read."""

from __future__ import annotations

import json
from dataclasses import replace

import boto3
import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from functions.administer.verifying import Verifying
from functions.apply.attesting import Attesting, CertificateNotMetError
from shared import keys
from shared.attestation import faults
from shared.aws import clients
from shared.aws.signer import Signer
from shared.aws.table import Update
from shared.instants import parse_iso
from shared.problems import ProblemsError
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


def test_every_submission_keeps_its_receipt_and_gets_its_proof(world: World, attesting: Attesting) -> None:
    started = world.start()
    documents = [a_document(project__title="A"), a_document(contact__email=None), a_document(project__title="B")]
    sent = [world.submit(started.application.id, document).submission for document in documents]
    close(world)
    receipts = [attesting.receipt(*world.applying.status(started.link), one.submission) for one in sent]
    said = [kept["statement"] for kept in receipts]
    assert [(one["submission"], one["sha256"], one["outcome"]) for one in said] == [
        (one.submission, one.sha256, one.outcome.value) for one in sent
    ]
    assert {one["certified"]["root"] for one in said} == {attesting.certificate(ROUND)["root"]}
    for kept in receipts:
        assert faults(kept, lambda *signed: is_signed_by(attesting, *signed)) == []


def test_no_receipt_is_given_out_that_contradicts_the_certificate(world: World, attesting: Attesting) -> None:
    mine, theirs = world.start(), world.start()
    world.submit(mine.application.id)
    altered = world.submit(theirs.application.id, a_document(contact__email=None)).submission
    close(world)
    key = keys.submission_key(ROUND, altered.application, altered.submission, altered.version_id)
    world.table.write(Update(key, set={"outcome": "accepted"}))
    for link in (mine.link, theirs.link):
        with pytest.raises(CertificateNotMetError, match="certificate 1 of 2019-autumn"):
            attesting.receipt(*world.applying.status(link))


def test_what_was_sent_twice_with_one_form_has_the_receipt_of_what_counts(world: World, attesting: Attesting) -> None:
    started = world.start()
    first = world.upload(started.application.id)
    again = world.put(first.key, raw(a_document()))
    for one in (again, first):
        world.intake.ingest(one)
    assert sorted(one.outcome for one in world.submissions()) == ["accepted", "duplicate"]
    kept = attesting.receipt(*world.applying.status(started.link), world.submissions()[0].submission)
    assert kept["statement"]["outcome"] == "accepted"


def test_a_submission_of_somebody_else_has_no_receipt_for_the_holder_of_a_link(
    world: World, attesting: Attesting
) -> None:
    mine, theirs = world.start(), world.start()
    world.submit(mine.application.id)
    other = world.submit(theirs.application.id).submission
    for wrong in (other.submission, "", "#", "x" * 3000):
        with pytest.raises(ProblemsError) as error:
            attesting.receipt(*world.applying.status(mine.link), wrong)
        assert (error.value.status, error.value.problems[0].code) == (404, "no-receipt-yet")


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
