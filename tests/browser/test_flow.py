"""An application from the list of rounds to the receipt by mouse and finger; test_keyboard.py has the other half."""

from __future__ import annotations

import hashlib

import pytest
from playwright.sync_api import expect

from infrastructure.demo.applicant import ApplicantClient
from tests.browser.accessibility import assert_fits
from tests.browser.conftest import Visit
from tests.browser.forms import form_of, status_page, token_of
from tests.browser.visitors import WIDTHS
from tests.browser.words import WORDS
from tests.builders.documents import a_document
from tests.end_to_end.installation import Installation
from tests.end_to_end.papers import FILES, PARTNERSHIP

pytestmark = pytest.mark.cloud
ROUND = "whole-flow"


@pytest.fixture(scope="module", autouse=True)
def _round(installation: Installation) -> None:
    installation.open_round(ROUND, programme=PARTNERSHIP, grace=900, seconds=40 * 24 * 3600)


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("language", WORDS)
def test_an_application_goes_from_the_rounds_to_a_receipt(
    visit: Visit, installation: Installation, width: str, language: str
) -> None:
    words = WORDS[language]
    page = visit(**WIDTHS[width]).open(f"/{language}/")
    page.get_by_role("link", name=f"{'Omgång' if language == 'sv' else 'Round'} {ROUND}").click()
    expect(page.get_by_role("button", name=words.start)).to_be_visible()
    assert_fits(page)
    page.get_by_role("button", name=words.start).click()
    form = form_of(page, installation, ROUND, language)
    assert_fits(page)

    document = a_document(language=language)
    form.fill(document)
    form.choose(FILES)
    form.all_uploaded(FILES)
    form.saved()
    assert_fits(page)
    form.send()

    status_page(page, words.received)
    assert_fits(page)
    status = ApplicantClient(installation.outputs["ApiUrl"], token_of(page)).status()
    assert (status["state"], status["current"]["version"]) == ("submitted", 1)
    receipt = page.get_by_role("region", name="Kvitto" if language == "sv" else "Receipt")
    text = receipt.inner_text()
    assert status["reference"] in text
    assert status["current"]["arrived_at"] in text
    for file in FILES:
        assert file.name in text
        assert hashlib.sha256(file.content).hexdigest() in text
    assert status["current"]["sha256"] in text
