"""For all tests: no real credentials, region or settings can leak in."""

from __future__ import annotations

import os
from collections.abc import Iterator
from unittest.mock import patch

import pytest
from hypothesis import settings

from tests.end_to_end.installing import installation

__all__ = ["installation"]  # one for each process, for end-to-end tests and the browser's

# How long an example takes says how busy the machine is, and nothing of what is tried.
settings.register_profile("anslag", deadline=None)
settings.load_profile("anslag")

_HARMLESS = {
    "AWS_ACCESS_KEY_ID": "testing",
    "AWS_SECRET_ACCESS_KEY": "testing",
    "AWS_REGION": "eu-north-1",
    "AWS_DEFAULT_REGION": "eu-north-1",
    "POWERTOOLS_METRICS_NAMESPACE": "Anslag",
}
_KEPT = ("PATH", "HOME", "TMPDIR", "LANG", "UV_SYSTEM_CERTS", "VIRTUAL_ENV")


@pytest.fixture(autouse=True)
def _own_environment() -> Iterator[None]:
    kept = {name: os.environ[name] for name in _KEPT if name in os.environ}
    pytest_own = {name: value for name, value in os.environ.items() if name.startswith("PYTEST_")}
    with patch.dict(os.environ, {**kept, **pytest_own, **_HARMLESS}, clear=True):
        yield


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """What tests measured, below their result. (xdist's workers send it along with their reports.)"""
    reports = terminalreporter.getreports("passed")
    lines = [line for report in reports for name, line in report.user_properties if name == "measured"]
    if lines:
        terminalreporter.section("measured")
    for line in lines:
        terminalreporter.write_line(str(line))
