"""A time of one's own, when the round has closed: asked for a completion, or let in late."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from playwright.sync_api import Page, expect

from shared.problems import NO_BREAK_SPACE
from tests.browser.conftest import Visit
from tests.browser.forms import begin, client_of, form_of, status_page, token_of
from tests.browser.words import EN, SV
from tests.builders.documents import a_document, raw
from tests.end_to_end.installation import Installation, Json
from tests.end_to_end.papers import FILES, PARTNERSHIP, VILLAGE_STAGE, a_play
from tests.end_to_end.waiting import until

pytestmark = pytest.mark.cloud
UNTIL = {"until": "2199-10-22"}
WHAT = "Budgeten för år två fattas.\nSkicka den gärna som Excel."
COMPLETE, COMPLETED = "Komplettera ansökan senast 22 oktober 2199", "En ny version har kommit in sedan vi bad om"


def granted(installation: Installation, round_id: str, path: str, body: Mapping[str, str]) -> Json:
    """Anna gives somebody time, as soon as the closing is so far that she can."""

    def ask() -> Json | None:
        answer = installation.ask(installation.anna, "POST", f"/staff/rounds/{round_id}/{path}", body)
        told: Json | None = answer.json() if answer.ok else None
        return told

    return until(ask, f"time for one in {round_id}", seconds=80, pause=0.5)


def receipt(page: Page, name: str) -> str:
    """Its text as it is read aloud."""
    return page.get_by_role("region", name=name).inner_text().replace(NO_BREAK_SPACE, " ")


def test_whoever_is_asked_for_a_completion_reads_what_is_asked_mends_it_and_gets_a_receipt(
    visit: Visit, installation: Installation
) -> None:
    round_id, address = "asked-to-complete", "komplettera@kommun.example"
    with installation.open_for(round_id, programme=PARTNERSHIP):
        form = begin(visit().open(), installation, round_id)
        form.fill(a_document(contact__email=address))
        form.amount(2, "activities").fill("")
        form.choose(FILES)
        form.all_uploaded(FILES)
        form.saved()
        form.send()
        status_page(form.page, SV.received)
        client = client_of(form.page, installation)
    form.page.reload()
    status_page(form.page, SV.received)
    expect(form.page.get_by_role("link", name=SV.change)).to_have_count(0)
    reference = client.status()["reference"]
    granted(installation, round_id, f"applications/{reference}/completion", {**UNTIL, "what": WHAT})

    # Days later, on another machine, by the link that was kept.
    page = visit().open(f"/sv/application#{client.token}")
    status_page(page, SV.received)
    for line in (COMPLETE, *WHAT.splitlines()):
        expect(page.locator("main")).to_contain_text(line)
    page.get_by_role("link", name=SV.change).click()
    form = form_of(page, installation, round_id)
    for line in (COMPLETE, *WHAT.splitlines()):
        expect(page.locator("main")).to_contain_text(line)
    form.amount(2, "activities").fill("400000")
    form.saved()
    form.send()
    status_page(page, SV.received)
    expect(page.locator("main")).to_contain_text(COMPLETED)
    assert "Version\n2" in receipt(page, "Kvitto")
    assert "850 000 kr" in receipt(page, "Kvitto")
    assert client.status()["current"]["version"] == 2
    letters = until(lambda: installation.letters(to=address, naming="ersätter version 1"), "its receipt by mail")
    assert [one.subject.partition(":")[0] for one in letters] == [f"Ansökan {reference} har kommit in"]


def test_whoever_came_too_late_and_is_let_in_since_reads_of_the_end_that_they_missed_and_goes_on(
    visit: Visit, installation: Installation
) -> None:
    round_id = "too-late-then-let-in"
    with installation.open_for(round_id, programme=VILLAGE_STAGE):
        client = installation.applicant(round_id)
        signed = client.forms(raw(a_play()))
    # The bucket's owner puts it there: no signed form lets anybody any more.
    installation.client("s3").put_object(
        Bucket=installation.outputs["UploadBucketName"],
        Key=signed["forms"][-1]["fields"]["key"],
        Body=raw(a_play()),
        ContentType="application/json",
    )
    client.outcome_of(signed["submission"])
    page = visit().open(f"/sv/application#{client.token}")
    status_page(page, SV.late)
    notice = page.locator("main p.notice")
    before = notice.inner_text()
    assert "Tiden gick ut" in before
    expect(page.get_by_role("link", name=SV.change)).to_have_count(0)
    granted(installation, round_id, "exceptions", {**UNTIL, "reason": "Power cut", "application": client.reference})
    page.reload()
    status_page(page, SV.late)
    expect(page.get_by_role("link", name=SV.change)).to_be_visible()
    expect(page.locator("main")).to_contain_text("22 oktober 2199")
    assert notice.inner_text() == before
    assert "Det som kom in då räknas inte." in before


def test_whoever_is_let_in_late_goes_from_the_link_to_the_receipt_in_their_own_language(
    visit: Visit, installation: Installation
) -> None:
    round_id = "let-in-late"
    with installation.open_for(round_id, programme=PARTNERSHIP):
        pass
    told = granted(installation, round_id, "exceptions", {**UNTIL, "reason": "Power cut"})
    other = visit().open(f"/en/form?round={round_id}")
    expect(other.get_by_role("heading", level=1)).to_be_visible()
    expect(other.get_by_role("button", name=EN.start)).to_have_count(0)

    page = visit(locale="en-GB").open(told["link"])
    form_of(page, installation, round_id)
    page.get_by_role("link", name="English").click()
    form = form_of(page, installation, round_id, "en")
    assert token_of(page) == told["token"]
    expect(page.locator("main").get_by_text("Closes 22 October 2199 at 23:59")).to_be_visible()
    form.fill(a_document(language="en", contact__email="let-in@kommun.example"))
    form.choose(FILES)
    form.all_uploaded(FILES)
    form.saved()
    form.send()
    status_page(page, EN.received)
    assert told["reference"] in receipt(page, "Receipt")
    status = client_of(page, installation).status()
    assert (status["state"], status["round"]["phase"]) == ("submitted", "open")
    (letter,) = until(lambda: installation.letters(to="let-in@kommun.example"), "its receipt by mail")
    assert letter.subject == f"Application {told['reference']} has been received: Municipal Partnerships"
