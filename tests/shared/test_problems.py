"""The catalogue: a sentence in each language for every code that the code uses, and none besides."""

import re
from pathlib import Path

import pytest

from shared.problems import codes, grouped, problem

ROOT = Path(__file__).parents[2]


def used_codes() -> set[str]:
    text = "".join(
        path.read_text()
        for folder in ("shared", "functions", "infrastructure")
        for path in (ROOT / folder).rglob("*.py")
    )
    return set(re.findall(r"\"([a-z]+(?:-[a-z]+)*)\"", text))


def test_every_sentence_is_used_by_some_code() -> None:
    generated = {"unknown-municipality", "unknown-region"}
    assert codes() - generated - used_codes() == set()


def test_a_problem_has_its_facts_in_both_languages() -> None:
    told = problem("not-one-of", "language", allowed={"sv": "sv eller en", "en": "sv or en"})
    assert (told.sv, told.en) == ("Välj ett av: sv eller en.", "Choose one of: sv or en.")
    assert told.as_json() == {"code": "not-one-of", "path": "language", "sv": told.sv, "en": told.en}


def test_a_fact_that_is_not_given_is_a_mistake_of_ours() -> None:
    with pytest.raises(KeyError):
        problem("too-many")


def test_amounts_are_grouped_by_no_break_spaces() -> None:
    assert [grouped(amount) for amount in (0, 999, 1000, 10641000)] == [
        "0",
        "999",
        "1\u00a0000",
        "10\u00a0641\u00a0000",
    ]
