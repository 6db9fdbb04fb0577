"""After sending: the page waits for what becomes of it, says when that takes long, and never gives up looking."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, Route, expect

from tests.browser.conftest import Visit
from tests.browser.forms import Form, begin, client_of, form_of, status_page
from tests.browser.visitors import LATE, SLOW
from tests.browser.words import SV
from tests.end_to_end.installation import Installation
from tests.end_to_end.papers import VILLAGE_STAGE, a_play

pytestmark = pytest.mark.cloud
ROUND = "waiting"
LOST = "Ansökan har inte kommit fram"


@pytest.fixture(scope="module", autouse=True)
def _round(installation: Installation) -> None:
    installation.open_round(ROUND, programme=VILLAGE_STAGE, grace=60)


def filled(page: Page, installation: Installation, email: str) -> Form:
    """In a window whose clock a test may turn."""
    page.clock.install()
    form = begin(page, installation, ROUND)
    form.fill(a_play(email=email))
    form.saved()
    return form


def outcomes(page: Page, installation: Installation) -> list[str]:
    return [one["outcome"] for one in client_of(page, installation).history()["submissions"]]


def send_and_lose_it(form: Form, to_bucket: re.Pattern[str]) -> None:
    """In a window that is loaded again while it waits, until the page says that it may be lost."""
    with form.page.expect_request(to_bucket):
        form.send()
    form.page.reload()
    status_page(form.page, SV.unsure)
    form.page.clock.fast_forward(LATE)
    status_page(form.page, LOST)


def test_what_takes_longer_than_usual_is_said_and_the_receipt_comes(visit: Visit, installation: Installation) -> None:
    with installation.paused("IngestFunctionUploads"):
        form = filled(visit().open(), installation, "langsamt@forening.example")
        form.send()
        status_page(form.page, "Ansökan är skickad")
        form.page.clock.fast_forward(SLOW)
        expect(form.page.locator("main").get_by_text("Det tar längre tid än vanligt.")).to_be_visible()
        expect(form.page.get_by_role("status").filter(has_text="längre tid än vanligt")).to_have_count(1)
        form.page.clock.fast_forward(LATE)
        form.page.wait_for_timeout(1000)
        expect(form.page.get_by_role("heading", level=1, name="Ansökan är skickad")).to_be_visible()
    status_page(form.page, SV.received)
    assert outcomes(form.page, installation) == ["accepted"]


def test_what_may_be_lost_is_said_and_the_receipt_comes_all_the_same(
    visit: Visit, installation: Installation, to_bucket: re.Pattern[str]
) -> None:
    """It arrived; only the bucket's answer is lost, in a window that was loaded again meanwhile."""
    visitor = visit()
    visitor.forgive("net::ERR_")
    with installation.paused("IngestFunctionUploads"):
        form = filled(visitor.open(), installation, "svaret-tappat@forening.example")

        def lose(route: Route) -> None:
            route.fetch()
            route.abort()

        visitor.context.route(to_bucket, lose)
        send_and_lose_it(form, to_bucket)
        expect(form.page.get_by_text("Allt du skrivit är sparat. Gå till ansökan och skicka igen.")).to_be_visible()
    form.page.clock.fast_forward(LATE)
    status_page(form.page, SV.received)
    assert outcomes(form.page, installation) == ["accepted"]


def test_what_is_lost_is_said_and_can_be_sent_again(
    visit: Visit, installation: Installation, to_bucket: re.Pattern[str]
) -> None:
    visitor = visit()
    visitor.forgive("net::ERR_")
    form = filled(visitor.open(), installation, "borta@forening.example")
    visitor.context.route(to_bucket, lambda route: route.abort())
    send_and_lose_it(form, to_bucket)
    visitor.context.unroute(to_bucket)
    form.page.get_by_role("link", name="Fortsätt med ansökan").click()
    form_of(form.page, installation, ROUND).send()
    status_page(form.page, SV.received)
    assert outcomes(form.page, installation) == ["accepted"]


def test_a_window_that_stands_still_while_it_sends_does_not_keep_the_others_from_sending(
    visit: Visit, installation: Installation, to_bucket: re.Pattern[str]
) -> None:
    visitor = visit()
    visitor.forgive("net::ERR_")
    one = filled(visitor.open(), installation, "stel@forening.example")
    held: list[Route] = []
    one.page.route(to_bucket, lambda route: held.append(route))  # noqa: PLW0108  (Playwright marks what it is given)
    other = visitor.open("/sv/")
    other.clock.install()
    other.goto(one.page.url)
    there = form_of(other, installation, ROUND)
    with one.page.expect_request(to_bucket):
        one.send()
    there.send()
    expect(there.send_button()).to_have_attribute("aria-disabled", "true")
    other.wait_for_timeout(300)
    other.clock.fast_forward(10_500)
    told = other.get_by_role("status").filter(has_text="Ett annat fönster skickar ansökan, och blir inte klart.")
    expect(told).to_be_visible()
    told.get_by_role("button", name="Skicka härifrån i stället").click()
    status_page(other, SV.received)
    status_page(one.page, SV.received)
    assert outcomes(other, installation) == ["accepted"]
    assert len(held) == 1
