"""What the simulation found, each as a short story that must not come true again."""

from __future__ import annotations

import pytest

from tests.simulation.stories import STORIES


@pytest.mark.parametrize("name", STORIES)
def test_it_does_not_happen_that(name: str) -> None:
    assert STORIES[name]() == []
