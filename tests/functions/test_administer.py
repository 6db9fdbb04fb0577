"""Rounds: created once, extended, closed, shown; no change overwrites another."""

from __future__ import annotations

import json
from typing import Any

import pytest

from functions.administer.administering import EarlyClosing, Extension, NewRound
from shared.aws.table import Table
from shared.instants import parse_iso
from shared.problems import ProblemsError
from shared.rounds import RoundState
from tests.functions.staff import refused
from tests.functions.world import ROUND, World


def test_a_round_with_mistakes_is_refused_with_all_of_them(world: World) -> None:
    request = {"id": "Höst 2020", "name": {"sv": "H", "en": "A"}, "programme": "municipal-partnership-2019"}
    with pytest.raises(ProblemsError) as error:
        world.administering.create(
            NewRound.model_validate(request | {"opens": "snart", "closes": "2020-02-30"}), "anna"
        )
    assert refused(error) == (422, [("bad-round-id", "id"), ("bad-instant", "opens"), ("bad-instant", "closes")])
    backwards = {
        "id": "r-1",
        "programme": "municipal-partnership-2019",
        "opens": "2020-03-15",
        "closes": "2020-02-15",
    }
    with pytest.raises(ProblemsError) as error:
        world.administering.create(NewRound.model_validate(request | backwards), "anna")
    assert refused(error) == (422, [("closes-before-opens", "closes")])
    with pytest.raises(ProblemsError) as error:
        world.administering.create(
            NewRound.model_validate(request | {"id": "r-2", "programme": "x", "opens": "2020-01-01"}), "a"
        )
    assert refused(error) == (422, [("unknown-programme", "programme")])


def test_a_round_is_created_once(world: World) -> None:
    with pytest.raises(ProblemsError) as error:
        world.create_round()
    assert refused(error) == (409, [("round-exists", "id")])
    assert [event["what"] for event in world.administering.events(ROUND)] == ["round created", "round open"]


def test_an_extension_moves_the_end_later_and_never_earlier(world: World) -> None:
    extended = world.administering.extend(ROUND, Extension(closes="2019-10-20", reason="Systemfel"), "anna")
    assert extended["closes_at"] == "2019-10-20T21:59:59Z"
    with pytest.raises(ProblemsError) as error:
        world.administering.extend(ROUND, Extension(closes="2019-10-19", reason="Ångrade oss"), "anna")
    assert refused(error) == (422, [("not-an-extension", "closes")])
    told = error.value.problems[0]
    assert "den gamla, 20 oktober 2019 kl. 23.59.59 (svensk tid), och" in told.sv
    assert "the old one, 20 October 2019 at 23:59:59 (Swedish time), and" in told.en
    (event,) = [event for event in world.administering.events(ROUND) if event["what"] == "round extended"]
    assert (event["who"], event["reason"]) == ("anna", "Systemfel")


def test_a_closed_round_is_neither_extended_nor_closed_again(closed: World) -> None:
    with pytest.raises(ProblemsError) as error:
        closed.administering.extend(ROUND, Extension(closes="2019-12-01", reason="Sent"), "anna")
    assert refused(error) == (409, [("round-in-wrong-state", "")])
    with pytest.raises(ProblemsError) as error:
        closed.administering.close(ROUND, EarlyClosing(reason="Igen"), "anna")
    assert refused(error) == (409, [("round-in-wrong-state", "")])


@pytest.mark.parametrize("state", [RoundState.OPEN, RoundState.CLOSING])
def test_a_round_whose_time_is_over_closes_by_itself(world: World, state: RoundState) -> None:
    """It is open to the table for as long as the last uploads may come, and nobody has to end that."""
    world.now = parse_iso("2019-10-15T22:05:00Z" if state is RoundState.OPEN else "2019-10-15T22:10:30Z")
    world.lifecycle.tick()
    assert world.round().state is state
    with pytest.raises(ProblemsError) as error:
        world.administering.close(ROUND, EarlyClosing(reason="Nu"), "anna")
    assert refused(error) == (409, [("round-time-over", "")])
    assert "15 October 2019 at 23:59:59 (Swedish time)" in error.value.problems[0].en


def test_two_changes_at_the_same_moment_do_not_overwrite_each_other(world: World) -> None:
    class SomebodyIsFaster(Table):
        gone = False

        def transact(self, writes: Any) -> None:
            if not self.gone:
                self.gone = True
                world.administering.extend(ROUND, Extension(closes="2019-11-01", reason="Först"), "bertil")
            super().transact(writes)

    slow = world.administering
    from dataclasses import replace

    slow = replace(slow, table=SomebodyIsFaster(world.table._client, "anslag"))
    with pytest.raises(ProblemsError) as error:
        slow.extend(ROUND, Extension(closes="2019-10-20", reason="Sedan"), "anna")
    assert refused(error) == (409, [("round-changed", "")])
    assert world.round().closes_at == parse_iso("2019-11-01T22:59:59Z")


def test_an_application_is_shown_whole_but_for_its_link(world: World) -> None:
    started = world.start()
    world.submit(started.application.id)
    shown = world.administering.application(ROUND, started.application.id.lower())
    assert shown["applicant"] == "Piteå"
    assert shown["current"]["facts"]["contact"]["email"] == "asa.oberg@pitea.example"
    assert started.link.hash not in json.dumps(shown)
