"""Every page in every state that a person can meet: brought about through the doors that people use."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from playwright.sync_api import Page, expect

from infrastructure.demo.applicant import ApplicantClient, File
from shared.instants import iso
from tests.browser.forms import Form, begin, form_of, status_page
from tests.browser.visitors import Visitor
from tests.browser.words import WORDS
from tests.builders.documents import A_PDF, a_document, raw
from tests.end_to_end.installation import Installation
from tests.end_to_end.papers import FILES, PARTNERSHIP, VILLAGE_STAGE, a_play

OPEN, COMING, CLOSED = "autumn-2026", "spring-2027", "spring-2026"
PROGRAM = File("letter-of-intent", "Avsiktsförklaring å ä ö.pdf", b"MZ\x90 not a PDF at all", "application/pdf")
LARGE = File("other", "Kartor över Piteå.pdf", A_PDF + b"0" * 3_000_000, "application/pdf")


@dataclass
class Stage:
    """Three rounds, and applications that stand in different places. Made once for each installation."""

    installation: Installation
    clients: dict[str, ApplicantClient] = field(default_factory=dict)

    def set(self) -> None:
        """Open the rounds and bring the applications where they are to be."""
        self.installation.open_round(OPEN, programme=PARTNERSHIP, grace=900, seconds=21 * 86_400)
        self._coming()
        for name in ("draft", "received", "withdrawn", "refused", "mending"):
            self.clients[name] = self.installation.applicant(OPEN)
        self._send("received", FILES)
        self._send("withdrawn", FILES)
        self._send("refused", (PROGRAM, FILES[1]), project__title=None, budget__0__amount=9_000_000)
        self.clients["withdrawn"].withdraw()
        with self.installation.open_for(CLOSED, programme=VILLAGE_STAGE):
            for name in ("in time", "unsent", "unmended", "late", "let in", "asked"):
                self.clients[name] = self.installation.applicant(CLOSED)
            for name in ("in time", "asked"):
                self.clients[name].send(a_play())
            self.clients["unmended"].send(a_play(amount=9_000_000))
            signed = self.clients["late"].forms(raw(a_play()))
        # The bucket's owner puts it there: no signed form lets anybody any more.
        self.installation.client("s3").put_object(
            Bucket=self.installation.outputs["UploadBucketName"],
            Key=signed["forms"][-1]["fields"]["key"],
            Body=raw(a_play()),
            ContentType="application/json",
        )
        self.clients["late"].outcome_of(signed["submission"])
        self._make_exceptions()

    def _make_exceptions(self) -> None:
        until = iso(datetime.now(UTC) + timedelta(days=2))
        references = {name: self.clients[name].reference for name in ("let in", "asked")}
        letting = {"until": until, "reason": "sjuk", "application": references["let in"]}
        asking = {"until": until, "what": "Budgeten för år två fattas.\nSkicka den gärna som Excel."}
        for path, body in (
            ("exceptions", letting),
            (f"applications/{references['asked']}/completion", asking),
        ):
            answer = self.installation.ask(self.installation.anna, "POST", f"/staff/rounds/{CLOSED}/{path}", body)
            assert answer.ok, answer.text

    def _coming(self) -> None:
        opens = datetime.now(UTC) + timedelta(days=80)
        round_ = {
            "id": COMING,
            "name": {"sv": "Våren 2027", "en": "Spring 2027"},
            "programme": PARTNERSHIP,
            "opens": iso(opens),
            "closes": iso(opens + timedelta(days=28)),
            "budget": None,
            "grace_seconds": 900,
        }
        answer = self.installation.ask(self.installation.anna, "POST", "/staff/rounds", round_)
        assert answer.status_code == 201, answer.text

    def _send(self, name: str, files: tuple[File, ...], **changes: object) -> None:
        document = a_document(**changes, attachments=[file.as_json() for file in files])
        sent = self.clients[name].send(document, files)
        self.clients[name].outcome_of(sent["submission"])


Show = Callable[[Stage, Visitor, str], Page]
STATES: dict[str, Show] = {}
"""By name: how a visitor comes to see it, in a language."""


def state(name: str) -> Callable[[Show], Show]:
    def note(show: Show) -> Show:
        STATES[name] = show
        return show

    return note


def _at(name: str, path: str, heading: dict[str, str]) -> None:
    """A state that an address alone leads to."""

    def show(stage: Stage, visitor: Visitor, language: str) -> Page:
        place, _, whose = path.partition("#")
        page = visitor.open(f"/{language}/{place}" + (f"#{stage.clients[whose].token}" if whose else ""))
        status_page(page, heading[language])
        expect(page.get_by_text(re.compile("^(Hämtar|Loading) …$"))).to_have_count(0)
        return page

    STATES[name] = show


APPLY = {"sv": "Ansök: Kommunala partnerskap", "en": "Apply: Municipal Partnerships"}
APPLY_STAGE = {"sv": "Ansök: Bygdescenen", "en": "Apply: The Village Stage"}
HEADINGS = {
    name: {of: str(getattr(WORDS[of], name)) for of in WORDS}
    for name in ("received", "refused", "unmended", "late", "withdrawn", "not_sent")
}

_at("rounds", "", {"sv": "Ansökningsomgångar", "en": "Rounds of applications"})
_at("accessibility", "accessibility", {"sv": "Tillgänglighetsredogörelse", "en": "Accessibility statement"})
_at("start", f"form?round={OPEN}", APPLY)
_at("start, coming", f"form?round={COMING}", APPLY)
_at("start, closed", f"form?round={CLOSED}", APPLY_STAGE)
_at("form, empty", "form#draft", APPLY)
_at("form, closed", "form#unsent", APPLY_STAGE)
_at("form, let in after the deadline", "form#let in", APPLY_STAGE)
_at("form, asked for a completion", "form#asked", APPLY_STAGE)
_at("application, asked for a completion", "application#asked", HEADINGS["received"])
_at("application, draft", "application#draft", HEADINGS["not_sent"])
_at("application, received", "application#received", HEADINGS["received"])
_at("application, refused", "application#refused", HEADINGS["refused"])
_at("application, refused and closed", "application#unmended", HEADINGS["unmended"])
_at("application, withdrawn", "application#withdrawn", HEADINGS["withdrawn"])
_at("application, late", "application#late", HEADINGS["late"])
_at("application, received and closed", "application#in time", HEADINGS["received"])
_at("application, never sent", "application#unsent", HEADINGS["not_sent"])


@state("choice of language")
def _choice(_: Stage, visitor: Visitor, language: str) -> Page:
    return visitor.open("/" if language == "sv" else "/index.html")


@state("no such page")
def _lost(_: Stage, visitor: Visitor, language: str) -> Page:
    visitor.forgive("status of 404")
    return visitor.open(f"/{language}/finns-inte")


def opened(stage: Stage, visitor: Visitor, language: str) -> Form:
    return begin(visitor.open(f"/{language}/"), stage.installation, OPEN, language)


@state("form, filled")
def filled(stage: Stage, visitor: Visitor, language: str) -> Page:
    form = opened(stage, visitor, language)
    form.fill(a_document(language=language))
    form.choose(FILES)
    form.all_uploaded(FILES)
    form.saved()
    return form.page


@state("form, problems")
def _problems(stage: Stage, visitor: Visitor, language: str) -> Page:
    form = opened(stage, visitor, language)
    form.fill(a_document(contact__email="asa.oberg", project__starts="i januari", project__summary=None))
    form.amount(1, "staff").fill("fyrahundra tusen")
    form.amount(2, "activities").fill("9 000 000")
    form.send()
    expect(form.summary()).to_be_visible()
    return form.page


@state("form, uploading")
def _uploading(stage: Stage, visitor: Visitor, language: str) -> Page:
    form = opened(stage, visitor, language)
    visitor.slow(form.page, upload=60_000)
    form.choose([LARGE, File("other", "Schema.pdf", LARGE.content + b"1", LARGE.type)])
    form.choose([File("budget", "Budget.pdf", A_PDF, "application/pdf")])
    expect(form.page.get_by_role("progressbar").first).to_be_visible()
    return form.page


@state("form, changed by two")
def _clash(stage: Stage, visitor: Visitor, language: str) -> Page:
    form = opened(stage, visitor, language)
    client = ApplicantClient(stage.installation.outputs["ApiUrl"], form.page.url.partition("#")[2])
    client.save(client.draft()["revision"], {"fields": {"project.title": "Annas titel", "contact.name": "Anna"}})
    visitor.forgive("status of 409")
    form.box("project.title").fill("Bertils titel")
    expect(form.page.get_by_text("Annas titel")).to_be_visible()
    return form.page


@state("form, to be mended")
def _mending(stage: Stage, visitor: Visitor, language: str) -> Page:
    form = opened(stage, visitor, language)
    form.fill(a_document(language=language))
    form.choose([PROGRAM, FILES[1]])
    form.all_uploaded([PROGRAM, FILES[1]])
    form.send()
    status_page(form.page, form.words.refused)
    form.page.get_by_role("link", name=form.words.mend).click()
    expect(form.summary()).to_be_visible()
    return form.page


@state("form, received before")
def _changing(stage: Stage, visitor: Visitor, language: str) -> Page:
    page = visitor.open(f"/{language}/form#{stage.clients['received'].token}")
    form_of(page, stage.installation, OPEN, language)
    return page


@state("application, on its way")
def _on_its_way(stage: Stage, visitor: Visitor, language: str) -> Page:
    page = filled(stage, visitor, language)
    form = form_of(page, stage.installation, OPEN, language)
    client = ApplicantClient(stage.installation.outputs["ApiUrl"], page.url.partition("#")[2])
    before = client.status()
    headers = {"Access-Control-Allow-Origin": "*"}
    # Ingest takes a second; the page is held at what it sees until then.
    visitor.context.route(
        "**/application",
        lambda route: (
            route.fulfill(json=before, headers=headers) if route.request.resource_type == "fetch" else route.fallback()
        ),
    )
    form.send()
    status_page(page, {"sv": "Ansökan är skickad", "en": "The application has been sent"}[language])
    return page


@state("application, withdrawing")
def _withdrawing(stage: Stage, visitor: Visitor, language: str) -> Page:
    page = STATES["application, received"](stage, visitor, language)
    page.get_by_role("button", name=WORDS[language].withdraw).click()
    expect(page.get_by_role("dialog")).to_be_visible()
    return page
