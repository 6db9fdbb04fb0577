"""Files: looked at before they are sent, with progress as they go, and again by themselves after a lost connection."""

from __future__ import annotations

import re
from typing import Any

import pytest
from playwright.sync_api import Locator, Route, expect

from infrastructure.demo.applicant import File
from tests.browser.conftest import Visit
from tests.browser.forms import Form, begin, client_of, hold, on_its_way, status_page
from tests.browser.visitors import Visitor
from tests.browser.wires import wire_to
from tests.browser.words import SV
from tests.builders.documents import A_PDF, a_document
from tests.end_to_end.installation import Installation
from tests.end_to_end.papers import FILES, LETTER, PARTNERSHIP

pytestmark = pytest.mark.cloud
ROUND = "files"
LARGE = File("other", "Stor bilaga.pdf", A_PDF + b"0" * 600_000, "application/pdf")
LARGER = File("letter-of-intent", "Större bilaga.pdf", A_PDF + b"1" * 700_000, "application/pdf")
SLOWLY = 40_000
"""Bytes a second: far from done when the tests have seen enough, on a busy machine too."""


@pytest.fixture(scope="module", autouse=True)
def _round(installation: Installation) -> None:
    installation.open_round(ROUND, programme=PARTNERSHIP, grace=900)


def line_of(form: Form, file: File) -> Locator:
    return form.page.get_by_role("listitem").filter(has_text=file.name)


def shares(form: Form, label: str, count: int) -> list[float]:
    """What a progress bar shows, each time that it has moved."""
    seen: list[float] = []
    bar = form.page.get_by_role("progressbar", name=label)
    while len(seen) < count:
        share = float(bar.evaluate("(bar) => bar.value"))
        if not seen or share > seen[-1]:
            seen.append(share)
        form.page.wait_for_timeout(50)
    return seen


def test_names_arrive_as_they_were(visit: Visit, installation: Installation) -> None:
    names = {
        "letter-of-intent": "Avsiktsförklaring å ä ö – kommunens 'egen' & 100 % klar.pdf",
        "budget": "Budget d'été 2020.xlsx",
    }
    files = [File(file.kind, names[file.kind], file.content, file.type) for file in FILES]
    decomposed = File("other", "O\u0308vrigt a\u030a.pdf", A_PDF + b"other", "application/pdf")  # as macOS names files
    form = begin(visit().open(), installation, ROUND)
    form.fill(a_document())
    form.choose([*files, decomposed])
    form.all_uploaded(files)
    form.saved()
    form.send()
    status_page(form.page, SV.received)
    received = {
        file["kind"]: file["name"] for file in client_of(form.page, installation).status()["current"]["attachments"]
    }
    assert received == {**names, "other": "Övrigt å.pdf"}
    for name in received.values():
        expect(form.page.get_by_role("region", name="Kvitto")).to_contain_text(name)


@pytest.mark.parametrize(
    ("file", "told"),
    [
        (File("letter-of-intent", "avsikt.docx", b"PK\x03\x04", "application/msword"), "PDF"),
        (File("letter-of-intent", "stor.pdf", A_PDF + b"0" * 10_000_000, "application/pdf"), "10 MB"),
        (File("letter-of-intent", "tom.pdf", b"", "application/pdf"), "tom"),
    ],
    ids=["type", "size", "empty"],
)
def test_a_file_that_cannot_be_taken_is_said_before_anything_is_sent(
    visit: Visit, installation: Installation, to_bucket: re.Pattern[str], file: File, told: str
) -> None:
    visitor = visit()
    form = begin(visitor.open(), installation, ROUND)
    sent: list[str] = []
    visitor.context.on("request", lambda request: sent.append(request.url))
    expect(form.page.get_by_text("PDF, högst 10 MB.")).to_be_visible()
    form.choose([file])
    expect(line_of(form, file)).to_contain_text(told)
    form.page.wait_for_timeout(300)
    assert [url for url in sent if to_bucket.match(url) or url.endswith("/forms")] == []
    line_of(form, file).get_by_role("button", name=SV.remove).click()
    expect(line_of(form, file)).to_have_count(0)


def test_a_slow_upload_shows_how_far_it_is_each_and_in_all(visit: Visit, installation: Installation) -> None:
    visitor = visit()
    form = begin(visitor.open(), installation, ROUND)
    visitor.slow(form.page, upload=SLOWLY)
    form.choose([LARGE, LARGER])
    one = shares(form, f"Uppladdning av {LARGE.name}", 3)
    all_ = shares(form, "Alla filer", 2)
    assert 0 <= one[0] < one[1] < one[2] <= 1
    assert all_[0] < all_[1] <= 1
    expect(line_of(form, LARGER)).to_contain_text("%")
    visitor.slow(form.page, upload=-1)
    form.all_uploaded([LARGE, LARGER])
    expect(form.page.get_by_role("progressbar")).to_have_count(0)


def test_a_connection_lost_in_mid_upload_goes_on_by_itself(visit: Visit, installation: Installation) -> None:
    with wire_to(installation.cloud.port) as wire:
        visitor = visit(proxy=wire.proxy)
        form = begin(visitor.open(), installation, ROUND)
        visitor.slow(form.page, upload=SLOWLY)
        form.choose([LARGE])
        shares(form, f"Uppladdning av {LARGE.name}", 2)
        visitor.forgive("net::ERR_")
        wire.cut()
        expect(line_of(form, LARGE)).to_contain_text("ingen anslutning. Försöker igen av sig själv.")
        visitor.slow(form.page, upload=-1)
        wire.mend()
        form.all_uploaded([LARGE])


def waiting_for_a_file(visitor: Visitor, installation: Installation) -> Form:
    """An application that was sent while a large file is on its way, slowly."""
    form = begin(visitor.open(), installation, ROUND)
    form.fill(a_document())
    form.choose(FILES)
    form.all_uploaded(FILES)
    visitor.slow(form.page, upload=SLOWLY)
    form.choose([LARGE])
    shares(form, f"Uppladdning av {LARGE.name}", 1)
    form.send()
    expect(form.page.get_by_text("Väntar på att filerna laddas upp")).to_be_visible()
    return form


def test_sending_waits_for_a_file_that_is_still_on_its_way(visit: Visit, installation: Installation) -> None:
    visitor = visit()
    form = waiting_for_a_file(visitor, installation)
    visitor.slow(form.page, upload=-1)
    status_page(form.page, SV.received)
    attachments = client_of(form.page, installation).status()["current"]["attachments"]
    assert LARGE.sha256 in {file["sha256"] for file in attachments}


def test_what_is_corrected_while_files_are_on_their_way_is_sent(visit: Visit, installation: Installation) -> None:
    visitor = visit()
    form = waiting_for_a_file(visitor, installation)
    form.box("project.title").fill("Rättat under tiden, å ä ö")
    form.saved()
    visitor.slow(form.page, upload=-1)
    status_page(form.page, SV.received)
    assert client_of(form.page, installation).status()["current"]["title"] == "Rättat under tiden, å ä ö"


def test_a_file_that_is_removed_while_its_form_is_asked_for_stays_removed(
    visit: Visit, installation: Installation
) -> None:
    form = begin(visit().open(), installation, ROUND)
    held = hold(form, "**/application/forms")
    form.choose(FILES[:1])
    on_its_way(form, held)
    line_of(form, FILES[0]).get_by_role("button", name=SV.remove).click()
    with form.page.expect_response("**/application/forms"):
        held[0].continue_()
    form.page.wait_for_timeout(2000)
    form.saved()
    fields = client_of(form.page, installation).draft()["draft"]["fields"]
    assert [path for path in fields if path.startswith("files.")] == []


def test_a_form_that_expired_is_renewed_unseen(
    visit: Visit, installation: Installation, to_bucket: re.Pattern[str]
) -> None:
    """The bucket is given a policy that it did not sign: it answers as it does to one that has expired."""
    visitor = visit()
    form = begin(visitor.open(), installation, ROUND)
    answers: list[int] = []

    def expire(route: Route) -> None:
        if answers:
            return route.fallback()
        body = re.sub(rb'(name="policy"\r\n\r\n)\w', rb"\1X", route.request.post_data_buffer or b"")
        answer = route.fetch(post_data=body)
        answers.append(answer.status)
        return route.fulfill(response=answer)

    visitor.forgive("status of 403")
    visitor.context.route(to_bucket, expire)
    form.choose([LETTER])
    form.all_uploaded([LETTER])
    assert answers == [403]


def test_a_file_that_failed_can_be_tried_again_alone(
    visit: Visit, installation: Installation, to_bucket: re.Pattern[str]
) -> None:
    visitor = visit()
    form = begin(visitor.open(), installation, ROUND)
    visitor.forgive("status of 403")
    refused: dict[str, Any] = {"status": 403, "headers": {"Access-Control-Allow-Origin": "*"}, "body": "<Error/>"}
    visitor.context.route(to_bucket, lambda route: route.fulfill(**refused))
    form.choose([LETTER])
    again = line_of(form, LETTER).get_by_role("button", name=SV.again)
    expect(again).to_be_visible()
    visitor.context.unroute(to_bucket)
    form.choose([LARGE])
    form.all_uploaded([LARGE])
    expect(again).to_be_visible()
    again.click()
    form.all_uploaded([LETTER])


def test_a_file_replaces_the_one_that_is_there_once_it_has_been_uploaded(
    visit: Visit, installation: Installation, to_bucket: re.Pattern[str]
) -> None:
    new = File(LETTER.kind, "Ny avsikt.pdf", A_PDF + b"new", "application/pdf")
    visitor = visit()
    form = begin(visitor.open(), installation, ROUND)
    expect(form.page.get_by_text("Välj fil", exact=True).first).to_be_visible()
    form.choose([LETTER])
    form.all_uploaded([LETTER])
    held: list[Route] = []
    visitor.context.route(to_bucket, lambda route: held.append(route))  # noqa: PLW0108  (Playwright marks what it is given)
    with form.page.expect_request(to_bucket):
        form.choose([new])
    expect(line_of(form, new)).to_contain_text("ersätter den förra när den är uppladdad")
    expect(form.uploaded(LETTER.name)).to_have_count(1)
    form.saved()
    assert names_in_draft(form, installation) == [LETTER.name], "what is not there yet replaces nothing"

    held[0].continue_()
    visitor.context.unroute(to_bucket)
    form.all_uploaded([new])
    expect(line_of(form, LETTER)).to_have_count(0)
    form.saved()
    assert names_in_draft(form, installation) == [new.name]


def test_an_application_that_is_sent_while_a_file_replaces_another_is_sent_with_the_new_one(
    visit: Visit, installation: Installation, to_bucket: re.Pattern[str]
) -> None:
    """And where the new one does not arrive and is taken away, the old one is back."""
    new = File(LETTER.kind, "Ny avsikt.pdf", A_PDF + b"new", "application/pdf")
    visitor = visit()
    visitor.forgive("status of 403")
    form = begin(visitor.open(), installation, ROUND)
    form.fill(a_document())
    form.choose(FILES)
    form.all_uploaded(FILES)
    held: list[Route] = []
    visitor.context.route(to_bucket, lambda route: held.append(route))  # noqa: PLW0108  (Playwright marks what it is given)
    with form.page.expect_request(to_bucket):
        form.choose([new])
    form.send()
    expect(form.page.get_by_text("Väntar på att filerna laddas upp")).to_be_visible()
    refused: dict[str, Any] = {"status": 403, "headers": {"Access-Control-Allow-Origin": "*"}, "body": "<Error/>"}
    visitor.context.route(to_bucket, lambda route: route.fulfill(**refused))
    held[0].fulfill(**refused)
    expect(form.page.get_by_role("group", name=SV.not_sent)).to_be_visible()
    line_of(form, new).get_by_role("button", name=SV.remove).click()
    expect(form.uploaded(LETTER.name)).to_have_count(1)

    visitor.context.unroute(to_bucket)
    visitor.slow(form.page, upload=SLOWLY)
    form.choose([LARGER])
    shares(form, f"Uppladdning av {LARGER.name}", 1)
    form.send()
    visitor.slow(form.page, upload=-1)
    status_page(form.page, SV.received)
    attachments = client_of(form.page, installation).status()["current"]["attachments"]
    assert {file["sha256"] for file in attachments} == {LARGER.sha256, FILES[1].sha256}


def names_in_draft(form: Form, installation: Installation) -> list[str]:
    fields = client_of(form.page, installation).draft()["draft"]["fields"]
    return [file["name"] for path, file in fields.items() if path.startswith("files.")]


def test_a_file_can_be_dropped_where_it_belongs(visit: Visit, installation: Installation) -> None:
    form = begin(visit().open(), installation, ROUND)
    dropped = form.page.evaluate_handle(
        """([name, type, text]) => {
      const carried = new DataTransfer();
      carried.items.add(new File([text], name, { type }));
      return carried; }""",
        [LETTER.name, LETTER.type, LETTER.content.decode()],
    )
    form.place("letter-of-intent").locator("..").dispatch_event("drop", {"dataTransfer": dropped})
    form.all_uploaded([LETTER])


def test_what_ingest_refused_is_at_its_field_with_everything_filled_in_and_can_be_mended(
    visit: Visit, installation: Installation
) -> None:
    program = File("letter-of-intent", "avsikt.pdf", b"MZ\x90 a program that calls itself a PDF", "application/pdf")
    form = begin(visit().open(), installation, ROUND)
    form.fill(a_document())
    form.choose([program, FILES[1]])
    form.all_uploaded([program, FILES[1]])
    form.send()
    status_page(form.page, SV.refused)
    (problem,) = client_of(form.page, installation).status()["refused"]["problems"]
    expect(form.page.get_by_role("listitem").filter(has_text=problem["sv"])).to_be_visible()

    form.page.get_by_role("link", name=SV.mend).click()
    expect(form.box("project.title")).to_have_value(a_document()["project"]["title"])
    expect(form.summary().get_by_role("listitem")).to_have_count(1)
    expect(form.summary()).to_contain_text(problem["sv"])
    form.summary().get_by_role("link").click()
    place = form.place("letter-of-intent").locator("xpath=ancestor::*[@class][2]")
    expect(place).to_contain_text(problem["sv"])
    line_of(form, program).get_by_role("button", name=SV.remove).click()
    form.choose([LETTER])
    form.all_uploaded([LETTER])
    form.send()
    status_page(form.page, SV.received)
    assert [one["outcome"] for one in client_of(form.page, installation).history()["submissions"]] == [
        "rejected",
        "accepted",
    ]
