"""What axe-core finds on a page: nothing, in any rule for WCAG 2.2 A and AA and good practice."""

from __future__ import annotations

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22a", "wcag22aa", "best-practice"]
_AXE = Axe()


def assert_accessible(page: Page, where: str = "", *, contrast: bool = True) -> None:
    """No violation, in whatever state the page is. `contrast` is a slow rule, and need not be looked at again
    where the same colours were."""
    options = {
        "runOnly": RULES,
        "resultTypes": ["violations"],
        "rules": {"color-contrast": {"enabled": contrast}},
    }
    found = _AXE.run(page, options=options).response["violations"]
    told = [
        f"{rule['id']}: {rule['help']}\n" + "\n".join(f"    {node['html']}" for node in rule["nodes"]) for rule in found
    ]
    assert told == [], f"{where or page.url}\n" + "\n".join(told)


WIDE = """() => document.documentElement.scrollWidth <= document.documentElement.clientWidth ? [] :
  [...document.querySelectorAll("main *, header *, footer *")]
    .filter((one) => one.getBoundingClientRect().right > document.documentElement.clientWidth + 0.5)
    .map((one) => one.outerHTML.slice(0, 160))"""


def assert_fits(page: Page) -> None:
    """Nobody has to scroll sideways to read, once a window that has just been made narrower is laid out again."""
    wide: list[str] = []
    for _ in range(20):
        if not (wide := page.evaluate(WIDE)):
            return
        page.wait_for_timeout(100)
    raise AssertionError(f"{page.url} is wider than its window of {page.viewport_size}:\n" + "\n".join(wide))
