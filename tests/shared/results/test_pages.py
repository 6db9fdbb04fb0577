"""Result pages say what was announced, to everybody: without scripts, to a listener, in both languages."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise
from typing import Any
from urllib.parse import urlsplit

import pytest
from lxml import html

from shared.applicants import Applicant
from shared.results import everything, sweden
from shared.results.everything import File, all_files
from shared.results.pages import Site, round_page
from shared.results.publication import Publication
from tests.builders.publications import ADDRESS, corrected, plays, published, sixty
from tests.builders.texts import an_award, december_2019, golden, municipality, village_stage

ONE = [an_award(municipality("2581"), 1_234_000, "ONE0AWARD")]
ROUNDS: dict[str, Callable[[], Publication]] = {
    "december 2019": lambda: published(december_2019()),
    "one award": lambda: published(ONE, id="2020-one"),
    "sixty awards": lambda: published(sixty(), id="2020-sixty"),
    "none": lambda: published([], id="2018-none"),
    "corrected": lambda: corrected([*december_2019(), *ONE], december_2019()),
    "village stage": lambda: published(plays(), programme=village_stage(), id="2026-stage"),
}
STATIC = {"/icon.svg", "/style.css", "/results.css", "/results.js", "/results-card.png"}
"""What the pages use that is published as it lies in web/."""
ELSEWHERE = {f"/{language}/{page}" for language in ("sv", "en") for page in ("", "accessibility")}
"""The applicants' pages."""


def everything_of(*names: str, **named: Any) -> dict[str, File]:
    return {
        file.path: file
        for file in all_files([ROUNDS[name]() for name in names or ROUNDS if name != "corrected"], ADDRESS, **named)
    }


@pytest.fixture(scope="module")
def site() -> dict[str, File]:
    return everything_of()


def pages_of(site: dict[str, File]) -> dict[str, Any]:
    return {path: html.fromstring(file.text) for path, file in site.items() if file.media_type == everything.HTML}


def text_of(page: Any) -> str:
    """What a reader sees of the page's main part, a line for each paragraph, cell and heading."""
    main = page.find(".//main")
    for svg in main.iter("svg"):
        svg.clear(keep_tail=True)
    for block in main.iter(
        "p", "h1", "h2", "h3", "td", "th", "li", "dt", "dd", "caption", "figcaption", "summary", "pre"
    ):
        block.tail = f"\n{block.tail or ''}"
    lines = (" ".join(line.split(" ")).strip() for line in main.text_content().splitlines())
    return "\n".join(line for line in lines if line) + "\n"


# --- what it says -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("language", ["sv", "en"])
@pytest.mark.parametrize("name", ["december 2019", "corrected"])
def test_a_result_page_reads_as_agreed(name: str, language: str) -> None:
    page = html.fromstring(round_page(Site(language, ADDRESS), ROUNDS[name]()))
    assert text_of(page) == golden(f"result-page-{name.replace(' ', '-')}.{language}.txt")


@pytest.mark.parametrize(
    ("language", "figures"),
    [
        ("sv", "Projekt\n1\nKommun\n1\nPartnerland\n1\n"),
        ("en", "Project\n1\nMunicipality\n1\nPartner country\n1\n"),
    ],
)
def test_one_is_told_as_one(language: str, figures: str) -> None:
    page = html.fromstring(round_page(Site(language, ADDRESS), ROUNDS["one award"]()))
    assert figures in text_of(page)
    assert page.find(".//figcaption") is None


@pytest.mark.parametrize("name", ROUNDS)
def test_the_table_adds_up_to_the_announced_total(name: str) -> None:
    publication = ROUNDS[name]()
    page = html.fromstring(round_page(Site("sv", ADDRESS), publication))
    amounts = [int(number) for cell in page.iter("td") if (number := cell.get("data-number"))]
    assert (sum(amounts), len(amounts)) == (publication.totals["amount"], publication.totals["projects"])


def test_totals_over_the_years_count_a_body_once(site: dict[str, File]) -> None:
    page = pages_of(site)["en/results"]
    rows = [[cell.text_content().replace("\u00a0", " ") for cell in row][:5] for row in page.iterfind(".//table//tr")]
    assert rows[1:] == [
        ["2019", "5", "75", "69", "SEK 41 438 336"],
        ["All years", "5", "75", "69", "SEK 41 438 336"],
    ]


def test_an_award_that_was_taken_back_keeps_its_address_and_says_so() -> None:
    files = {file.path: file for file in all_files([ROUNDS["corrected"]()], ADDRESS)}
    page = html.fromstring(files["sv/awards/ONE0-AWAR-D"].text)
    assert "Återtaget." in text_of(page)
    assert "1\u00a0234\u00a0000\u00a0kronor" in text_of(page)


def test_a_list_too_long_for_a_message_is_not_shown_as_if_there_were_none() -> None:
    told = ROUNDS["december 2019"]().current
    long = replace(told, document={**told.document, "complete": False, "awards": []}, awards=())
    bare = Publication.of([long])
    page = text_of(html.fromstring(round_page(Site("en", ADDRESS), bare)))
    assert "SEK\u00a010\u00a0641\u00a0000" in page
    assert "can be had from info@icld.example" in page


# --- for everybody ------------------------------------------------------------------------------------------------


def test_every_page_has_one_heading_of_the_first_kind_landmarks_and_a_language(site: dict[str, File]) -> None:
    for path, page in pages_of(site).items():
        assert page.get("lang") == path[:2], path
        assert len(page.findall(".//h1")) == 1, path
        assert [len(page.findall(f".//{mark}")) for mark in ("header", "main", "footer", "nav")] == [1, 1, 1, 1], path
        levels = [int(heading.tag[1]) for heading in page.iter("h1", "h2", "h3")]
        assert all(after - before <= 1 for before, after in pairwise(levels)), path
        assert all(table.find("caption") is not None for table in page.iter("table")), path
        assert all(cell.get("scope") for cell in page.iter("th")), path
        ids = [one.get("id") for one in page.iter() if one.get("id")]
        assert len(ids) == len(set(ids)), path


def test_every_drawing_has_words_or_is_hidden_from_a_listener(site: dict[str, File]) -> None:
    for path, page in pages_of(site).items():
        for svg in page.iter("svg"):
            if svg.get("role") == "img":
                assert svg.find("title").text, path
                assert svg.find("desc").text, path
            else:
                assert svg.getparent().get("aria-hidden") == "true", path


def test_no_page_has_script_or_style_in_it_nor_anything_from_elsewhere(site: dict[str, File]) -> None:
    for path, page in pages_of(site).items():
        assert [one for one in page.iter("script") if one.text or not one.get("src")] == [], path
        assert list(page.iter("style")) == [], path
        assert [name for one in page.iter() for name in one.attrib if name == "style" or name.startswith("on")] == []
        fetched = [
            one.get("src") or one.get("href")
            for one in page.iter("script", "img", "link")
            if one.get("rel") not in ("canonical", "alternate")
        ]
        assert set(fetched) <= STATIC, path


def test_every_link_leads_somewhere(site: dict[str, File]) -> None:
    there = {f"/{path}" for path in site} | ELSEWHERE | STATIC
    for path, page in pages_of(site).items():
        for one in page.iter("a", "link"):
            address = one.get("href").removeprefix(ADDRESS)
            if address.startswith("#"):
                assert page.get_element_by_id(address[1:]) is not None, path
            elif not urlsplit(address).scheme:
                assert address in there, f"{path}: {address}"
            else:
                assert one.get("rel") == "license", f"{path}: {address}"


def test_every_page_has_a_card_to_share_and_its_other_language(site: dict[str, File]) -> None:
    for path, page in pages_of(site).items():
        told = {one.get("property") or one.get("name"): one.get("content") for one in page.iter("meta")}
        assert told["og:url"] == f"{ADDRESS}/{path}"
        assert told["og:title"] == page.findtext(".//title"), path
        assert 20 < len(told["description"]) <= 170, path
        other = {"sv": "en", "en": "sv"}[path[:2]]
        (alternate,) = [one for one in page.iter("link") if one.get("hreflang")]
        assert alternate.get("href") == f"{ADDRESS}/{other}{path[2:]}"
        assert f"{other}{path[2:]}" in site


def test_what_an_applicant_wrote_is_text_and_never_markup(site: dict[str, File]) -> None:
    assert "<för alla>" not in site["sv/rounds/2020-sixty"].text
    titles = [link.text for link in pages_of(site)["sv/rounds/2020-sixty"].iterfind(".//tbody//a")]
    assert "Projekt 29: öppna data & mötesplatser <för alla>" in titles


def test_no_address_of_a_person_is_in_any_file(site: dict[str, File]) -> None:
    found = {address for file in site.values() for address in re.findall(r"[\w.+-]+@[\w.-]+\w", file.text)}
    assert found == {"info@icld.example", "stiftelsen@bygdescenen.example"}


def test_a_preview_says_so_on_every_page_and_asks_not_to_be_found() -> None:
    for path, page in pages_of(everything_of("december 2019", is_preview=True)).items():
        notice = page.find(".//main/p[@role='note']").text_content()
        assert notice.startswith(("FÖRHANDSVISNING.", "PREVIEW.")), path
        assert [one.get("content") for one in page.iter("meta") if one.get("name") == "robots"] == ["noindex"], path


def test_the_same_announcements_give_the_same_files_in_whatever_order_they_are_read() -> None:
    def told(names: list[str]) -> dict[str, File]:
        return everything_of(*names)

    names = ["december 2019", "one award", "village stage"]
    assert told(names) == told(names[::-1])


def test_what_a_page_links_to_is_written_before_it() -> None:
    order = [file.path for file in all_files([ROUNDS["one award"]()], ADDRESS)]
    page = order.index("sv/rounds/2020-one")
    assert {path for path in order[:page] if path.startswith("data/2020-one/")} == {
        f"data/2020-one/{name}"
        for name in ("awards.csv", "awards.csv-metadata.json", "360giving.json", "announcement.json", "iati.xml")
    }
    assert order.index("sv/awards/ONE0-AWAR-D") < page < order.index("sv/results")


# --- the map ------------------------------------------------------------------------------------------------------


def test_the_map_shows_every_grantee_that_has_a_place() -> None:
    page = html.fromstring(round_page(Site("sv", ADDRESS), published(sixty())))
    assert len(page.findall(".//svg[@role='img']/circle")) == 56
    assert "Inte på kartan: Kommunalförbundet Norrsken." in text_of(page)


def test_places_lie_where_they_lie() -> None:
    found = {
        dot.name: dot for dot in sweden.dots([(municipality(code), 1) for code in ("2584", "1287", "0980", "1401")])
    }
    kiruna, trelleborg, gotland, harryda = (found[name] for name in ("Kiruna", "Trelleborg", "Gotland", "Härryda"))
    assert kiruna.y < gotland.y < harryda.y + 10 < trelleborg.y
    assert harryda.x < gotland.x
    assert all(0 < dot.x < sweden.WIDTH and 0 < dot.y < sweden.HEIGHT for dot in found.values())


def test_no_name_on_the_map_lies_on_another() -> None:
    labels = [dot for dot in sweden.dots([(award.applicant, award.amount) for award in sixty()]) if dot.label]
    assert len(labels) > 20

    def box(dot: sweden.Dot) -> tuple[float, float, float, float]:
        width = 6.9 * len(dot.label)
        left = dot.label_x - (width if dot.anchor == "end" else 0)
        return left, dot.label_y - 10, left + width, dot.label_y + 3

    for place, one in enumerate(labels):
        for other in labels[place + 1 :]:
            a, b = box(one), box(other)
            assert not (a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3]), (one.label, other.label)


def test_a_body_without_a_place_is_no_dot() -> None:
    assert sweden.dots([(Applicant("joint-body", "SE-ON-222000-1234", "Förbundet"), 1)]) == []
