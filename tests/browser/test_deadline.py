"""The deadline is the server's: whatever the machine's clock says, and in the minute around it."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import Request, expect

from tests.browser.conftest import Visit
from tests.browser.forms import Form, begin, client_of, hold, on_its_way, status_page
from tests.browser.visitors import Visitor
from tests.browser.words import SV
from tests.end_to_end.installation import Installation
from tests.end_to_end.papers import VILLAGE_STAGE, a_play
from tests.end_to_end.waiting import until_instant

pytestmark = pytest.mark.cloud
CONTACT = "stiftelsen@bygdescenen.example"

A_DAY_OFF = """((shift) => {
  const Right = Date;
  window.Date = class extends Right {
    constructor(...given) { given.length ? super(...given) : super(Right.now() + shift); }
    static now() { return Right.now() + shift; }
  };
})(%d)"""


def filled(visitor: Visitor, installation: Installation, round_id: str) -> Form:
    form = begin(visitor.open(), installation, round_id)
    form.fill(a_play(email="i-sista-stund@forening.example"))
    form.saved()
    return form


@pytest.mark.parametrize("days", [-1, 1])
def test_a_clock_that_is_a_day_off_changes_nothing(visit: Visit, installation: Installation, days: int) -> None:
    round_id = f"clock-{'slow' if days < 0 else 'fast'}"
    closes = installation.open_round(round_id, programme=VILLAGE_STAGE, seconds=3 * 3600 - 60)
    visitor = visit(timezone_id="America/Los_Angeles")
    visitor.context.add_init_script(A_DAY_OFF % (days * 86_400_000))
    page = visitor.open()
    wrong = datetime.fromtimestamp(page.evaluate("Date.now()") / 1000, UTC) - datetime.now(UTC)
    assert abs(wrong - timedelta(days=days)) < timedelta(minutes=5)

    form = begin(page, installation, round_id)
    left = page.locator("main").get_by_text(re.compile(r"^Stänger .* \(svensk tid\)\. 2.timmar kvar\.$"))
    expect(left).to_be_visible()
    closes_in_sweden = page.evaluate(
        "(at) => new Intl.DateTimeFormat('sv-SE', {timeZone: 'Europe/Stockholm', timeStyle: 'short'}).format(at)",
        closes.timestamp() * 1000,
    )
    expect(left).to_contain_text(f"kl. {closes_in_sweden.replace(':', '.')} (svensk tid)")
    form.fill(a_play(email="fel-klocka@forening.example"))
    form.saved()
    form.send()
    status_page(page, SV.received)
    assert client_of(page, installation).status()["state"] == "submitted"


def test_a_round_that_closes_while_the_form_is_open_says_so_and_whom_to_ask(
    visit: Visit, installation: Installation
) -> None:
    with installation.open_for("closes-open", programme=VILLAGE_STAGE):
        form = filled(visit(), installation, "closes-open")
        # What staff extend, the page learns when its own deadline has come: it asks the server, and goes on.
    alert = form.page.get_by_role("alert")
    expect(alert).to_contain_text("Ansökningstiden gick ut", timeout=30_000)
    expect(alert).to_contain_text(CONTACT)
    expect(form.send_button()).to_have_count(0)
    expect(form.box("project.title")).to_have_value(a_play()["project"]["title"])

    form.box("project.title").fill("Skrivet efteråt")
    form.saved()
    form.page.goto(form.page.url.replace("/form?new#", "/application#"))
    status_page(form.page, SV.not_sent)
    expect(form.page.get_by_text("skickades inte in innan tiden gick ut")).to_be_visible()
    expect(form.page.get_by_text(CONTACT)).to_be_visible()


def test_what_was_begun_before_the_deadline_may_finish_within_the_grace(
    visit: Visit, installation: Installation, to_bucket: re.Pattern[str]
) -> None:
    with installation.open_for("begun", programme=VILLAGE_STAGE, grace=60):
        form = filled(visit(), installation, "begun")
        held = hold(form, to_bucket)
        form.send()
        on_its_way(form, held)
    held[0].continue_()
    form.page.context.unroute(to_bucket)
    status_page(form.page, SV.received)
    round_ = installation.shown("begun")["round"]
    status = client_of(form.page, installation).status()
    assert datetime.fromisoformat(status["current"]["arrived_at"]) > datetime.fromisoformat(round_["closes_at"])
    expect(form.page.get_by_text("hade börjat skickas dessförinnan")).to_be_visible()
    expect(form.page.get_by_role("button", name=SV.withdraw)).to_have_count(0)


def test_forms_are_asked_for_once_more_just_before_the_deadline(
    visit: Visit, installation: Installation, to_bucket: re.Pattern[str]
) -> None:
    """Those that were signed a quarter of an hour before it would end before the grace does."""
    installation.open_round("renewed", programme=VILLAGE_STAGE, seconds=60, grace=60)
    form = filled(visit(), installation, "renewed")
    asked: list[Request] = []
    form.page.on("request", lambda one: asked.append(one) if one.url.endswith("/application/forms") else None)
    held = hold(form, to_bucket)
    form.send()
    on_its_way(form, held)
    for _ in range(600):
        form.page.wait_for_timeout(100)
        if len(asked) == 2:
            break
    assert len(asked) == 2
    held[-1].continue_()  # Where the page has given up the first, which stood still, it has sent again.
    form.page.context.unroute(to_bucket)
    status_page(form.page, SV.received)


def test_what_is_not_through_when_the_grace_ends_is_not_sent_and_the_page_says_so(
    visit: Visit, installation: Installation, to_bucket: re.Pattern[str]
) -> None:
    with installation.open_for("too-slow", programme=VILLAGE_STAGE, grace=2):
        visitor = visit()
        visitor.forgive("status of 40[39]")  # the bucket's refusal, and the API's to sign another form
        form = filled(visitor, installation, "too-slow")
        held = hold(form, to_bucket)
        form.send()
        on_its_way(form, held)
    until_instant(datetime.now(UTC) + timedelta(seconds=3))
    held[0].continue_()
    form.page.context.unroute(to_bucket)
    expect(form.page.get_by_role("heading", name=SV.not_sent)).to_be_visible()
    expect(form.page.locator("main")).to_contain_text(CONTACT)
    assert client_of(form.page, installation).status()["state"] == "draft"
