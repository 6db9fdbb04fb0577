"""A round's result as its readers have it: on phone and desktop, in both languages, with and without scripts."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import expect

from shared.results import addresses
from tests.browser.accessibility import assert_accessible, assert_fits
from tests.browser.conftest import Visit
from tests.browser.visitors import WIDTHS
from tests.builders.documents import a_document
from tests.end_to_end.acts import announce
from tests.end_to_end.installation import Installation
from tests.end_to_end.papers import FILES
from tests.end_to_end.waiting import until

pytestmark = pytest.mark.cloud

ROUND = "read-by-all"
CODES = ("2581", "0765", "1407", "2480", "0980", "1781")
"""Piteå, Älmhult, Öckerö, Umeå, Gotland, Kristinehamn: the last is awarded most."""
NARROW = {"viewport": {"width": 320, "height": 700}}
WORDS = {
    "sv": ("Sök bland bidragen", "Belopp", "Visar 1 av 6", "Mottagare"),
    "en": ("Search the grants", "Amount", "Showing 1 of 6", "Grantee"),
}


@pytest.fixture(scope="module", autouse=True)
def _announced(installation: Installation, site: str) -> None:  # noqa: ARG001  the pages' styles and scripts
    def lists_it(language: str) -> bool:
        """Other rounds may have been announced here before."""
        found = s3.list_objects_v2(Bucket=bucket, Prefix=addresses.results(language)).get("Contents", [])
        return any(ROUND in s3.get_object(Bucket=bucket, Key=one["Key"])["Body"].read().decode() for one in found)

    s3, bucket = installation.client("s3"), installation.outputs["PagesBucketName"]
    documents: list[dict[str, Any]] = [
        a_document(applicant={"kind": "municipality", "code": code}, project__title=f"Öppna möten i {code}")
        for code in CODES
    ]
    announce(installation, ROUND, documents, FILES)
    until(lambda: all(map(lists_it, ("sv", "en"))), "the result pages", seconds=60)


@pytest.mark.parametrize("options", [*WIDTHS.values(), NARROW], ids=[*WIDTHS, "narrow"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("language", ["sv", "en"])
def test_every_result_page_is_accessible_and_fits(
    visit: Visit, options: dict[str, Any], scheme: str, language: str
) -> None:
    page = visit(**options, color_scheme=scheme).open(f"/{addresses.results(language)}")
    assert_accessible(page)
    assert_fits(page)
    page.get_by_role("link", name=ROUND).click()
    expect(page.get_by_role("img")).to_be_visible()
    assert_accessible(page)
    assert_fits(page)
    page.get_by_role("link", name="Öppna möten i 2581").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Öppna möten i 2581")
    assert_accessible(page)
    assert_fits(page)
    page.goto(f"/{addresses.data_page(language)}")
    assert_accessible(page)
    assert_fits(page)


@pytest.mark.parametrize("language", ["sv", "en"])
def test_the_table_is_sorted_and_searched_by_whoever_wants(visit: Visit, language: str) -> None:
    search, amount, shown, grantee = WORDS[language]
    page = visit().open(f"/{addresses.round_page(language, ROUND)}")
    table = page.get_by_role("table").first
    names = table.get_by_role("rowheader")
    expect(names.first).to_contain_text("Gotland")
    for first, direction in (("Piteå", "ascending"), ("Kristinehamn", "descending")):
        table.get_by_role("button", name=amount).click()
        expect(names.first).to_contain_text(first)
        expect(table.get_by_role("columnheader", name=amount)).to_have_attribute("aria-sort", direction)
    table.get_by_role("button", name=grantee).click()
    expect(names.nth(-2)).to_contain_text("Öckerö")  # below it stands the total
    page.get_by_label(search).fill("ÖCKERÖ")
    expect(page.get_by_role("status")).to_have_text(shown)
    expect(table.get_by_role("row")).to_have_count(2)
    assert_accessible(page)
    page.get_by_label(search).fill("")
    expect(table.get_by_role("row")).to_have_count(8)


def test_without_scripts_everything_is_there_in_the_announcements_order(visit: Visit) -> None:
    page = visit(java_script_enabled=False).open(f"/{addresses.round_page('sv', ROUND)}")
    names = page.get_by_role("table").first.get_by_role("rowheader").all_inner_texts()
    assert [name.split()[0] for name in names] == [
        *("Gotland", "Kristinehamn", "Piteå", "Umeå", "Älmhult", "Öckerö"),
        "Summa",
    ]
    assert page.get_by_role("button").count() == 0


def test_a_reader_who_changes_language_stays_on_the_page(visit: Visit) -> None:
    page = visit().open(f"/{addresses.round_page('sv', ROUND)}")
    page.get_by_role("link", name="English").click()
    page.wait_for_url(f"**/{addresses.round_page('en', ROUND)}")
    expect(page.locator("html")).to_have_attribute("lang", "en")
