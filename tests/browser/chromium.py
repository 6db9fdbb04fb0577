"""The browser that the project brought (infrastructure/browser.sh), told to talk to this machine only."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from unittest.mock import patch

from playwright.sync_api import Browser, sync_playwright

from infrastructure.cloud.running import ROOT

HOME = ROOT / ".anslag/browser"
CHROMIUM = HOME / "chromium"
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
NOBODY_ELSE = "--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1 , EXCLUDE localhost , EXCLUDE *.localhost"
"""Whatever asks for another name is told that there is none."""


@contextmanager
def chromium() -> Iterator[Browser]:
    """One browser. What it keeps, it keeps in contexts, which are as separate as two people's machines."""
    assert CHROMIUM.exists(), "There is no browser: run `make test`, or infrastructure/bootstrap.sh browser."
    with patch.dict(os.environ, PLAYWRIGHT_NODEJS_PATH=str(HOME / "node")):
        playwright = sync_playwright().start()
    try:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=[*FLAGS, NOBODY_ELSE])
        yield browser
        browser.close()
    finally:
        playwright.stop()
