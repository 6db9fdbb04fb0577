"""Decisions: all or nothing, entered by one, approved by another."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest

from shared import keys
from shared.aws.effects import LEASE
from shared.aws.table import Update
from shared.problems import ProblemsError
from shared.rounds import RoundState
from tests.functions.staff import (
    Inbox,
    Killed,
    announced,
    announcing,
    correction_approved,
    decided,
    deciding,
    filled_in,
    refused,
    rows_of,
)
from tests.functions.test_announce import Dead
from tests.functions.test_letting_in import let_in, link_of, over
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


def test_a_csv_list_undoes_nothing_that_a_colleague_has_handed_in_since(closed: World) -> None:
    mine = filled_in(closed, 700_000)
    theirs = deciding(closed).take_in(ROUND, filled_in(closed), "bertil")["digest"]
    with pytest.raises(ProblemsError) as error:
        deciding(closed).take_in(ROUND, mine, "anna")
    assert refused(error) == (422, [("decided-meanwhile", "")])
    assert closed.table.get(keys.decisions_key(ROUND))["digest"] == theirs  # type: ignore[index]
    deciding(closed).take_in(ROUND, filled_in(closed, 700_000), "anna")
    deciding(closed).take_in(ROUND, mine, "anna")  # her own she may hand in again


def test_an_approved_round_takes_no_more_decisions(closed: World) -> None:
    digest = decided(closed)
    with pytest.raises(ProblemsError) as error:
        deciding(closed).take_in(ROUND, filled_in(closed), "anna")
    assert refused(error) == (409, [("decisions-approved", "")])
    with pytest.raises(ProblemsError) as error:
        deciding(closed).approve(ROUND, digest, "cecilia")
    assert refused(error) == (409, [("round-in-wrong-state", "")])


def test_an_approval_is_taken_back_until_something_is_on_its_way_out(closed: World, inbox: Inbox) -> None:
    digest, desk = decided(closed), announcing(closed, inbox.topic)
    read = desk.preview(ROUND)["digest"]
    taken = deciding(closed).take_back(ROUND, "Piteå tackar nej", "anna")
    assert (taken["state"], taken["digest"], closed.round().state) == ("closed", digest, RoundState.CLOSED)
    with pytest.raises(ProblemsError) as error:
        desk.publish(ROUND, read, "bertil")
    assert refused(error) == (409, [("approval-taken-back", "")])
    again = deciding(closed).take_in(ROUND, filled_in(closed, 700_000), "anna")["digest"]
    deciding(closed).approve(ROUND, again, "bertil")
    desk.publish(ROUND, desk.preview(ROUND)["digest"], "bertil")
    (message,) = inbox.read()
    assert json.loads(message["Message"])["totals"]["amount"] == 1_400_000
    events = [(one["what"], one.get("reason")) for one in closed.administering.events(ROUND)]
    assert ("approval taken back", "Piteå tackar nej") in events


def test_what_was_taken_back_is_approved_again_only_when_somebody_has_handed_it_in_again(closed: World) -> None:
    digest = decided(closed)
    deciding(closed).take_back(ROUND, "Fel ärende", "bertil")
    with pytest.raises(ProblemsError) as error:
        deciding(closed).approve(ROUND, digest, "bertil")
    assert refused(error) == (409, [("approval-taken-back", "")])
    assert "Fel ärende" in error.value.problems[0].sv
    assert closed.administering.show(ROUND)["decisions"]["taken_back"]["by"] == "bertil"
    assert deciding(closed).take_in(ROUND, filled_in(closed), "anna")["digest"] == digest
    deciding(closed).approve(ROUND, digest, "bertil")
    assert closed.round().state is RoundState.DECIDED


def test_the_same_amounts_on_another_version_are_approved_anew(closed: World) -> None:
    read = deciding(closed).take_in(ROUND, filled_in(closed), "anna")["digest"]
    first = closed.rows(keys.APPLICATIONS)[0]
    key = keys.application_key(ROUND, first["application"])
    closed.table.write(Update(key, set={"current": {**first["current"], "sha256": "ab" * 32}}))
    deciding(closed).take_in(ROUND, filled_in(closed), "anna")
    with pytest.raises(ProblemsError) as error:
        deciding(closed).approve(ROUND, read, "bertil")
    assert refused(error) == (409, [("digest-changed", "digest")])


def test_whoever_has_read_one_list_does_not_publish_another_that_awards_the_same(closed: World, inbox: Inbox) -> None:
    """Its letters may say something else."""
    decided(closed)
    desk = announcing(closed, inbox.topic)
    read = desk.preview(ROUND)
    deciding(closed).take_back(ROUND, "Motiveringen", "anna")
    motivated = filled_in(closed).decode().replace("amount", "amount;motivation", 1) + ";Väl förankrat"
    digest = deciding(closed).take_in(ROUND, motivated.encode(), "anna")["digest"]
    deciding(closed).approve(ROUND, digest, "bertil")
    again = desk.preview(ROUND)
    assert (again["document"]["awards"], again["texts"]) == (read["document"]["awards"], read["texts"])
    assert again["decisions"] == desk.letters(ROUND)["decisions"] != read["decisions"]
    with pytest.raises(ProblemsError) as error:
        desk.publish(ROUND, read["digest"], "bertil")
    assert refused(error) == (409, [("digest-changed", "digest")])


def test_who_was_let_in_again_after_that_is_decided_on_as_well(closed: World) -> None:
    decided(closed)
    deciding(closed).take_back(ROUND, "En ansökan hade gått till fel adress", "anna")
    closed.submit(link_of(let_in(closed)).application)
    over(closed)
    assert len(rows_of(closed)) == 3
    decided(closed)


def test_nothing_is_taken_back_that_nobody_approved_or_that_is_to_go_out(closed: World, inbox: Inbox) -> None:
    desk = announcing(closed, inbox.topic)

    def taking_back() -> tuple[int, list[tuple[str, str]]]:
        with pytest.raises(ProblemsError) as error:
            deciding(closed).take_back(ROUND, "Fel", "anna")
        return refused(error)

    assert taking_back() == (409, [("nothing-approved", "")])
    deciding(closed).take_in(ROUND, filled_in(closed), "anna")
    assert taking_back() == (409, [("nothing-approved", "")])
    decided(closed)
    read = desk.preview(ROUND)["digest"]
    desk.publish_at(ROUND, read, "2019-12-17T09:00", "bertil")
    assert taking_back() == (409, [("announcement-timed", "")])
    desk.call_off(ROUND, "bertil")
    with pytest.raises(Killed):
        announcing(closed, Dead(inbox.topic, after=False)).publish(ROUND, read, "bertil")
    assert taking_back() == (409, [("announcement-on-its-way", "")])
    closed.now += LEASE + timedelta(seconds=1)
    assert desk.finish(ROUND)
    assert taking_back() == (409, [("nothing-approved", "")])


def test_the_approval_of_a_correction_is_taken_back_too_and_what_was_announced_stands(
    closed: World, inbox: Inbox
) -> None:
    announced(closed, inbox.topic)
    correction_approved(closed)
    taken = deciding(closed).take_back(ROUND, "Fel belopp igen", "anna")
    assert (taken["state"], closed.round().announcement) == ("announced", 1)
    assert announcing(closed, inbox.topic).preview(ROUND)["number"] == 1
    assert [row["amount"] for row in rows_of(closed)] == ["800000"] * 2, (
        "the next correction starts from what is public"
    )
    correction_approved(closed, 600_000)
    assert announcing(closed, inbox.topic).preview(ROUND)["document"]["totals"]["amount"] == 1_400_000


def test_files_of_drafts_stay_as_long_as_their_holders_may_be_let_in_again(closed: World) -> None:
    decided(closed)
    assert "files of unsent drafts marked for removal" not in [step.what for step in closed.lifecycle.tick()]


def test_nothing_is_decided_while_the_round_is_open(world: World) -> None:
    for door in (lambda: deciding(world).list_out(ROUND), lambda: deciding(world).take_in(ROUND, b"", "anna")):
        with pytest.raises(ProblemsError) as error:
            door()
        assert refused(error) == (409, [("round-in-wrong-state", "")])


def test_more_decisions_than_one_transaction_takes_are_all_in_or_none(closed: World) -> None:
    from shared.aws.decided import read_decided, store_set
    from shared.decisions import Decision, DecisionKind, approved_digest

    many = [Decision(f"{number:09}", DecisionKind.AWARD, 1, "x" * 2000) for number in range(300)]
    found = store_set(closed.table, ROUND, many)
    decided = {"decisions": found, "list": "", "digest": approved_digest(found, "")}
    assert read_decided(closed.table, ROUND, decided) == many
