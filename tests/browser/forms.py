"""The form of any programme, as a person meets it: found by headings, labels and roles, never by how it is built."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

import requests
from playwright.sync_api import FilePayload, Locator, Page, Route, expect

from infrastructure.demo.applicant import ApplicantClient, File
from tests.browser.words import WORDS, Words
from tests.end_to_end.installation import Installation

Json = dict[str, Any]


@dataclass
class Form:
    """The form page of an application. `round_` is what the API says of the round."""

    page: Page
    round_: Json
    register: Json
    words: Words

    # Finding

    def fields(self) -> Iterator[tuple[Json, Locator]]:
        """Every field with the section that it is in, in the form's order."""
        for section in self.round_["form"]["sections"]:
            region = self.page.get_by_role("region", name=section["title"][self.words.language], exact=True)
            yield from ((field, region) for field in section["fields"])

    def field(self, path: str) -> tuple[Json, Locator]:
        """Example: project.title"""
        return next((field, region) for field, region in self.fields() if field["path"] == path)

    def label(self, of: Mapping[str, Any]) -> str:
        return str(of["label"][self.words.language])

    def box(self, path: str) -> Locator:
        """Where a line or a text is typed. Example: project.title"""
        field, region = self.field(path)
        return self.labelled(region, "textbox", self.label(field))

    @staticmethod
    def labelled(region: Locator, role: Any, label: str) -> Locator:
        """Something with that label, whatever is said after it in brackets."""
        return region.get_by_role(role, name=re.compile(rf"^{re.escape(label)}( \(.*\))?$"))

    def place(self, kind: str) -> Locator:
        """Where files of a kind are chosen and listed."""
        field, region = self.field("attachments")
        label = next(self.label(one) for one in field["kinds"] if one["id"] == kind)
        return region.get_by_label(re.compile(rf"^{re.escape(label)}"))

    def amount(self, year: int, category: str) -> Locator:
        """A cell of the budget."""
        field, region = self.field("budget")
        label = next(self.label(one) for one in field["categories"] if one["id"] == category)
        return region.get_by_role("textbox", name=f"{label}, {self.words.year} {year}")

    def send_button(self) -> Locator:
        return self.page.get_by_role("button", name=re.compile(f"^({self.words.send}|{self.words.send_again})$"))

    def summary(self) -> Locator:
        """What needs mending, all at once."""
        return self.page.get_by_role("heading", name=self.words.to_mend).locator("..")

    def problems(self) -> list[str]:
        return self.summary().get_by_role("listitem").all_inner_texts()

    # Doing

    def fill(self, document: Mapping[str, Any]) -> None:
        """Answer everything as the document does, but for the files."""
        for field, region in self.fields():
            value = _at(document, field["path"])
            if value is not None:
                getattr(self, f"_fill_{field['kind']}", self._fill_line)(field, region, value)

    def choose(self, files: Iterable[File]) -> None:
        """Choose files, each at the place of its kind."""
        for file in files:
            self.place(file.kind).set_input_files(payload(file))

    def uploaded(self, name: str) -> Locator:
        """The line that says that a file has arrived."""
        line = self.page.get_by_role("listitem").filter(has_text=name)
        return line.filter(has_text=re.compile(rf", {self.words.uploaded}"))

    def all_uploaded(self, files: Iterable[File]) -> None:
        for file in files:
            expect(self.uploaded(file.name)).to_have_count(1)

    def saved(self) -> None:
        """Wait until the page says that everything is saved."""
        expect(self.page.locator("main").get_by_text(self.words.saved)).to_be_visible()

    def send(self) -> None:
        self.send_button().click()

    def _fill_line(self, field: Json, region: Locator, value: object) -> None:
        if field.get("least") is not None and field.get("least") == field.get("most"):
            return  # there is only one answer, which is stated
        self.labelled(region, "textbox", self.label(field)).fill(str(value))

    def _fill_choice(self, field: Json, region: Locator, value: str) -> None:
        if len(field["options"]) == 1 and field["required"]:
            return
        label = next(self.label(one) for one in field["options"] if one["id"] == value)
        group = region.get_by_role("group", name=self.label(field))
        group.get_by_role("radio", name=label, exact=True).check()

    def _fill_choices(self, field: Json, region: Locator, value: list[str]) -> None:
        for option in field["options"]:
            box = region.get_by_role("checkbox", name=self.label(option), exact=True)
            box.set_checked(option["id"] in value)

    def _fill_applicant(self, field: Json, region: Locator, value: Mapping[str, str]) -> None:
        kind = next(one for one in field["kinds"] if one["id"] == value["kind"])
        label = self.label(kind)[0].upper() + self.label(kind)[1:]
        if len(field["kinds"]) > 1:
            region.get_by_role("radio", name=label, exact=True).check()
        if kind["identified_by"] == "organisation-number":
            for part in ("organisation_number", "name"):
                self.labelled(region, "textbox", self.label(field["fields"][part])).fill(value[part])
            return
        list_ = self.register["regions" if kind["identified_by"] == "region-code" else "municipalities"]
        name = next(one["name"] for one in list_ if one["code"] == value["code"])
        region.get_by_role("combobox", name=label, exact=True).select_option(label=name)

    def _fill_partners(self, field: Json, region: Locator, value: list[Mapping[str, str]]) -> None:
        names, countries = field["fields"]["name"], field["fields"]["country"]
        for number, partner in enumerate(value, 1):
            row = region.get_by_role("group", name=f"{self.words.partner} {number}", exact=True)
            if not row.count():
                region.get_by_role("button", name=self.words.add_partner).click()
            self.labelled(row, "textbox", self.label(names)).fill(partner["name"])
            country = next(self.label(one) for one in field["countries"] if one["id"] == partner["country"])
            self.labelled(row, "combobox", self.label(countries)).select_option(label=country)

    def _fill_budget(self, _field: Json, _region: Locator, value: list[Mapping[str, Any]]) -> None:
        for line in value:
            self.amount(line["year"], line["category"]).fill(str(line["amount"]))

    def _fill_attachments(self, _field: Json, _region: Locator, _value: object) -> None:
        """Files are chosen, not typed."""


def _at(document: Mapping[str, Any], path: str) -> Any:
    value: Any = document
    for step in path.split("."):
        value = value.get(step) if value else None
    return value


def payload(file: File) -> FilePayload:
    """A file as it lies on somebody's disk."""
    return {"name": file.name, "mimeType": file.type, "buffer": file.content}


def begin(page: Page, installation: Installation, round_id: str, language: str = "sv") -> Form:
    """Begin an application on the round's own page."""
    page.goto(f"/{language}/form?round={round_id}")
    page.get_by_role("button", name=WORDS[language].start).click()
    return form_of(page, installation, round_id, language)


def form_of(page: Page, installation: Installation, round_id: str, language: str = "sv") -> Form:
    """The form that the page shows, or is about to show."""
    api = installation.outputs["ApiUrl"]
    form = Form(page, _told(f"{api}/rounds/{round_id}"), _told(f"{api}/register"), WORDS[language])
    expect(form.send_button()).to_be_visible()
    return form


@cache
def _told(address: str) -> Json:
    """Asked once: what a round asks for and who may apply stay as they are."""
    told: Json = requests.get(address, timeout=30).json()
    return told


def client_of(page: Page, installation: Installation) -> ApplicantClient:
    """Who holds the private link of the page's address, at the API."""
    return ApplicantClient(installation.outputs["ApiUrl"], token_of(page))


def token_of(page: Page) -> str:
    """The private link's secret, as the address has it."""
    return page.url.partition("#")[2]


def status_page(page: Page, state: str) -> None:
    """Wait until the status page says this."""
    expect(page.get_by_role("heading", level=1, name=state)).to_be_visible(timeout=120_000)


def hold(form: Form, address: str | re.Pattern[str]) -> list[Route]:
    """What goes there waits until somebody continues it."""
    held: list[Route] = []
    form.page.context.route(address, lambda route: held.append(route))  # noqa: PLW0108  (Playwright marks what it is given)
    return held


def on_its_way(form: Form, held: list[Route]) -> None:
    """Wait until something is held."""
    for _ in range(900):
        if held:
            return
        form.page.wait_for_timeout(50)
    raise AssertionError("nothing was sent")
