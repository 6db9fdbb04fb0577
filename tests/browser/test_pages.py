"""The pages as a whole: their weight, what can be printed and saved, languages, and a second try."""

from __future__ import annotations

import io
import json
from collections.abc import Callable

import pytest
from playwright.sync_api import expect
from pypdf import PdfReader

from tests.browser.conftest import Visit
from tests.browser.forms import status_page
from tests.browser.states import OPEN, Stage
from tests.browser.troubles import STATES
from tests.browser.words import SV
from tests.builders.documents import a_document
from tests.end_to_end.papers import FILES

pytestmark = pytest.mark.cloud
MOST_BYTES = 60_000
PARTS = """performance.getEntriesByType("resource").concat(performance.getEntriesByType("navigation"))
  .filter((one) => new URL(one.name).host === location.host)
  .map((one) => [new URL(one.name).pathname, one.encodedBodySize])"""


def test_the_pages_are_light(visit: Visit, stage: Stage, record_property: Callable[[str, object], None]) -> None:
    """All that the way from the rounds to the receipt loads, as it comes over the wire."""
    page = visit().context.new_page()
    sizes: dict[str, int] = {}
    draft, received = (stage.clients[name].token for name in ("draft", "received"))
    for path in ("", f"form?round={OPEN}", f"form#{draft}", f"application#{received}"):
        page.goto("about:blank")
        page.goto(f"/sv/{path}")
        page.wait_for_load_state("networkidle")
        sizes |= dict(page.evaluate(PARTS))
    assert sizes["/style.css"] > 1000
    assert "/application.js" in sizes
    record_property("measured", f"the pages, from the rounds to the receipt: {sum(sizes.values())} bytes")
    assert sum(sizes.values()) < MOST_BYTES, sizes


def test_a_receipt_prints_on_one_page(visit: Visit, stage: Stage) -> None:
    page = STATES["application, received"](stage, visit(), "sv")
    printed = PdfReader(io.BytesIO(page.pdf(format="A4")))
    assert len(printed.pages) == 1
    text = printed.pages[0].extract_text()
    client = stage.clients["received"]
    assert client.reference in text
    assert all(file["sha256"] in text.replace("\n", "") for file in client.status()["current"]["attachments"])
    assert "English" not in text


def test_a_receipt_can_be_saved_as_text_and_signed(visit: Visit, stage: Stage) -> None:
    page = STATES["application, received"](stage, visit(), "sv")
    for button, contains in (
        ("Spara som text", stage.clients["received"].reference),
        ("Spara signerat kvitto", "signature"),
    ):
        with page.expect_download() as saving:
            page.get_by_role("button", name=button).click()
        assert contains in saving.value.path().read_text(encoding="utf-8")


def test_what_was_sent_before_keeps_its_signed_receipt(visit: Visit, stage: Stage) -> None:
    client = stage.installation.applicant(OPEN)
    files = [file.as_json() for file in FILES]
    documents = (a_document(project__title=title, attachments=files) for title in ("Först å", "Sedan ä"))
    first, second = (client.send(document, FILES)["submission"] for document in documents)
    client.outcome_of(second)
    page = visit().open(f"/sv/application#{client.token}")
    status_page(page, SV.received)
    for name, submission in (
        ("Spara signerat kvitto", second),
        ("Spara signerat kvitto: Mottagen som version 1", first),
    ):
        with page.expect_download() as saving:
            page.get_by_role("button", name=name, exact=True).click()
        saved = json.loads(saving.value.path().read_text(encoding="utf-8"))
        assert saved["statement"]["submission"] == submission
        assert submission in saving.value.suggested_filename


def test_a_page_that_could_not_be_shown_is_shown_when_it_is_tried_again(visit: Visit, stage: Stage) -> None:
    visitor = visit()
    page = STATES["no connection"](stage, visitor, "sv")
    visitor.mend("**/rounds")
    page.get_by_role("button", name=SV.again).click()
    expect(page.get_by_role("heading", level=1, name="Ansökningsomgångar")).to_be_visible()


def test_the_language_of_the_browser_is_chosen_and_the_other_one_is_a_link_away(visit: Visit) -> None:
    for locale, heading in (("sv-SE", "Ansökningsomgångar"), ("de-DE", "Rounds of applications")):
        page = visit(locale=locale).open("/")
        expect(page.get_by_role("heading", level=1, name=heading)).to_be_visible()
    page = visit(java_script_enabled=False).open("/")
    page.get_by_role("link", name="English: rounds of applications").click()
    expect(page.locator("main")).to_contain_text("This page needs JavaScript", use_inner_text=True)
