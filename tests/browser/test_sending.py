"""Sending happens once, however often and from wherever it is asked for, and whatever answer is lost."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, Route, expect

from tests.browser.conftest import Visit
from tests.browser.forms import Form, begin, client_of, form_of, status_page
from tests.browser.words import SV
from tests.end_to_end.installation import Installation
from tests.end_to_end.papers import VILLAGE_STAGE, a_play
from tests.end_to_end.waiting import until

pytestmark = pytest.mark.cloud
ROUND = "once"


@pytest.fixture(scope="module", autouse=True)
def _round(installation: Installation) -> None:
    installation.open_round(ROUND, programme=VILLAGE_STAGE, grace=60)


def outcomes(page: Page, installation: Installation) -> list[str]:
    return [one["outcome"] for one in client_of(page, installation).history()["submissions"]]


def receipts(installation: Installation, form: Form) -> int:
    """How many went out by e-mail, once there is one."""
    reference = client_of(form.page, installation).status()["reference"]
    until(lambda: installation.letters(naming=reference), "a receipt by e-mail")
    return len(installation.letters(naming=reference))


def filled(page: Page, installation: Installation, email: str) -> Form:
    form = begin(page, installation, ROUND)
    form.fill(a_play(email=email))
    form.saved()
    return form


def twice_by_mouse(page: Page) -> None:
    page.get_by_role("button", name=SV.send).dblclick()


def twice_by_key(page: Page) -> None:
    page.get_by_role("button", name=SV.send).focus()
    page.keyboard.press("Enter")
    page.keyboard.press("Enter")


@pytest.mark.parametrize("twice", [twice_by_mouse, twice_by_key])
def test_asked_twice_at_once_it_is_sent_once(
    visit: Visit, installation: Installation, twice: Callable[[Page], None]
) -> None:
    form = filled(visit().open(), installation, f"{twice.__name__}@forening.example")
    twice(form.page)
    status_page(form.page, SV.received)
    assert outcomes(form.page, installation) == ["accepted"]
    assert receipts(installation, form) == 1


def test_two_windows_that_send_the_same_make_one_application_with_one_receipt(
    visit: Visit, installation: Installation
) -> None:
    visitor = visit()
    one = filled(visitor.open(), installation, "tva-fonster@forening.example")
    other = _second_window(visitor.open(), one, installation)
    one.send_button().dispatch_event("click")
    other.send_button().dispatch_event("click")
    for form in (one, other):
        status_page(form.page, SV.received)
    assert outcomes(one.page, installation).count("accepted") == 1
    assert client_of(one.page, installation).status()["current"]["version"] == 1
    assert receipts(installation, one) == 1


def _second_window(page: Page, first: Form, installation: Installation) -> Form:
    page.goto(first.page.url)
    page.reload()
    return form_of(page, installation, ROUND)


def test_two_machines_that_send_the_same_make_one_application_with_one_receipt(
    visit: Visit, installation: Installation
) -> None:
    one = filled(visit().open(), installation, "tva-datorer@forening.example")
    other = _second_window(visit().open(), one, installation)
    one.send_button().dispatch_event("click")
    other.send_button().dispatch_event("click")
    for form in (one, other):
        status_page(form.page, SV.received)
    assert client_of(one.page, installation).status()["current"]["version"] == 1
    assert outcomes(one.page, installation).count("accepted") == 1
    assert receipts(installation, one) == 1


def test_a_reload_while_it_is_sent_finds_it_again(
    visit: Visit, installation: Installation, to_bucket: re.Pattern[str]
) -> None:
    visitor = visit()
    form = filled(visitor.open(), installation, "laddar-om@forening.example")

    def reload_now(route: Route) -> None:
        route.fetch()  # It arrives, and the page never hears of it.
        route.abort()

    visitor.forgive("net::ERR_")
    visitor.context.route(to_bucket, reload_now)
    with form.page.expect_request(to_bucket):
        form.send()
    form.page.reload()
    status_page(form.page, SV.received)
    assert outcomes(form.page, installation) == ["accepted"]


@pytest.mark.parametrize("lost", ["bucket", "forms", "draft"])
def test_a_lost_answer_loses_nothing_and_sends_nothing_twice(
    visit: Visit, installation: Installation, to_bucket: re.Pattern[str], lost: str
) -> None:
    visitor = visit()
    form = filled(visitor.open(), installation, f"tappat-{lost}@forening.example")
    addresses: dict[str, str | re.Pattern[str]] = {
        "bucket": to_bucket,
        "forms": "**/application/forms",
        "draft": "**/application/draft",
    }
    done: list[str] = []

    def lose(route: Route) -> None:
        if done or (lost == "draft" and route.request.method != "PUT"):
            return route.fallback()
        route.fetch()
        done.append(route.request.url)
        return route.abort("connectionreset")

    visitor.forgive("net::ERR_")
    visitor.context.route(addresses[lost], lose)
    form.box("project.title").fill("Fröken Julie i ladan")
    form.saved()
    form.send()
    if lost == "forms":  # Nothing was sent; the page says so, and the same button sends.
        expect(form.page.get_by_role("heading", name=SV.not_sent)).to_be_visible()
        form.send()
    status_page(form.page, SV.received)
    assert len(done) == 1
    assert outcomes(form.page, installation) == ["accepted"]
    assert client_of(form.page, installation).status()["current"]["title"] == "Fröken Julie i ladan"


def test_without_a_connection_the_page_says_that_nothing_was_sent(visit: Visit, installation: Installation) -> None:
    visitor = visit()
    form = filled(visitor.open(), installation, "utan-nat@forening.example")
    visitor.cut("**/application**")
    form.send()
    expect(form.page.get_by_role("heading", name=SV.not_sent)).to_be_visible()
    visitor.mend("**/application**")
    form.send()
    status_page(form.page, SV.received)
    assert outcomes(form.page, installation) == ["accepted"]


def test_after_a_connection_lost_while_it_is_sent_the_same_button_sends(
    visit: Visit, installation: Installation, to_bucket: re.Pattern[str]
) -> None:
    visitor = visit()
    visitor.forgive("net::ERR_")
    form = filled(visitor.open(), installation, "en-gang-till@forening.example")
    visitor.cut(to_bucket)
    with form.page.expect_request(to_bucket):
        form.send()
    visitor.cut("**/application")
    expect(form.page.get_by_role("heading", name=SV.unsure)).to_be_visible(timeout=40_000)
    visitor.mend(to_bucket)
    visitor.mend("**/application")
    form.send()
    status_page(form.page, SV.received)
    assert outcomes(form.page, installation) == ["accepted"]


def test_a_changed_application_is_a_new_version_and_an_unchanged_one_is_not(
    visit: Visit, installation: Installation
) -> None:
    form = filled(visit().open(), installation, "andrar@forening.example")
    form.send()
    status_page(form.page, SV.received)
    form.page.get_by_role("link", name=SV.change).click()
    form.send()
    status_page(form.page, SV.received)
    assert outcomes(form.page, installation) == ["accepted"]
    form.page.get_by_role("link", name=SV.change).click()
    form.box("project.title").fill("En annan titel")
    form.send()
    status_page(form.page, SV.received)
    expect(form.page.get_by_text("En annan titel")).to_be_visible()
    assert outcomes(form.page, installation) == ["accepted", "accepted"]


def test_whoever_withdraws_after_a_refusal_is_told_that_it_is_withdrawn(
    visit: Visit, installation: Installation
) -> None:
    form = filled(visit().open(), installation, "rattar-inte@forening.example")
    form.send()
    status_page(form.page, SV.received)
    client = client_of(form.page, installation)
    client.outcome_of(client.send(a_play(title=None))["submission"])
    form.page.reload()
    status_page(form.page, SV.refused)
    form.page.get_by_role("button", name=SV.withdraw).click()
    form.page.context.route("**/application", in_the_same_second)
    form.page.get_by_role("button", name=SV.withdraw_yes).click()
    status_page(form.page, SV.withdrawn)


def in_the_same_second(route: Route) -> None:
    """Whoever is quick withdraws in the second that S3 noted for what was refused: it counts no fractions."""
    if route.request.resource_type != "fetch":
        return route.fallback()
    answer = route.fetch()
    status = answer.json()
    if "withdrawn_at" in status:
        status["withdrawn_at"] = status["refused"]["arrived_at"].replace("Z", ".482Z")
    return route.fulfill(response=answer, json=status)


def test_withdrawing_asks_first_and_can_be_undone_by_sending_again(visit: Visit, installation: Installation) -> None:
    form = filled(visit().open(), installation, "angrar@forening.example")
    form.send()
    status_page(form.page, SV.received)
    dialog = form.page.get_by_role("dialog", name="Vill du återkalla ansökan?")
    form.page.get_by_role("button", name=SV.withdraw).click()
    dialog.get_by_role("button", name=SV.withdraw_no).click()
    expect(dialog).to_be_hidden()
    assert client_of(form.page, installation).status()["state"] == "submitted"

    form.page.get_by_role("button", name=SV.withdraw).click()
    dialog.get_by_role("button", name=SV.withdraw_yes).click()
    status_page(form.page, SV.withdrawn)
    assert client_of(form.page, installation).status()["state"] == "withdrawn"

    form.page.get_by_role("link", name="Skicka in på nytt").click()
    form.send()
    status_page(form.page, SV.received)
    assert client_of(form.page, installation).status()["state"] == "submitted"
