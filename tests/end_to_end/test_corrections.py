"""A correction, from an announced round to what everybody reads: two people, one message, all pages and data."""

from __future__ import annotations

import csv
import io
import json

import pytest
from okfn_iati.iati_schema_validator import IatiValidator
from openpyxl import load_workbook

from shared import keys
from tests.builders.listings import FIRST
from tests.end_to_end.acts import announce
from tests.end_to_end.installation import Installation
from tests.end_to_end.papers import a_play
from tests.end_to_end.test_result_pages import read
from tests.end_to_end.waiting import until

pytestmark = pytest.mark.cloud

ROUND = "corrected"
REASONS = ("--reason-sv", "Två listor hade blandats ihop.", "--reason-en", "Two lists had been mixed up.")
PLAYS = [
    a_play(email="forst@forening.example", title="Spöksonaten"),
    a_play("802003-4560", "Östervåla Amatörteater", email="andra@forening.example", title="Fordringsägare"),
]


@pytest.fixture(scope="module")
def corrected(installation: Installation) -> Installation:
    """Announced with SEK 20,000 and 20,001; then one is taken back and the other raised to 25,000."""
    announce(installation, ROUND, PLAYS)
    until(lambda: read(installation, f"en/rounds/{ROUND}").ok, "the pages of the first announcement", seconds=60)
    file = installation.cloud.home / "rättelse.xlsx"
    installation.anna.anslag("decisions", "out", ROUND, str(file), "--language", "sv")
    book = load_workbook(file)
    sheet = book.worksheets[0]
    for row in (FIRST, FIRST + 1):
        lowest = sheet.cell(row, 14).value == 20_000
        sheet.cell(row, 13, "avslag" if lowest else "bifall")
        sheet.cell(row, 14).value = None if lowest else 25_000
    book.save(file)
    entered = installation.anna.ask("corrections", "in", ROUND, str(file), *REASONS)
    file.unlink()
    assert installation.shown(ROUND)["totals"]["awarded"] == 40_001
    installation.bertil.anslag("corrections", "approve", ROUND, "--digest", entered["digest"])
    preview = installation.bertil.ask("announcement", "preview", ROUND)
    installation.bertil.anslag("announcement", "publish", ROUND, "--digest", preview["digest"], "--yes")
    effect = keys.effect_key(ROUND, keys.result_pages(2))
    until(lambda: "done_at" in (installation.table().get(effect) or {}), "the pages of the correction", seconds=60)
    return installation


def test_a_correction_is_one_message_that_says_what_it_corrects(corrected: Installation) -> None:
    first, second = corrected.letters(topic="AwardTopic", naming=f'"id":"{ROUND}"')
    told, document = json.loads(first.document or ""), json.loads(second.document or "")
    assert (told["number"], document["number"], document["totals"]["amount"]) == (1, 2, 25_000)
    assert second.subject.startswith("Rättelse, ")
    changes = {(one["before"], one["after"]) for one in document["corrects"]["changes"]}
    assert changes == {(20_000, None), (20_001, 25_000)}
    assert "Skäl: Två listor hade blandats ihop." in second.body


def test_every_page_and_file_follows(corrected: Installation) -> None:
    document = read(corrected, f"data/{ROUND}/announcement.json").json()
    gone = next(one["reference"] for one in document["corrects"]["changes"] if one["after"] is None)
    rows = list(csv.DictReader(io.StringIO(read(corrected, f"data/{ROUND}/awards.csv").content.decode("utf-8-sig"))))
    assert [int(row["amount_sek"]) for row in rows] == [25_000]
    assert [one["amountAwarded"] for one in read(corrected, f"data/{ROUND}/360giving.json").json()["grants"]] == [
        25_000
    ]
    iati = read(corrected, f"data/{ROUND}/iati.xml").content.decode()
    assert IatiValidator().validate(iati) == (True, {"schema_errors": [], "ruleset_errors": []})
    for language, reason, back in (
        ("sv", "Två listor hade blandats ihop.", "Återtaget."),
        ("en", "Two lists had been mixed up.", "Taken back."),
    ):
        page = read(corrected, f"{language}/rounds/{ROUND}").content.decode()
        assert reason in page
        assert back in read(corrected, f"{language}/awards/{gone}").content.decode()
        feed = read(corrected, f"{language}/announcements.atom").content.decode()
        assert f"urn:anslag:round:{ROUND}:announcement:2" in feed
        assert f"urn:anslag:round:{ROUND}:announcement:1" in feed
    assert '"dcat:version": "2"' in read(corrected, "data/catalogue.jsonld").content.decode()


def test_what_was_awarded_follows(corrected: Installation) -> None:
    shown = corrected.shown(ROUND)
    assert (shown["totals"]["awarded"], shown["correction"]) == (25_000, None)
    trail = [one["what"] for one in corrected.anna.ask("rounds", "events", ROUND)["events"]]
    assert trail[-4:] == [
        "correction entered",
        "correction approved",
        "announcement approved",
        "announcement published",
    ]
