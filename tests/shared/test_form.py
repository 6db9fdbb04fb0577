"""The form says what the validator does: every limit that a page is told is the one that a document is judged by."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest

from shared.document import Document
from shared.form import form, messages
from shared.problems import problem
from shared.programme import Programme, available, load, parse
from shared.validation import judge
from tests.builders.documents import a_document, raw

PARTNERSHIP = load("municipal-partnership-2019")
STAGE = files("shared").joinpath("programmes", "village-stage-2026.toml").read_text(encoding="utf-8")
ROOT = Path(__file__).parents[2]


def fields(programme: Programme) -> dict[str, dict[str, Any]]:
    """Every field by its path, those within others too."""
    found = {}
    for section in form(programme)["sections"]:
        for field in section["fields"]:
            found[field["path"]] = field
            found |= {inner["path"]: inner for inner in field.get("fields", {}).values()}
    return found


def codes(document: dict[str, Any], programme: Programme = PARTNERSHIP) -> set[tuple[str, str]]:
    return {(one.code, one.path) for one in judge(raw(document), programme).problems}


def in_document(path: str) -> str:
    """Where the first of them is, for a field of something that there are several of, in a builder's spelling."""
    return re.sub(r"^partners\.", "partners.0.", path).replace(".", "__")


SIMPLE = {"line", "prose", "email", "phone", "month", "integer"}


def simple() -> list[str]:
    """Those of one value each. Which of the applicant's are needed depends on its kind."""
    apart = ("answers.", "applicant.")
    return [path for path, one in fields(PARTNERSHIP).items() if one["kind"] in SIMPLE and not path.startswith(apart)]


@pytest.mark.parametrize("path", [path for path in simple() if fields(PARTNERSHIP)[path]["required"]])
def test_what_is_marked_as_required_is_missed(path: str) -> None:
    place = in_document(path)
    assert ("missing", place.replace("__", ".")) in codes(a_document(**{place: None}))


@pytest.mark.parametrize("path", [path for path in simple() if not fields(PARTNERSHIP)[path]["required"]])
def test_what_is_not_marked_as_required_may_be_left_out(path: str) -> None:
    assert codes(a_document(**{in_document(path): None})) == set()


@pytest.mark.parametrize("path", [path for path in simple() if "most" in fields(PARTNERSHIP)[path]])
def test_a_field_takes_the_most_that_it_tells_and_no_more(path: str) -> None:
    field, place = fields(PARTNERSHIP)[path], in_document(path)
    if field["kind"] == "integer":
        fitting, more, code = field["most"], field["most"] + 1, "too-many-years"
    else:
        ending = "@pitea.example" if field["kind"] == "email" else ""
        fitting = "å" * (field["most"] - len(ending)) + ending
        more, code = f"å{fitting}", "too-long"
    assert (code, place.replace("__", ".")) not in codes(a_document(**{place: fitting}))
    assert (code, place.replace("__", ".")) in codes(a_document(**{place: more}))


@pytest.mark.parametrize("path", [path for path in simple() if "pattern" in fields(PARTNERSHIP)[path]])
def test_a_pattern_is_the_validators_and_one_that_browsers_have(path: str) -> None:
    field, place = fields(PARTNERSHIP)[path], in_document(path)
    for given in ("2020-01", "a@b.example", "+46 911 69 60 00", "2581", "no such thing!", "2020-13"):
        fits = re.search(field["pattern"], given) is not None
        refused = {code for code, where in codes(a_document(**{place: given})) if where == place.replace("__", ".")}
        assert fits == (not refused & {"bad-email", "bad-format"}), given
    assert not re.search(r"\(\?[<P]|\\[AZz]|[*+?}]\+", field["pattern"]), "not in the regular expressions of JavaScript"


def test_amounts_have_the_limits_of_the_validator() -> None:
    amount = fields(PARTNERSHIP)["budget"]["amount"]
    for given, code in ((amount["least"] - 1, "too-small"), (amount["most"] + 1, "too-great")):
        assert (code, "budget.0.amount") in codes(a_document(budget__0__amount=given))


CHANGES = {
    "most_core_areas = 1": ("most_core_areas = 2", "project.core_areas", {"most": 2}),
    "most_years = 1": ("most_years = 3", "project.years", {"most": 3}),
    "least_partners = 0\nmost_partners = 0": (
        "least_partners = 0\nmost_partners = 2",
        "partners",
        {"least": 0, "most": 2, "required": False},
    ),
}


@pytest.mark.parametrize("old", CHANGES)
def test_a_rule_that_changes_in_the_programme_changes_the_form(old: str) -> None:
    new, path, expected = CHANGES[old]
    assert STAGE.count(old) == 1
    before, after = fields(parse(STAGE)).get(path, {}), fields(parse(STAGE.replace(old, new)))[path]
    assert {name: after[name] for name in expected} == expected != {name: before.get(name) for name in expected}


def test_what_a_programme_has_none_of_is_not_asked_for() -> None:
    stage = [section["id"] for section in form(parse(STAGE))["sections"]]
    assert "partners" not in stage
    assert [section["id"] for section in form(PARTNERSHIP)["sections"]][:4] == [
        "applicant",
        "contact",
        "partners",
        "project",
    ]


def test_every_place_of_a_document_is_asked_for_once() -> None:
    """What is not: what the page itself knows."""
    asked = {path.partition(".")[0] for path in fields(PARTNERSHIP)}
    assert set(Document.model_json_schema()["properties"]) - asked <= {"schema", "programme", "language", "answers"}
    for section in ("ContactSection", "ProjectSection", "PartnerSection", "ApplicantSection"):
        wanted = set(Document.model_json_schema()["$defs"][section]["properties"])
        name = {"PartnerSection": "partners"}.get(section, section.removesuffix("Section").lower())
        assert {path.partition(".")[2] for path in fields(PARTNERSHIP) if path.startswith(f"{name}.")} == wanted


# Words


def words_in(value: Any) -> Iterator[dict[str, Any]]:
    if isinstance(value, dict):
        if "sv" in value:
            yield value
        else:
            for inner in value.values():
                yield from words_in(inner)
    if isinstance(value, list):
        for inner in value:
            yield from words_in(inner)


@pytest.mark.parametrize("key", available())
def test_everything_that_is_read_is_there_in_both_languages(key: str) -> None:
    found = list(words_in([form(load(key)), messages()]))
    assert len(found) > 60
    assert [one for one in found if set(one) != {"sv", "en"} or not all(text.strip() for text in one.values())] == []
    for section in form(load(key))["sections"]:
        assert set(section) == {"id", "title", "help", "fields"}
        assert all({"path", "kind", "label", "help", "required"} <= set(field) for field in section["fields"])


def test_no_words_are_kept_that_no_form_says() -> None:
    kept = tomllib.loads(files("shared").joinpath("form.toml").read_text(encoding="utf-8"))
    assert set(kept["fields"]) == {path for path in fields(PARTNERSHIP) if not path.startswith("answers.")}
    assert set(kept["sections"]) - {"questions"} <= {section["id"] for section in form(PARTNERSHIP)["sections"]}


def test_a_programme_may_say_a_field_in_its_own_words() -> None:
    own = STAGE + (
        '\n[form."project.title"]\nlabel.sv = "Pjäsens namn"\nlabel.en = "Name of the play"\n'
        '\n[form.project]\nhelp.sv = "Om pjäsen."\nhelp.en = "About the play."\n'
    )
    title = fields(parse(own))["project.title"]
    assert title["label"] == {"sv": "Pjäsens namn", "en": "Name of the play"}
    assert title["help"] == fields(parse(STAGE))["project.title"]["help"]
    (section,) = [one for one in form(parse(own))["sections"] if one["id"] == "project"]
    assert (section["title"]["sv"], section["help"]["sv"]) == ("Projektet", "Om pjäsen.")


def test_words_for_a_field_that_no_form_has_are_a_mistake() -> None:
    with pytest.raises(ValueError, match=r"project\.titel"):
        parse(f'{STAGE}\n[form."project.titel"]\nlabel.sv = "Titel"\nlabel.en = "Title"\n')


def test_a_message_is_the_validators_sentence_once_its_facts_are_filled_in() -> None:
    told = messages()["too-long"]
    assert told["sv"].replace("{most}", "200") == problem("too-long", most=200).sv
    assert len(messages()) > 25
