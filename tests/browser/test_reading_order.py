"""What a screen reader is given: the tree of the browser itself, in the order in which the page stands to the eye."""

from __future__ import annotations

import itertools
import re
from dataclasses import dataclass
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Visit
from tests.browser.forms import Form, begin, status_page
from tests.browser.visitors import WIDTHS
from tests.browser.words import SV, WORDS
from tests.builders.documents import a_document
from tests.end_to_end.installation import Installation
from tests.end_to_end.papers import FILES, PARTNERSHIP

pytestmark = pytest.mark.cloud
ROUND = "read-aloud"
LANDMARKS = ("banner", "navigation", "main", "contentinfo")
CONTROLS = ("textbox", "combobox", "radio", "checkbox", "button", "link")
SKIP = {"sv": "Till innehållet", "en": "To the content"}

STANDING = """() => [...document.querySelectorAll("main :is(input, select, textarea)")].flatMap((at) => {
  const shown = at.type === "file" ? at.parentElement : at;
  const box = shown.getBoundingClientRect();
  if (!box.height) return [];
  const notes = (at.getAttribute("aria-describedby") ?? "").split(" ").filter(Boolean).map((id) => {
    const note = document.getElementById(id);
    return [id, note ? note.getBoundingClientRect().top + scrollY : null];
  });
  const label = at.labels?.[0]?.getBoundingClientRect();
  return [{
    id: at.id, top: box.top + scrollY, left: box.left, notes, alone: !["radio", "checkbox"].includes(at.type),
    label: label ? label.top + scrollY : null, cell: Boolean(at.closest("table")),
  }];
})"""
"""Where each control stands, with its label and what describes it, in the document's order. Pixels from the top."""


@dataclass(frozen=True)
class Node:
    """As assistive technology is given it."""

    role: str
    name: str
    description: str
    properties: dict[str, Any]


@pytest.fixture(scope="module", autouse=True)
def _round(installation: Installation) -> None:
    installation.open_round(ROUND, programme=PARTNERSHIP, seconds=40 * 24 * 3600)


def tree(page: Page) -> list[Node]:
    """Chromium's own, in its order, without what it leaves out."""
    wire = page.context.new_cdp_session(page)
    nodes = wire.send("Accessibility.getFullAXTree")["nodes"]
    wire.detach()
    by_id = {node["nodeId"]: node for node in nodes}
    found: list[Node] = []
    waiting = [nodes[0]["nodeId"]]
    while waiting:
        node = by_id.get(waiting.pop())
        if node is None:
            continue
        waiting += reversed(node.get("childIds", []))
        if not node["ignored"]:
            text = {part: str(node.get(part, {}).get("value", "")) for part in ("role", "name", "description")}
            properties = {one["name"]: one["value"].get("value") for one in node.get("properties", [])}
            found.append(Node(**text, properties=properties))
    return found


def assert_in_order(page: Page, language: str) -> list[Node]:
    """The skip link, the landmarks, one first heading, no level left out, nothing without a name."""
    nodes = tree(page)
    first = next(node for node in nodes if node.role in (*CONTROLS, *LANDMARKS))
    assert (first.role, first.name) == ("link", SKIP[language])
    assert [node.role for node in nodes if node.role in LANDMARKS] == list(LANDMARKS)
    levels = [node.properties["level"] for node in nodes if node.role == "heading"]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after <= before + 1 for before, after in itertools.pairwise(levels)), levels
    nameless = [node for node in nodes if node.role in (*CONTROLS, "region", "group", "table") and not node.name]
    assert [node for node in nameless if node.role != "group"] == []
    return nodes


def assert_stands_as_it_is_read(page: Page) -> None:
    """Down the page, and in a table from left to right; label, then help and error, then the control."""
    standing = page.evaluate(STANDING)
    assert len(standing) > 15
    for before, after in itertools.pairwise(standing):
        same_row = abs(after["top"] - before["top"]) < 8
        assert after["left"] > before["left"] if same_row else after["top"] > before["top"], (before, after)
    for one in standing:
        assert all(top is not None for _, top in one["notes"]), f"{one['id']} is described by what is not there"
        if one["alone"] and not one["cell"]:
            over = [top for note, top in one["notes"] if note.endswith(("-help", "-wrong"))]
            order = [one["label"], *over, one["top"]]
            assert order == sorted(order), one


def described(nodes: list[Node], name: str) -> Node:
    """What is typed into under that label."""
    return next(node for node in nodes if node.role == "textbox" and node.name.startswith(name))


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("language", WORDS)
def test_the_form_is_read_in_the_order_in_which_it_stands(
    visit: Visit, installation: Installation, width: str, language: str
) -> None:
    page = visit(**WIDTHS[width]).open(f"/{language}/")
    expect(page.get_by_role("heading", level=2).first).to_be_visible()
    assert_in_order(page, language)
    page.goto(f"/{language}/form?round={ROUND}")
    expect(page.get_by_role("button", name=WORDS[language].start)).to_be_visible()
    assert_in_order(page, language)

    form = begin(page, installation, ROUND, language)
    nodes = assert_in_order(page, language)
    assert_stands_as_it_is_read(page)
    sections = [section["title"][language] for section in form.round_["form"]["sections"]]
    assert [node.name for node in nodes if node.role == "heading" and node.name in sections] == sections
    asked = [field for field, _ in form.fields() if not field.get("types")]  # of everybody, whatever is applied for
    labels = [form.label(field) for field in asked if field["kind"] in ("line", "prose", "email", "phone")]
    read = [node.name.partition(" (")[0] for node in nodes if node.role == "textbox"]
    assert [name for name in read if name in labels] == labels

    form.send()
    expect(form.summary()).to_be_visible()
    nodes = assert_in_order(page, language)
    assert_stands_as_it_is_read(page)
    for field in (one for one in asked if one["kind"] in ("line", "prose", "email")):
        node = described(nodes, form.label(field))
        told = [text for text in form.problems() if text.startswith(form.label(field))]
        if told:
            sentence = told[0].removeprefix(form.label(field)).lstrip(": ")
            assert sentence in node.description, f"{node.name} does not say what is wrong with it"
            assert node.properties.get("invalid") == "true"
        if field.get("help"):
            assert field["help"][language] in node.description


def test_what_changes_by_itself_is_said_by_a_live_region(visit: Visit, installation: Installation) -> None:
    """Politely, but for what a button just failed at."""
    form = begin(visit().open(), installation, ROUND)
    polite = [node for node in tree(form.page) if node.role == "status"]
    assert len(polite) >= 2, "what the page says, and how sending goes"
    assert {node.properties.get("live") for node in polite} == {"polite"}
    _finished(form)
    live = {node.role: node.properties.get("live") for node in tree(form.page) if node.role in ("status", "alert")}
    assert live.get("status") == "polite"
    assert live.get("alert", "assertive") == "assertive"


def _finished(form: Form) -> None:
    form.fill(a_document())
    form.choose(FILES)
    form.all_uploaded(FILES)
    form.saved()
    form.send()
    status_page(form.page, SV.received)


def test_the_receipt_is_read_from_its_heading_to_what_happens_next(visit: Visit, installation: Installation) -> None:
    form = begin(visit(**WIDTHS["phone"]).open(), installation, ROUND)
    _finished(form)
    nodes = assert_in_order(form.page, "sv")
    headings = [(node.properties["level"], node.name) for node in nodes if node.role == "heading"]
    assert headings == [
        (1, "Ansökan har kommit in"),
        (2, "Kvitto"),
        (3, "Inkomna handlingar (3)"),
        (2, "Vad som händer nu"),
        (2, "Vad du har skickat"),
    ]
    expect(form.page.get_by_role("region", name="Kvitto")).to_match_aria_snapshot("""
      - region "Kvitto":
        - heading "Kvitto" [level=2]
        - term: Beteckning
        - definition
        - term: Program
        - definition
        - term: Ansökningsomgång
        - definition
        - term: Projekt
        - definition
        - term: Sökt belopp
        - definition
        - term: Version
        - definition
        - term: Inkom
        - definition
        - term: Inkom (UTC)
        - definition
        - heading /Inkomna handlingar/ [level=3]
        - list
        - paragraph
        - paragraph:
          - button "Skriv ut"
          - button "Spara som text"
          - button "Spara signerat kvitto"
    """)
    focused = form.page.locator("*:focus")
    assert re.search("Ansökan har kommit in", focused.inner_text()), "the heading is where reading begins"
