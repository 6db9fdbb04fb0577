"""What else may fail in a browser: each failure is said where it happens, and the rest of the page goes on."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, Route, expect

from infrastructure.demo.applicant import File
from tests.browser.conftest import Visit
from tests.browser.forms import Form, begin, client_of, form_of, hold, on_its_way, status_page
from tests.browser.troubles import answered
from tests.browser.visitors import NO_CLIPBOARD
from tests.browser.words import SV
from tests.builders.documents import A_PDF, a_document
from tests.end_to_end.installation import Installation
from tests.end_to_end.papers import FILES, LETTER, PARTNERSHIP, VILLAGE_STAGE, a_play

pytestmark = pytest.mark.cloud
ROUND, WITH_FILES = "failing", "failing-files"
UNREACHED = "Vi når inte tjänsten. Kontrollera din anslutning."
NOTHING_KEPT = """
for (const name of ["localStorage", "sessionStorage"])
  Object.defineProperty(window, name, {get() { throw new DOMException("no", "SecurityError"); }});
if (navigator.locks) navigator.locks.request = () => Promise.reject(new DOMException("no", "SecurityError"));
"""
"""What a browser does that is told to block all that sites keep."""


@pytest.fixture(scope="module", autouse=True)
def _rounds(installation: Installation) -> None:
    installation.open_round(ROUND, programme=VILLAGE_STAGE)
    installation.open_round(WITH_FILES, programme=PARTNERSHIP)


def received(page: Page, installation: Installation, email: str) -> Page:
    form = begin(page, installation, ROUND)
    form.fill(a_play(email=email))
    form.saved()
    form.send()
    status_page(page, SV.received)
    return page


def line_of(form: Form, name: str) -> str:
    return form.page.get_by_role("listitem").filter(has_text=name).inner_text()


def test_an_application_that_cannot_be_begun_for_want_of_a_connection_is_begun_when_it_is_back(
    visit: Visit, installation: Installation
) -> None:
    visitor = visit()
    page = visitor.open(f"/sv/form?round={ROUND}")
    visitor.cut("**/applications")
    page.get_by_role("button", name=SV.start).click()
    expect(page.get_by_role("alert")).to_have_text(UNREACHED)
    visitor.mend("**/applications")
    page.get_by_role("button", name=SV.start).click()
    form_of(page, installation, ROUND)


def test_withdrawing_that_fails_is_said_in_the_question_and_can_be_tried_again(
    visit: Visit, installation: Installation
) -> None:
    visitor = visit()
    page = received(visitor.open(), installation, "nej@forening.example")
    page.get_by_role("button", name=SV.withdraw).click()
    visitor.cut("**/withdrawal")
    page.get_by_role("button", name=SV.withdraw_yes).click()
    expect(page.get_by_role("dialog").get_by_role("alert")).to_have_text(UNREACHED)
    visitor.mend("**/withdrawal")
    page.get_by_role("button", name=SV.withdraw_yes).click()
    status_page(page, SV.withdrawn)


def test_what_somebody_else_withdrew_meanwhile_is_withdrawn(visit: Visit, installation: Installation) -> None:
    visitor = visit()
    visitor.forgive("status of 409")
    page = received(visitor.open(), installation, "redan@forening.example")
    page.get_by_role("button", name=SV.withdraw).click()
    client_of(page, installation).withdraw()
    page.get_by_role("button", name=SV.withdraw_yes).click()
    status_page(page, SV.withdrawn)


def test_a_signed_receipt_that_cannot_be_had_is_said_and_the_text_can(visit: Visit, installation: Installation) -> None:
    visitor = visit()
    page = received(visitor.open(), installation, "far-kvittot@forening.example")
    visitor.cut("**/application/receipt?*")
    page.get_by_role("button", name="Spara signerat kvitto").click()
    expect(page.get_by_role("alert").filter(has_text=UNREACHED)).to_be_visible()
    with page.expect_download():
        page.get_by_role("button", name="Spara som text").click()
    visitor.mend("**/application/receipt?*")
    with page.expect_download():
        page.get_by_role("button", name="Spara signerat kvitto").click()
    expect(page.get_by_role("alert").filter(has_text=UNREACHED)).to_have_count(0)


def test_a_link_that_cannot_be_copied_is_marked_and_one_that_cannot_be_sent_is_said(
    visit: Visit, installation: Installation
) -> None:
    visitor = visit()
    visitor.context.add_init_script(NO_CLIPBOARD)
    form = begin(visitor.open(), installation, ROUND)
    form.page.get_by_role("button", name="Kopiera länken").click()
    told = "Länken är markerad. Kopiera den med Ctrl+C."
    expect(form.page.get_by_role("status").filter(has_text=told)).to_have_count(1)
    assert (
        form.page.evaluate("getSelection().toString()") == form.page.get_by_role("textbox", name=SV.link).input_value()
    )
    visitor.cut("**/application/link")
    form.page.get_by_role("textbox", name="Skicka länken till en e-postadress").fill("nagon@forening.example")
    form.page.get_by_role("button", name="Skicka länken").click()
    expect(form.page.get_by_role("status").filter(has_text=UNREACHED)).to_be_visible()


def test_the_accessibility_statement_stands_without_the_service(visit: Visit) -> None:
    visitor = visit()
    visitor.cut("**/rounds")
    page = visitor.open("/sv/accessibility")
    page.wait_for_timeout(5000)  # It tries again for some seconds, and then leaves it.
    expect(page.get_by_text("Adressen står på ansökningsomgångens sida.")).to_be_visible()


def test_a_fault_in_the_page_itself_is_said_and_nothing_is_lost(visit: Visit, installation: Installation) -> None:
    """An answer that no page can be made of: on the way in, and while it is sent."""
    visitor = visit()
    visitor.forgive("TypeError")
    form = begin(visitor.open(), installation, ROUND)
    form.fill(a_play(email="fel@forening.example"))
    form.saved()
    visitor.context.route("**/application/forms", _nothing)
    form.send()
    told = form.page.get_by_role("group", name=SV.not_sent)
    expect(told).to_contain_text("Något gick fel i sidan. Läs in den igen. Det som var sparat finns kvar.")
    visitor.context.unroute("**/application/forms")
    form.send()
    status_page(form.page, SV.received)

    visitor.context.route(
        "**/application", lambda route: _nothing(route) if route.request.resource_type == "fetch" else route.fallback()
    )
    form.page.reload()
    status_page(form.page, "Sidan kan inte visas")
    expect(form.page.get_by_text("Något gick fel i sidan.")).to_be_visible()


def _nothing(route: Route) -> None:
    route.fulfill(body="null", headers={"Access-Control-Allow-Origin": "*"})


def test_where_a_browser_keeps_nothing_the_server_does(
    visit: Visit, installation: Installation, to_bucket: re.Pattern[str]
) -> None:
    visitor = visit()
    visitor.context.add_init_script(NOTHING_KEPT)
    form = begin(visitor.open(), installation, ROUND)
    form.fill(a_play(email="inget-sparas@forening.example", title="Ingenting sparas här"))
    form.saved()
    form.page.reload()
    form = form_of(form.page, installation, ROUND)
    expect(form.box("project.title")).to_have_value("Ingenting sparas här")
    held = hold(form, to_bucket)
    form.send()
    on_its_way(form, held)
    form.page.wait_for_timeout(11_000)  # longer than a window waits for another one
    expect(form.page.get_by_text("Ett annat fönster skickar ansökan")).to_have_count(0)
    held[0].continue_()
    status_page(form.page, SV.received)


def test_the_same_file_twice_is_said(visit: Visit, installation: Installation) -> None:
    form = begin(visit().open(), installation, WITH_FILES)
    form.choose([LETTER])
    form.all_uploaded([LETTER])
    form.choose([File("other", "Samma igen.pdf", LETTER.content, LETTER.type)])
    expect(
        form.page.get_by_role("listitem").filter(has_text="Samma igen.pdf finns redan bland bilagorna.")
    ).to_be_visible()


def test_a_file_that_is_gone_from_the_disk_is_said_and_is_no_lost_connection(
    visit: Visit, installation: Installation, to_bucket: re.Pattern[str], tmp_path: Path
) -> None:
    visitor = visit()
    form = begin(visitor.open(), installation, WITH_FILES)
    visitor.cut(to_bucket)
    kept = tmp_path / "Avsikt.pdf"
    kept.write_bytes(A_PDF)
    form.place(LETTER.kind).set_input_files(kept)
    line = form.page.get_by_role("listitem").filter(has_text=kept.name)
    expect(line).to_contain_text("ingen anslutning")
    kept.unlink()
    visitor.mend(to_bucket)
    expect(line).to_contain_text("Filen går inte att läsa. Välj den igen.")


def test_an_upload_that_a_closed_window_left_unfinished_is_said_and_is_in_the_way_of_sending(
    visit: Visit, installation: Installation, to_bucket: re.Pattern[str]
) -> None:
    visitor = visit()
    form = begin(visitor.open(), installation, WITH_FILES)
    form.fill(a_document())
    form.choose(FILES[1:])
    form.all_uploaded(FILES[1:])
    visitor.cut(to_bucket)
    form.choose([LETTER])
    expect(form.page.get_by_text("ingen anslutning")).to_be_visible()
    form.saved()
    address = form.page.url
    form.page.close()
    visitor.mend(to_bucket)
    form = form_of(visitor.open(address), installation, WITH_FILES)
    assert "uppladdningen är inte klar" in line_of(form, LETTER.name)
    form.send()
    assert any(f"Filen {LETTER.name} är inte uppladdad. Välj den igen." in text for text in form.problems())
    form.choose([LETTER])
    form.all_uploaded([LETTER])
    form.send()
    status_page(form.page, SV.received)


def test_a_connection_that_goes_silent_is_given_up_and_tried_again(
    visit: Visit, installation: Installation, to_bucket: re.Pattern[str]
) -> None:
    visitor = visit()
    visitor.forgive("net::ERR_")
    page = visitor.open()
    page.clock.install()
    form = begin(page, installation, WITH_FILES)
    held: list[Route] = []
    visitor.context.route(to_bucket, lambda route: held.append(route) if not held else route.fallback())
    with page.expect_request(to_bucket):
        form.choose([LETTER])
    page.wait_for_timeout(300)
    page.clock.fast_forward(36_000)
    form.all_uploaded([LETTER])
    assert len(held) == 1


def test_a_file_that_fails_while_the_application_waits_for_it_is_said(
    visit: Visit, installation: Installation, to_bucket: re.Pattern[str]
) -> None:
    visitor = visit()
    visitor.forgive("status of 403")
    form = begin(visitor.open(), installation, WITH_FILES)
    form.fill(a_document())
    form.choose(FILES[1:])
    form.all_uploaded(FILES[1:])
    held: list[Route] = []
    visitor.context.route(to_bucket, lambda route: held.append(route))  # noqa: PLW0108  (Playwright marks what it is given)
    with form.page.expect_request(to_bucket):
        form.choose([LETTER])
    form.send()
    expect(form.page.get_by_text("Väntar på att filerna laddas upp")).to_be_visible()
    refused: dict[str, Any] = {"status": 403, "headers": {"Access-Control-Allow-Origin": "*"}, "body": "<Error/>"}
    visitor.context.route(to_bucket, lambda route: route.fulfill(**refused))
    held[0].fulfill(**refused)
    expect(form.page.get_by_role("group", name=SV.not_sent)).to_contain_text("Alla filer är inte uppladdade.")
    assert client_of(form.page, installation).history()["submissions"] == []


def test_what_was_refused_before_and_changed_since_is_still_said(visit: Visit, installation: Installation) -> None:
    program = File("letter-of-intent", "avsikt.pdf", b"MZ\x90 a program that calls itself a PDF", "application/pdf")
    form = begin(visit().open(), installation, WITH_FILES)
    form.fill(a_document())
    form.choose([program, FILES[1]])
    form.all_uploaded([program, FILES[1]])
    form.send()
    status_page(form.page, SV.refused)
    form.page.get_by_role("link", name=SV.mend).click()
    form.box("project.title").fill("Ändrad sedan dess")
    form.saved()
    form.page.reload()
    expect(form.page.get_by_text("Det du skickade senast behövde rättas.")).to_be_visible()
    form.page.get_by_role("link", name="Se vad som behövde rättas").click()
    status_page(form.page, SV.refused)


def test_a_round_whose_certificate_cannot_be_had_is_shown_all_the_same(
    visit: Visit, installation: Installation
) -> None:
    with installation.open_for("uncertified", programme=VILLAGE_STAGE):
        client = installation.applicant("uncertified")
        client.send(a_play(email="intyg@forening.example"))
    installation.in_state("uncertified", "closed")
    visitor = visit()
    page = visitor.open(f"/sv/application#{client.token}")
    certificate = page.get_by_role("region", name="Omgångens intyg")
    expect(certificate).to_contain_text("inget saknades")
    answered(visitor, "**/certificate", lambda told: told | {"objects": told["objects"] - 1})
    page.reload()
    expect(certificate).to_contain_text("1 av det uppladdade fanns inte kvar")
    visitor.cut("**/certificate")
    page.reload()
    status_page(page, SV.received)
    expect(page.get_by_role("region", name="Omgångens intyg")).to_have_count(0)
