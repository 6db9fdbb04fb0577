"""Rounds open and close by the clock, closing is proven, and whatever dies is finished by the next tick."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from functions.administer.administering import EarlyClosing, Extension
from functions.advance.closing import Closing
from functions.advance.lifecycle import Lifecycle, RoundsFailedError
from shared import certificates, keys, totals
from shared.applications import Outcome
from shared.aws import clients
from shared.aws.effects import LEASE, Effects
from shared.aws.failures import noted
from shared.aws.table import Table, Update
from shared.instants import iso, parse_iso
from shared.problems import ProblemsError
from shared.rounds import RoundState, arrived_in_time
from shared.submissions import root_hash
from tests.builders.documents import a_document
from tests.builders.texts import a_submission
from tests.functions.world import ROUND, World

DEADLINE = parse_iso("2019-10-15T21:59:59Z")
GRACE_AND_DRAIN = timedelta(seconds=600 + 60)
LETTERS = ("acknowledge", {"owed": ROUND})
CLOSING_SUMMARY = ("summarise", {"summary": "closing", "round": ROUND})


def tick(world: World) -> list[str]:
    return [step.what for step in world.lifecycle.tick()]


def lifecycle_on(world: World, table: Table) -> Lifecycle:
    closing = Closing(table, world.bucket, world.uploads, timedelta(seconds=60), world.clock, world.random)
    effects = Effects(table)
    names = ("summarise", "announce", "publish", "acknowledge")
    return Lifecycle(table, closing, effects, world.started, *names, world.clock, world.random)


def close(world: World) -> dict[str, Any]:
    world.now = DEADLINE + GRACE_AND_DRAIN + timedelta(seconds=1)
    assert "round closing" in tick(world)
    tick(world)
    certificate = world.table.get(keys.certificate_key(ROUND))
    assert certificate is not None
    return certificate


def announce(world: World, number: int = 1) -> None:
    facts = {"state": "announced", "announcement": number, "announced_at": iso(world.now)}
    world.table.write(Update(keys.round_key(ROUND), set=facts))


def test_a_round_opens_at_its_first_second_and_begins_to_close_after_its_grace(world: World) -> None:
    assert world.round().state is RoundState.OPEN
    world.now = DEADLINE + timedelta(seconds=600)
    assert tick(world) == []
    world.now += timedelta(seconds=1)
    assert tick(world) == ["round closing"]
    assert tick(world) == []
    assert world.round().state is RoundState.CLOSING


def test_closing_waits_for_uploads_still_on_their_way(world: World) -> None:
    world.now = DEADLINE + GRACE_AND_DRAIN
    tick(world)
    tick(world)
    assert world.round().state is RoundState.CLOSING
    world.now += timedelta(seconds=1)
    assert tick(world) == ["round closed"]


def test_a_closed_round_has_a_certificate_that_accounts_for_every_upload(world: World) -> None:
    first, second = world.start().application.id, world.start().application.id
    world.submit(first)
    world.submit(first)
    world.submit(second, {"schema": 1})
    certificate = close(world)
    assert (certificate["objects"], certificate["missing"]) == (3, 0)
    assert certificate["outcomes"] == {"accepted": 1, "rejected": 1, "late": 0, "duplicate": 1}
    assert certificate["root"] == root_hash(world.submissions())
    assert certificate["totals"]["requested"] == 850_000
    assert world.round().state is RoundState.CLOSED


def test_an_upload_without_an_outcome_is_queued_again_and_the_round_stays_open_to_it(world: World) -> None:
    draft = world.start().application.id
    uploaded = world.upload(draft)  # its notification was lost
    world.now = DEADLINE + GRACE_AND_DRAIN + timedelta(seconds=1)
    assert tick(world) == ["round closing", "uploads queued again"]
    assert world.round().state is RoundState.CLOSING
    (letter,) = world.uploads.receive(hidden_seconds=0)
    from functions.ingest.handler import uploaded as read

    assert read(letter.body) == uploaded
    world.intake.ingest(read(letter.body))
    assert tick(world) == ["round closed"]
    certificate = world.table.get(keys.certificate_key(ROUND)) or {}
    assert certificate["outcomes"]["accepted"] == 1


def test_a_round_whose_upload_somebody_deleted_is_closed_and_its_certificate_says_so(world: World) -> None:
    """It cannot be brought back, and the others have to be decided on."""
    kept, gone = (world.submit(world.start().application.id).submission for _ in range(2))
    document = keys.document_object(ROUND, gone.application, gone.submission)
    clients.s3().delete_object(Bucket="uploads", Key=document, VersionId=gone.version_id)
    certificate = close(world)
    assert (certificate["objects"], certificate["missing"], certificate["outcomes"]["accepted"]) == (1, 0, 2)
    assert certificate["root"] == root_hash([kept, gone])


def test_what_vanished_of_one_certificate_is_not_subtracted_from_the_next() -> None:
    first = a_submission("7K3M9QXRC", Outcome.ACCEPTED)
    second = replace(a_submission("9D5TESTA1", Outcome.ACCEPTED), after_certificate=1)
    written = {
        number: certificates.certificate(
            ROUND,
            number,
            [first, second],
            documents=1,
            missing=0,
            vanished=[first],
            certified_at="2019-10-16T08:00:00Z",
            counted={},
        )
        for number in (1, 2)
    }
    assert [written[number]["objects"] for number in (1, 2)] == [0, 1]
    assert [certificates.gone(written[number]) for number in (1, 2)] == [1, 0]


def test_totals_that_differ_from_the_recount_are_repaired_and_told(world: World) -> None:
    world.submit(world.start().application.id)
    world.table.write(Update(keys.totals_key(ROUND), add={"requested": 5, "state|refused": 1}))
    world.now = DEADLINE + GRACE_AND_DRAIN + timedelta(seconds=1)
    steps = world.lifecycle.tick()
    assert [(step.what, step.repaired) for step in steps] == [("round closing", 0), ("round closed", 2)]
    stored = totals.non_zero(totals.counters(world.table.get(keys.totals_key(ROUND)) or {}))
    assert stored["requested"] == 850_000
    assert "state|refused" not in stored
    (closed,) = [event for event in world.administering.events(ROUND) if event["what"] == "round closed"]
    assert closed["repaired"] == ["requested", "state|refused"]


def test_a_count_that_comes_between_the_recount_and_its_write_puts_closing_off(world: World) -> None:
    late = world.start()
    world.submit(world.start().application.id)
    world.now = DEADLINE + GRACE_AND_DRAIN + timedelta(seconds=1)

    class SomebodyKnocks(Table):
        knocked = False

        def transact(self, writes: Any) -> None:
            if not self.knocked and any("CERTIFICATE" in str(write.key) for write in writes):
                self.knocked = True
                from tests.functions.test_apply import wanted

                with pytest.raises(ProblemsError):
                    world.applying.sign(late.link, wanted())
            super().transact(writes)

    lifecycle = lifecycle_on(world, SomebodyKnocks(world.table._client, "anslag"))
    assert [step.what for step in lifecycle.tick()] == ["gave way"]
    assert world.round().state is RoundState.CLOSING
    tick(world)
    assert world.round().state is RoundState.CLOSED
    certificate = world.table.get(keys.certificate_key(ROUND)) or {}
    assert certificate["totals"]["turned_away"] == 1


def tagged(world: World) -> list[tuple[str, Any]]:
    found = []
    for version in world.bucket.versions(keys.round_prefix(ROUND)):
        tags = clients.s3().get_object_tagging(Bucket="uploads", Key=version.key)["TagSet"]
        if tags:
            found.append((version.key, tags))
    return found


def test_files_of_drafts_that_were_never_sent_are_marked_for_removal_and_no_others(world: World) -> None:
    sent, unsent = world.start().application.id, world.start().application.id
    world.submit(sent)
    world.put(keys.attachment_object(ROUND, unsent, "cd" * 32), b"%PDF-")
    close(world)
    announce(world)
    tick(world)
    assert tagged(world) == [
        (f"rounds/{ROUND}/{unsent}/files/{'cd' * 32}", [{"Key": "anslag", "Value": "unsubmitted"}])
    ]


def test_of_very_many_files_each_tick_marks_some_and_goes_on_where_the_last_one_ended(world: World) -> None:
    unsent = sorted(world.start().application.id for _ in range(2))
    for application in unsent:
        for content in range(3):
            world.put(keys.attachment_object(ROUND, application, f"{content:064}"), b"%PDF-")
    world.put(keys.attachment_object(ROUND, unsent[0], f"{0:064}"), b"%PDF- again")
    close(world)
    announce(world)
    lifecycle = lifecycle_on(world, world.table)
    lifecycle = replace(lifecycle, closing=replace(lifecycle.closing, marks=3))
    done = [[step.what for step in lifecycle.tick() if "files" in step.what] for _ in range(4)]
    some, all_ = "some files of unsent drafts marked for removal", "files of unsent drafts marked for removal"
    assert done == [[some], [some], [all_], []]
    assert len(tagged(world)) == 7  # a name with two versions is there twice
    assert Effects(world.table).noted(ROUND, keys.LEFTOVERS_MARKED)["marked"] == 7


def test_an_announcement_does_not_wait_for_files_that_cannot_be_marked(world: World) -> None:
    class Refuses(Closing):
        def mark_leftovers(self, *_: Any) -> Any:
            raise TimeoutError("tags cannot be written")

    close(world)
    announce(world)
    world.table.write(Update(keys.round_key(ROUND), set={"announcing": 2}))
    refusing = Refuses(world.table, world.bucket, world.uploads, timedelta(seconds=60), world.clock, world.random)
    with pytest.raises(RoundsFailedError) as failed:
        replace(lifecycle_on(world, world.table), closing=refusing).tick()
    assert ("announce", {"finish": "announcement", "round": ROUND}) in world.started.started
    assert [noted(error) for error in failed.value.exceptions] == [ROUND]


def test_no_file_is_marked_while_its_holder_could_still_be_let_in(world: World) -> None:
    # S3 counts the days to a removal from the upload: what is marked may be gone the next day.
    world.put(keys.attachment_object(ROUND, world.start().application.id, "cd" * 32), b"%PDF-")
    close(world)
    world.now += timedelta(days=40)
    tick(world)
    assert tagged(world) == []


def test_ticks_that_come_twice_or_late_end_the_same(world: World) -> None:
    world.submit(world.start().application.id)
    certificate = close(world)
    rows = [row for row in world.rows() if not row["sk"].startswith("EFFECT")]
    for _ in range(3):
        world.now += timedelta(days=1)
        tick(world)
    assert [row for row in world.rows() if not row["sk"].startswith("EFFECT")] == rows
    assert world.table.get(keys.certificate_key(ROUND)) == certificate


def test_the_closing_summary_is_asked_for_until_it_went_out(world: World) -> None:
    close(world)
    asked = world.started.started.count(CLOSING_SUMMARY)
    tick(world)
    assert world.started.started.count(CLOSING_SUMMARY) == asked + 1
    Effects(world.table).done(ROUND, "closing-summary", world.now)
    tick(world)
    assert world.started.started.count(CLOSING_SUMMARY) == asked + 1


def test_the_letters_of_a_closed_round_are_asked_for_until_all_are_sent_and_while_nobody_is_at_it(world: World) -> None:
    effects = Effects(world.table)
    world.submit(world.start().application.id)
    close(world)
    asked = world.started.started.count(LETTERS)
    assert "letters asked for" in tick(world)
    assert world.started.started.count(LETTERS) == asked + 1
    effects.claim(ROUND, "letters-told-000001-01-0000", world.now)
    assert "letters asked for" not in tick(world)
    world.now += LEASE + timedelta(seconds=1)
    assert "letters asked for" in tick(world)
    effects.done(ROUND, "letters-told-000001-01-0000", world.now)
    assert "letters asked for" not in tick(world)


def test_an_upload_that_comes_after_everybody_was_told_is_a_letter_owed_again(world: World) -> None:
    draft = world.start().application.id
    world.submit(draft)
    close(world)
    Effects(world.table).done(ROUND, "letters-told-000001-01-0000", world.now)
    assert "letters asked for" not in tick(world)
    world.submit(draft, a_document(project__title="Too late"))
    assert world.submissions()[-1].outcome is Outcome.LATE or world.submissions()[0].outcome is Outcome.LATE
    assert "letters asked for" in tick(world)


@pytest.mark.parametrize("call", [1, 2])
@pytest.mark.parametrize("written", [False, True])
def test_a_job_that_dies_at_any_write_is_finished_by_the_next_tick(world: World, call: int, written: bool) -> None:
    world.submit(world.start().application.id)
    world.now = DEADLINE + GRACE_AND_DRAIN + timedelta(seconds=1)

    class Dies(Table):
        calls = 0

        def transact(self, writes: Any) -> None:
            self.calls += 1
            if self.calls == call and not written:
                raise TimeoutError("died before the write")
            super().transact(writes)
            if self.calls == call:
                raise TimeoutError("died after the write")

    with pytest.raises(ExceptionGroup):
        lifecycle_on(world, Dies(world.table._client, "anslag")).tick()
    tick(world)
    assert world.round().state is RoundState.CLOSED
    assert CLOSING_SUMMARY in world.started.started or tick(world) == ["closing summary asked for"]


def test_a_round_without_an_end_stays_open_until_staff_close_it(world: World) -> None:
    world.table.write(Update(keys.round_key(ROUND), set={"closes_at": None}))
    world.now = parse_iso("2031-01-01T12:00:00Z")
    assert tick(world) == []
    world.administering.close(ROUND, EarlyClosing(reason="Pengarna är slut"), "anna")
    world.now += timedelta(minutes=15)
    tick(world)
    assert world.round().state is RoundState.OPEN  # forms are out that were signed before the closing
    world.now += timedelta(seconds=5 + 60 + 2)
    tick(world)
    assert world.round().state is RoundState.CLOSED


def test_a_form_that_was_signed_before_an_early_closing_still_counts(world: World) -> None:
    started = world.start()
    world.now += timedelta(minutes=1)
    world.administering.close(ROUND, EarlyClosing(reason="Pengarna är slut"), "anna")
    assert arrived_in_time(world.round(), world.now + timedelta(minutes=14))
    world.now += timedelta(minutes=14)
    world.submit(started.application.id)
    assert world.submissions()[0].outcome is Outcome.ACCEPTED


def test_the_closing_summary_of_a_round_that_was_announced_before_it_went_out_is_still_asked_for(world: World) -> None:
    close(world)
    tick(world)
    announce(world)
    assert "closing summary asked for" in tick(world)
    world.now += timedelta(days=61)
    assert tick(world) == []


def test_decisions_are_told_to_applicants_however_long_after_the_closing_they_are_announced(world: World) -> None:
    close(world)
    Effects(world.table).done(ROUND, keys.letters_told(0, 1, None), world.now)
    assert "letters asked for" not in tick(world)
    world.now = parse_iso("2019-12-17T10:00:00Z")  # as ICLD did, 63 days after the deadline
    announce(world)
    assert "letters asked for" in tick(world)
    world.now += timedelta(days=300)
    assert tick(world) == []
    announce(world, 2)
    assert "letters asked for" in tick(world)


def test_an_extension_in_the_last_minute_reopens_a_round_that_had_begun_to_close(world: World) -> None:
    world.now = DEADLINE + timedelta(seconds=601)
    tick(world)
    assert world.round().state is RoundState.CLOSING
    world.administering.extend(ROUND, Extension(closes="2019-10-22", reason="Systemfel"), "anna")
    tick(world)
    assert world.round().state is RoundState.OPEN
    world.start()


def test_one_round_that_fails_does_not_keep_the_others_from_their_turn(world: World) -> None:
    world.create_round(id="2019-broken")
    world.table.write(
        Update(keys.round_key("2019-broken"), set={"grace_seconds": 0, "closes_at": "2019-10-14T00:00:00Z"})
    )
    world.now = DEADLINE + GRACE_AND_DRAIN + timedelta(seconds=1)

    class Broken(Closing):
        def close(self, call: Any) -> Any:
            if call.id == "2019-broken":
                raise TimeoutError("its part of the bucket cannot be listed")
            return super().close(call)

    closing = Broken(world.table, world.bucket, world.uploads, timedelta(seconds=60), world.clock, world.random)
    names = ("summarise", "announce", "publish", "acknowledge")
    lifecycle = Lifecycle(world.table, closing, Effects(world.table), world.started, *names, world.clock, world.random)
    with pytest.raises(RoundsFailedError) as failed:
        lifecycle.tick()
    assert world.round().state is RoundState.CLOSED
    assert [noted(error) for error in failed.value.exceptions] == ["2019-broken"]
    assert (ROUND, "round closed") in [(step.round_id, step.what) for step in failed.value.steps]
