"""What goes wrong for people, and what two windows do to each other: brought about, and left standing to be looked at.
`STATES` has them among all the others once this is imported."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from playwright.sync_api import Page, Route, expect

from infrastructure.demo.applicant import File
from shared.problems import problem
from tests.browser.forms import Form, begin, client_of, form_of, status_page
from tests.browser.states import CLOSED, COMING, HEADINGS, OPEN, STATES, Stage, filled, opened, state
from tests.browser.visitors import LATE, NO_CLIPBOARD, SLOW, Busy, Visitor
from tests.browser.words import WORDS
from tests.builders.documents import A_PDF, a_document
from tests.end_to_end.papers import FILES, LETTER

Json = dict[str, Any]
__all__ = ["STATES"]

NEW = File(LETTER.kind, "Ny avsiktsförklaring.pdf", A_PDF + b"new", "application/pdf")
FAILED = {"sv": "Sidan kan inte visas", "en": "The page cannot be shown"}
UNREACHED = {
    "sv": "Vi når inte tjänsten. Kontrollera din anslutning.",
    "en": "We cannot reach the service. Check your connection.",
}
IS_SENT = {"sv": "Ansökan är skickad", "en": "The application has been sent"}
LATER = ("grace", "closing", "decided", "announced")
"""Phases that none of the stage's rounds is in."""
_INTERNAL = {"title": problem("internal").sv, "status": 500, "problems": [problem("internal").as_json()]}
_ANYBODY = {"Access-Control-Allow-Origin": "*"}


def bucket_of(stage: Stage) -> re.Pattern[str]:
    """Addresses that uploads go to."""
    return re.compile(rf".*{stage.installation.outputs['UploadBucketName']}.*")


def hold(page: Page, address: re.Pattern[str]) -> None:
    """What goes there never gets an answer."""
    page.route(address, lambda _: None)


def answered(visitor: Visitor, address: str, change: Callable[[Any], Any]) -> None:
    """What scripts read there is the API's answer, changed."""

    def fulfil(route: Route) -> None:
        if route.request.resource_type != "fetch":
            return route.fallback()
        answer = route.fetch()
        return route.fulfill(response=answer, json=change(answer.json()))

    visitor.context.route(address, fulfil)


def sees(page: Page, language: str, **words: str) -> None:
    """The page says that, in its language. Once beside what is only for screen readers."""
    expect(page.locator("main").get_by_text(words[language]).first).to_be_visible()


@state("start, not just now")
def _not_now(_: Stage, visitor: Visitor, language: str) -> Page:
    page = visitor.open(f"/{language}/form?round={OPEN}")
    Busy(visitor, "**/applications", times=1)
    page.get_by_role("button", name=WORDS[language].start).click()
    expect(page.get_by_role("alert")).not_to_be_empty()
    return page


@state("form, too much text")
def _too_much(stage: Stage, visitor: Visitor, language: str) -> Page:
    form = opened(stage, visitor, language)
    visitor.forgive("status of 413")
    form.box("project.summary").fill("å" * 120_000)
    told = problem("draft-too-large", most=200_000)
    expect(form.page.locator("main").get_by_text(getattr(told, language))).to_be_visible()
    return form.page


@state("form, no connection")
def _offline(stage: Stage, visitor: Visitor, language: str) -> Page:
    form = opened(stage, visitor, language)
    visitor.cut("**/application/**")
    form.box("project.title").fill("Utan nät")
    form.choose(FILES[:1])
    expect(form.page.locator("main").get_by_text({"sv": "Inte sparat", "en": "Not saved"}[language])).to_be_visible()
    return form.page


@state("form, service busy")
def _busy(stage: Stage, visitor: Visitor, language: str) -> Page:
    form = opened(stage, visitor, language)
    Busy(visitor, "**/application/draft", times=99, method="PUT")
    form.box("project.title").fill("I trängseln")
    sees(form.page, language, sv="Inte sparat: tjänsten hinner inte svara", en="Not saved: the service is busy")
    return form.page


@state("form, files that cannot be taken")
def _untaken(stage: Stage, visitor: Visitor, language: str) -> Page:
    form = opened(stage, visitor, language)
    form.choose([File("letter-of-intent", "Avsiktsförklaring.docx", b"PK\x03\x04", "application/msword")])
    form.choose([File("budget", "Budget.xlsx", b"", FILES[1].type)])
    form.choose([File("other", "Alla kartor.pdf", A_PDF + b"0" * 10_000_000, "application/pdf")])
    sees(form.page, language, sv="Filen är tom", en="The file is empty")
    return form.page


@state("form, files that fail")
def _failing(stage: Stage, visitor: Visitor, language: str) -> Page:
    """One that the bucket refused, one that waits for a busy service, and one that is there already."""
    form = opened(stage, visitor, language)
    visitor.forgive("status of 403")
    form.choose([FILES[1]])
    form.all_uploaded([FILES[1]])
    visitor.context.route(bucket_of(stage), lambda route: route.fulfill(status=403, headers=_ANYBODY, body="<Error/>"))
    form.choose([LETTER])
    expect(form.page.get_by_role("button", name=form.words.again)).to_be_visible()
    Busy(visitor, "**/application/forms", times=99)
    form.choose([File("other", "Samma igen.xlsx", FILES[1].content, FILES[1].type)])
    form.choose([File("other", "Karta.pdf", NEW.content, NEW.type)])
    sees(form.page, language, sv="tjänsten hinner inte svara. Försöker", en="the service is busy. Trying")
    return form.page


@state("form, an upload left unfinished")
def _unfinished(stage: Stage, visitor: Visitor, language: str) -> Page:
    form = opened(stage, visitor, language)
    visitor.cut(bucket_of(stage))
    form.choose([LETTER])
    sees(form.page, language, sv="ingen anslutning", en="no connection")
    form.saved()
    form.page.reload()
    form = form_of(form.page, stage.installation, OPEN, language)
    sees(form.page, language, sv="uppladdningen är inte klar", en="not fully uploaded")
    form.send()
    expect(form.summary()).to_be_visible()
    return form.page


@state("form, a file replaces another")
def _replacing(stage: Stage, visitor: Visitor, language: str) -> Page:
    form = opened(stage, visitor, language)
    form.choose([LETTER])
    form.all_uploaded([LETTER])
    hold(form.page, bucket_of(stage))
    form.choose([NEW])
    sees(form.page, language, sv="ersätter den förra", en="replaces the previous one")
    form.saved()
    return form.page


@state("form, sending waits for a file")
def _waiting_for_files(stage: Stage, visitor: Visitor, language: str) -> Page:
    page = filled(stage, visitor, language)
    form = form_of(page, stage.installation, OPEN, language)
    hold(page, bucket_of(stage))
    with page.expect_request(bucket_of(stage)):
        form.choose([File("other", "Karta.pdf", NEW.content, NEW.type)])
    form.send()
    sees(page, language, sv="Väntar på att filerna laddas upp", en="Waiting for the files to be uploaded")
    return page


@state("form, another window sends and stands still")
def _frozen(stage: Stage, visitor: Visitor, language: str) -> Page:
    one = form_of(filled(stage, visitor, language), stage.installation, OPEN, language)
    hold(one.page, bucket_of(stage))
    page = visitor.open(f"/{language}/")
    page.clock.install()
    page.goto(one.page.url)
    there = form_of(page, stage.installation, OPEN, language)
    with one.page.expect_request(bucket_of(stage)):
        one.send()
    there.send()
    expect(there.send_button()).to_have_attribute("aria-disabled", "true")
    page.wait_for_timeout(300)
    page.clock.fast_forward(10_500)
    sees(page, language, sv="Ett annat fönster skickar ansökan", en="Another window is submitting")
    return page


@state("form, open in two windows")
def _two_windows(stage: Stage, visitor: Visitor, language: str) -> Page:
    one = opened(stage, visitor, language)
    one.saved()  # The language: a window that opens before would save its own, and be answered that there is one.
    other = form_of(visitor.open(one.page.url), stage.installation, OPEN, language)
    other.box("project.title").fill("Från det andra fönstret")
    expect(one.box("project.title")).to_have_value("Från det andra fönstret")
    return one.page


def _not_sent(form: Form, **words: str) -> Page:
    form.send()
    told = form.page.get_by_role("group", name=form.words.not_sent)
    expect(told).to_contain_text(words[form.words.language])
    return form.page


@state("form, not sent without a connection")
def _unsent(stage: Stage, visitor: Visitor, language: str) -> Page:
    form = form_of(filled(stage, visitor, language), stage.installation, OPEN, language)
    visitor.cut("**/application**")
    return _not_sent(form, **UNREACHED)


@state("form, not sent as somebody else changed it")
def _changed(stage: Stage, visitor: Visitor, language: str) -> Page:
    form = form_of(filled(stage, visitor, language), stage.installation, OPEN, language)
    client = client_of(form.page, stage.installation)
    draft = client.draft()
    client.save(draft["revision"], {"fields": {**draft["draft"]["fields"], "contact.name": "Berta Ny"}}, "annan")
    return _not_sent(form, sv="Någon annan ändrade ansökan", en="Somebody else changed the application")


@state("form, not sent for a fault in the page")
def _fault(stage: Stage, visitor: Visitor, language: str) -> Page:
    visitor.forgive("TypeError")
    form = form_of(filled(stage, visitor, language), stage.installation, OPEN, language)
    visitor.context.route("**/application/forms", lambda route: route.fulfill(body="null", headers=_ANYBODY))
    return _not_sent(form, sv="Något gick fel i sidan", en="Something went wrong in the page")


@state("form, changed since it was refused")
def _changed_since(stage: Stage, visitor: Visitor, language: str) -> Page:
    page = STATES["form, to be mended"](stage, visitor, language)
    form = form_of(page, stage.installation, OPEN, language)
    form.box("project.title").fill("Ändrad sedan dess")
    form.saved()
    page.reload()
    sees(page, language, sv="Det du skickade senast behövde rättas", en="What you submitted last needed correcting")
    return page


@state("form, closed while it was open")
def _closed_meanwhile(stage: Stage, visitor: Visitor, language: str) -> Page:
    """The API's answers say that the deadline comes in a few seconds, and then that it has been."""
    closed = False
    form = opened(stage, visitor, language)
    form.box("project.title").fill("Skrivet i sista stund")
    form.saved()
    now = form.page.evaluate("Date.now()")
    soon = form.page.evaluate("(at) => new Date(at).toISOString()", now + 4000)

    def at_the_deadline(round_: Json) -> Json:
        return round_ | {"closes_at": soon, "phase": "closing" if closed else "open", "extended_until": None}

    for address, change in (
        (f"**/rounds/{OPEN}", at_the_deadline),
        ("**/application", lambda status: status | {"round": at_the_deadline(status["round"])}),
    ):
        answered(visitor, address, change)
    form.page.reload()
    form_of(form.page, stage.installation, OPEN, language)
    closed = True
    expect(form.page.get_by_role("alert").filter(has_text=re.compile("gick ut|was"))).to_be_visible()
    return form.page


@state("form, link neither copied nor sent")
def _link_stays(stage: Stage, visitor: Visitor, language: str) -> Page:
    visitor.context.add_init_script(NO_CLIPBOARD)
    form = opened(stage, visitor, language)
    form.page.get_by_role("button", name={"sv": "Kopiera länken", "en": "Copy the link"}[language]).click()
    sees(form.page, language, sv="Länken är markerad", en="The link is selected")
    visitor.cut("**/application/link")
    _mail_link(form.page, language)
    sees(form.page, language, **UNREACHED)
    return form.page


@state("form, link sent")
def _link_sent(stage: Stage, visitor: Visitor, language: str) -> Page:
    form = opened(stage, visitor, language)
    _mail_link(form.page, language)
    sees(form.page, language, sv="Länken är skickad till", en="The link has been sent to")
    return form.page


def _mail_link(page: Page, language: str) -> None:
    label = {"sv": "Skicka länken till en e-postadress", "en": "Send the link to an e-mail address"}[language]
    page.get_by_role("textbox", name=label).fill("asa@pitea.example")
    page.get_by_role("button", name={"sv": "Skicka länken", "en": "Send the link"}[language], exact=True).click()


@state("link mailed too often")
def _mailed_too_often(stage: Stage, visitor: Visitor, language: str) -> Page:
    visitor.forgive("status of 429")
    client = stage.installation.applicant(OPEN)
    for _ in range(3):
        client.mail_link("asa@pitea.example", language)
    page = visitor.open(f"/{language}/application#{client.token}")
    _mail_link(page, language)
    expect(page.get_by_text(getattr(problem("too-many-links"), language))).to_be_visible()
    return page


def _filled_by_the_clock(stage: Stage, visitor: Visitor, language: str) -> Form:
    """In a window whose clock may be turned."""
    page = visitor.open(f"/{language}/")
    page.clock.install()
    form = begin(page, stage.installation, OPEN, language)
    form.fill(a_document(language=language))
    form.choose(FILES)
    form.all_uploaded(FILES)
    form.saved()
    return form


@state("application, slow")
def _slow(stage: Stage, visitor: Visitor, language: str) -> Page:
    """Ingest takes a second; the page is held at what it sees until then."""
    form = _filled_by_the_clock(stage, visitor, language)
    page = form.page
    client = client_of(page, stage.installation)
    before, history = client.status(), client.history()
    answered(visitor, "**/application", lambda _: before)
    answered(visitor, "**/application/history", lambda _: history)
    form.send()
    status_page(page, IS_SENT[language])
    page.clock.fast_forward(SLOW)
    sees(page, language, sv="Det tar längre tid än vanligt", en="It takes longer than usual")
    return page


@state("application, may be lost")
def _may_be_lost(stage: Stage, visitor: Visitor, language: str) -> Page:
    visitor.forgive("net::ERR_")
    form = _filled_by_the_clock(stage, visitor, language)
    page = form.page
    visitor.context.route(bucket_of(stage), lambda route: route.abort())
    with page.expect_request(bucket_of(stage)):
        form.send()
    page.reload()
    status_page(page, WORDS[language].unsure)
    page.clock.fast_forward(LATE)
    status_page(page, {"sv": "Ansökan har inte kommit fram", "en": "The application has not arrived"}[language])
    return page


@state("application, withdrawing fails")
def _withdrawing_fails(stage: Stage, visitor: Visitor, language: str) -> Page:
    page = STATES["application, withdrawing"](stage, visitor, language)
    visitor.cut("**/withdrawal")
    page.get_by_role("button", name=WORDS[language].withdraw_yes).click()
    expect(page.get_by_role("dialog").get_by_role("alert")).to_have_text(UNREACHED[language])
    return page


@state("application, signed receipt cannot be had")
def _no_receipt(stage: Stage, visitor: Visitor, language: str) -> Page:
    page = STATES["application, received"](stage, visitor, language)
    visitor.cut("**/application/receipt?*")
    page.get_by_role("button", name={"sv": "Spara signerat kvitto", "en": "Save signed receipt"}[language]).click()
    expect(page.get_by_role("alert").filter(has_text=UNREACHED[language])).to_be_visible()
    return page


@state("application, announced")
def _announced(stage: Stage, visitor: Visitor, language: str) -> Page:
    """Tests of the result pages announce a real round; here the API's answers say so of a closed one."""
    stage.installation.in_state(CLOSED, "closed")
    answered(visitor, f"**/rounds/{CLOSED}", lambda round_: round_ | {"phase": "announced"})
    answered(visitor, "**/application", lambda status: status | {"round": status["round"] | {"phase": "announced"}})
    page = visitor.open(f"/{language}/application#{stage.clients['in time'].token}")
    status_page(page, HEADINGS["received"][language])
    expect(page.locator(f"a[href='/{language}/rounds/{CLOSED}']")).to_be_visible()
    return page


@state("rounds, in every phase")
def _phases(_: Stage, visitor: Visitor, language: str) -> Page:
    def spread(answer: Json) -> Json:
        """Those of the stage, and nobody else's in the same installation."""
        mine = {round_["id"]: round_ for round_ in answer["rounds"] if round_["id"] in (OPEN, COMING, CLOSED)}
        return answer | {"rounds": [*mine.values(), *({**mine[OPEN], "phase": phase} for phase in LATER)]}

    answered(visitor, "**/rounds", spread)
    page = visitor.open(f"/{language}/")
    expect(page.get_by_role("listitem")).to_have_count(3 + len(LATER))
    expect(page.get_by_text(re.compile(r"2[01]\s(dagar|days)"))).to_be_visible()
    return page


@state("rounds, none open")
def _none(_: Stage, visitor: Visitor, language: str) -> Page:
    answered(visitor, "**/rounds", lambda answer: answer | {"rounds": []})
    page = visitor.open(f"/{language}/")
    sees(page, language, sv="Ingen omgång är öppen just nu", en="No round is open at the moment")
    return page


@state("wrong link")
def _wrong_link(_: Stage, visitor: Visitor, language: str) -> Page:
    visitor.forgive("status of 40")
    page = visitor.open(f"/{language}/application#{OPEN}.000000000.wrong")
    status_page(page, FAILED[language])
    return page


@state("no connection")
def _unreachable(_: Stage, visitor: Visitor, language: str) -> Page:
    visitor.cut("**/rounds")
    page = visitor.open(f"/{language}/")
    status_page(page, FAILED[language])
    return page


@state("the service fails")
def _fails(_: Stage, visitor: Visitor, language: str) -> Page:
    """Each time that it is asked; the page tries again for some seconds before it says so."""
    visitor.forgive("status of 500")
    headers = {"Access-Control-Allow-Origin": "*"}
    visitor.context.route("**/rounds", lambda route: route.fulfill(status=500, json=_INTERNAL, headers=headers))
    page = visitor.open(f"/{language}/")
    status_page(page, FAILED[language])
    expect(page.get_by_text(getattr(problem("internal"), language))).to_be_visible()
    return page
