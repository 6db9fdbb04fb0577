"""make screenshots: a picture of each page and state, and an index.html to leaf through them."""

from __future__ import annotations

import html
import re
import shutil
import sys
from typing import Any
from urllib.parse import urlsplit

from playwright.sync_api import Browser, expect

from infrastructure.cloud.running import ROOT
from tests.browser.chromium import chromium
from tests.browser.states import Stage
from tests.browser.troubles import STATES
from tests.browser.visitors import DESKTOP, PATIENCE, PHONE, Visitor
from tests.end_to_end.installing import installed

FOLDER = ROOT / ".anslag/screenshots"
DARK = ("form, filled", "form, problems", "application, received", "rounds")
VIEWS: dict[str, tuple[str, dict[str, Any]]] = {
    "phone, Swedish": ("sv", PHONE),
    "desktop, English": ("en", DESKTOP),
    "desktop, Swedish": ("sv", DESKTOP),
    "phone, dark": ("sv", {**PHONE, "color_scheme": "dark"}),
}


def main() -> None:
    shutil.rmtree(FOLDER, ignore_errors=True)
    FOLDER.mkdir(parents=True)
    expect.set_options(timeout=PATIENCE)
    with installed() as installation, chromium() as browser:
        site = installation.publish()
        stage = Stage(installation)
        stage.set()
        hosts = frozenset({urlsplit(site).netloc, urlsplit(installation.cloud.endpoint).netloc})
        taken = [take(browser, stage, site, hosts, name, view) for name in STATES for view in views_of(name)]
    (FOLDER / "index.html").write_text(index(taken), encoding="utf-8")
    sys.stdout.write(f"{len(taken)} pictures; leaf through them: {(FOLDER / 'index.html').as_uri()}\n")


def views_of(name: str) -> list[str]:
    return [view for view in VIEWS if "dark" not in view or name in DARK]


def take(
    browser: Browser, stage: Stage, site: str, hosts: frozenset[str], name: str, view: str
) -> tuple[str, str, str]:
    """Returns what it shows, how, and the file's name."""
    language, options = VIEWS[view]
    visitor = Visitor(browser, site, hosts, options)
    page = STATES[name](stage, visitor, language)
    file = re.sub(r"\W+", "-", f"{name} {view}") + ".png"
    # What stays at the window's edge belongs below the whole, not across the middle.
    width, height = page.evaluate("[innerWidth, document.documentElement.scrollHeight]")
    page.set_viewport_size({"width": width, "height": height})
    page.screenshot(path=FOLDER / file, full_page=True, animations="disabled", scale="css")
    visitor.leave()
    return name, view, file


def index(taken: list[tuple[str, str, str]]) -> str:
    """One row for each state, its views beside each other."""
    rows = []
    for name in dict.fromkeys(name for name, _, _ in taken):
        pictures = "".join(
            f'<figure><a href="{file}"><img src="{file}" alt=""></a><figcaption>{view}</figcaption></figure>'
            for shown, view, file in taken
            if shown == name
        )
        rows.append(f"<h2>{html.escape(name)}</h2><div>{pictures}</div>")
    style = "body{font:1rem sans-serif;margin:2rem}div{display:flex;gap:1rem;overflow-x:auto;align-items:start}"
    style += "figure{margin:0}img{max-height:40rem;border:1px solid #999}"
    return f'<!doctype html><meta charset="utf-8"><title>Anslag</title><style>{style}</style>{"".join(rows)}'


if __name__ == "__main__":
    main()
