"""The letter with the private link: what it is good for, who may have it, until when."""

from __future__ import annotations

import pytest

from shared.link_letter import private_link
from tests.builders.texts import a_round, as_sent, golden, partnership, too_wide

TOKEN = "2019-autumn.7K3M9QXRC.q83vEjRWeJCrze8SNFZ4kA"
ADDRESS = f"https://ansok.funder.example/sv/application#{TOKEN}"


@pytest.mark.parametrize("language", ["sv", "en"])
def test_the_letter_reads_as_agreed(language: str) -> None:
    letter = private_link("7K3M9QXRC", a_round(), partnership(), language, ADDRESS.replace("/sv/", f"/{language}/"))
    assert as_sent(letter) == golden(f"private-link.{language}.txt")


@pytest.mark.parametrize("language", ["sv", "en"])
def test_the_link_stands_alone_on_its_line_however_long_it_is(language: str) -> None:
    address = f"https://{'a' * 60}.example/sv/application#{TOKEN}"
    letter = private_link("7K3M9QXRC", a_round(), partnership(), language, address)
    assert too_wide(letter.text) == [address]
    assert TOKEN not in letter.subject


def test_a_round_without_an_end_has_no_deadline() -> None:
    letter = private_link("7K3M9QXRC", a_round(closes_at=None), partnership(), "sv", ADDRESS)
    assert "Sista ansökningstid" not in letter.text
