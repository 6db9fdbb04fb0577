"""The service says no, or not now: the person is told what to do, and nothing that was typed is lost."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Locator, Page, Route, expect

from functions.apply.uploads import MOST_FORMS
from shared.aws.table import Update
from shared.keys import application_key
from shared.problems import problem
from tests.browser.accessibility import assert_accessible
from tests.browser.conftest import Visit
from tests.browser.forms import Form, begin, client_of, form_of, status_page
from tests.browser.visitors import Busy
from tests.browser.words import SV
from tests.end_to_end.installation import Installation
from tests.end_to_end.papers import LETTER, PARTNERSHIP, VILLAGE_STAGE, a_play
from tests.end_to_end.waiting import until

pytestmark = pytest.mark.cloud
ROUND, WITH_FILES = "refused", "refused-files"
BUSY = "Tjänsten hinner inte svara just nu. Vänta en liten stund."
TOO_LONG = "ö" * 120_000
"""More than a draft may weigh, in one field."""


@pytest.fixture(scope="module", autouse=True)
def _rounds(installation: Installation) -> None:
    installation.open_round(ROUND, programme=VILLAGE_STAGE)
    installation.open_round(WITH_FILES, programme=PARTNERSHIP)


def saved_line(form: Form) -> Locator:
    return form.page.locator("#saved")


def stored(page: Page, installation: Installation) -> str | None:
    fields = (client_of(page, installation).draft()["draft"] or {}).get("fields", {})
    title: str | None = fields.get("project.title")
    return title


def test_a_draft_that_is_too_large_is_told_and_kept_and_saved_when_it_is_shorter(
    visit: Visit, installation: Installation
) -> None:
    visitor = visit()
    visitor.forgive("status of 413")
    form = begin(visitor.open(), installation, ROUND)
    form.box("project.summary").fill("Kort")
    form.saved()
    form.box("project.summary").fill(TOO_LONG)
    form.box("project.title").fill("Skrivet medan texten var för lång")
    told = problem("draft-too-large", most=200_000).sv
    expect(saved_line(form)).to_have_text(told)
    expect(form.page.get_by_role("status").filter(has_text=told)).to_have_count(1)

    form.page.reload()
    form = form_of(form.page, installation, ROUND)
    expect(form.box("project.summary")).to_have_value(TOO_LONG)
    expect(form.box("project.title")).to_have_value("Skrivet medan texten var för lång")
    expect(saved_line(form)).to_have_text(told)
    form.send()
    assert any(text.startswith(form.label(form.field("project.summary")[0])) for text in form.problems())
    form.box("project.summary").fill("Kort igen")
    form.saved()
    assert stored(form.page, installation) == "Skrivet medan texten var för lång"


def test_a_refusal_that_comes_before_the_form_is_drawn_is_told_too(visit: Visit, installation: Installation) -> None:
    """What the window before could not save is sent at once; the form waits for the register until it is refused."""
    visitor = visit()
    visitor.forgive("status of 413")
    form = begin(visitor.open(), installation, WITH_FILES)
    form.box("project.summary").fill(TOO_LONG)
    told = problem("draft-too-large", most=200_000).sv
    expect(saved_line(form)).to_have_text(told)
    held: list[Route] = []
    form.page.route("**/register", lambda route: held.append(route))  # noqa: PLW0108  (Playwright marks what it is given)
    with form.page.expect_response(lambda answer: answer.status == 413):
        form.page.reload()
    held[0].continue_()
    expect(saved_line(form)).to_have_text(told)
    expect(form.page.get_by_role("status").filter(has_text=told)).to_have_count(1)
    expect(form.box("project.summary")).to_have_value(TOO_LONG)


def test_what_does_not_even_reach_the_service_for_its_size_is_told(visit: Visit, installation: Installation) -> None:
    """API Gateway takes 10 MB, and refuses in its own words, which are none for people."""
    visitor = visit()
    visitor.forgive("status of 413")
    form = begin(visitor.open(), installation, ROUND)
    visitor.context.route(
        "**/application/draft",
        lambda route: route.fulfill(
            status=413, json={"message": "Request Too Long"}, headers={"Access-Control-Allow-Origin": "*"}
        ),
    )
    form.box("project.title").fill("Större än dörren")
    expect(saved_line(form)).to_have_text("Det är för mycket text. Korta den.")


def test_saving_that_is_throttled_is_said_and_tried_again_by_itself(visit: Visit, installation: Installation) -> None:
    visitor = visit()
    form = begin(visitor.open(), installation, ROUND)
    Busy(visitor, "**/application/draft", times=2, method="PUT")
    form.box("project.title").fill("I trängseln")
    expect(saved_line(form)).to_contain_text("Inte sparat: tjänsten hinner inte svara.")
    form.saved()
    assert stored(form.page, installation) == "I trängseln"


def test_a_form_for_a_file_that_is_throttled_is_asked_for_again_by_itself(
    visit: Visit, installation: Installation
) -> None:
    visitor = visit()
    form = begin(visitor.open(), installation, WITH_FILES)
    Busy(visitor, "**/application/forms", times=2)
    form.choose([LETTER])
    expect(form.page.get_by_text("tjänsten hinner inte svara. Försöker igen av sig själv.")).to_be_visible()
    form.all_uploaded([LETTER])


def test_who_has_used_up_the_forms_is_told_whom_to_ask(visit: Visit, installation: Installation) -> None:
    visitor = visit()
    visitor.forgive("status of 429")
    form = begin(visitor.open(), installation, WITH_FILES)
    reference = client_of(form.page, installation).status()["application"]
    spent = Update(application_key(WITH_FILES, reference), set={"forms_signed": MOST_FORMS})
    installation.table().write(spent)
    form.choose([LETTER])
    line = form.page.get_by_role("listitem").filter(has_text=LETTER.name)
    expect(line).to_contain_text(problem("too-many-uploads").sv)
    expect(line.get_by_role("button", name=SV.again)).to_be_visible()
    assert_accessible(form.page)


@pytest.mark.parametrize("address", ["**/application/forms", "**/application"])
def test_submitting_that_is_throttled_loses_nothing_and_sends_once(
    visit: Visit, installation: Installation, address: str
) -> None:
    """Looking is tried again by itself; for the forms the page says that nothing was sent, and is asked again."""
    visitor = visit()
    form = begin(visitor.open(), installation, ROUND)
    form.fill(a_play(email="i-trangsel@forening.example"))
    form.saved()
    busy = Busy(visitor, address, times=1)
    form.send()
    if address.endswith("forms"):
        expect(form.page.get_by_role("heading", name=SV.not_sent)).to_be_visible()
        assert form.page.get_by_role("group", name=SV.not_sent).get_by_role("listitem").all_inner_texts() == [
            f"{BUSY} Ansökan är inte inskickad. Det du skrivit finns kvar. Försök igen."
        ]
        form.send()
    status_page(form.page, SV.received)
    assert busy.left == 0
    assert [one["outcome"] for one in client_of(form.page, installation).history()["submissions"]] == ["accepted"]


def test_a_bucket_that_is_busy_is_asked_again_and_one_that_refuses_is_said(
    visit: Visit, installation: Installation, to_bucket: re.Pattern[str]
) -> None:
    visitor = visit()
    form = begin(visitor.open(), installation, ROUND)
    form.fill(a_play(email="trang-hink@forening.example"))
    form.saved()
    answers = [403, 403, 503]
    visitor.forgive("status of (403|503)")

    def refuse(route: Route) -> None:
        if not answers:
            return route.fallback()
        headers = {"Access-Control-Allow-Origin": "*"}
        return route.fulfill(status=answers.pop(0), body="<Error/>", headers=headers)

    visitor.context.route(to_bucket, refuse)
    form.send()
    expect(form.page.get_by_role("heading", name=SV.not_sent)).to_be_visible()
    assert answers == [503]
    form.send()
    status_page(form.page, SV.received)
    assert answers == []
    until(lambda: len(client_of(form.page, installation).history()["submissions"]) == 1, "one submission")


def test_an_application_cannot_be_begun_just_now_and_then_it_can(visit: Visit, installation: Installation) -> None:
    visitor = visit()
    page = visitor.open(f"/sv/form?round={ROUND}")
    Busy(visitor, "**/applications", times=1)
    page.get_by_role("button", name=SV.start).click()
    expect(page.get_by_role("alert")).to_have_text(BUSY)
    page.get_by_role("button", name=SV.start).click()
    form_of(page, installation, ROUND)


def test_somebody_else_who_saves_at_the_moment_of_sending_is_seen_first(
    visit: Visit, installation: Installation
) -> None:
    form = begin(visit().open(), installation, ROUND)
    form.fill(a_play(email="upptagen@forening.example"))
    form.saved()
    client = client_of(form.page, installation)
    draft = client.draft()
    client.save(draft["revision"], {"fields": {**draft["draft"]["fields"], "contact.name": "Berta Ny"}}, "annan")
    form.send()
    expect(form.page.get_by_role("group", name=SV.not_sent)).to_contain_text("Någon annan ändrade ansökan just nu.")
    expect(form.box("contact.name")).to_have_value("Berta Ny")
    assert client.history()["submissions"] == []
    form.send()
    status_page(form.page, SV.received)
