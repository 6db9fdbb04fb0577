"""Programme files: what ships holds together, what does not is refused with every reason."""

import re
import tomllib
from importlib.resources import files

import pytest

from shared.programme import UnknownProgrammeError, available, load, parse

TEXT = files("shared").joinpath("programmes", "village-stage-2026.toml").read_text(encoding="utf-8")


def test_two_programmes_of_different_funders_ship() -> None:
    assert available() == ("municipal-partnership-2019", "village-stage-2026")
    assert {load(key).funder.sv for key in available()} == {"ICLD", "Stiftelsen Bygdescenen"}


@pytest.mark.parametrize("key", ["municipal-partnership-2019", "village-stage-2026"])
def test_a_programme_is_found_by_the_key_that_its_file_is_named_after(key: str) -> None:
    assert load(key).key == key


@pytest.mark.parametrize("key", ["", "nope-2019", "../../pyproject", "municipal-partnership-2019.toml"])
def test_what_does_not_ship_is_unknown(key: str) -> None:
    with pytest.raises(UnknownProgrammeError):
        load(key)


@pytest.mark.parametrize(
    ("old", "new", "complaint"),
    [
        ("grace_minutes = 0", "grace_minutes = 500", "grace_minutes"),
        ("grace_minutes = 0", "grace_minutes = 0.5", "grace_minutes"),
        ("grace_minutes = 0", "grace_minutes = 0\nsurprise = 1", "surprise"),
        ('time_zone = "Europe/Stockholm"', 'time_zone = "Europe/Atlantis"', "no such time zone"),
        ('types = ["application/pdf"]', 'types = ["application/x-msdownload"]', "no way to check"),
        ("amount = 40000", "amount = 40000.0", "amount"),
        ('per = "project" }', 'per = "project", region = "mars" }', "unknown regions: mars"),
        ('id = "everyone"', 'id = "children"', "core_areas named twice: children"),
        ("least_partners = 0", "least_partners = 1", "no country is listed"),
        ('iati_type = "60"', 'iati_type = "foundation"', "iati_type"),
        ('iati_type = "60"', 'iati_type = "60"\nlicence = "free for all"', "licence"),
        ("SE-ON-802400-0005", "our own number", "organisation"),
        ("most_years = 1", 'most_years = 1\nattachments = ["poem"]', "unknown attachments: poem"),
    ],
)
def test_a_file_with_a_mistake_is_refused_and_the_mistake_is_named(old: str, new: str, complaint: str) -> None:
    assert TEXT.count(old) == 1
    with pytest.raises(ValueError, match=complaint):
        parse(TEXT.replace(old, new))


def test_a_file_that_is_no_toml_is_refused() -> None:
    with pytest.raises(tomllib.TOMLDecodeError):
        parse("id = ")


def test_nothing_of_one_funders_is_named_in_code() -> None:
    names = ["icld", "sida", "municipal-partnership", "bygdescen", "village-stage"]
    for folder in ("functions", "shared"):
        for source in files(folder).rglob("*.py"):  # type: ignore[attr-defined]
            text = source.read_text(encoding="utf-8").lower()
            code = "\n".join(
                line for line in text.splitlines() if "example:" not in line and not line.strip().startswith("#")
            )
            assert [name for name in names if re.search(rf"\b{name}\b", code)] == [], source
