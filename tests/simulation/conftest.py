"""Fixtures: the services of the contract, one kind after another."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.simulation.services import Services, services

KINDS = ["double", "moto", pytest.param("cloud", marks=pytest.mark.cloud)]


@pytest.fixture(params=KINDS, scope="module")
def aws_of_a_kind(request: pytest.FixtureRequest) -> Iterator[Services]:
    """One cloud for all tests of a module: each test uses keys of its own."""
    with pytest.MonkeyPatch.context() as patch:
        for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
            patch.setenv(name, "testing")
        patch.setenv("AWS_DEFAULT_REGION", "eu-north-1")
        with services(request.param) as found:
            yield found
