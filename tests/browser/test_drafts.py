"""Nobody loses work: what was typed is there after a reload, a crash, a change of language or of machine, and two who
write at once are told of each other."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, Route, expect

from tests.browser.conftest import Visit
from tests.browser.forms import Form, begin, client_of, form_of
from tests.browser.visitors import Visitor
from tests.end_to_end.installation import Installation
from tests.end_to_end.papers import PARTNERSHIP, VILLAGE_STAGE, a_play
from tests.end_to_end.waiting import until

pytestmark = pytest.mark.cloud
ROUND, BILINGUAL = "drafts", "drafts-bilingual"
QUESTION = "Projektets namn är ändrat på två ställen samtidigt"
KEPT_HERE = "Object.entries(localStorage).map((pair) => pair.join(' '))"


@pytest.fixture(scope="module", autouse=True)
def _rounds(installation: Installation) -> None:
    installation.open_round(ROUND, programme=VILLAGE_STAGE)
    installation.open_round(BILINGUAL, programme=PARTNERSHIP)


def elsewhere(page: Page, form: Form, installation: Installation) -> Form:
    """The same application in another window."""
    page.goto(form.page.url)
    page.reload()  # Going to another fragment alone is no new page.
    return form_of(page, installation, ROUND)


def somebody_else(visit: Visit) -> Visitor:
    """Who is answered that the draft has changed, which browsers write on the console."""
    visitor = visit()
    visitor.forgive("status of 409")
    return visitor


def test_what_was_typed_is_there_after_a_reload_and_on_another_machine(
    visit: Visit, installation: Installation
) -> None:
    form = begin(visit().open(), installation, ROUND)
    form.fill(a_play(title="Nils Dacke på ladan"))
    form.saved()
    assert form.page.evaluate(KEPT_HERE) == []
    form.page.reload()
    expect(form.box("project.title")).to_have_value("Nils Dacke på ladan")
    link = form.page.get_by_role("textbox", name=form.words.link).input_value()

    other = visit().open("/sv/").context.new_page()
    other.goto(link)
    other.get_by_role("link", name="Fortsätt med ansökan").click()
    there = form_of(other, installation, ROUND)
    expect(there.box("project.title")).to_have_value("Nils Dacke på ladan")
    expect(there.amount(1, "stage")).to_have_value("30000")


def test_a_browser_that_crashes_without_a_connection_loses_nothing(visit: Visit, installation: Installation) -> None:
    visitor = visit()
    form = begin(visitor.open(), installation, ROUND)
    form.box("project.title").fill("Före")
    form.saved()
    address = form.page.url
    visitor.cut("**/application/**")
    form.box("project.title").fill("Skrivet utan nät")
    expect(form.page.locator("main").get_by_text("Inte sparat: ingen anslutning.")).to_be_visible()
    assert any("Skrivet utan nät" in kept for kept in form.page.evaluate(KEPT_HERE))
    form.page.close()  # Nothing can be sent when it closes.

    visitor.mend("**/application/**")
    page = visitor.open(address)
    form = form_of(page, installation, ROUND)
    expect(form.box("project.title")).to_have_value("Skrivet utan nät")
    form.saved()
    assert client_of(page, installation).draft()["draft"]["fields"]["project.title"] == "Skrivet utan nät"
    assert page.evaluate(KEPT_HERE) == []


def test_what_a_closed_window_saved_undoes_nothing_that_was_changed_since(
    visit: Visit, installation: Installation
) -> None:
    visitor = visit()
    form = begin(visitor.open(), installation, ROUND)
    form.box("project.title").fill("Före")
    form.saved()
    client, address = client_of(form.page, installation), form.page.url
    form.box("contact.phone").fill("0920-12 34 56")
    form.page.wait_for_timeout(400)  # It is kept on the device, and not saved yet.
    form.page.goto("/sv/")
    until(lambda: "contact.phone" in client.draft()["draft"]["fields"], "what was saved as the page was left")
    stored = client.draft()
    fields = {path: value for path, value in stored["draft"]["fields"].items() if path != "contact.phone"}
    client.save(stored["revision"], stored["draft"] | {"fields": fields}, editor="colleague")
    form.page.goto(address)
    again = form_of(form.page, installation, ROUND)
    expect(again.box("project.title")).to_have_value("Före")
    expect(again.box("contact.phone")).to_have_value("")
    again.page.wait_for_timeout(1000)
    assert "contact.phone" not in client.draft()["draft"]["fields"]


def test_what_is_typed_without_a_connection_is_saved_when_it_is_back(visit: Visit, installation: Installation) -> None:
    visitor = visit()
    form = begin(visitor.open(), installation, ROUND)
    form.box("project.title").fill("Med nät")
    form.saved()
    visitor.forgive("net::ERR_")
    visitor.context.set_offline(True)
    form.box("project.title").fill("Utan nät")
    expect(form.page.locator("main").get_by_text("Inte sparat: ingen anslutning.")).to_be_visible()
    visitor.context.set_offline(False)
    form.saved()
    assert client_of(form.page, installation).draft()["draft"]["fields"]["project.title"] == "Utan nät"


def test_another_language_keeps_what_was_typed_a_moment_ago(visit: Visit, installation: Installation) -> None:
    form = begin(visit().open(), installation, BILINGUAL)
    form.box("project.title").fill("Halvskriv")
    form.page.get_by_role("link", name="English").click()
    english = form_of(form.page, installation, BILINGUAL, "en")
    expect(english.box("project.title")).to_have_value("Halvskriv")
    expect(english.page.get_by_role("heading", level=1, name="Apply: Municipal Partnerships")).to_be_visible()
    english.box("project.title").press("End")
    english.page.keyboard.type("et")
    english.page.get_by_role("link", name="Svenska").click()
    swedish = form_of(english.page, installation, BILINGUAL)
    expect(swedish.box("project.title")).to_have_value("Halvskrivet")


def test_two_windows_show_what_the_other_one_writes(visit: Visit, installation: Installation) -> None:
    visitor = visit()
    one = begin(visitor.open(), installation, ROUND)
    other = elsewhere(visitor.open(), one, installation)
    expect(one.page.get_by_text("öppen i ett annat fönster")).to_be_visible()
    one.box("project.title").fill("Från det ena fönstret")
    expect(other.box("project.title")).to_have_value("Från det ena fönstret")
    other.box("contact.name").fill("Från det andra")
    expect(one.box("contact.name")).to_have_value("Från det andra")
    for form in (one, other):
        form.saved()
        assert form.page.get_by_role("group", name="ändrat på två ställen").count() == 0


def test_two_people_who_change_different_fields_keep_both(visit: Visit, installation: Installation) -> None:
    one = begin(visit().open(), installation, ROUND)
    other = elsewhere(somebody_else(visit).open(), one, installation)
    one.box("project.title").fill("Annas titel")
    one.saved()
    other.box("contact.name").fill("Bertil")
    other.saved()
    expect(other.box("project.title")).to_have_value("Annas titel")
    expect(
        other.page.locator("main").get_by_text(re.compile("^Ändrat i ett annat fönster .* dina egna finns kvar"))
    ).to_be_visible()
    fields = client_of(one.page, installation).draft()["draft"]["fields"]
    assert (fields["project.title"], fields["contact.name"]) == ("Annas titel", "Bertil")


def two_titles(visit: Visit, installation: Installation) -> tuple[Form, Form]:
    """Anna's window and Bertil's, who have changed the title at the same time."""
    anna = begin(visit().open(), installation, ROUND)
    bertil = elsewhere(somebody_else(visit).open(), anna, installation)
    anna.box("project.title").fill("Annas titel")
    anna.saved()
    bertil.box("project.title").fill("Bertils titel")
    return anna, bertil


@pytest.mark.parametrize(("choice", "kept"), [("Behåll mitt", "Bertils titel"), ("Ta det andra", "Annas titel")])
def test_two_people_who_change_the_same_field_are_asked(
    visit: Visit, installation: Installation, choice: str, kept: str
) -> None:
    one, other = two_titles(visit, installation)
    asked = other.page.get_by_role("group", name=QUESTION)
    expect(asked).to_contain_text("Annas titel")
    expect(asked).to_contain_text("Bertils titel")
    stored = client_of(one.page, installation).draft()["draft"]["fields"]["project.title"]
    assert stored == "Annas titel", "the other's text was overwritten before anybody chose"
    other.send()
    assert any("Projektets namn: Ändrat på två ställen" in problem for problem in other.problems())

    asked.get_by_role("button", name=choice).click()
    expect(asked).to_have_count(0)
    expect(other.box("project.title")).to_have_value(kept)
    api = client_of(one.page, installation)
    until(lambda: api.draft()["draft"]["fields"]["project.title"] == kept, f"{kept} to be saved")


def test_a_question_that_nobody_answered_is_asked_again_after_a_reload(
    visit: Visit, installation: Installation
) -> None:
    one, other = two_titles(visit, installation)
    expect(other.page.get_by_role("group", name=QUESTION)).to_be_visible()
    other.page.reload()
    asked = form_of(other.page, installation, ROUND).page.get_by_role("group", name=QUESTION)
    expect(asked).to_contain_text("Annas titel")
    expect(asked).to_contain_text("Bertils titel")
    stored = client_of(one.page, installation).draft()["draft"]["fields"]["project.title"]
    assert stored == "Annas titel", "the other's text was overwritten before anybody chose"


def test_whoever_types_on_after_a_lost_answer_is_not_asked_about_their_own_text(
    visit: Visit, installation: Installation
) -> None:
    visitor = somebody_else(visit)
    visitor.forgive("net::ERR_")
    form = begin(visitor.open(), installation, ROUND)
    done: list[str] = []

    def lose(route: Route) -> None:
        if done or route.request.method != "PUT":
            return route.fallback()
        route.fetch()
        done.append(route.request.url)
        return route.abort("connectionreset")

    visitor.context.route("**/application/draft", lose)
    with form.page.expect_event("requestfailed"):
        form.box("project.title").fill("En bro")
    form.box("project.title").fill("En bro till Kenya")
    form.saved()
    api = client_of(form.page, installation)
    until(lambda: api.draft()["draft"]["fields"]["project.title"] == "En bro till Kenya", "what was typed last")
    expect(form.page.get_by_text("ändrat på två ställen")).to_have_count(0)


def test_the_link_can_be_copied_and_sent_by_e_mail(visit: Visit, installation: Installation) -> None:
    visitor = visit(permissions=["clipboard-read", "clipboard-write"])
    form = begin(visitor.open(), installation, ROUND)
    link = form.page.get_by_role("textbox", name=form.words.link).input_value()
    form.page.get_by_role("button", name="Kopiera länken").click()
    expect(form.page.get_by_role("status").filter(has_text="Länken är kopierad.")).to_be_visible()
    assert form.page.evaluate("navigator.clipboard.readText()") == link
    form.page.get_by_role("textbox", name="Skicka länken till en e-postadress").fill("kollega@forening.example")
    form.page.get_by_role("button", name="Skicka länken").click()
    expect(form.page.get_by_text("Länken är skickad till kollega@forening.example.")).to_be_visible()
    (letter,) = installation.letters(to="kollega@forening.example")
    assert link in letter.body
