"""A correction, from an announced round to what everybody reads: two people, one message, all pages and data."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Mapping
from dataclasses import dataclass

import pytest
from okfn_iati.iati_schema_validator import IatiValidator
from openpyxl import load_workbook

from shared import keys
from shared.problems import NO_BREAK_SPACE
from tests.builders.documents import a_document
from tests.builders.listings import FIRST
from tests.end_to_end.acts import announce, publish
from tests.end_to_end.installation import Installation, Json
from tests.end_to_end.letters import Telling, all_told, decisions_told
from tests.end_to_end.papers import FILES
from tests.end_to_end.test_result_pages import read
from tests.end_to_end.waiting import until

pytestmark = pytest.mark.cloud

ROUND = "corrected"
HEARTBEAT = 200
"""Seconds in which the scheduled job has run by itself, should it have been at work when it was asked."""
REASONS = ("--reason-sv", "Två listor hade blandats ihop.", "--reason-en", "Two lists had been mixed up.")
PROJECTS = [
    a_document(contact__email=f"{name}@kommun.example", language=language, project__title=title)
    for name, language, title in (
        ("den-forsta", "sv", "Spöksonaten"),
        ("the-second", "en", "The Father"),
        ("den-tredje", "sv", "Fordringsägare"),
    )
]


@dataclass(frozen=True)
class Letters:
    """Decision letters by reference: as Bertil read them before each announcement, and as they came."""

    read: list[Mapping[str, Json]]
    came: list[Mapping[str, list[Telling]]]


@pytest.fixture(scope="module")
def letters() -> Letters:
    """Filled while the round is announced and corrected."""
    return Letters([], [])


@pytest.fixture(scope="module")
def corrected(installation: Installation, letters: Letters) -> Installation:
    """Announced with SEK 20,000, 20,001 and 20,002; then the first is taken back and the second raised to 25,000."""
    letters.read.append(announce(installation, ROUND, PROJECTS, FILES))
    _all_come(installation, letters, number=1)
    until(lambda: read(installation, f"en/rounds/{ROUND}").ok, "the pages of the first announcement", seconds=60)
    file = installation.cloud.home / "rättelse.xlsx"
    installation.anna.anslag("decisions", "out", ROUND, str(file), "--language", "sv")
    book = load_workbook(file)
    sheet = book.worksheets[0]
    corrections = {"20000": None, "20001": 25_000, "20002": 20_002}
    for row in range(FIRST, FIRST + len(PROJECTS)):
        award = corrections[str(sheet.cell(row, 14).value)]
        sheet.cell(row, 13, "bifall" if award else "avslag")
        sheet.cell(row, 14).value = award
    book.save(file)
    entered = installation.anna.ask("corrections", "in", ROUND, str(file), *REASONS)
    file.unlink()
    assert installation.shown(ROUND)["totals"]["awarded"] == 60_003
    installation.bertil.anslag("corrections", "approve", ROUND, "--digest", entered["digest"])
    letters.read.append(publish(installation, ROUND))
    _all_come(installation, letters, number=2)
    effect = keys.effect_key(ROUND, keys.result_pages(2))
    until(lambda: "done_at" in (installation.table().get(effect) or {}), "the pages of the correction", seconds=60)
    return installation


def _all_come(installation: Installation, letters: Letters, number: int) -> None:
    installation.advance()
    all_told(installation, ROUND, seconds=HEARTBEAT)
    references = list(installation.applications(ROUND))
    letters.came.append(decisions_told(installation, references, number))


def test_a_correction_is_one_message_that_says_what_it_corrects(corrected: Installation) -> None:
    first, second = corrected.letters(topic="AwardTopic", naming=f'"id":"{ROUND}"')
    told, document = json.loads(first.document or ""), json.loads(second.document or "")
    assert (told["number"], document["number"], document["totals"]["amount"]) == (1, 2, 45_002)
    assert second.subject.startswith("Rättelse, ")
    changes = {(one["before"], one["after"]) for one in document["corrects"]["changes"]}
    assert changes == {(20_000, None), (20_001, 25_000)}
    assert "Skäl: Två listor hade blandats ihop." in second.body


def test_every_page_and_file_follows(corrected: Installation) -> None:
    document = read(corrected, f"data/{ROUND}/announcement.json").json()
    gone = next(one["reference"] for one in document["corrects"]["changes"] if one["after"] is None)
    rows = list(csv.DictReader(io.StringIO(read(corrected, f"data/{ROUND}/awards.csv").content.decode("utf-8-sig"))))
    assert sorted(int(row["amount_sek"]) for row in rows) == [20_002, 25_000]
    grants = read(corrected, f"data/{ROUND}/360giving.json").json()["grants"]
    assert sorted(one["amountAwarded"] for one in grants) == [20_002, 25_000]
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
    assert (shown["totals"]["awarded"], shown["correction"]) == (45_002, None)
    trail = [one["what"] for one in corrected.anna.ask("rounds", "events", ROUND)["events"]]
    assert trail[-4:] == [
        "correction entered",
        "correction approved",
        "announcement approved",
        "announcement published",
    ]


@pytest.mark.usefixtures("corrected")
def test_the_letters_that_come_are_those_that_were_read_before(letters: Letters) -> None:
    for read_before, came in zip(letters.read, letters.came, strict=True):
        assert came == {reference: [(one["subject"], one["text"])] for reference, one in read_before.items()}
    first, correction = ([(one["language"], one["decision"]) for one in each.values()] for each in letters.read)
    assert sorted(first) == [("en", "award"), ("sv", "award"), ("sv", "award")]
    assert sorted(correction) == [("en", "award"), ("sv", "decline")]


@pytest.mark.usefixtures("corrected")
def test_whoever_is_told_otherwise_reads_why_and_in_their_own_language(letters: Letters) -> None:
    assert [one["corrects"] for each in letters.read for one in each.values()] == [False] * 3 + [True] * 2
    texts = {one["language"]: " ".join(one["text"].split()) for one in letters.read[1].values()}
    assert "Skäl: Två listor hade blandats ihop." in texts["sv"]
    assert "Reason: Two lists had been mixed up." in texts["en"]
    assert "SEK 25 000" in texts["en"].replace(NO_BREAK_SPACE, " ")
    assert f"/en/rounds/{ROUND}" in texts["en"]
