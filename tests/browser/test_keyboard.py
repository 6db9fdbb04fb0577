"""The whole way by keyboard alone: forward with Tab through everything, in the order in which one reads."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from infrastructure.cloud.running import ROOT as PROJECT
from infrastructure.demo.applicant import File
from tests.browser.conftest import Visit
from tests.browser.forms import Form, Json, form_of, payload, status_page
from tests.browser.visitors import WIDTHS
from tests.browser.words import WORDS
from tests.builders.documents import a_document
from tests.end_to_end.installation import Installation
from tests.end_to_end.papers import FILES, LETTER, PARTNERSHIP

pytestmark = pytest.mark.cloud
ROUND = "keyboard"

Step = tuple[str, str, str | File]
"""Role and name of what to go to, and then a key, something to type, or a file to choose."""


def steps(form: Form, document: Json, files: tuple[File, ...]) -> Iterator[Step]:
    """What somebody does who answers as the document does, in the order of the form."""
    for field, _ in form.fields():
        value: Any = document
        for step in field["path"].split("."):
            value = value.get(step, {})
        if value and not (field.get("options") and len(field["options"]) == 1):
            yield from STEPS.get(field["kind"], typed)(form, field, value, files)


def typed(form: Form, field: Json, value: object, _: object) -> Iterator[Step]:
    yield "textbox", form.label(field), str(value)


def chosen(form: Form, field: Json, value: str, _: object) -> Iterator[Step]:
    """The first is reached with Tab, the others with arrows; an arrow chooses."""
    ids = [option["id"] for option in field["options"]]
    yield "radio", form.label(field["options"][0]), "ArrowDown " * ids.index(value) or "Space"


def ticked(form: Form, field: Json, value: list[str], _: object) -> Iterator[Step]:
    for option in field["options"]:
        if option["id"] in value:
            yield "checkbox", form.label(option), "Space"


def applicant(form: Form, field: Json, value: Json, _: object) -> Iterator[Step]:
    kind = form.label(field["kinds"][0]).capitalize()
    assert value["kind"] == field["kinds"][0]["id"] == "municipality"
    yield "radio", kind, "Space"
    yield "combobox", kind, next(one["name"] for one in form.register["municipalities"] if one["code"] == value["code"])


def partner(form: Form, field: Json, value: list[Json], _: object) -> Iterator[Step]:
    for one in value:
        yield "textbox", form.label(field["fields"]["name"]), one["name"]
        country = next(form.label(country) for country in field["countries"] if country["id"] == one["country"])
        yield "combobox", form.label(field["fields"]["country"]), country


def amounts(form: Form, field: Json, value: list[Json], _: object) -> Iterator[Step]:
    """Row by row, as the table is read."""
    order = [one["id"] for one in field["categories"]]
    for line in sorted(value, key=lambda line: (order.index(line["category"]), line["year"])):
        category = form.label(field["categories"][order.index(line["category"])])
        yield "textbox", f"{category}, {form.words.year} {line['year']}", str(line["amount"])


def files_of(form: Form, field: Json, _: object, files: tuple[File, ...]) -> Iterator[Step]:
    for file in files:
        yield "button", next(form.label(kind) for kind in field["kinds"] if kind["id"] == file.kind), file


STEPS: dict[str, Any] = {
    "choice": chosen,
    "choices": ticked,
    "applicant": applicant,
    "partners": partner,
    "budget": amounts,
    "attachments": files_of,
}
KEYS = ("Space", "ArrowDown", "Enter")

SAID_AT_THE_FOCUS = """() => {
  const said = [];
  const around = "fieldset, .field";
  for (let at = document.activeElement.closest(around); at; at = at.parentElement.closest(around))
    said.push(...[...at.querySelectorAll(":scope > .wrong")].map((one) => one.textContent));
  return said.join(" ");
}"""


# Whatever stays at the window's edge may not hide what has the focus.
IN_SIGHT = """() => {
  const at = document.activeElement, shown = at.matches("[type=file]") ? at.parentElement : at;
  const box = shown.getBoundingClientRect();
  return [0.1, 0.5, 0.9].some((part) => {
    const seen = document.elementFromPoint(box.x + box.width / 2, box.y + box.height * part);
    return seen && (shown.contains(seen) || seen.contains(shown) || seen.matches("label"));
  });
}"""


@pytest.fixture(scope="module", autouse=True)
def _round(installation: Installation) -> None:
    installation.open_round(ROUND, programme=PARTNERSHIP, grace=900)


def focused(page: Page) -> str:
    """What has the focus, as a screen reader says it. Example: textbox "Namn" """
    found = page.locator("*:focus")
    return found.aria_snapshot().partition("\n")[0].removeprefix("- ").rstrip(":") if found.count() else ""


def in_sight(page: Page) -> bool:
    """Whether what has the focus can be seen, once the window has scrolled there."""
    for _ in range(30):
        if page.evaluate(IN_SIGHT):
            return True
        page.wait_for_timeout(100)
    page.screenshot(path=PROJECT / ".anslag/hidden.png")
    return False


def tab_to(page: Page, role: str, name: str) -> None:
    """Go forward, and only forward."""
    passed = []
    for _ in range(120):
        page.keyboard.press("Tab")
        passed.append(focused(page))
        if re.match(rf"'?{role} \"{re.escape(name)}", passed[-1]):
            assert in_sight(page), f"{passed[-1]} has the focus and is hidden"
            return
    raise AssertionError(f"no {role} {name!r} among {passed}")


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("language", WORDS)
def test_everything_can_be_done_with_the_keyboard(
    visit: Visit, installation: Installation, width: str, language: str
) -> None:
    words = WORDS[language]
    page = visit(**WIDTHS[width]).open(f"/{language}/")
    link = page.get_by_role("link", name=f"{'Omgång' if language == 'sv' else 'Round'} {ROUND}")
    expect(link).to_be_visible()
    tab_to(page, "link", link.inner_text())
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name=words.start)).to_be_visible()
    tab_to(page, "button", words.start)
    page.keyboard.press("Enter")
    form = form_of(page, installation, ROUND, language)

    choosing = LETTER
    # Listening from the start: Playwright would otherwise take hold of the chooser only after the key.
    page.on("filechooser", lambda chooser: chooser.set_files(payload(choosing)))
    for role, name, what in (*steps(form, a_document(), FILES), ("button", words.send, "Enter")):
        tab_to(page, role, name)
        if isinstance(what, File):
            choosing = what
            page.keyboard.press("Enter")
            expect(form.uploaded(what.name)).to_have_count(1)
        elif what.split()[0] in KEYS:
            for key in what.split():
                page.keyboard.press(key)
        elif role == "combobox":
            page.keyboard.type(what)
        else:
            page.keyboard.insert_text(what)

    status_page(page, words.received)
    tab_to(page, "button", words.withdraw)
    page.keyboard.press("Enter")
    expect(page.get_by_role("dialog")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_be_hidden()
    assert focused(page).startswith(f'button "{words.withdraw}"')


def test_the_summary_of_problems_takes_the_focus_and_leads_to_each_field(
    visit: Visit, installation: Installation
) -> None:
    page = visit().open(f"/sv/form?round={ROUND}")
    page.get_by_role("button", name=WORDS["sv"].start).click()
    form = form_of(page, installation, ROUND)
    address = page.url
    form.send()
    assert "saker behöver rättas" in focused(page) or "saker behöver rättas" in page.locator("*:focus").inner_text()
    links = form.summary().get_by_role("link")
    assert links.count() > 8
    for index in range(links.count()):
        text = links.nth(index).inner_text()
        links.nth(index).focus()
        page.keyboard.press("Enter")
        assert page.url == address, "the private link must stay in the address"
        at = page.evaluate(SAID_AT_THE_FOCUS)
        assert text.partition(": ")[2] in at, f"{text!r} led to a field that says {at!r}"


def test_the_skip_link_leads_to_the_content_and_keeps_the_private_link(
    visit: Visit, installation: Installation
) -> None:
    page = visit().open(f"/sv/form?round={ROUND}")
    page.get_by_role("button", name=WORDS["sv"].start).click()
    form_of(page, installation, ROUND)
    address = page.url
    page.reload()
    form_of(page, installation, ROUND)
    page.keyboard.press("Tab")
    assert focused(page) == 'link "Till innehållet"'
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "main"
    assert page.url == address
