"""What the simulation found, each as a short story that must not come true again."""

from __future__ import annotations

import pytest

from tests.simulation.known import KNOWN, mended
from tests.simulation.stories import STORIES

_NAMES = {known.name for known in KNOWN}
_KNOWN = pytest.mark.xfail(
    strict=True, raises=AssertionError, reason="known fault: when this passes, take it out of known.py"
)


def test_every_known_fault_has_a_story() -> None:
    assert set(STORIES) >= _NAMES


@pytest.mark.parametrize(
    "name",
    [pytest.param(name, id=name, marks=_KNOWN) if name in _NAMES else pytest.param(name, id=name) for name in STORIES],
)
def test_it_does_not_happen_that(name: str) -> None:
    assert STORIES[name]() == []


@pytest.mark.parametrize("name", sorted(_NAMES))
def test_with_its_mend_it_does_not_happen_that(name: str) -> None:
    with mended():
        assert STORIES[name]() == []
