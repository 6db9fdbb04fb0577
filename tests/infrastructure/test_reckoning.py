"""What load and storm say at the end: every number there is, and each thing that is not as it must be."""

from __future__ import annotations

from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import boto3
import pytest
from moto import mock_aws

from infrastructure.cloud.twice import KINDS
from infrastructure.demo import load, reckoning
from infrastructure.demo.reckoning import Reckoning
from infrastructure.demo.staff import Answer, CommandFailedError, Officer
from infrastructure.demo.storm import Pace, Storm
from tests.functions.test_attest import close
from tests.functions.world import ROUND, World, new_world

UNTRUE = "anslag --json verify 2019-autumn ended with 1:\nThe application 7K3M-9QXR-C is no longer as it was received."


@pytest.fixture
def world() -> Iterator[World]:
    """A closed round with one application."""
    with mock_aws():
        made = new_world()
        made.submit(made.start().application.id)
        close(made)
        yield made


class Anna(Officer):
    """She reads what is stored, and `anslag verify` ends with 1 where something is not true."""

    def __init__(self, world: World, untrue: str = "") -> None:
        object.__setattr__(self, "world", world)
        object.__setattr__(self, "untrue", untrue)

    def anslag(self, *arguments: str, expect: int = 0) -> Answer:  # noqa: ARG002
        return Answer(0, "", "")

    def ask(self, *arguments: str) -> Any:
        if arguments[0] == "verify":
            if self.untrue:  # type: ignore[attr-defined]
                raise CommandFailedError(self.untrue)  # type: ignore[attr-defined]
            return {"after_certificate": 0}
        if arguments[0] == "dead-letters":
            return {"dead_letters": []}
        return self.world.administering.show(ROUND)  # type: ignore[attr-defined]


def reckoned(world: World, untrue: str, monkeypatch: pytest.MonkeyPatch) -> Reckoning:
    monkeypatch.setattr(reckoning, "mailbox", lambda _: [])
    outputs = {"TableName": "anslag", "UploadBucketName": "uploads"}
    weather: Any = SimpleNamespace(client=boto3.client, outputs=outputs, cloud=None)
    return Reckoning(weather, Anna(world, untrue), ROUND, [])


def test_a_certificate_that_is_not_true_is_one_fault_and_keeps_no_number_back(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    true, untrue = (reckoned(world, said, monkeypatch) for said in ("", UNTRUE))
    assert {*untrue.faults()} - {*true.faults()} == {f"the certificate is not true: {UNTRUE}"}
    assert (untrue.certificate["objects"], untrue.certificate["outcomes"]["accepted"]) == (1, 1)


def test_a_load_whose_certificate_is_not_true_tells_its_numbers_too(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    plan: list[Any] = [SimpleNamespace(faulty=False)]
    codes = [load._close(Anna(world, untrue), plan) for untrue in ("", UNTRUE)]
    assert codes == [0, 1]
    told = capsys.readouterr().out
    assert told.count("outcomes {'accepted': 1, 'rejected': 0, 'late': 0, 'duplicate': 0}, dead letters 0") == 2
    assert UNTRUE in told


def test_a_storm_shows_something_only_where_functions_died_at_their_work() -> None:
    weather: Any = SimpleNamespace(stops=2)
    anna: Any = None
    storm = Storm(weather, anna, [], Pace(), 1, print, letters=3)
    storm.again.update(KINDS)
    assert storm.missed(killed=7) == ["no function was killed at its work"]
    storm.at_work = 1
    assert storm.missed(killed=7) == []


def test_a_storm_shows_something_only_where_every_kind_of_event_came_twice() -> None:
    weather: Any = SimpleNamespace(stops=2)
    anna: Any = None
    storm = Storm(weather, anna, [], Pace(), 1, print, letters=3, at_work=1)
    assert storm.missed(killed=7) == [f"no second delivery of {kind}" for kind in KINDS]
