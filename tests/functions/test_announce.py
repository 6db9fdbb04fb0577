"""The announcement: what was previewed, once, whatever dies in between."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from functions.administer.administering import NewRound
from functions.announce import announcing as module
from shared import keys
from shared.aws.effects import LEASE, Effects
from shared.aws.messages import Topic
from shared.aws.table import ConflictError, Table, Update
from shared.problems import ProblemsError
from shared.programme import load
from shared.rounds import RoundState
from tests.builders.texts import english_first
from tests.functions.staff import Inbox, Killed, announcing, decided, deciding, filled_in, refused
from tests.functions.world import ROUND, World


def test_what_was_previewed_goes_out_once(closed: World, inbox: Inbox) -> None:
    decided(closed)
    announce = announcing(closed, inbox.topic)
    preview = announce.preview(ROUND)
    assert preview["published_at"] is None
    closed.now += timedelta(hours=1)
    published = announce.publish(ROUND, preview["digest"], "bertil")
    assert published["texts"] == preview["texts"]
    assert closed.round().state is RoundState.ANNOUNCED
    with pytest.raises(ProblemsError) as error:
        announce.publish(ROUND, preview["digest"], "bertil")
    assert refused(error) == (409, [("already-published", "")])
    (message,) = inbox.read()
    document = json.loads(message["Message"])
    assert document["totals"]["amount"] == 1_600_000
    assert message["Subject"] == preview["texts"]["sv"]["subject"]
    assert message["MessageAttributes"]["round"]["Value"] == ROUND
    assert "asa.oberg" not in json.dumps(message)


def test_whoever_is_to_approve_reads_first_what_would_go_out(closed: World, inbox: Inbox) -> None:
    handed_in = deciding(closed).take_in(ROUND, filled_in(closed), "anna")["digest"]
    desk = announcing(closed, inbox.topic)
    before, letters = desk.preview(ROUND), desk.letters(ROUND)
    assert (before["number"], before["to_approve"], before["published_at"]) == (1, handed_in, None)
    assert len(letters["letters"]) == 2
    deciding(closed).approve(ROUND, handed_in, "bertil")
    after = desk.preview(ROUND)
    assert {**before, "to_approve": None} == after
    assert desk.letters(ROUND) == letters
    assert desk.publish(ROUND, before["digest"], "bertil")["published_at"]


def test_decisions_on_applications_that_have_changed_are_not_previewed(closed: World, inbox: Inbox) -> None:
    deciding(closed).take_in(ROUND, filled_in(closed), "anna")
    key = keys.application_key(ROUND, closed.rows(keys.APPLICATIONS)[0]["application"])
    closed.table.write(Update(key, set={"state": "withdrawn", "withdrawn_at": "2019-10-20T08:00:00Z"}))
    for door in (announcing(closed, inbox.topic).preview, announcing(closed, inbox.topic).letters):
        with pytest.raises(ProblemsError) as error:
            door(ROUND)
        assert refused(error) == (409, [("decisions-outdated", "")])


def test_nothing_is_announced_before_the_decisions_are_approved(closed: World, inbox: Inbox) -> None:
    with pytest.raises(ProblemsError) as error:
        announcing(closed, inbox.topic).preview(ROUND)
    assert refused(error) == (409, [("no-decisions", "")])
    deciding(closed).take_in(ROUND, filled_in(closed), "anna")
    digest = announcing(closed, inbox.topic).preview(ROUND)["digest"]
    doors: list[Callable[[], object]] = [
        lambda: announcing(closed, inbox.topic).publish(ROUND, digest, "bertil"),
        lambda: announcing(closed, inbox.topic).publish_at(ROUND, digest, "2019-12-17T09:00", "bertil"),
    ]
    for door in doors:
        with pytest.raises(ProblemsError) as error:
            door()
        assert refused(error) == (409, [("not-approved", "")])
    assert inbox.read() == []


def test_another_digest_than_the_previewed_publishes_nothing(closed: World, inbox: Inbox) -> None:
    decided(closed)
    with pytest.raises(ProblemsError) as error:
        announcing(closed, inbox.topic).publish(ROUND, "0" * 64, "bertil")
    assert refused(error) == (409, [("digest-changed", "digest")])
    assert inbox.read() == []


class Dead(Topic):
    """A topic whose caller dies, before or after SNS took the message."""

    def __init__(self, behind: Topic, *, after: bool) -> None:
        self.behind, self.after = behind, after

    def publish_both(self, *arguments: Any, effect: str) -> str:
        if self.after:
            self.behind.publish_both(*arguments, effect=effect)
        raise Killed


@pytest.mark.parametrize("after", [False, True])
def test_a_crash_around_the_publication_is_finished_under_the_same_number(
    closed: World, inbox: Inbox, after: bool
) -> None:
    decided(closed)
    digest = announcing(closed, inbox.topic).preview(ROUND)["digest"]
    with pytest.raises(Killed):
        announcing(closed, Dead(inbox.topic, after=after)).publish(ROUND, digest, "bertil")
    again: list[Callable[[], object]] = [
        lambda: announcing(closed, inbox.topic).publish(ROUND, digest, "bertil"),
        lambda: announcing(closed, inbox.topic).publish_at(ROUND, digest, "2019-12-17T09:00", "bertil"),
    ]
    for door in again:  # which do not say that it is out: nobody knows
        with pytest.raises(ProblemsError) as error:
            door()
        assert refused(error) == (409, [("announcement-on-its-way", "")])
    assert [step.what for step in closed.lifecycle.tick()] == [
        "closing summary asked for",
        "letters asked for",
        "announcement asked for",
    ]
    assert closed.started.started[-1] == ("announce", {"finish": "announcement", "round": ROUND})
    assert announcing(closed, inbox.topic).finish(ROUND) is False  # its claim is still fresh: somebody may be at it
    closed.now += LEASE + timedelta(seconds=1)
    assert announcing(closed, inbox.topic).finish(ROUND) is True
    assert announcing(closed, inbox.topic).finish(ROUND) is False
    messages = inbox.read()
    assert len(messages) == (2 if after else 1)
    assert len({message["Message"] for message in messages}) == 1
    assert closed.round().state is RoundState.ANNOUNCED


def test_two_who_publish_at_the_same_moment_publish_once(closed: World, inbox: Inbox) -> None:
    decided(closed)
    digest = announcing(closed, inbox.topic).preview(ROUND)["digest"]

    class SomebodyElseToo(Topic):
        def __init__(self) -> None:
            pass

        def publish_both(self, *arguments: Any, effect: str) -> str:
            with pytest.raises(ProblemsError) as error:
                announcing(closed, inbox.topic).publish(ROUND, digest, "cecilia")
            assert refused(error) == (409, [("announcement-on-its-way", "")])
            return inbox.topic.publish_both(*arguments, effect=effect)

    announcing(closed, SomebodyElseToo()).publish(ROUND, digest, "bertil")
    assert len(inbox.read()) == 1


def test_a_record_that_meets_another_write_is_done_again_without_publishing_again(closed: World, inbox: Inbox) -> None:
    decided(closed)
    digest = announcing(closed, inbox.topic).preview(ROUND)["digest"]

    class MeetsAnother(Table):
        def transact(self, writes: Any) -> None:
            if any("published_at" in getattr(write, "set", {}) for write in writes):
                raise ConflictError("another transaction")
            super().transact(writes)

    busy = MeetsAnother(closed.table._client, "anslag")
    with pytest.raises(ConflictError):
        replace(announcing(closed, inbox.topic), table=busy, effects=Effects(busy)).publish(ROUND, digest, "bertil")
    assert announcing(closed, inbox.topic).finish(ROUND) is True
    assert len(inbox.read()) == 1
    assert closed.round().state is RoundState.ANNOUNCED


def test_the_subject_is_in_the_language_that_the_message_begins_in_and_a_repeat_has_the_same(
    closed: World, inbox: Inbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    decided(closed)
    monkeypatch.setattr(module, "load", english_first)
    shown = announcing(closed, inbox.topic).preview(ROUND)
    with pytest.raises(Killed):
        announcing(closed, Dead(inbox.topic, after=True)).publish(ROUND, shown["digest"], "bertil")
    monkeypatch.setattr(module, "load", load)  # the programme's file is changed meanwhile
    closed.now += LEASE + timedelta(seconds=1)
    assert announcing(closed, inbox.topic).finish(ROUND)
    assert shown["email"].startswith("(På svenska längre ned.)")
    assert [message["Subject"] for message in inbox.read()] == [shown["texts"]["en"]["subject"]] * 2


def _planned(world: World, round_id: str, opens: str, programme: str = "municipal-partnership-2019") -> None:
    name = {"sv": f"Omgång {round_id}", "en": f"Round {round_id}"}
    request = {"id": round_id, "name": name, "programme": programme, "opens": opens}
    world.administering.create(NewRound.model_validate(request), "anna")


def test_it_says_when_the_next_round_of_the_programme_opens_and_where_the_result_is(
    closed: World, inbox: Inbox
) -> None:
    decided(closed)
    announce = announcing(closed, inbox.topic)
    assert "Nästa omgång" not in announce.preview(ROUND)["texts"]["sv"]["body"]
    _planned(closed, "2020-autumn", "2020-09-15")
    _planned(closed, "2020-spring", "2020-02-15")
    _planned(closed, "another", "2020-01-01", "village-stage-2026")
    texts = announce.preview(ROUND)["texts"]
    assert "\n\nNästa omgång, Omgång 2020-spring, öppnar den 15 februari 2020.\n\n" in texts["sv"]["body"]
    assert "\n\nThe next round, Round 2020-spring, opens on 15 February 2020.\n\n" in texts["en"]["body"]
    assert f"\n\nResultatet på webben:\nhttps://bidrag.example/sv/rounds/{ROUND}\n\n" in texts["sv"]["body"]
    assert f"\n\nThe result on the web:\nhttps://bidrag.example/en/rounds/{ROUND}\n\n" in texts["en"]["body"]
