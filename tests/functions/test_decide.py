"""Decisions: all or nothing, entered by one, approved by another."""

from __future__ import annotations

import pytest

from shared.problems import ProblemsError
from shared.rounds import RoundState
from tests.functions.staff import decided, deciding, filled_in, refused
from tests.functions.world import ROUND, World


def test_decisions_are_entered_by_one_and_approved_by_another(closed: World) -> None:
    entered = deciding(closed).take_in(ROUND, filled_in(closed), "anna")
    assert (entered["awards"], entered["declined"], entered["sum"]) == (2, 0, 1_600_000)
    with pytest.raises(ProblemsError) as error:
        deciding(closed).approve(ROUND, entered["digest"], "anna")
    assert refused(error) == (409, [("same-person", "")])
    assert closed.round().state is RoundState.CLOSED
    deciding(closed).approve(ROUND, entered["digest"], "bertil")
    assert closed.round().state is RoundState.DECIDED
    assert closed.administering.show(ROUND)["totals"]["awarded"] == 1_600_000


def test_a_change_after_reading_asks_for_a_new_approval(closed: World) -> None:
    read = deciding(closed).take_in(ROUND, filled_in(closed), "anna")["digest"]
    deciding(closed).take_in(ROUND, filled_in(closed, 700_000), "anna")
    with pytest.raises(ProblemsError) as error:
        deciding(closed).approve(ROUND, read, "bertil")
    assert refused(error) == (409, [("digest-changed", "digest")])


def test_a_faulty_list_changes_nothing(closed: World) -> None:
    deciding(closed).take_in(ROUND, filled_in(closed), "anna")
    before = closed.rows()
    with pytest.raises(ProblemsError):
        deciding(closed).take_in(ROUND, filled_in(closed, 9_000_000), "anna")
    assert closed.rows() == before


def test_an_approved_round_takes_no_more_decisions(closed: World) -> None:
    digest = decided(closed)
    with pytest.raises(ProblemsError) as error:
        deciding(closed).take_in(ROUND, filled_in(closed), "anna")
    assert refused(error) == (409, [("round-in-wrong-state", "")])
    with pytest.raises(ProblemsError) as error:
        deciding(closed).approve(ROUND, digest, "cecilia")
    assert refused(error) == (409, [("round-in-wrong-state", "")])


def test_nothing_is_decided_while_the_round_is_open(world: World) -> None:
    for door in (lambda: deciding(world).list_out(ROUND), lambda: deciding(world).take_in(ROUND, b"", "anna")):
        with pytest.raises(ProblemsError) as error:
            door()
        assert refused(error) == (409, [("round-in-wrong-state", "")])


def test_more_decisions_than_one_transaction_takes_are_all_in_or_none(closed: World) -> None:
    from shared.aws.decided import read_set, store_set
    from shared.decisions import Decision, DecisionKind

    many = [Decision(f"{number:09}", DecisionKind.AWARD, 1, "x" * 2000) for number in range(300)]
    assert read_set(closed.table, ROUND, store_set(closed.table, ROUND, many)) == many
