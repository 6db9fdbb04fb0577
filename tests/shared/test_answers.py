"""A programme's own questions: asked of those whom they are for, and judged with everything else at once."""

from __future__ import annotations

from importlib.resources import files
from typing import Any

import pytest

from shared.programme import Programme, available, load, parse
from shared.validation import judge
from tests.builders.documents import a_document, raw

PARTNERSHIP = load("municipal-partnership-2019")
STAGE = files("shared").joinpath("programmes", "village-stage-2026.toml").read_text(encoding="utf-8")


def found(document: dict[str, Any], programme: Programme = PARTNERSHIP) -> set[tuple[str, str]]:
    return {(one.code, one.path) for one in judge(raw(document), programme).problems}


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"answers__risks": None}, ("missing", "answers.risks")),
        ({"answers__risks": "  \n "}, ("missing", "answers.risks")),
        ({"answers__risks": 7}, ("not-text", "answers.risks")),
        ({"answers__risks": "å" * 2001}, ("too-long", "answers.risks")),
        ({"answers__risks": "dold \u202e text"}, ("bad-characters", "answers.risks")),
        ({"answers__cooperation": "kanske"}, ("not-one-of", "answers.cooperation")),
        ({"answers__colour": "blå"}, ("question-not-asked", "answers.colour")),
        ({"answers": []}, ("not-object", "answers")),
    ],
)
def test_a_mistake_is_told_once_and_where_it_stands(changes: dict[str, Any], problem: tuple[str, str]) -> None:
    assert found(a_document(**changes)) == {problem}


def test_without_answers_every_question_that_must_be_answered_is_told() -> None:
    required = {one.id for one in PARTNERSHIP.questions if one.required}
    assert len(required) == 7
    assert found(a_document(answers=None)) == {("missing", f"answers.{name}") for name in required}


def test_a_mistake_elsewhere_hides_none_of_them() -> None:
    document = a_document(contact__email=None, answers__risks=None, answers__rights="å" * 2001, budget=[])
    assert found(document) == {
        ("missing", "contact.email"),
        ("missing", "answers.risks"),
        ("too-long", "answers.rights"),
        ("budget-empty", "budget"),
    }


def test_a_question_is_for_the_types_that_it_names() -> None:
    inception = {"project__type": "inception", "project__years": 1, "budget": a_document()["budget"][:1]}
    inception["budget"][0]["amount"] = 100_000
    assert found(a_document(**inception)) == {("question-not-asked", "answers.lasting")}
    assert found(a_document(**inception, answers__lasting=None)) == set()
    # Of an unknown type nobody knows whether it is asked, so nothing is said of that before the type is mended.
    unknown = {"project__type": "konsert"}
    assert found(a_document(**unknown)) == {("unknown-type", "project.type")}
    assert found(a_document(**unknown, answers__lasting=None)) == {("unknown-type", "project.type")}


def test_an_answer_of_several_lines_does_not_fit_a_line() -> None:
    document = a_document(programme="village-stage-2026", answers={"play": "Två\nrader"})
    assert ("bad-characters", "answers.play") in found(document, parse(STAGE))
    assert ("bad-characters", "answers.audience") not in found(
        a_document(answers={"play": "En", "audience": "Två\nrader"}), parse(STAGE)
    )


def test_a_choice_is_told_what_there_is_to_choose() -> None:
    (told,) = judge(raw(a_document(answers__cooperation="x")), PARTNERSHIP).problems
    assert told.sv == ("Välj ett av: Nej, Ja, utan bidrag från programmet, Ja, med bidrag från programmet.")


@pytest.mark.parametrize("key", available())
def test_every_programme_that_ships_asks_something(key: str) -> None:
    questions = load(key).questions
    assert {one.kind for one in questions} & {"choice"}
    assert [one.id for one in questions if one.required]


@pytest.mark.parametrize(
    ("old", "new", "complaint"),
    [
        ('id = "venue"', 'id = "play"', "questions named twice: play"),
        ('id = "audience"\nkind = "prose"', 'id = "audience"\nkind = "choice"', "question audience"),
        ('id = "audience"\nkind = "prose"', 'id = "audience"\nkind = "prose"\ntypes = ["film"]', "unknown types: film"),
        ("most = 1500", "most = 15000", "less than or equal to 5000"),
    ],
)
def test_a_question_that_cannot_be_answered_is_a_mistake_in_the_programme(old: str, new: str, complaint: str) -> None:
    assert STAGE.count(old) == 1
    with pytest.raises(ValueError, match=complaint):
        parse(STAGE.replace(old, new))


def test_a_programme_may_not_ask_for_more_than_a_draft_holds() -> None:
    many = "".join(
        f'\n[[questions]]\nid = "q{number}"\nkind = "prose"\nlabel.sv = "F"\nlabel.en = "Q"\n' for number in range(13)
    )
    with pytest.raises(ValueError, match="answers may have"):
        parse(STAGE.replace("[[questions]]", f"{many.lstrip()}\n[[questions]]", 1))
