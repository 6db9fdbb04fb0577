"""Whoever can write to table and bucket alters what a closed round has: `anslag verify` finds it."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from shared import keys
from shared.aws.table import Update
from tests.end_to_end.installation import Installation
from tests.end_to_end.papers import a_play

pytestmark = pytest.mark.cloud
ROUND = "tampering"


def test_an_altered_row_certificate_object_or_receipt_is_found(installation: Installation, tmp_path: Path) -> None:
    with installation.open_for(ROUND):
        client = installation.applicant(ROUND)
        client.outcome_of(client.send(a_play(amount=20_000))["submission"])
    installation.in_state(ROUND, "closed")
    anna = installation.anna
    assert anna.ask("verify", ROUND)["differences"] == []
    (row,) = installation.submissions(ROUND)
    names = (row.application, row.submission, row.version_id)

    for key, change in (
        (keys.submission_key(ROUND, *names), {"sha256": "00" * 32}),
        (keys.submission_key(ROUND, *names), {"outcome": "rejected"}),
        (keys.application_key(ROUND, row.application), {"state": "withdrawn", "withdrawn_at": "2099-01-01T00:00:00Z"}),
        (keys.certificate_key(ROUND), {"objects": 2}),
        (keys.certificate_key(ROUND), {"certified_at": "2019-12-01T00:00:00Z"}),
    ):
        _found_out(installation, key, change)
    _receipt(installation, client.receipt(), tmp_path)

    s3, bucket = installation.client("s3"), installation.outputs["UploadBucketName"]
    name = keys.document_object(ROUND, row.application, row.submission)
    s3.put_object(Bucket=bucket, Key=name, Body=b"{}")
    s3.delete_object(Bucket=bucket, Key=name, VersionId=row.version_id)
    said = anna.anslag("verify", ROUND, expect=1).err
    assert "missing" in said or "objects" in said


def _found_out(installation: Installation, key: keys.Key, change: dict[str, Any]) -> None:
    before = installation.table().get(key)
    assert before is not None
    installation.table().write(Update(key, set=change))
    assert installation.anna.anslag("verify", ROUND, expect=1).err != "", change
    known = {name: before[name] for name in change if name in before}
    new = tuple(name for name in change if name not in before)
    installation.table().write(Update(key, set=known, remove=new))
    assert installation.anna.ask("verify", ROUND)["differences"] == []


def _receipt(installation: Installation, kept: dict[str, Any], folder: Path) -> None:
    file, key = folder / "receipt.json", folder / "key.pem"
    installation.anna.anslag("key", str(key))
    alterations: list[Callable[[dict[str, Any]], Any]] = [
        lambda receipt: receipt["statement"].update(arrived_at="2019-10-15T12:00:00Z"),
        lambda receipt: receipt["statement"].update(sha256="00" * 32),
        lambda receipt: receipt["statement"]["certified"].update(root="00" * 32),
    ]
    file.write_text(json.dumps(kept), encoding="utf-8")
    installation.anna.anslag("verify", str(file), "--key", str(key))
    for alter in alterations:
        altered = json.loads(json.dumps(kept))
        alter(altered)
        file.write_text(json.dumps(altered), encoding="utf-8")
        installation.anna.anslag("verify", str(file), "--key", str(key), expect=1)
