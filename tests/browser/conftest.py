"""For tests of the pages: one browser and one installation for each process, a browser context for each visitor."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.chromium import chromium
from tests.browser.states import Stage
from tests.browser.visitors import PATIENCE, Visitor
from tests.end_to_end.installation import Installation

Visit = Callable[..., Visitor]


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Chromium, started once."""
    expect.set_options(timeout=PATIENCE)
    with chromium() as started:
        yield started


@pytest.fixture(scope="session")
def site(installation: Installation) -> str:
    """The address of the published pages."""
    return installation.publish()


@pytest.fixture
def to_bucket(installation: Installation) -> re.Pattern[str]:
    """Addresses that uploads go to."""
    return re.compile(rf".*{installation.outputs['UploadBucketName']}.*")


@pytest.fixture
def visit(browser: Browser, site: str, installation: Installation) -> Iterator[Visit]:
    """Somebody comes along, with options of Playwright's contexts. At the end nothing forbidden may have happened."""
    there: list[Visitor] = []
    hosts = frozenset({urlsplit(site).netloc, urlsplit(installation.cloud.endpoint).netloc})

    def come(**options: Any) -> Visitor:
        there.append(Visitor(browser, site, hosts, options))
        return there[-1]

    yield come
    faults = [fault for visitor in there for fault in visitor.leave()]
    assert faults == []


@pytest.fixture(scope="session")
def stage(installation: Installation) -> Stage:
    """Rounds and applications in every state, for each process."""
    made = Stage(installation)
    made.set()
    return made
