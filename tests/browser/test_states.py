"""Every page but the form in every state: nothing that axe-core finds, nothing that does not fit, in either light."""

from __future__ import annotations

import pytest

from tests.browser.conftest import Visit
from tests.browser.states import Stage
from tests.browser.troubles import STATES
from tests.browser.views import assert_accessible_and_fits

pytestmark = pytest.mark.cloud


@pytest.mark.parametrize("name", [name for name in STATES if not name.startswith("form")])
def test_it_is_accessible_and_fits(visit: Visit, stage: Stage, name: str) -> None:
    assert_accessible_and_fits(visit, stage, name)
