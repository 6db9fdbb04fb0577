"""A round's result where everybody can read it: through CloudFront, in both languages, also where writing it fails
half-way the first time."""

from __future__ import annotations

import csv
import io
from urllib.parse import urlsplit

import pytest
import requests
from lxml import html
from okfn_iati.iati_schema_validator import IatiValidator

from infrastructure.demo.mischief import locked_out
from shared import keys
from tests.end_to_end.acts import announce
from tests.end_to_end.installation import Installation
from tests.end_to_end.papers import a_play
from tests.end_to_end.waiting import until

pytestmark = pytest.mark.cloud

ROUND = "results"


def read(installation: Installation, path: str) -> requests.Response:
    """What somebody gets who opens the address."""
    pages = urlsplit(installation.outputs["PagesUrl"])
    return requests.get(f"{installation.cloud.endpoint}/{path}", headers={"Host": pages.netloc}, timeout=60)


PLAYS = [
    a_play(email="resultat@forening.example", title="Drömspel <en> & två"),
    a_play("802003-4560", "Östervåla Amatörteater", email="ett@forening.example", title="Ett drömspel"),
]


@pytest.fixture(scope="module")
def announced(installation: Installation) -> Installation:
    """The round is announced while nobody may write the pages for people, which is mended afterwards."""
    there = f"data/{ROUND}/awards.csv"
    awards = f"arn:aws:s3:::{installation.outputs['PagesBucketName']}/sv/awards/*"
    with locked_out(installation, "PublishRole", "s3:*", resource=awards):
        announce(installation, ROUND, PLAYS)
        until(lambda: read(installation, there).ok, "the data to be there")
        assert not read(installation, f"sv/rounds/{ROUND}").ok
        effect = keys.effect_key(ROUND, keys.result_pages(1))
        assert "done_at" not in (installation.table().get(effect) or {})

    def finished() -> bool:
        installation.advance()
        return "done_at" in (installation.table().get(effect) or {})

    until(finished, "the pages to be finished", seconds=60, pause=1)
    return installation


def test_the_announcement_went_out_once_though_its_pages_came_late(announced: Installation) -> None:
    assert len(announced.letters(topic="AwardTopic", naming=f"Omgång {ROUND}")) == 1


@pytest.mark.parametrize("language", ["sv", "en"])
def test_everybody_can_read_the_result_page(announced: Installation, language: str) -> None:
    answer = read(announced, f"{language}/rounds/{ROUND}")
    assert (answer.status_code, answer.headers["Content-Type"]) == (200, "text/html; charset=utf-8")
    assert answer.headers["Cache-Control"].startswith("public, max-age=60")
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
    page = html.fromstring(answer.content.decode())
    amounts = [int(number) for cell in page.iter("td") if (number := cell.get("data-number"))]
    assert sorted(amounts) == [20_000, 20_001]
    links = [one.get("href") for one in page.iterfind(".//main//a")]
    assert [link for link in links if not read(announced, str(link).lstrip("/")).ok] == []


def test_every_format_adds_up_to_what_was_announced(announced: Installation) -> None:
    document = read(announced, f"data/{ROUND}/announcement.json").json()
    assert document["totals"]["amount"] == 40_001
    rows = csv.DictReader(io.StringIO(read(announced, f"data/{ROUND}/awards.csv").content.decode()))
    assert sum(int(row["amount_sek"]) for row in rows) == 40_001
    grants = read(announced, f"data/{ROUND}/360giving.json").json()["grants"]
    assert sum(grant["amountAwarded"] for grant in grants) == 40_001
    iati = read(announced, f"data/{ROUND}/iati.xml").content.decode()
    assert IatiValidator().validate(iati) == (True, {"schema_errors": [], "ruleset_errors": []})
    assert iati.count("<transaction>") == 2


def test_the_lists_name_the_round(announced: Installation) -> None:
    for path in ("sv/results", "en/results", "sv/announcements.atom", "en/announcements.atom", "data/catalogue.jsonld"):
        answer = read(announced, path)
        assert answer.ok, path
        assert f"/rounds/{ROUND}" in answer.content.decode(), path


def test_writing_them_again_gives_the_same_bytes(announced: Installation) -> None:
    s3, bucket = announced.client("s3"), announced.outputs["PagesBucketName"]

    def stored() -> dict[str, str]:
        return {one["Key"]: one["ETag"] for one in s3.list_objects_v2(Bucket=bucket)["Contents"] if ROUND in one["Key"]}

    before = stored()
    key = keys.effect_key(ROUND, keys.result_pages(1))
    plain = {name: {"S": value} for name, value in key.items()}
    announced.client("dynamodb").delete_item(TableName=announced.outputs["TableName"], Key=plain)
    # By this start, or by the schedule's where that came first.
    announced.invoke("publish", {"publish": "results", "round": ROUND})
    written = until(lambda: (announced.table().get(key) or {}).get("files"), "the pages to be written")
    assert written >= 19
    assert stored() == before


def test_nobody_reads_an_applicants_address_there(announced: Installation) -> None:
    s3, bucket = announced.client("s3"), announced.outputs["PagesBucketName"]
    for one in s3.list_objects_v2(Bucket=bucket)["Contents"]:
        content = s3.get_object(Bucket=bucket, Key=one["Key"])["Body"].read()
        assert b"@forening.example" not in content, one["Key"]
