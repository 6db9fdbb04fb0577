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
from functions.apply.attesting import Attesting
from shared.attestation import faults
from shared.aws import clients
from shared.aws.signer import Signer
from shared.instants import parse_iso
from shared.problems import ProblemsError
from tests.builders.documents import a_document
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
