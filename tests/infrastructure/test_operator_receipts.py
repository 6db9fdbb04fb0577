"""anslag verify FILE: a kept receipt checked without a network, and told in plain words where it cannot be."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from tests.infrastructure import operator_command
from tests.infrastructure.operator_command import Anslag, Ran
from tests.shared.test_attestation import KEY, ROUND, kept

anslag = operator_command.anslag


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder with the service's key, on a machine without a network and without an account."""
    monkeypatch.chdir(tmp_path)
    pem = KEY.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    Path("anslag-key.pem").write_bytes(pem)
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE", "AWS_REGION", "AWS_DEFAULT_REGION"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr("socket.socket.connect", _no_network)


def _no_network(*_: object) -> None:
    raise AssertionError("a receipt is checked without a network")


def test_a_true_receipt_holds(anslag: Anslag) -> None:
    Path("receipt.json").write_text(json.dumps(kept(ROUND)), encoding="utf-8")
    ran = anslag("verify", "receipt.json")
    assert (ran.code, ran.err) == (0, "")
    assert "The receipt holds." in ran.out
    assert ran.out.splitlines()[0].endswith("outcome: accepted.")
    assert anslag("verify", "receipt.json", "--language", "sv").out.splitlines()[0].endswith("utfall: godtagen.")


def test_it_says_which_key_a_receipt_holds_by(anslag: Anslag) -> None:
    """Whoever sends a forged one may send a key with it."""
    Path("receipt.json").write_text(json.dumps(kept(ROUND)), encoding="utf-8")
    public = KEY.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    told = " ".join(anslag("verify", "receipt.json").out.split())
    assert "anslag-key.pem" in told
    assert hashlib.sha256(public).hexdigest() in told


NOT_A_RECEIPT = "The file is not a receipt, or parts of it are missing.\n"


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (json.dumps({**kept(ROUND), "note": "paid"}), "The signature does not fit"),
        (json.dumps(kept(ROUND)).replace('"index": 0', '"index": 0, "index": 0'), NOT_A_RECEIPT),
        (json.dumps(kept(ROUND)).replace('"size": 7', '"size": 7.0'), NOT_A_RECEIPT),
        ("[" * 100_000, NOT_A_RECEIPT),
        ("receipt", NOT_A_RECEIPT),
    ],
)
def test_an_altered_or_a_broken_receipt_is_told_as_what_it_is(anslag: Anslag, content: str, told: str) -> None:
    Path("receipt").write_text(content, encoding="utf-8")
    ran = anslag("verify", "receipt")
    assert (ran.code, ran.out) == (1, "")
    assert told in ran.err


@pytest.mark.parametrize("name", ["recept.json", "recept.JSON", "here/receipt", "here\\receipt"])
def test_a_misspelt_name_is_told_without_asking_the_service(anslag: Anslag, name: str) -> None:
    assert anslag("verify", name) == Ran(2, "", f"There is no such file: {name}. Check the name.\n")
    assert "Det finns ingen fil" in anslag("verify", name, "--language", "sv").err


def test_a_file_that_cannot_be_read_is_told(anslag: Anslag, monkeypatch: pytest.MonkeyPatch) -> None:
    Path("receipt.json").write_text("{}", encoding="utf-8")
    Path("folder.json").mkdir()

    def denied(self: Path, *_: Any) -> bytes:
        raise PermissionError(13, "Permission denied", str(self))

    told = "cannot be read. Check that it is a file, and that you may read it.\n"
    assert anslag("verify", "folder.json") == Ran(2, "", f"folder.json {told}")
    monkeypatch.setattr(Path, "read_bytes", denied)
    assert anslag("verify", "receipt.json") == Ran(2, "", f"receipt.json {told}")
