"""For all tests: no real credentials, region or settings can leak in."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from unittest.mock import patch

import pytest
from hypothesis import settings

from tests.end_to_end.installing import installation
from tests.moto_once import do_it_once

__all__ = ["installation"]  # one for each process, for end-to-end tests and the browser's

# How long an example takes says how busy the machine is, and nothing of what is tried.
settings.register_profile("anslag", deadline=None)
settings.load_profile("anslag")
do_it_once()
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    # A shell starts what runs behind it so, and then no command that a test interrupts would be.
    signal.signal(signal.SIGINT, signal.default_int_handler)

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


LONGEST_FIRST = (
    *("end_to_end/test_round", "browser/test_states_of_form", "simulation/test_planted", "end_to_end/test_runbook"),
    *("browser/test_states", "simulation/test_large_worlds", "browser/test_deadline", "browser/test_results"),
    *("end_to_end/test_exceptions", "browser/test_uploads", "end_to_end/test_corrections", "browser/test_sending"),
    *("simulation/test_small_worlds", "end_to_end/test_losses", "browser/test_keyboard", "browser/test_failures"),
    *("end_to_end/test_deliveries", "browser/test_drafts", "end_to_end/test_result_pages", "browser/test_refusals"),
    *("browser/test_status", "browser/test_reading_order", "browser/test_exceptions", "browser/test_flow"),
    *("browser/test_waiting", "infrastructure/test_cloud"),
)
"""Files that take minutes: begun with, what waits beside what works. The many short ones fill what is left."""
_RANKS = {f"tests/{name}.py": rank for rank, name in enumerate(LONGEST_FIRST)}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Where several processes share the tests, none is left alone with a long file at the end."""
    items.sort(key=lambda item: _RANKS.get(item.nodeid.partition("::")[0], len(_RANKS)))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """What tests measured, below their result. (xdist's workers send it along with their reports.)"""
    reports = terminalreporter.getreports("passed")
    lines = [line for report in reports for name, line in report.user_properties if name == "measured"]
    if lines:
        terminalreporter.section("measured")
    for line in lines:
        terminalreporter.write_line(str(line))
