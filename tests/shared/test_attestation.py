"""Receipts: what they state holds under the key, and every altered byte of them is found."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256

from shared.applications import Outcome
from shared.attestation import faults, path, receipt, signed_bytes, statement
from shared.submissions import Submission, root_hash
from tests.shared.test_applications import START

KEY = ec.generate_private_key(ec.SECP256R1())
ONE = Submission("2019-autumn", "7K3M9QXRC", "S0", "v0", START, START, Outcome.ACCEPTED, 1, "ab" * 32)
ROUND = [replace(ONE, submission=f"S{number}", version_id=f"v{number}") for number in range(7)]


def is_signed(message: bytes, signature: bytes) -> bool:
    try:
        KEY.public_key().verify(signature, message, ec.ECDSA(SHA256()))
    except InvalidSignature:
        return False
    return True


def kept(certified: list[Submission] | None) -> dict[str, Any]:
    said = statement(ONE, certified)
    sisters = path(ONE, certified) if certified else []
    return receipt(said, KEY.sign(signed_bytes(said), ec.ECDSA(SHA256())), sisters)


@pytest.mark.parametrize("certified", [None, ROUND])
def test_a_true_receipt_has_no_faults_also_after_a_trip_through_a_file(certified: list[Submission] | None) -> None:
    assert faults(json.loads(json.dumps(kept(certified))), is_signed) == []


def test_a_receipt_of_a_certified_round_states_its_root() -> None:
    assert kept(ROUND)["statement"]["certified"] == {"root": root_hash(ROUND), "size": 7, "index": 0}


@pytest.mark.parametrize(
    "field", ["round", "application", "submission", "version_id", "arrived_at", "sha256", "outcome"]
)
def test_every_altered_field_is_found(field: str) -> None:
    altered = kept(ROUND)
    altered["statement"][field] = "2019-10-01T08:00:01Z" if field == "arrived_at" else "x"
    assert "receipt-not-signed" in [one.code for one in faults(altered, is_signed)]


def changed(change: Callable[[dict[str, Any]], object]) -> dict[str, Any]:
    altered = copy.deepcopy(kept(ROUND))
    change(altered)
    return altered


@pytest.mark.parametrize(
    ("altered", "fault"),
    [
        (changed(lambda one: one["path"].pop()), "receipt-not-proven"),
        (changed(lambda one: one["path"].reverse()), "receipt-not-proven"),
        (changed(lambda one: one["statement"]["certified"].update(root="00" * 32)), "receipt-not-signed"),
        (changed(lambda one: one["statement"].pop("certified")), "receipt-not-signed"),
        (changed(lambda one: one.update(signature="AAAA")), "receipt-not-signed"),
        (changed(lambda one: one.update(algorithm="none")), "receipt-of-another-kind"),
        (changed(lambda one: one.pop("signature")), "not-a-receipt"),
        ({}, "not-a-receipt"),
        ([], "not-a-receipt"),
        ("receipt", "not-a-receipt"),
    ],
)
def test_what_is_no_true_receipt_is_told_without_breaking(altered: Any, fault: str) -> None:
    assert fault in [one.code for one in faults(altered, is_signed)]


def test_another_round_with_one_row_altered_has_another_root() -> None:
    altered = [replace(ROUND[3], outcome=Outcome.REJECTED), *ROUND[:3], *ROUND[4:]]
    assert root_hash(altered) != root_hash(ROUND)
