"""One upload, one recorded outcome, whatever is delivered how often and in which order."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest

from functions.administer.administering import Extension
from functions.ingest.intake import AfterCertificateError, Intake, UnknownObjectError, Uploaded
from shared import keys, totals
from shared.applications import Application, ApplicationState, Outcome
from shared.aws.rows import read_application, read_applications
from shared.aws.table import ConflictError, Table, Write
from shared.instants import parse_iso
from shared.totals import recount
from tests.builders.documents import A_PDF, a_document, raw
from tests.functions.world import ROUND, World


def counted(world: World) -> dict[str, int]:
    """The stored totals, which must equal the recount whatever a test did."""
    stored = totals.non_zero(totals.counters(world.table.get(keys.totals_key(ROUND)) or {}))
    assert stored == recount(read_applications(world.table, ROUND), [one.outcome for one in world.submissions()])
    return stored


def stored(world: World, application: str) -> Application:
    found = read_application(world.table, ROUND, application)
    assert found is not None
    return found


def test_a_valid_upload_is_accepted_recorded_and_counted(world: World) -> None:
    draft = world.start().application
    recorded = world.submit(draft.id)
    assert recorded.submission.outcome is Outcome.ACCEPTED
    application = stored(world, draft.id)
    assert application.state is ApplicationState.SUBMITTED
    assert application.link_hash == draft.link_hash
    assert application.current is not None
    assert application.current.facts.requested == 850_000
    assert [file["name"] for file in application.current.facts.attachments] == [
        "Avsiktsförklaring å ä ö.pdf",
        "Budget d'été 2020.xlsx",
    ]
    assert counted(world)["requested"] == 850_000


@pytest.mark.parametrize("partner", [{"country": "XX"}, {"name": "x", "country": "KE"}, 7])
def test_an_upload_with_thousands_of_mistakes_has_its_outcome_like_any_other(world: World, partner: Any) -> None:
    """moto refuses a row above 400 KB, as DynamoDB does."""
    recorded = world.submit(world.start().application.id, a_document() | {"partners": [partner] * 8_000})
    assert recorded.submission.outcome is Outcome.REJECTED
    assert counted(world)[totals.outcome_counter(Outcome.REJECTED)] == 1


def test_a_submitted_draft_no_longer_expires(world: World) -> None:
    draft = world.start().application
    key = keys.application_key(ROUND, draft.id)
    assert "expires_at" in (world.table.get(key) or {})
    world.submit(draft.id)
    assert "expires_at" not in (world.table.get(key) or {})


def test_the_same_delivery_again_changes_nothing_and_has_the_same_answer(world: World) -> None:
    uploaded = world.upload(world.start().application.id)
    first = world.intake.ingest(uploaded)
    before = world.rows()
    again = world.intake.ingest(uploaded)
    assert again.again
    assert again.submission == first.submission
    assert world.rows() == before


def test_a_crash_after_the_write_and_before_the_answer_counts_once(world: World) -> None:
    class DiesAfterwards(Table):
        def transact(self, writes: list[Write]) -> None:  # type: ignore[override]
            world.table.transact(writes)
            raise ConnectionError("the answer was lost")

    uploaded = world.upload(world.start().application.id)
    dying = Intake(DiesAfterwards(world.table._client, "anslag"), world.bucket, {}, world.clock)
    with pytest.raises(ConnectionError):
        dying.ingest(uploaded)
    before = world.rows()
    assert world.intake.ingest(uploaded).again
    assert world.rows() == before
    assert counted(world)["state|submitted"] == 1


def test_the_same_content_twice_is_one_application_and_one_duplicate(world: World) -> None:
    draft = world.start().application
    first = world.submit(draft.id)
    second = world.submit(draft.id)
    assert (first.submission.outcome, second.submission.outcome) == (Outcome.ACCEPTED, Outcome.DUPLICATE)
    assert counted(world)["outcome|duplicate"] == 1
    assert counted(world)["state|submitted"] == 1


def test_a_changed_application_moves_the_totals_by_the_difference(world: World) -> None:
    draft = world.start().application
    world.submit(draft.id)
    world.now += timedelta(minutes=5)
    world.submit(draft.id, a_document(budget__0__amount=100_000, partners__0__country="KE"))
    application = stored(world, draft.id)
    assert application.current is not None
    assert application.current.number == 2
    assert counted(world)["requested"] == 650_000
    assert "country|VN|applications" not in counted(world)
    assert counted(world)["country|KE|applications"] == 1


def test_an_older_version_that_is_delivered_late_never_overwrites_a_newer_one(world: World) -> None:
    draft = world.start().application
    older = world.upload(draft.id, a_document(project__title="Äldre"))
    world.now += timedelta(minutes=5)
    newer = world.upload(draft.id, a_document(project__title="Nyare"))
    outcomes = [world.intake.ingest(one).submission.outcome for one in (newer, older)]
    assert outcomes == [Outcome.ACCEPTED, Outcome.ACCEPTED]
    application = stored(world, draft.id)
    assert application.current is not None
    assert application.current.facts.title == "Nyare"
    counted(world)


def test_a_faulty_upload_is_refused_with_every_problem_and_can_be_mended(world: World) -> None:
    draft = world.start().application
    recorded = world.submit(draft.id, a_document(contact__email=None, project__starts="snart", attachments=[]))
    assert recorded.submission.outcome is Outcome.REJECTED
    assert sorted((one.code, one.path) for one in recorded.submission.problems) == [
        ("attachment-missing", "attachments"),
        ("attachment-missing", "attachments"),
        ("bad-format", "project.starts"),
        ("missing", "contact.email"),
    ]
    assert stored(world, draft.id).state is ApplicationState.REFUSED
    assert counted(world) == {"outcome|rejected": 1, "state|refused": 1}
    world.now += timedelta(minutes=5)
    assert world.submit(draft.id).submission.outcome is Outcome.ACCEPTED
    assert counted(world)["state|submitted"] == 1
    assert "state|refused" not in counted(world)


@pytest.mark.parametrize(
    ("files", "code"),
    [
        ((), "attachment-not-received"),
        ((A_PDF + b"more", b""), "attachment-differs"),
        ((b"%PDF-1.7" + b"x" * (len(A_PDF) - 8), b""), "attachment-differs"),
    ],
)
def test_an_attachment_that_is_absent_or_another_file_is_told(
    world: World, files: tuple[bytes, ...], code: str
) -> None:
    draft = world.start().application
    uploaded = world.upload(draft.id, files=files)
    problems = world.intake.ingest(uploaded).submission.problems
    assert (code, "attachments.0") in {(one.code, one.path) for one in problems}
    assert "Avsiktsförklaring å ä ö.pdf" in problems[0].sv


def test_an_attachment_that_is_not_what_it_says_is_refused(world: World) -> None:
    program = b"MZ\x90\x00" + b"0" * 50
    document = a_document()
    from tests.builders.documents import attachment

    document["attachments"][0] = attachment("letter-of-intent", "brev.pdf", program, "application/pdf")
    draft = world.start().application
    recorded = world.intake.ingest(world.upload(draft.id, document, files=(program, b"PK\x03\x04" + b"budget" * 60)))
    assert [(one.code, one.path) for one in recorded.submission.problems] == [("not-what-it-says", "attachments.0")]


@pytest.mark.parametrize("content", [b"", b"\xff\xfe", b"[" * 50_000, b'{"schema": 1}', b"x" * 300_000])
def test_what_is_no_application_is_an_outcome_and_no_exception(world: World, content: bytes) -> None:
    draft = world.start().application
    recorded = world.intake.ingest(world.upload(draft.id, content))
    assert recorded.submission.outcome is Outcome.REJECTED
    assert recorded.submission.problems


@pytest.mark.parametrize(
    ("arrival", "outcome"),
    [
        ("2019-10-15T21:59:59Z", Outcome.ACCEPTED),
        ("2019-10-15T22:09:59Z", Outcome.ACCEPTED),
        ("2019-10-15T22:10:00Z", Outcome.LATE),
    ],
)
def test_the_instant_that_counts_is_s3s_and_not_the_functions(world: World, arrival: str, outcome: Outcome) -> None:
    draft = world.start().application
    world.now = parse_iso(arrival)
    uploaded = world.upload(draft.id)
    world.now += timedelta(hours=5)
    assert world.intake.ingest(uploaded).submission.outcome is outcome
    counted(world)


def test_an_extension_counts_at_once_also_where_the_round_is_remembered(world: World) -> None:
    draft = world.start().application
    intake = world.intake
    intake.ingest(world.upload(world.start().application.id))
    world.administering.extend(ROUND, Extension(closes="2019-10-22", reason="Översvämning"), "anna")
    world.now = parse_iso("2019-10-20T08:00:00Z")
    assert intake.ingest(world.upload(draft.id)).submission.outcome is Outcome.ACCEPTED


@pytest.mark.parametrize(
    "key",
    [
        "rounds/2019-autumn/7K3M9QXRC/files/abc/application.json",
        "elsewhere/application.json",
        "rounds/nosuchround/7K3M9QXRC/submissions/0DPXV4K2A9QJ5T0RZ/application.json",
        "rounds/2019-autumn/000000000/submissions/0DPXV4K2A9QJ5T0RZ/application.json",
    ],
)
def test_an_object_that_nobody_was_given_a_form_for_is_for_a_person_to_look_at(world: World, key: str) -> None:
    with pytest.raises(UnknownObjectError):
        world.intake.ingest(world.put(key, raw(a_document())))
    assert world.submissions() == []


def test_a_conflict_that_does_not_end_is_left_to_the_queue(world: World) -> None:
    class AlwaysBusy(Table):
        tries = 0

        def transact(self, writes: Any) -> None:  # noqa: ARG002
            self.tries += 1
            raise ConflictError("busy")

    busy = AlwaysBusy(world.table._client, "anslag")
    uploaded = world.upload(world.start().application.id)
    with pytest.raises(ConflictError):
        Intake(busy, world.bucket, {}, world.clock).ingest(uploaded)
    assert 1 < busy.tries < 10


def test_two_deliveries_that_interleave_between_their_calls_count_once(world: World) -> None:
    draft = world.start().application
    first, second = world.upload(draft.id), world.upload(draft.id)

    class LetsTheOtherGoFirst(Table):
        gone = False

        def transact(self, writes: Any) -> None:
            if not self.gone:
                self.gone = True
                world.intake.ingest(second)
            super().transact(writes)

    slow = Intake(LetsTheOtherGoFirst(world.table._client, "anslag"), world.bucket, {}, world.clock)
    assert slow.ingest(first).submission.outcome is Outcome.DUPLICATE
    assert counted(world)["state|submitted"] == 1
    assert json.dumps(counted(world)).count("850000") > 0


def test_nothing_but_the_named_version_is_read(world: World) -> None:
    draft = world.start().application
    uploaded = world.upload(draft.id, a_document(project__title="Den som skickades"))
    world.put(uploaded.key, raw(a_document(project__title="Den som kom sedan")))
    world.intake.ingest(Uploaded(uploaded.key, uploaded.version_id))
    application = stored(world, draft.id)
    assert application.current is not None
    assert application.current.facts.title == "Den som skickades"


def test_an_upload_in_time_that_turns_up_after_the_certificate_is_for_a_person_to_decide_on(world: World) -> None:
    recorded_before = world.start().application.id
    uploaded_before = world.upload(recorded_before)
    world.intake.ingest(uploaded_before)
    draft = world.start().application.id
    world.now = parse_iso("2019-10-16T08:00:00Z")
    world.lifecycle.tick()
    certificate = world.table.get(keys.certificate_key(ROUND))
    before = world.rows()
    strayed = world.upload(draft, at=parse_iso("2019-10-15T21:00:00Z"))
    with pytest.raises(AfterCertificateError):
        world.intake.ingest(strayed)
    assert world.intake.ingest(uploaded_before).again
    assert world.rows() == before
    assert world.table.get(keys.certificate_key(ROUND)) == certificate


def test_a_late_upload_after_the_certificate_is_late_and_does_not_touch_it(world: World) -> None:
    draft = world.start().application.id
    world.now = parse_iso("2019-10-16T08:00:00Z")
    world.lifecycle.tick()
    certificate = world.table.get(keys.certificate_key(ROUND))
    assert world.intake.ingest(world.upload(draft)).submission.outcome is Outcome.LATE
    assert world.table.get(keys.certificate_key(ROUND)) == certificate
