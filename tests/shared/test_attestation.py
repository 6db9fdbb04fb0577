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
from shared.attestation import faults, path, read_receipt, receipt, signed_bytes, statement
from shared.submissions import Submission, leaves, root_hash
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
    tree = leaves(certified) if certified else None
    said = statement(ONE, tree)
    sisters = path(ONE, tree) if tree else []
    return receipt(said, KEY.sign(signed_bytes(said), ec.ECDSA(SHA256())), sisters)


@pytest.mark.parametrize("certified", [None, ROUND])
def test_a_true_receipt_has_no_faults_also_after_a_trip_through_a_file(certified: list[Submission] | None) -> None:
    assert faults(json.loads(json.dumps(kept(certified))), is_signed) == []


def test_a_receipt_of_a_certified_round_states_its_root() -> None:
    assert kept(ROUND)["statement"]["certified"] == {"root": root_hash(ROUND), "size": 7, "index": 0}


@pytest.mark.parametrize(
    "field", ["round", "application", "submission", "version_id", "arrived_at", "sha256", "outcome", "record"]
)
def test_every_altered_field_is_found(field: str) -> None:
    altered = kept(ROUND)
    altered["statement"][field] = "2019-10-01T08:00:01Z" if field == "arrived_at" else "x"
    assert "receipt-not-signed" in [one.code for one in faults(altered, is_signed)]


def changed(change: Callable[[dict[str, Any]], object]) -> dict[str, Any]:
    altered = copy.deepcopy(kept(ROUND))
    change(altered)
    return altered


def nested(depth: int) -> list[Any]:
    inner: list[Any] = []
    for _ in range(depth):
        inner = [inner]
    return inner


UNPROVEN = "receipt-not-proven"


@pytest.mark.parametrize(
    ("altered", "fault"),
    [
        (changed(lambda one: one["path"].pop()), UNPROVEN),
        (changed(lambda one: one["path"].reverse()), UNPROVEN),
        (changed(lambda one: one["statement"]["certified"].update(root="00" * 32)), "receipt-not-signed"),
        (changed(lambda one: one["statement"].pop("certified")), "receipt-not-signed"),
        (changed(lambda one: one.update(signature="AAAA")), "receipt-not-signed"),
        (changed(lambda one: one.update(signature=one["signature"].rstrip("=") + " =")), "not-a-receipt"),
        (changed(lambda one: one.update(algorithm="none")), "receipt-of-another-kind"),
        (changed(lambda one: one.update(outcome="accepted")), "receipt-not-signed"),
        (changed(lambda one: one["path"].append("")), UNPROVEN),
        (changed(lambda one: one.update(path=[sister.upper() for sister in one["path"]])), UNPROVEN),
        (changed(lambda one: one.update(path=[f"{sister[:2]} {sister[2:]}" for sister in one["path"]])), UNPROVEN),
        (changed(lambda one: one.update(path=dict.fromkeys(one["path"], 1))), UNPROVEN),
        ({**kept(None), "path": ["00" * 32]}, UNPROVEN),
        ({**kept(None), "path": ""}, UNPROVEN),
        ({**kept([ONE]), "path": {}}, UNPROVEN),
        (changed(lambda one: one["statement"]["certified"].update(size=7.0)), "not-a-receipt"),
        (changed(lambda one: one["statement"]["certified"].update(index=False)), "not-a-receipt"),
        (changed(lambda one: one["statement"].update(certified=[])), "not-a-receipt"),
        (changed(lambda one: one["statement"].update(more=nested(100_000))), "not-a-receipt"),
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


def test_a_signature_has_one_spelling() -> None:
    """Base64 leaves bits over at its end, that another letter could fill."""
    one = kept(ROUND)
    while not one["signature"].endswith("="):
        one = kept(ROUND)  # a DER signature has 70 to 72 bytes, and only 72 leave nothing over
    last = one["signature"].rstrip("=")[-1]
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    another = letters[letters.index(last) + 1]
    one["signature"] = one["signature"].replace(f"{last}=", f"{another}=")
    assert [found.code for found in faults(one, is_signed)] == ["not-a-receipt"]


def test_what_is_read_from_a_file_is_what_was_kept() -> None:
    one = kept(ROUND)
    assert read_receipt(json.dumps(one).encode()) == one


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"\xff",
        b"{",
        b'{"statement": 1, "statement": 2}',
        b'{"statement": {"outcome": "accepted", "outcome": "late"}}',
        b"[" * 100_000,
        b"[" * 100_000 + b"]" * 100_000,
        b'{"statement": NaN}',
        b"1" * 5000,
    ],
)
def test_what_is_no_json_or_names_something_twice_is_no_receipt(raw: bytes) -> None:
    assert [found.code for found in faults(read_receipt(raw), is_signed)] == ["not-a-receipt"]


def test_what_a_record_covers_is_never_added_to() -> None:
    """A line of a certificate is worked out again years later. What a row gains needs a line of another kind, or every
    certificate and receipt from before would be called altered."""
    assert ONE.as_item().keys() == {
        *("round", "application", "submission", "version_id", "arrived_at", "recorded_at"),
        *("outcome", "number", "sha256", "problems", "after_certificate"),
    }
    assert ONE.record == "6d93bdfab59e3392e1d14659fae04210457fcb35feaaddcc24315478f9bf3af0"
