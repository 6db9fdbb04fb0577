"""Corrections: entered by one, approved by another, announced once under the next number, whatever dies in between."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from pydantic import ValidationError

from shared import keys
from shared.aws.effects import LEASE
from shared.corrections import Reason
from shared.decision_list import HandedIn
from shared.problems import ProblemsError
from shared.rounds import RoundState
from tests.functions.staff import (
    REASON,
    Inbox,
    Killed,
    announced,
    announcing,
    correcting,
    correction_approved,
    deciding,
    first_changed,
    listed,
    refused,
    rows_of,
)
from tests.functions.test_announce import Dead
from tests.functions.world import ROUND, World


@pytest.fixture
def told(closed: World, inbox: Inbox) -> World:
    """A round that was announced: SEK 800,000 each to two."""
    announced(closed, inbox.topic)
    inbox.read()
    return closed


def published(world: World, inbox: Inbox) -> dict[str, Any]:
    announce = announcing(world, inbox.topic)
    return announce.publish(ROUND, announce.preview(ROUND)["digest"], "bertil")


def test_a_correction_goes_out_as_the_next_announcement_and_says_what_changed(told: World, inbox: Inbox) -> None:
    reference = rows_of(told)[0]["reference"]
    correction_approved(told)
    answer = published(told, inbox)
    (message,) = inbox.read()
    document = json.loads(message["Message"])
    assert (answer["number"], document["number"], document["totals"]["amount"]) == (2, 2, 1_500_000)
    assert document["corrects"] == {
        "number": 1,
        "reason": {"sv": "Ett belopp var fel skrivet.", "en": "An amount was misspelt."},
        "changes": [{"reference": reference, "before": 800_000, "after": 700_000}],
    }
    assert message["Subject"].startswith("Rättelse, ")
    assert "Skäl: Ett belopp var fel skrivet." in answer["texts"]["sv"]["body"]
    assert "SEK 700 000 instead of SEK 800 000" in " ".join(
        answer["texts"]["en"]["body"].replace("\u00a0", " ").split()
    )
    assert (told.round().state, told.round().announcement) == (RoundState.ANNOUNCED, 2)
    assert told.started.started[-1] == ("publish", {"publish": "results", "round": ROUND})


def test_what_was_awarded_follows_when_the_correction_is_out_and_not_before(told: World, inbox: Inbox) -> None:
    def awarded() -> int:
        return int(told.administering.show(ROUND)["totals"]["awarded"])

    correction_approved(told)
    assert (awarded(), told.administering.show(ROUND)["correction"]["sum"]) == (1_600_000, 1_500_000)
    published(told, inbox)
    assert (awarded(), told.administering.show(ROUND)["correction"]) == (1_500_000, None)


def test_what_was_announced_first_stays_as_it_was(told: World, inbox: Inbox) -> None:
    def first() -> list[Any]:
        return [told.table.get(key) for key in (keys.decisions_key(ROUND), keys.announcement_key(ROUND, 1))]

    before = first()
    correction_approved(told)
    published(told, inbox)
    assert first() == before


def test_a_second_correction_tells_of_what_changed_since_the_first(told: World, inbox: Inbox) -> None:
    correction_approved(told)
    published(told, inbox)
    first, second = rows_of(told)
    assert first["amount"] == "700000"
    rows = listed(told, (first["reference"], "award", 700_000), (second["reference"], "decline", ""))
    entered = correcting(told).take_in(ROUND, rows, REASON, "bertil")
    deciding(told).approve(ROUND, entered["digest"], "anna")
    answer = published(told, inbox)
    changed = [{"reference": second["reference"], "before": 800_000, "after": None}]
    assert (answer["number"], answer["document"]["corrects"]["changes"]) == (3, changed)
    assert [json.loads(one["Message"])["number"] for one in inbox.read()] == [2, 3]


def test_whoever_entered_a_correction_does_not_approve_it(told: World) -> None:
    entered = correcting(told).take_in(ROUND, first_changed(told), REASON, "anna")
    with pytest.raises(ProblemsError) as error:
        deciding(told).approve(ROUND, entered["digest"], "anna")
    assert refused(error) == (409, [("same-person", "")])


def test_another_reason_asks_for_another_approval(told: World) -> None:
    read = correcting(told).take_in(ROUND, first_changed(told), REASON, "anna")["digest"]
    other = Reason(sv="Ett helt annat skäl.", en="Another reason altogether.")
    correcting(told).take_in(ROUND, first_changed(told), other, "anna")
    with pytest.raises(ProblemsError) as error:
        deciding(told).approve(ROUND, read, "bertil")
    assert refused(error) == (409, [("digest-changed", "digest")])


def test_the_second_person_reads_why_and_what(told: World) -> None:
    correcting(told).take_in(ROUND, first_changed(told), REASON, "anna")
    shown = correcting(told).show(ROUND)
    assert shown["reason"] == REASON.model_dump()
    assert [(one["before"], one["after"]) for one in shown["changes"]] == [(800_000, 700_000)]
    assert shown["changes"][0]["title"]


@pytest.mark.parametrize(
    ("rows", "code"),
    [
        (lambda world: first_changed(world, 800_000), "nothing-corrected"),
        (lambda world: first_changed(world, 850_001), "above-requested"),
        (lambda world: listed(world, (rows_of(world)[0]["reference"], "award", 1)), "decision-missing"),
    ],
)
def test_a_correction_that_says_nothing_or_breaks_a_rule_changes_nothing(
    told: World, rows: Callable[[World], bytes], code: str
) -> None:
    before = told.rows()
    with pytest.raises(ProblemsError) as error:
        correcting(told).take_in(ROUND, rows(told), REASON, "anna")
    assert refused(error) == (422, [(code, error.value.problems[0].path)])
    assert told.rows() == before


def test_the_budget_holds_for_a_correction_too(told: World) -> None:
    from shared.aws.table import Update

    told.table.write(Update(keys.round_key(ROUND), set={"budget": 1_600_000}))
    with pytest.raises(ProblemsError) as error:
        correcting(told).take_in(ROUND, first_changed(told, 800_001), REASON, "anna")
    assert refused(error) == (422, [("above-budget", "")])


def test_an_approved_correction_takes_no_changes_and_only_one_is_under_way(told: World) -> None:
    correction_approved(told)
    with pytest.raises(ProblemsError) as error:
        correcting(told).take_in(ROUND, first_changed(told, 600_000), REASON, "anna")
    assert refused(error) == (409, [("correction-approved", "")])


def as_workbook(world: World, amount: int, **origin: str | None) -> HandedIn:
    """The list as the command reads it from a workbook that was taken out now, with that award for everybody."""
    taken_out = deciding(world).list_for_workbook(ROUND)
    rows = [
        {"row": place, "reference": one["reference"], "decision": "award", "amount": str(amount)}
        for place, one in enumerate(taken_out["applications"], start=2)
    ]
    return HandedIn.model_validate({"round": ROUND, "decided": taken_out["decided"], **origin, "rows": rows})


def as_csv(world: World, amount: int) -> bytes:
    """The same as a CSV file."""
    return listed(world, *((row["reference"], "award", amount) for row in rows_of(world)))


def without_origin(world: World, amount: int) -> bytes:
    """The same, typed by hand or from before lists said where they come from."""
    rows = [f"{row['reference']};award;{amount}" for row in rows_of(world)]
    return "\n".join(["reference;decision;amount", *rows]).encode()


FORMS: list[Callable[[World, int], bytes | HandedIn]] = [as_workbook, as_csv]


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("entered", [False, True])
def test_a_list_from_before_the_last_announcement_is_refused_whoever_hands_it_in(
    told: World, inbox: Inbox, form: Callable[[World, int], bytes | HandedIn], entered: bool
) -> None:
    """It would take back what the last one corrected, although nobody means to; also where the same person has handed
    in something better before."""
    old = form(told, 500_000)
    correction_approved(told)
    published(told, inbox)
    if entered:
        correcting(told).take_in(ROUND, first_changed(told, 650_000), REASON, "anna")
    before = told.rows()
    for who in ("anna", "bertil"):
        with pytest.raises(ProblemsError) as error:
            correcting(told).take_in(ROUND, old, REASON, who)
        assert refused(error) == (422, [("list-before-announcement", "")])
    assert told.rows() == before


@pytest.mark.parametrize("form", FORMS)
def test_ones_own_correction_is_mended_from_the_same_list_and_a_colleagues_is_not_undone(
    told: World, form: Callable[[World, int], bytes | HandedIn]
) -> None:
    first, mended = form(told, 600_000), form(told, 500_000)
    correcting(told).take_in(ROUND, first, REASON, "anna")
    with pytest.raises(ProblemsError) as error:
        correcting(told).take_in(ROUND, mended, REASON, "bertil")
    assert refused(error) == (422, [("decided-meanwhile", "")])
    assert correcting(told).take_in(ROUND, mended, REASON, "anna")["sum"] == 1_000_000
    assert correcting(told).take_in(ROUND, form(told, 400_000), REASON, "bertil")["sum"] == 800_000


@pytest.mark.parametrize("form", [partial(as_workbook, decided=None), without_origin])
def test_a_correction_needs_a_list_that_says_where_it_comes_from(
    told: World, form: Callable[[World, int], bytes | HandedIn]
) -> None:
    with pytest.raises(ProblemsError) as error:
        correcting(told).take_in(ROUND, form(told, 500_000), REASON, "anna")
    assert refused(error) == (422, [("list-without-origin", "")])


def test_rows_of_an_older_list_among_those_of_a_newer_one_are_found(told: World, inbox: Inbox) -> None:
    heading, first, *_ = as_csv(told, 500_000).splitlines()
    correction_approved(told)
    published(told, inbox)
    *_, second = as_csv(told, 500_000).splitlines()
    with pytest.raises(ProblemsError) as error:
        correcting(told).take_in(ROUND, b"\n".join([heading, first, second]), REASON, "anna")
    assert refused(error) == (422, [("list-before-announcement", "")])


def test_a_list_of_another_round_is_told_as_that_whatever_was_decided_in_it(told: World) -> None:
    with pytest.raises(ProblemsError) as error:
        correcting(told).take_in(ROUND, as_workbook(told, 1, round="2018-spring", decided="f" * 64), REASON, "anna")
    assert refused(error) == (422, [("list-of-another-round", "")])


def test_a_round_that_is_not_announced_has_decisions_and_no_corrections(closed: World) -> None:
    doors: list[Callable[[], object]] = [
        lambda: correcting(closed).take_in(ROUND, b"", REASON, "anna"),
        lambda: correcting(closed).show(ROUND),
    ]
    for door in doors:
        with pytest.raises(ProblemsError) as error:
            door()
        assert refused(error) == (409, [("round-in-wrong-state", "")])


def test_nothing_is_published_again_without_an_approved_correction(told: World, inbox: Inbox) -> None:
    correcting(told).take_in(ROUND, first_changed(told), REASON, "anna")
    preview = announcing(told, inbox.topic).preview(ROUND)
    assert (preview["number"], preview["published_at"], preview["to_approve"] is None) == (2, None, False)
    with pytest.raises(ProblemsError) as error:
        announcing(told, inbox.topic).publish(ROUND, preview["digest"], "bertil")
    assert refused(error) == (409, [("not-approved", "")])
    assert inbox.read() == []


def test_a_reason_is_a_sentence_in_both_languages() -> None:
    for wrong in ({"sv": "Fel"}, {"sv": "Ett belopp var fel."}, {"sv": "Ett belopp var fel.", "en": " " * 20}):
        with pytest.raises(ValidationError):
            Reason.model_validate(wrong)
    assert Reason(sv="En rad\noch en till", en="One line\tand another").sv == "En rad och en till"


@pytest.mark.parametrize("after", [False, True])
def test_a_crash_around_a_correction_is_finished_under_its_number_by_the_next_tick(
    told: World, inbox: Inbox, after: bool
) -> None:
    correction_approved(told)
    digest = announcing(told, inbox.topic).preview(ROUND)["digest"]
    told.now += timedelta(days=300)  # long after anybody looks at the round for anything else
    with pytest.raises(Killed):
        announcing(told, Dead(inbox.topic, after=after)).publish(ROUND, digest, "bertil")
    assert [step.what for step in told.lifecycle.tick()] == ["announcement asked for"]
    told.now += LEASE + timedelta(seconds=1)
    assert announcing(told, inbox.topic).finish(ROUND) is True
    assert announcing(told, inbox.topic).finish(ROUND) is False
    messages = inbox.read()
    assert len(messages) == (2 if after else 1)
    assert {json.loads(one["Message"])["number"] for one in messages} == {2}
    assert told.round().announcing is None
    assert "announcement asked for" not in [step.what for step in told.lifecycle.tick()]


def test_the_audit_trail_has_who_did_what(told: World, inbox: Inbox) -> None:
    correction_approved(told)
    published(told, inbox)
    found = [(one["who"], one["what"], one.get("number")) for one in told.administering.events(ROUND)]
    assert found[-4:] == [
        ("anna", "correction entered", 2),
        ("bertil", "correction approved", 2),
        ("bertil", "announcement approved", 2),
        ("bertil", "announcement published", 2),
    ]
