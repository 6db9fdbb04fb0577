"""Fixtures: a world in moto with an open round, the same closed, and an inbox behind a topic."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from moto import mock_aws

from shared.rounds import RoundState
from tests.builders.documents import a_document
from tests.functions.staff import AFTER_CLOSING, Inbox
from tests.functions.world import World, new_world


@pytest.fixture
def world() -> Iterator[World]:
    """A new world with one open round."""
    with mock_aws():
        yield new_world()


@pytest.fixture
def closed(world: World) -> World:
    """Two applications, by Piteå and Region Östergötland, in a closed round."""
    world.submit(world.start().application.id)
    region = {"kind": "region", "code": "05"}
    world.submit(world.start().application.id, a_document(applicant=region, partners__0__country="KE"))
    world.now = AFTER_CLOSING
    world.lifecycle.tick()
    assert world.round().state is RoundState.CLOSED
    return world


@pytest.fixture
def inbox(world: World) -> Inbox:  # noqa: ARG001  the topic is in the world's moto
    """An empty inbox."""
    return Inbox("topic")
