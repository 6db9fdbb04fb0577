"""Decision letters before they go out: staff read what each applicant is going to get, word for word."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from functions.announce import letters as letters_module
from shared import keys
from shared.aws.effects import Effects
from shared.corrections import Reason
from shared.problems import ProblemsError
from tests.functions.staff import (
    REASON,
    Inbox,
    announced,
    announcing,
    correcting,
    correction_approved,
    decided,
    deciding,
    listed,
    refused,
    rows_of,
)
from tests.functions.test_acknowledge import NEVER, Post, owing
from tests.functions.test_sending import Refusing
from tests.functions.test_verdicts import announce, half_awarded, settle
from tests.functions.world import ROUND, World

Json = dict[str, Any]


def previewed(world: World, inbox: Inbox) -> list[Json]:
    answer = announcing(world, inbox.topic).letters(ROUND)
    assert (answer["sent_to_applicants"], answer["next"]) == (True, None)
    found: list[Json] = answer["letters"]
    return found


def read(letters: list[Json]) -> list[tuple[str, str]]:
    return sorted((one["subject"], one["text"]) for one in letters)


def sent(world: World, post: Post) -> list[tuple[str, str]]:
    """The decision letters of the next run."""
    settle(world, post)
    return sorted((subject, text) for _, subject, text, effect in post.sent if effect.startswith(keys.DECISION_LETTERS))


def test_what_is_previewed_is_what_each_applicant_gets(closed: World, inbox: Inbox) -> None:
    awarded, declined = half_awarded(closed)
    before = previewed(closed, inbox)
    assert [(one["reference"].replace("-", ""), one["decision"]) for one in before] == [
        (awarded, "award"),
        (declined, "decline"),
    ]
    announce(closed, inbox)
    assert sent(closed, Post()) == read(before)


def test_what_has_gone_out_is_shown_while_it_does_and_afterwards(closed: World, inbox: Inbox) -> None:
    decided(closed)
    before = previewed(closed, inbox)
    assert len(before) == 2
    announce(closed, inbox)
    assert previewed(closed, inbox) == before
    settle(closed, Post())
    assert previewed(closed, inbox) == before


def test_a_correction_shows_the_letters_that_it_will_send_and_no_others(closed: World, inbox: Inbox) -> None:
    post = Post()
    announced(closed, inbox.topic)
    settle(closed, post)
    correction_approved(closed)
    before = previewed(closed, inbox)
    ((subject, text),) = read(before)
    assert before[0]["corrects"]
    assert "Skäl: Ett belopp var fel skrivet." in " ".join(text.split())
    announce(closed, inbox)
    assert sent(closed, post) == [(subject, text)]
    assert previewed(closed, inbox) == before


def test_an_award_that_is_taken_back_is_previewed_as_its_applicant_will_read_it(closed: World, inbox: Inbox) -> None:
    post = Post()
    announced(closed, inbox.topic)
    settle(closed, post)
    first, *others = rows_of(closed)
    kept = [(row["reference"], "award", row["amount"]) for row in others]
    entered = correcting(closed).take_in(
        ROUND, listed(closed, (first["reference"], "decline", ""), *kept), REASON, "anna"
    )
    deciding(closed).approve(ROUND, entered["digest"], "bertil")
    before = previewed(closed, inbox)
    assert [(one["reference"], one["decision"], one["corrects"]) for one in before] == [
        (first["reference"], "decline", True)
    ]
    announce(closed, inbox)
    assert sent(closed, post) == read(before)


def test_where_the_first_letters_may_have_gone_out_all_are_told_and_who_was_decided_on_otherwise_is_corrected(
    closed: World, inbox: Inbox
) -> None:
    """To whoever reads it the other is no correction: it says what the first letter said, if that went out."""
    announced(closed, inbox.topic)
    changed, same = (one["application"] for one in closed.rows(keys.APPLICATIONS))
    for one in (changed, same):
        Effects(closed.table).claim(ROUND, keys.decision_letter(one, 1), closed.now)
    correction_approved(closed)
    before = previewed(closed, inbox)
    assert {one["reference"].replace("-", ""): one["corrects"] for one in before} == {changed: True, same: False}
    announce(closed, inbox)
    assert sent(closed, Post()) == read(before)
    (again,) = (one["text"] for one in before if not one["corrects"])
    assert [words for words in ("ersätter det beslutsbrev", "rättat", "Skäl:") if words in again] == []


def test_a_letter_that_ses_refused_is_corrected_by_none(closed: World, inbox: Inbox) -> None:
    """Nothing has gone out, so the decision that counts is the first that anybody reads."""
    announced(closed, inbox.topic)
    assert owing(closed, Refusing()).settle(ROUND, NEVER).failures
    correction_approved(closed)
    before = previewed(closed, inbox)
    assert [one["corrects"] for one in before] == [False, False]
    announce(closed, inbox)
    assert sent(closed, Post()) == read(before)


def test_a_reason_is_that_of_the_correction_which_changed_the_decision(closed: World, inbox: Inbox) -> None:
    """The letter of the correction in between never went out, and the last correction is about somebody else."""
    announced(closed, inbox.topic)
    settle(closed, Post())
    correction_approved(closed)
    announce(closed, inbox)
    assert owing(closed, Refusing()).settle(ROUND, NEVER).failures
    first, second = rows_of(closed)
    left = Reason(sv="Partnern i Kenya har dragit sig ur.", en="The partner in Kenya has left.")
    decisions = listed(closed, (first["reference"], "award", first["amount"]), (second["reference"], "award", 650_000))
    entered = correcting(closed).take_in(ROUND, decisions, left, "anna")
    deciding(closed).approve(ROUND, entered["digest"], "bertil")
    before = previewed(closed, inbox)
    texts = {one["reference"]: " ".join(one["text"].split()) for one in before}
    assert f"Skäl: {REASON.sv}" in texts[first["reference"]]
    assert f"Skäl: {left.sv}" in texts[second["reference"]]
    announce(closed, inbox)
    assert sent(closed, Post()) == read(before)


def test_nothing_is_previewed_before_there_are_decisions(closed: World, inbox: Inbox) -> None:
    with pytest.raises(ProblemsError) as error:
        announcing(closed, inbox.topic).letters(ROUND)
    assert refused(error) == (409, [("no-decisions", "")])


def test_letters_that_fill_several_answers_are_all_told_once(
    closed: World, inbox: Inbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    decided(closed)
    desk, whole = announcing(closed, inbox.topic), previewed(closed, inbox)
    monkeypatch.setattr(letters_module, "MOST_BYTES", 1)
    answers = [desk.letters(ROUND)]
    while answers[-1]["next"]:
        answers.append(desk.letters(ROUND, answers[-1]["next"]))
    assert [len(answer["letters"]) for answer in answers] == [1, 1]
    assert [one for answer in answers for one in answer["letters"]] == whole


def test_an_installation_without_a_sender_previews_no_letter_because_it_sends_none(closed: World, inbox: Inbox) -> None:
    decided(closed)
    silent = replace(announcing(closed, inbox.topic), sends_letters=False)
    answer = silent.letters(ROUND)
    assert (answer["number"], answer["sent_to_applicants"], answer["letters"], answer["next"]) == (1, False, [], None)


def test_no_address_of_an_applicant_is_in_the_answer(closed: World, inbox: Inbox) -> None:
    decided(closed)
    assert "asa.oberg" not in json.dumps(previewed(closed, inbox))
