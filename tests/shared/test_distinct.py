"""A body is counted once, whatever it applies as and however it spells its name."""

from __future__ import annotations

from dataclasses import replace

from shared.distinct import by_kind, distinct, kinds_in_words
from tests.builders.texts import joint_body, municipality, partnership, region

PARTNERSHIP = partnership()


def test_gotland_is_one_applicant_and_goes_by_its_municipality() -> None:
    both = [region("09"), municipality("0980")]
    assert distinct(both, PARTNERSHIP) == {"SE-0980": municipality("0980")}
    assert by_kind(both, PARTNERSHIP) == {"municipality": 1}


def test_gotland_as_a_region_alone_is_a_region() -> None:
    assert by_kind([region("09")], PARTNERSHIP) == {"region": 1}


def test_a_body_goes_by_the_kind_that_the_programme_names_first_whatever_its_names() -> None:
    early = replace(region("09"), name="Alfa")
    assert distinct([early, municipality("0980")], PARTNERSHIP) == {"SE-0980": municipality("0980")}


def test_one_organisation_number_is_one_body_by_the_first_of_its_names() -> None:
    both = [joint_body("Västra förbundet"), joint_body("Förbundet i väster")]
    assert distinct(both, PARTNERSHIP) == {"SE-ON-222000-1234": joint_body("Förbundet i väster")}


def test_kinds_are_told_in_the_programmes_order_with_their_numbers() -> None:
    applicants = [joint_body(), region("05"), municipality("2581"), municipality("1081"), municipality("2581")]
    counts = by_kind(applicants, PARTNERSHIP)
    assert counts == {"municipality": 2, "region": 1, "joint-body": 1}
    assert kinds_in_words(counts, PARTNERSHIP, "sv") == "2 kommuner, 1 region och 1 kommunalförbund"
    assert kinds_in_words(counts, PARTNERSHIP, "en") == (
        "2 municipalities, 1 region and 1 association of local authorities"
    )
