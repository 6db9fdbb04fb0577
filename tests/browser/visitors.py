"""People who visit the pages: each with a browser of their own, which is watched for whatever must never happen."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from playwright.sync_api import Browser, BrowserContext, CDPSession, ConsoleMessage, Page, Request, Route

PHONE = {"viewport": {"width": 390, "height": 844}, "is_mobile": True, "has_touch": True, "device_scale_factor": 2}
DESKTOP = {"viewport": {"width": 1280, "height": 900}}
WIDTHS: dict[str, dict[str, Any]] = {"phone": PHONE, "desktop": DESKTOP}
PATIENCE = 45_000
"""Milliseconds that anything on a page may take on a busy machine."""
SLOW, LATE = 20_500, 26_000
"""Milliseconds after which the page says that it takes long, and that what no bucket has confirmed may be lost."""
NO_CLIPBOARD = "Object.defineProperty(navigator, 'clipboard', {value: undefined});"


@dataclass
class Visitor:
    """Somebody with one browser. `faults` fills with requests to other hosts, errors on the console, failed scripts and
    broken security policies; a test that provokes one says so with `forgive`."""

    browser: Browser
    site: str
    allowed: frozenset[str]
    options: dict[str, Any] = field(default_factory=dict)
    faults: list[str] = field(default_factory=list)
    _forgiven: list[str] = field(default_factory=list)
    _wires: dict[Page, CDPSession] = field(default_factory=dict)

    def __post_init__(self) -> None:
        defaults = {"locale": "sv-SE", "timezone_id": "Europe/Stockholm", **DESKTOP}
        self.context: BrowserContext = self.browser.new_context(base_url=self.site, **(defaults | self.options))
        self.context.set_default_timeout(PATIENCE)
        self.context.on("console", self._console)
        self.context.on("weberror", lambda failure: self.faults.append(f"script failed: {failure.error}"))
        self.context.on("request", self._request)

    def open(self, path: str = "/sv/") -> Page:
        """A new window at that address."""
        page = self.context.new_page()
        page.goto(path)
        return page

    def forgive(self, *patterns: str) -> None:
        """Errors on the console that the test causes. Example: "status of 409" """
        self._forgiven.extend(patterns)

    def cut(self, pattern: str | re.Pattern[str] = "**/*") -> None:
        """No connection to what the pattern matches; `mend` brings it back."""
        self.forgive("net::ERR_")
        self.context.route(pattern, lambda route: route.abort("internetdisconnected"))

    def mend(self, pattern: str | re.Pattern[str] = "**/*") -> None:
        """The connection is back."""
        self.context.unroute(pattern)

    def slow(self, page: Page, *, upload: int) -> None:
        """So many bytes a second towards the network; -1 is as fast as it goes."""
        if page not in self._wires:
            self._wires[page] = self.context.new_cdp_session(page)
            self._wires[page].send("Network.enable")
        conditions = {"offline": False, "latency": 0, "downloadThroughput": -1, "uploadThroughput": upload}
        self._wires[page].send("Network.emulateNetworkConditions", conditions)

    def leave(self) -> list[str]:
        """Close the browser. Returns the faults that nobody forgave."""
        # A page that asks by itself may do so at this moment; nobody waits for what it is answered.
        self.context.unroute_all(behavior="ignoreErrors")
        self.context.close()
        return [fault for fault in self.faults if not any(re.search(known, fault) for known in self._forgiven)]

    def _console(self, message: ConsoleMessage) -> None:
        if message.type == "error":
            self.faults.append(f"error on the console: {message.text} ({message.location.get('url')})")

    def _request(self, request: Request) -> None:
        address = urlsplit(request.url)
        if address.scheme not in ("blob", "data") and address.netloc not in self.allowed:
            self.faults.append(f"asked another host: {request.url}")


class Busy:
    """API Gateway's own answer to more than it lets through, as often as it is told to; then the API's."""

    def __init__(self, visitor: Visitor, address: str | re.Pattern[str], *, times: int, method: str = "") -> None:
        self.left, self.method = times, method
        visitor.forgive("status of 429")
        visitor.context.route(address, self)

    def __call__(self, route: Route) -> None:
        if not self.left or (self.method and route.request.method != self.method):
            return route.fallback()
        self.left -= 1
        headers = {"Access-Control-Allow-Origin": "*"}
        return route.fulfill(status=429, json={"message": "Too Many Requests"}, headers=headers)
