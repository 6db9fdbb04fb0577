"""A page in one state, in every way that people meet it."""

from __future__ import annotations

from tests.browser.accessibility import assert_accessible, assert_fits
from tests.browser.conftest import Visit
from tests.browser.states import Stage
from tests.browser.troubles import STATES
from tests.browser.visitors import WIDTHS


def assert_accessible_and_fits(visit: Visit, stage: Stage, name: str) -> None:
    """Nothing that axe-core finds and nothing that does not fit, in both languages: in one then in the other light and
    a window of 320 by 256 (400 % zoom in one of 1280 by 1024); in the other one on a dark phone."""
    first, second = ("sv", "en") if len(name) % 2 == 0 else ("en", "sv")
    visitor = visit(**WIDTHS["desktop"])
    page = STATES[name](stage, visitor, first)
    assert_accessible(page, f"{name}, {first}")
    assert_fits(page)
    page.emulate_media(color_scheme="dark", reduced_motion="reduce", forced_colors="none")
    page.set_viewport_size({"width": 320, "height": 256})
    assert_fits(page)
    assert_accessible(page, f"{name}, {first}, dark and narrow")
    assert page.evaluate("document.getAnimations().filter((one) => one.playState === 'running').length") == 0
    assert page.evaluate("getComputedStyle(document.documentElement).scrollBehavior") == "auto"
    assert visitor.context.cookies() == []

    other = visit(**WIDTHS["phone"], color_scheme="dark")
    page = STATES[name](stage, other, second)
    assert_accessible(page, f"{name}, {second}, dark phone", contrast=False)
    assert_fits(page)
