"""The feed and the catalogue list what was announced, so that readers and data portals find it."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from lxml import etree
from rdflib import DCAT, DCTERMS, FOAF, RDF, Graph, URIRef

from shared.results import catalogue, feed
from tests.builders.publications import ADDRESS, ANNOUNCED, corrected, plays, published
from tests.builders.texts import december_2019, village_stage

ATOM = {"a": "http://www.w3.org/2005/Atom"}
AUTUMN = published(december_2019())
CORRECTED = corrected(december_2019(), december_2019()[1:])
STAGE = published(
    plays(),
    programme=village_stage(),
    at=ANNOUNCED + timedelta(days=200),
    id="2020-summer",
    name={"sv": "Sommaren 2020", "en": "Summer 2020"},
)


def test_the_feed_has_every_announcement_once_the_newest_first() -> None:
    read = etree.fromstring(feed.atom([CORRECTED, STAGE], "en", ADDRESS).encode())
    assert read.xpath("a:entry/a:id/text()", namespaces=ATOM) == [
        "urn:anslag:round:2020-summer:announcement:1",
        "urn:anslag:round:2019-autumn:announcement:2",
        "urn:anslag:round:2019-autumn:announcement:1",
    ]
    assert read.xpath("a:updated/text()", namespaces=ATOM) == ["2020-06-29T09:00:00Z"]
    titles = read.xpath("a:entry/a:title/text()", namespaces=ATOM)
    assert titles[2] == "Municipal Partnerships: 10 municipalities and 1 region share SEK 10.6 million"
    assert titles[1].startswith("Correction, Municipal Partnerships: ")


def test_a_feed_entry_is_the_announcement_word_for_word_with_a_link_to_its_page() -> None:
    read = etree.fromstring(feed.atom([AUTUMN], "sv", ADDRESS).encode())
    assert read.xpath("a:entry/a:content[@type='text']/text()", namespaces=ATOM) == [AUTUMN.current.texts["sv"]]
    assert read.xpath("a:entry/a:link/@href", namespaces=ATOM) == [f"{ADDRESS}/sv/rounds/2019-autumn"]
    assert read.xpath("a:link[@rel='self']/@href", namespaces=ATOM) == [f"{ADDRESS}/sv/announcements.atom"]


@pytest.mark.parametrize("listing", [lambda: feed.atom([], "sv", ADDRESS), lambda: catalogue.catalogue([], ADDRESS)])
def test_there_is_no_listing_of_nothing(listing: object) -> None:
    with pytest.raises(ValueError, match="nothing was announced"):
        listing()  # type: ignore[operator]


def described() -> Graph:
    return Graph().parse(data=catalogue.catalogue([AUTUMN, STAGE], ADDRESS), format="json-ld")


@pytest.mark.filterwarnings("ignore:ConjunctiveGraph is deprecated:DeprecationWarning")  # within rdflib itself
def test_the_catalogue_has_what_dcat_ap_demands() -> None:
    graph = described()
    (found,) = graph.subjects(RDF.type, DCAT.Catalog)
    for needed in (DCTERMS.title, DCTERMS.description, DCTERMS.publisher, DCAT.dataset):
        assert list(graph.objects(found, needed)), needed
    datasets = list(graph.objects(found, DCAT.dataset))
    assert len(datasets) == 2
    for dataset in datasets:
        assert (dataset, RDF.type, DCAT.Dataset) in graph
        for needed in (DCTERMS.title, DCTERMS.description, DCAT.distribution, DCAT.contactPoint, DCTERMS.publisher):
            assert list(graph.objects(dataset, needed)), needed
        for distribution in graph.objects(dataset, DCAT.distribution):
            assert (distribution, RDF.type, DCAT.Distribution) in graph
            for needed in (DCAT.accessURL, DCTERMS.format, DCTERMS.license):
                assert list(graph.objects(distribution, needed)), needed
    for publisher in graph.objects(None, DCTERMS.publisher):
        assert (publisher, RDF.type, FOAF.Agent) in graph
        assert list(graph.objects(publisher, FOAF.name))


@pytest.mark.filterwarnings("ignore:ConjunctiveGraph is deprecated:DeprecationWarning")
def test_the_catalogue_lists_every_file_in_both_languages_titles() -> None:
    graph = described()
    autumn = URIRef("urn:anslag:round:2019-autumn:awards")
    assert {str(url).rsplit("/", 1)[-1] for url in graph.objects(autumn, DCAT.distribution)} == {
        *("awards.csv", "iati.xml", "360giving.json", "announcement.json")
    }
    assert {title.language: str(title) for title in graph.objects(autumn, DCTERMS.title)} == {  # type: ignore[attr-defined]
        "sv": "Beviljade bidrag: Kommunala partnerskap, Hösten 2019",
        "en": "Grants awarded: Municipal Partnerships, Autumn 2019",
    }


def test_a_round_without_awards_lists_no_file_of_a_standard_that_has_none_without() -> None:
    told = json.loads(catalogue.catalogue([published([])], ADDRESS))
    files = [one["@id"].rsplit("/", 1)[-1] for one in told["dcat:dataset"][0]["dcat:distribution"]]
    assert files == ["awards.csv", "announcement.json"]


def test_a_correction_keeps_the_dataset_and_says_when_it_changed() -> None:
    (dataset,) = json.loads(catalogue.catalogue([CORRECTED], ADDRESS))["dcat:dataset"]
    assert dataset["@id"] == "urn:anslag:round:2019-autumn:awards"
    assert (dataset["dcterms:issued"]["@value"], dataset["dcterms:modified"]["@value"], dataset["dcat:version"]) == (
        *("2019-12-12T09:00:00Z", "2019-12-19T09:00:00Z"),
        "2",
    )
