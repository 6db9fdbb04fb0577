"""The status page says what is so: of what was refused, and of what may have arrived; and gives no link away."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Route, expect

from tests.browser.conftest import Visit
from tests.browser.forms import Form, begin, client_of, form_of, payload, status_page
from tests.browser.visitors import SLOW
from tests.browser.words import SV
from tests.builders.documents import a_document
from tests.end_to_end.installation import Installation
from tests.end_to_end.papers import FILES, PARTNERSHIP, VILLAGE_STAGE, a_play

pytestmark = pytest.mark.cloud
ROUND, WITH_FILES = "status", "status-with-files"


@pytest.fixture(scope="module", autouse=True)
def _rounds(installation: Installation) -> None:
    installation.open_round(ROUND, programme=VILLAGE_STAGE, grace=60)
    installation.open_round(WITH_FILES, programme=PARTNERSHIP, grace=60)


def sent(visit: Visit, installation: Installation, email: str) -> Form:
    """An accepted application of somebody who looks at its status page."""
    form = begin(visit().open(), installation, ROUND)
    form.fill(a_play(email=email))
    form.saved()
    form.send()
    status_page(form.page, SV.received)
    return form


def test_whoever_goes_back_to_what_was_accepted_has_nothing_to_correct(
    visit: Visit, installation: Installation
) -> None:
    form = sent(visit, installation, "tillbaka@forening.example")
    client = client_of(form.page, installation)
    client.outcome_of(client.send(a_play(amount=9_000_000))["submission"])
    form.page.reload()
    status_page(form.page, SV.refused)
    form.page.get_by_role("link", name=SV.mend).click()
    form_of(form.page, installation, ROUND).send()
    status_page(form.page, SV.received)
    assert [one["outcome"] for one in client.history()["submissions"]] == ["accepted", "rejected", "duplicate"]
    form.page.reload()
    status_page(form.page, SV.received)


def test_what_pasted_text_hides_is_left_out_and_what_groups_a_number_is_no_mistake(
    visit: Visit, installation: Installation
) -> None:
    form = begin(visit().open(), installation, WITH_FILES)
    form.fill(a_document())
    form.box("project.title").fill("Unga \u00adröster\ufeff\ti två kommuner\u200b")
    form.box("project.summary").fill("\uf0b7 Först\vdet ena\n\uf0b7 sedan\u200d det andra")
    form.box("contact.phone").fill("+46\u00a0920\u2011123\u201345")
    letter, budget = FILES
    long = payload(letter) | {"name": "Avsikts\u00adförklaring " + "å" * 200 + ".pdf"}
    form.place(letter.kind).set_input_files(long)
    form.choose([budget])
    form.all_uploaded([budget])
    expect(form.uploaded("Avsiktsförklaring")).to_have_count(1)
    form.saved()
    form.send()
    status_page(form.page, SV.received)
    current = client_of(form.page, installation).status()["current"]
    assert current["title"] == "Unga röster i två kommuner"
    name = next(one["name"] for one in current["attachments"] if one["kind"] == letter.kind)
    assert (len(name), name[:18], name[-5:]) == (200, "Avsiktsförklaring ", "å.pdf")


def test_while_an_outcome_takes_long_the_application_can_be_changed(visit: Visit, installation: Installation) -> None:
    with installation.paused("IngestFunctionUploads"):
        page = visit().open()
        page.clock.install()
        form = begin(page, installation, ROUND)
        form.fill(a_play(email="vantar@forening.example"))
        form.saved()
        form.send()
        status_page(page, "Ansökan är skickad")
        page.clock.fast_forward(SLOW)
        page.get_by_role("link", name=SV.change).click()
        again = form_of(page, installation, ROUND)
        again.box("project.title").fill("Rättad medan vi väntar")
        again.saved()
        again.send()
        status_page(page, "Ansökan är skickad")
    status_page(page, SV.received)
    assert client_of(page, installation).status()["current"]["title"] == "Rättad medan vi väntar"


def test_a_sheet_of_paper_does_not_carry_the_private_link(visit: Visit, installation: Installation) -> None:
    page = sent(visit, installation, "papper@forening.example").page
    link = page.url
    page.evaluate(
        "addEventListener('beforeprint', () => { printed = location.href }); addEventListener('afterprint', () => {})"
    )
    page.pdf()
    assert page.evaluate("printed") == link.partition("#")[0]
    assert page.url == link
    page.reload()
    status_page(page, SV.received)


@pytest.mark.parametrize("rest", ["", "#status.7K3M9QXRC"])
def test_a_link_that_is_cut_off_is_said_to_be(visit: Visit, rest: str) -> None:
    visitor = visit()
    visitor.forgive("status of 40")
    page = visitor.open(f"/sv/application{rest}")
    expect(page.get_by_text("Kontrollera att hela länken kom med.")).to_be_visible()


def test_a_connection_that_dies_while_it_is_sent_leaves_open_whether_it_arrived(
    visit: Visit, installation: Installation, to_bucket: re.Pattern[str]
) -> None:
    visitor = visit()
    visitor.forgive("net::ERR_")
    form = begin(visitor.open(), installation, ROUND)
    form.fill(a_play(email="kanske@forening.example"))
    form.saved()

    def lose(route: Route) -> None:
        visitor.cut("**/application")
        route.fetch()
        route.abort()

    visitor.context.route(to_bucket, lose)
    form.send()
    expect(form.page.get_by_role("heading", name=SV.unsure)).to_be_visible(timeout=40_000)
    expect(form.page.get_by_text(SV.not_sent)).to_have_count(0)
    visitor.mend("**/application")
    visitor.context.unroute(to_bucket)
    form.send()
    status_page(form.page, SV.received)
    assert [one["outcome"] for one in client_of(form.page, installation).history()["submissions"]] == ["accepted"]
