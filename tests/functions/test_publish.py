"""Result pages: all of them, for every announcement, whatever dies in between, and the same bytes each time."""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from functions.publish.publishing import Publishing
from shared import keys
from shared.aws import clients
from shared.aws.effects import LEASE, Effects
from shared.aws.messages import Functions
from shared.aws.public_files import CACHING, PublicFiles
from shared.aws.table import Table, Update
from shared.problems import ProblemsError
from shared.results.addresses import is_result
from tests.functions.staff import (
    REASON,
    Inbox,
    Killed,
    announcing,
    correcting,
    correction_approved,
    decided,
    deciding,
    listed,
    rows_of,
)
from tests.functions.test_announce import Dead
from tests.functions.world import ROUND, World

ADDRESS = "https://bidrag.example"
PUBLISH = ("publish", {"publish": "results", "round": ROUND})


@dataclass
class Shelf(PublicFiles):
    """Files in memory, and a caller that dies before or after the file of that number."""

    files: dict[str, tuple[str, str]] = field(default_factory=dict)
    dies_at: int | None = None
    after: bool = False
    calls: int = 0

    def publish_file(self, path: str, media_type: str, text: str) -> None:
        self.calls += 1
        dies = self.calls == self.dies_at
        if dies and not self.after:
            raise Killed
        self.files[path] = (media_type, text)
        if dies:
            raise Killed


def publishing(world: World, public: PublicFiles) -> Publishing:
    return Publishing(world.table, Effects(world.table), public, ADDRESS, world.clock)


@pytest.fixture
def announced(closed: World, inbox: Inbox) -> World:
    """The closed round with its two awards, announced."""
    decided(closed)
    announce = announcing(closed, inbox.topic)
    announce.publish(ROUND, announce.preview(ROUND)["digest"], "bertil")
    return closed


def asked(world: World) -> list[str]:
    return [step.what for step in world.lifecycle.tick()]


def test_publication_asks_for_the_pages_once_and_the_heartbeat_until_they_are_there(announced: World) -> None:
    assert announced.started.started[-1] == PUBLISH
    assert "result pages asked for" in asked(announced)
    assert announced.started.started[-1] == PUBLISH
    shelf = Shelf()
    assert publishing(announced, shelf).publish(ROUND) == len(shelf.files) == 19
    assert "result pages asked for" not in asked(announced)
    assert publishing(announced, Shelf(dies_at=1)).publish(ROUND) is None


def test_everything_is_there_and_says_what_was_announced(announced: World, inbox: Inbox) -> None:
    shelf = Shelf()
    publishing(announced, shelf).publish(ROUND)
    (message,) = inbox.read()
    document = json.loads(message["Message"])
    assert json.loads(shelf.files[f"data/{ROUND}/announcement.json"][1]) == document
    for award in document["awards"]:
        assert award["title"] in shelf.files[f"sv/awards/{award['reference']}"][1]
    assert "1\u00a0600\u00a0000\u00a0kronor" in shelf.files[f"sv/rounds/{ROUND}"][1]
    assert f'href="/en/rounds/{ROUND}"' in shelf.files["en/results"][1]
    assert all(map(is_result, shelf.files))
    assert "asa.oberg" not in json.dumps(shelf.files)


@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize("dies_at", [1, 7, 13, 19])
def test_one_that_dies_at_any_file_is_finished_by_a_later_tick_with_the_same_bytes(
    announced: World, dies_at: int, after: bool
) -> None:
    whole, broken = Shelf(), Shelf(dies_at=dies_at, after=after)
    with pytest.raises(Killed):
        publishing(announced, broken).publish(ROUND)
    assert "result pages asked for" in asked(announced)
    assert publishing(announced, broken).publish(ROUND) is None  # its claim is fresh: somebody may be at it
    announced.now += LEASE + timedelta(seconds=1)
    assert "result pages asked for" in asked(announced)
    assert publishing(announced, broken).publish(ROUND) == 19
    effect = keys.effect_key(ROUND, keys.result_pages(1))
    announced.table.write(Update(effect, remove=("done_at", "claimed_at")))
    publishing(announced, whole).publish(ROUND)
    assert broken.files == whole.files


def test_one_that_fails_gives_its_claim_back_so_that_the_next_try_need_not_wait(announced: World) -> None:
    class Throttled(Shelf):
        def publish_file(self, *_: str) -> None:
            raise ClientError({"Error": {"Code": "SlowDown", "Message": ""}}, "PutObject")

    with pytest.raises(ClientError):
        publishing(announced, Throttled()).publish(ROUND)
    assert publishing(announced, Shelf()).publish(ROUND) == 19


def test_an_announcement_is_out_even_where_nobody_can_be_asked_for_its_pages(closed: World, inbox: Inbox) -> None:
    class Unreachable(Functions):
        def __init__(self) -> None:
            pass

        def start(self, *_: Any) -> None:
            raise ClientError({"Error": {"Code": "TooManyRequestsException", "Message": ""}}, "Invoke")

    decided(closed)
    announce = replace(announcing(closed, inbox.topic), functions=Unreachable())
    assert announce.publish(ROUND, announce.preview(ROUND)["digest"], "bertil")["published_at"]
    assert "result pages asked for" in asked(closed)


def test_a_round_that_was_announced_long_after_its_closing_still_gets_its_pages(closed: World, inbox: Inbox) -> None:
    closed.now += timedelta(days=90)
    decided(closed)
    announce = announcing(closed, inbox.topic)
    announce.publish(ROUND, announce.preview(ROUND)["digest"], "bertil")
    assert "result pages asked for" in asked(closed)
    closed.now += timedelta(days=61)
    assert asked(closed) == []


def correct(world: World, inbox: Inbox) -> None:
    """The first of the two awards is taken back, and this goes out."""
    first, second = rows_of(world)
    rows = listed(world, (first["reference"], "decline", ""), (second["reference"], "award", second["amount"]))
    entered = correcting(world).take_in(ROUND, rows, REASON, "anna")
    deciding(world).approve(ROUND, entered["digest"], "bertil")
    announce = announcing(world, inbox.topic)
    announce.publish(ROUND, announce.preview(ROUND)["digest"], "bertil")


def test_a_correction_replaces_pages_and_data_at_the_same_addresses(announced: World, inbox: Inbox) -> None:
    shelf = Shelf()
    publishing(announced, shelf).publish(ROUND)
    before = dict(shelf.files)
    gone = rows_of(announced)[0]["reference"]
    correct(announced, inbox)
    assert "result pages asked for" in asked(announced)
    assert publishing(announced, shelf).publish(ROUND) == 19
    assert shelf.files.keys() == before.keys()
    assert json.loads(shelf.files[f"data/{ROUND}/announcement.json"][1])["number"] == 2
    assert "Återtaget." in shelf.files[f"sv/awards/{gone}"][1]
    assert "tas tillbaka" in shelf.files[f"sv/rounds/{ROUND}"][1]
    assert REASON.en in shelf.files[f"en/rounds/{ROUND}"][1]
    assert shelf.files["en/announcements.atom"][1].count("<entry>") == 2
    assert "result pages asked for" not in asked(announced)


def test_a_correction_that_has_not_gone_out_is_on_no_page(announced: World, inbox: Inbox) -> None:
    correction_approved(announced)
    announce = announcing(announced, Dead(inbox.topic, after=False))
    with pytest.raises(Killed):
        announce.publish(ROUND, announce.preview(ROUND)["digest"], "bertil")
    assert announced.table.get(keys.announcement_key(ROUND, 2)) is not None
    shelf = Shelf()
    publishing(announced, shelf).publish(ROUND)
    assert json.loads(shelf.files[f"data/{ROUND}/announcement.json"][1])["number"] == 1


def test_pages_of_an_earlier_announcement_never_come_after_those_of_a_correction(
    announced: World, inbox: Inbox
) -> None:
    """While the first announcement's pages are being written, the correction goes out and its pages are due."""
    meanwhile: list[int | None] = []

    class CorrectedMeanwhile(Shelf):
        def publish_file(self, path: str, media_type: str, text: str) -> None:
            if self.calls == 3:
                correct(announced, inbox)
                meanwhile.append(publishing(announced, shelf).publish(ROUND))
            super().publish_file(path, media_type, text)

    shelf = CorrectedMeanwhile()
    publishing(announced, shelf).publish(ROUND)
    assert meanwhile == [None]  # it waits for whoever is at it
    assert publishing(announced, shelf).publish(ROUND) == 19
    assert json.loads(shelf.files[f"data/{ROUND}/announcement.json"][1])["number"] == 2


def test_nobody_begins_with_pages_that_a_correction_has_replaced(announced: World, inbox: Inbox) -> None:
    """Somebody read the round before the correction, and comes to write after its pages are there."""
    stale = announced.round()
    correct(announced, inbox)
    shelf = Shelf()
    publishing(announced, shelf).publish(ROUND)
    before = dict(shelf.files)

    class AsBefore(Table):
        def get(self, key: Any) -> Any:
            found = super().get(key)
            return {**(found or {}), **stale.as_item()} if key == keys.round_key(ROUND) else found

    table = AsBefore(announced.table._client, "anslag")
    assert Publishing(table, Effects(table), shelf, ADDRESS, announced.clock).publish(ROUND) is None
    assert shelf.files == before


def another(world: World, round_id: str) -> None:
    """A second round that was announced with the first one's awards under other references."""
    first = world.table.get(keys.announcement_key(ROUND, 1)) or {}
    document = {**first["document"], "round": {"id": round_id, "name": {"sv": "En annan", "en": "Another"}}}
    document["awards"] = [{**one, "reference": f"X{one['reference'][1:]}"} for one in document["awards"]]
    item = {name: value for name, value in first.items() if name not in ("pk", "sk")} | {"document": document}
    world.table.write(Update(keys.announcement_key(round_id, 1), set=item))
    call = world.round()
    other = replace(call, id=round_id, name=document["round"]["name"])
    world.table.write(Update(keys.round_key(round_id), set=other.as_item()))


def test_lists_have_every_announced_round(announced: World) -> None:
    another(announced, "2018-other")
    shelf = Shelf()
    publishing(announced, shelf).publish(ROUND)
    for path in ("sv/results", "en/results", "sv/announcements.atom", "data/catalogue.jsonld"):
        assert ROUND in shelf.files[path][1], path
        assert "2018-other" in shelf.files[path][1], path


def test_of_two_rounds_announced_at_the_same_moment_neither_is_lost_from_the_lists(announced: World) -> None:
    """The other copy sees both and writes its lists while this one, which saw one, is about to write its own."""

    class AnotherMeanwhile(Shelf):
        def publish_file(self, path: str, media_type: str, text: str) -> None:
            if path == "data/catalogue.jsonld" and path not in self.files:
                another(announced, "2018-other")
                other = Shelf()
                publishing(announced, other).publish("2018-other")
                self.files |= other.files
            super().publish_file(path, media_type, text)

    shelf = AnotherMeanwhile()
    publishing(announced, shelf).publish(ROUND)
    for path in ("sv/results", "en/results", "en/announcements.atom", "data/catalogue.jsonld"):
        assert ROUND in shelf.files[path][1], path
        assert "2018-other" in shelf.files[path][1], path


def test_a_round_that_was_not_announced_has_no_pages(closed: World) -> None:
    shelf = Shelf()
    assert publishing(closed, shelf).publish(ROUND) is None
    assert shelf.files == {}
    with pytest.raises(ProblemsError):
        publishing(closed, shelf).publish("no-such-round")


@pytest.mark.usefixtures("world")
def test_a_file_has_its_type_its_characters_and_a_short_life_in_caches() -> None:
    s3 = clients.s3()
    s3.create_bucket(Bucket="pages", CreateBucketConfiguration={"LocationConstraint": "eu-north-1"})
    PublicFiles(s3, "pages").publish_file("sv/results", "text/html", "<p>Åäö")
    answer = boto3.client("s3").get_object(Bucket="pages", Key="sv/results")
    assert (answer["ContentType"], answer["CacheControl"]) == ("text/html; charset=utf-8", CACHING)
    assert answer["Body"].read().decode() == "<p>Åäö"
