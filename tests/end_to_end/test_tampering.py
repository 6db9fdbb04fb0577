"""Whoever can write to table and bucket alters what a closed round has: `anslag verify` finds it."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from infrastructure.cloud.letters import Mail
from infrastructure.demo.mischief import locked_out
from shared import keys
from shared.aws.table import Update
from tests.end_to_end.acts import closed_with, decide, publish
from tests.end_to_end.alarms import Alarm, written
from tests.end_to_end.installation import Installation
from tests.end_to_end.papers import a_play
from tests.end_to_end.waiting import until

pytestmark = pytest.mark.cloud
ROUND, DECIDED, ON_ITS_WAY = "tampering", "tampering-with-money", "tampering-on-its-way"
LET_IN = {"until": "2099-01-01T00:00:00Z", "given_at": "2026-01-01T00:00:00Z"}


def test_an_altered_row_certificate_object_or_receipt_is_found(installation: Installation, tmp_path: Path) -> None:
    (client,) = closed_with(installation, ROUND, [a_play(amount=20_000)])
    anna = installation.anna
    assert anna.ask("verify", ROUND)["differences"] == []
    (row,) = installation.submissions(ROUND)
    names = (row.application, row.submission, row.version_id)

    for key, change in (
        (keys.submission_key(ROUND, *names), {"sha256": "00" * 32}),
        (keys.submission_key(ROUND, *names), {"outcome": "rejected"}),
        (keys.application_key(ROUND, row.application), {"state": "withdrawn", "withdrawn_at": "2099-01-01T00:00:00Z"}),
        (keys.application_key(ROUND, row.application), {"access": LET_IN}),
        (keys.application_key(ROUND, row.application), {"link_hash": "00" * 32}),
        (keys.round_key(ROUND), {"closes_at": "2099-01-01T00:00:00Z"}),
        (keys.round_key(ROUND), {"budget": 10**10}),
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


def test_an_altered_award_is_neither_approved_nor_published_until_the_list_is_handed_in_anew(
    installation: Installation,
) -> None:
    (client,) = closed_with(installation, DECIDED, [a_play(amount=20_000)])
    anna, bertil, table = installation.anna, installation.bertil, installation.table()
    award = {client.reference: 20_000}
    approve = ("decisions", "approve", DECIDED, "--digest", decide(installation, DECIDED, award))
    decided = (table.get(keys.decisions_key(DECIDED)) or {})["decisions"]
    (row,) = table.query(keys.decision_set_partition(DECIDED, decided))
    place: keys.Key = {"pk": row["pk"], "sk": row["sk"]}

    table.write(Update(place, set={"amount": 10_000_000}))
    assert "inte de som lämnades in" in bertil.anslag(*approve, expect=1).err
    table.write(Update(place, set={"amount": 20_000}))
    bertil.anslag(*approve)
    table.write(Update(place, set={"amount": 10_000_000}))
    assert "besluten" in anna.anslag("verify", DECIDED, expect=1).err
    refused = bertil.anslag("announcement", "preview", DECIDED, expect=1).err
    assert "ta tillbaka godkännandet" in " ".join(refused.split())
    anna.anslag("decisions", "take-back", DECIDED, "--reason", "Ett belopp är ändrat i tabellen.")
    again = decide(installation, DECIDED, award)
    bertil.anslag("decisions", "approve", DECIDED, "--digest", again)
    publish(installation, DECIDED)
    assert anna.ask("verify", DECIDED)["differences"] == []


def test_an_announcement_that_is_altered_on_its_way_out_waits_among_the_dead_letters_until_its_row_is_put_back(
    installation: Installation,
) -> None:
    (client,) = closed_with(installation, ON_ITS_WAY, [a_play(amount=20_000)])
    anna, bertil, table = installation.anna, installation.bertil, installation.table()
    digest = decide(installation, ON_ITS_WAY, {client.reference: 20_000})
    bertil.anslag("decisions", "approve", ON_ITS_WAY, "--digest", digest)
    read = bertil.ask("announcement", "preview", ON_ITS_WAY)["digest"]
    row, alarm = keys.announcement_key(ON_ITS_WAY, 1), Alarm(installation, "FailedJobs")
    installation.clear_dead_letters()

    with installation.without_heartbeat():
        with locked_out(installation, "AnnounceRole", "sns:*"):
            bertil.anslag("announcement", "publish", ON_ITS_WAY, "--digest", read, "--yes", expect=5)
            claimed = table.get(row) or {}
            table.write(Update(row, set={"email": "Alla får tio miljoner kronor."}))
        installation.advance()
        until(lambda: alarm.queued() == 1, "a dead letter")
        (letter,) = anna.ask("dead-letters", "list")["dead_letters"]
        alarm.goes_off(1)
        assert json.loads(letter["body"])["requestPayload"] == {"finish": "announcement", "round": ON_ITS_WAY}
        assert any("AlteredError" in line for line in written(installation, "AnnounceLogs"))
        assert "tillkännagivandet" in anna.anslag("verify", ON_ITS_WAY, expect=1).err.lower()
        assert _announced(installation) == []

        table.write(Update(row, set={"email": claimed["email"]}))
        assert anna.ask("verify", ON_ITS_WAY)["differences"] == []
        assert anna.ask("dead-letters", "redrive", "--all") == {"redriven": 1, "more": False}
        until(lambda: _announced(installation), "the announcement to go out")
    assert [one.body for one in _announced(installation)] == [claimed["email"]]


def _announced(installation: Installation) -> list[Mail]:
    return installation.letters(topic="AwardTopic", naming=f'"id":"{ON_ITS_WAY}"')


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
