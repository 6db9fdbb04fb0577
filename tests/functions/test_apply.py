"""The applicant's doors: who may do what until when, and what a signed form allows."""

from __future__ import annotations

import base64
import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from functions.administer.administering import NewRound
from functions.apply.applying import published_register, standing
from functions.apply.uploads import MOST_FORMS, FormsRequest
from shared import keys
from shared.applications import ApplicationState
from shared.aws import clients
from shared.aws.bucket import Bucket, Form
from shared.aws.rows import read_application
from shared.aws.table import Table
from shared.instants import parse_iso
from shared.links import Link, new_link, read_link
from shared.problems import ProblemsError
from tests.builders.documents import A_PDF, a_document, attachment
from tests.functions.world import ROUND, World

PDF = attachment("letter-of-intent", "Avsikt å.pdf", A_PDF, "application/pdf")
A_HASH = "ab" * 32


def wanted(*files: dict[str, Any], size: int = 500) -> FormsRequest:
    announced = [{name: file[name] for name in ("name", "size", "sha256", "type")} for file in files]
    return FormsRequest.model_validate({"document": {"size": size, "sha256": A_HASH}, "attachments": announced})


def policy(form: dict[str, Any]) -> dict[str, Any]:
    decoded: dict[str, Any] = json.loads(base64.b64decode(form["fields"]["policy"]))
    return decoded


def refused(error: pytest.ExceptionInfo[ProblemsError]) -> tuple[int, list[str]]:
    return error.value.status, [one.code for one in error.value.problems]


def test_a_link_is_random_opaque_and_kept_as_a_hash_alone(world: World) -> None:
    started = world.start()
    stored = json.dumps(world.table.get(keys.application_key(ROUND, started.application.id)))
    assert started.link.secret not in stored
    assert started.link.hash in stored
    assert len(base64.urlsafe_b64decode(started.link.secret + "==")) == 16
    assert read_link(f"Bearer {started.link.token}") == started.link


@pytest.mark.parametrize(
    "header", [None, "", "Bearer", "Bearer x", "Basic a.b.c", "Bearer " + "a" * 5000, "Bearer å.ä.ö"]
)
def test_what_is_no_link_is_none(header: str | None) -> None:
    assert read_link(header) is None


def test_every_wrong_link_has_the_same_answer(world: World) -> None:
    started = world.start()
    wrong = [
        None,
        new_link(ROUND, started.application.id, b"0" * 16),
        new_link("no-such-round", started.application.id, b"0" * 16),
        new_link(ROUND, "000000000", b"0" * 16),
        Link("spring", started.application.id, started.link.secret),
    ]
    answers = []
    for link in wrong:
        with pytest.raises(ProblemsError) as error:
            world.applying.status(link)
        answers.append((error.value.status, [one.as_json() for one in error.value.problems]))
    assert answers == [answers[0]] * len(wrong)
    assert answers[0][0] == 404


def test_a_form_fits_one_file_alone(world: World) -> None:
    started = world.start()
    signed = world.applying.sign(started.link, wanted(PDF))
    file, document = signed["forms"]
    checksum = base64.b64encode(bytes.fromhex(PDF["sha256"])).decode()
    conditions = policy(file)["conditions"]
    assert {"key": f"rounds/{ROUND}/{started.application.id}/files/{PDF['sha256']}"} in conditions
    assert {"Content-Type": "application/pdf"} in conditions
    assert {"x-amz-checksum-sha256": checksum} in conditions
    assert ["content-length-range", PDF["size"], PDF["size"]] in conditions
    key = keys.document_object(ROUND, started.application.id, signed["submission"])
    assert {"key": key} in policy(document)["conditions"]
    assert document["for"] == "document"


def test_attachments_are_uploaded_as_they_are_chosen_without_a_document(world: World) -> None:
    started = world.start()
    announced = [{name: PDF[name] for name in ("name", "size", "sha256", "type")}]
    signed = world.applying.sign(started.link, FormsRequest.model_validate({"attachments": announced}))
    assert (signed["submission"], [form["for"] for form in signed["forms"]]) == (None, ["attachment"])
    assert (signed["expires_at"], signed["now"]) == ("2019-10-01T08:15:00Z", "2019-10-01T08:00:00Z")
    stored = world.table.get(keys.application_key(ROUND, started.application.id)) or {}
    assert stored["forms_signed"] == 1
    with pytest.raises(ProblemsError) as error:
        world.applying.sign(started.link, FormsRequest())
    assert refused(error) == (422, ["missing"])


def test_every_field_of_a_form_has_its_condition_and_signature_v4(world: World) -> None:
    (form,) = world.applying.sign(world.start().link, wanted())["forms"]
    exact = {name for one in policy(form)["conditions"] if isinstance(one, dict) for name in one}
    assert set(form["fields"]) - exact == {"policy", "x-amz-signature"}
    assert form["fields"]["x-amz-algorithm"] == "AWS4-HMAC-SHA256"
    assert "eu-north-1" in form["url"]
    assert "eu-north-1" in form["fields"]["x-amz-credential"]


@pytest.mark.parametrize(
    ("now", "expires"),
    [
        ("2019-10-01T08:00:00Z", "2019-10-01T08:15:00Z"),
        ("2019-10-15T21:59:59.9Z", "2019-10-15T22:10:00Z"),
    ],
)
def test_a_form_expires_soon_and_never_after_the_grace(world: World, now: str, expires: str) -> None:
    started = world.start()
    world.now = parse_iso(now)
    assert world.applying.sign(started.link, wanted())["expires_at"] == expires


@pytest.mark.parametrize(
    ("now", "code"),
    [
        ("2019-09-14T21:59:59Z", "round-not-yet-open"),
        ("2019-10-15T22:00:00Z", "round-not-open"),
        ("2019-10-15T22:05:00Z", "round-not-open"),
        ("2019-12-01T00:00:00Z", "round-not-open"),
    ],
)
def test_nothing_is_started_signed_or_withdrawn_outside_the_open_time(world: World, now: str, code: str) -> None:
    started = world.start()
    world.submit(started.application.id)
    world.now = parse_iso(now)
    for door in (
        world.start,
        lambda: world.applying.sign(started.link, wanted()),
        lambda: world.applying.withdraw(started.link),
    ):
        with pytest.raises(ProblemsError) as error:
            door()
        assert refused(error) == (409, [code])


def test_who_comes_after_the_deadline_is_noted_once(world: World) -> None:
    started = world.start()
    world.now = parse_iso("2019-10-16T08:00:00Z")
    for _ in range(3):
        with pytest.raises(ProblemsError) as error:
            world.applying.sign(started.link, wanted())
        assert "15 oktober 2019" in error.value.problems[0].sv
    assert (world.table.get(keys.totals_key(ROUND)) or {})["turned_away"] == 1


def test_files_that_would_be_refused_are_told_before_they_are_sent(world: World) -> None:
    program = attachment("other", "virus.exe", b"MZ", "application/x-msdownload")
    with pytest.raises(ProblemsError) as error:
        world.applying.sign(world.start().link, wanted(program, {**PDF, "size": 10_000_001}))
    assert [(one.code, one.path) for one in error.value.problems] == [
        ("type-not-allowed", "attachments.0.type"),
        ("file-too-large", "attachments.1.size"),
    ]


def test_an_application_has_so_many_forms_and_no_more(world: World) -> None:
    started = world.start()
    key = keys.application_key(ROUND, started.application.id)
    from shared.aws.table import Update

    world.table.write(Update(key, set={"forms_signed": MOST_FORMS - 1}))
    world.applying.sign(started.link, wanted())
    with pytest.raises(ProblemsError) as error:
        world.applying.sign(started.link, wanted())
    assert refused(error) == (429, ["too-many-uploads"])


def test_signing_forms_for_an_application_does_not_stand_in_the_way_of_its_intake(world: World) -> None:
    started = world.start()
    world.applying.sign(started.link, wanted())
    world.submit(started.application.id)
    application = read_application(world.table, ROUND, started.application.id)
    assert application is not None
    assert application.extra == {"forms_signed": 1}
    assert application.state is ApplicationState.SUBMITTED


def test_a_withdrawn_application_no_longer_counts_and_can_be_sent_again(world: World) -> None:
    started = world.start()
    world.submit(started.application.id)
    world.now += timedelta(minutes=1)
    _, withdrawn = world.applying.withdraw(started.link)
    assert withdrawn.state is ApplicationState.WITHDRAWN
    totals = world.table.get(keys.totals_key(ROUND)) or {}
    assert (totals["requested"], totals["state|submitted"], totals["state|withdrawn"]) == (0, 0, 1)
    with pytest.raises(ProblemsError) as error:
        world.applying.withdraw(started.link)
    assert refused(error) == (409, ["already-withdrawn"])
    world.now += timedelta(minutes=1)
    world.submit(started.application.id)
    application = read_application(world.table, ROUND, started.application.id)
    assert application is not None
    assert application.state is ApplicationState.SUBMITTED


def test_a_draft_cannot_be_withdrawn(world: World) -> None:
    with pytest.raises(ProblemsError) as error:
        world.applying.withdraw(world.start().link)
    assert refused(error) == (409, ["nothing-to-withdraw"])


def test_a_withdrawal_is_in_the_audit_trail_without_personal_data(world: World) -> None:
    started = world.start()
    world.submit(started.application.id)
    world.applying.withdraw(started.link)
    events = world.administering.events(ROUND)
    assert [event["what"] for event in events] == ["round created", "round open", "application withdrawn"]
    assert "asa.oberg" not in json.dumps(events)


def test_the_status_shows_the_receipt_and_what_has_to_be_mended(world: World) -> None:
    started = world.start()
    world.submit(started.application.id)
    world.now += timedelta(minutes=5)
    world.submit(started.application.id, a_document(contact__email=None))
    shown = standing(*world.applying.status(started.link), world.now)
    assert shown["state"] == "submitted"
    assert shown["current"]["version"] == 1
    assert shown["reference"] in shown["receipt"]["text"]
    assert PDF["sha256"] in shown["receipt"]["text"]
    assert [(one["code"], one["path"]) for one in shown["refused"]["problems"]] == [("missing", "contact.email")]
    assert "Uppgiften saknas" in shown["refused"]["text"]
    assert started.link.token not in json.dumps(shown)


def test_history_tells_every_submission_of_this_application_as_it_arrived(world: World) -> None:
    started, other = world.start(), world.start()
    world.submit(other.application.id)
    sent = []
    for title, email in (("Ett", "asa@pitea.example"), ("Två", None), ("Tre", "asa@pitea.example")):
        world.now += timedelta(minutes=1)
        document = a_document(project__title=title, contact__email=email)
        sent.append(world.submit(started.application.id, document).submission)
    told = world.applying.history(started.link)
    assert told["now"] == "2019-10-01T08:03:00Z"
    assert [(one["submission"], one["arrived_at"], one["outcome"], one["number"]) for one in told["submissions"]] == [
        (sent[0].submission, "2019-10-01T08:01:00Z", "accepted", 1),
        (sent[1].submission, "2019-10-01T08:02:00Z", "rejected", 1),
        (sent[2].submission, "2019-10-01T08:03:00Z", "accepted", 2),
    ]
    assert [one["path"] for one in told["submissions"][1]["problems"]] == ["contact.email"]
    with pytest.raises(ProblemsError):
        world.applying.history(new_link(ROUND, started.application.id, b"0" * 16))


def test_the_status_of_a_withdrawn_application_says_so(world: World) -> None:
    started = world.start()
    world.submit(started.application.id)
    shown = standing(*world.applying.withdraw(started.link), world.now)
    assert shown["state"] == "withdrawn"
    assert shown["withdrawn_at"] == "2019-10-01T08:00:00Z"
    assert "återkallad" in shown["receipt"]["text"]


def test_rounds_are_listed_open_ones_first_with_the_form_data_of_their_programme(world: World) -> None:
    world.administering.create(
        NewRound.model_validate(
            {
                "id": "2030-spring",
                "name": {"sv": "Våren 2030", "en": "Spring 2030"},
                "programme": "village-stage-2026",
                "opens": "2030-02-15",
                "closes": "2030-03-15",
            }
        ),
        "anna",
    )
    assert [(call["id"], call["phase"]) for call in world.applying.rounds()] == [
        (ROUND, "open"),
        ("2030-spring", "scheduled"),
    ]
    form = world.applying.round("2030-spring")["programme"]
    assert form["name"]["sv"] == "Bygdescenen"
    assert "source" not in form


def test_the_form_comes_with_the_round_and_its_words_are_not_sent_twice(world: World) -> None:
    shown = world.applying.round(ROUND)
    assert shown["form"]["sections"][0]["id"] == "applicant"
    assert shown["messages"]["missing"]["sv"] == "Uppgiften saknas. Fyll i den."
    assert not {"source", "form", "questions"} & set(shown["programme"])
    assert shown["now"] == "2019-10-01T08:00:00Z"


def test_the_register_offers_everybody_who_can_apply_by_code() -> None:
    offered = published_register()
    assert (len(offered["municipalities"]), len(offered["regions"])) == (290, 21)
    assert {"code": "2581", "name": "Piteå", "county": "Norrbottens län"} in offered["municipalities"]
    assert {"code": "05", "name": "Region Östergötland"} in offered["regions"]


def test_a_draft_that_expires_while_forms_are_signed_leaves_no_row_of_nothing_but_a_count(world: World) -> None:
    started = world.start()
    key = keys.application_key(ROUND, started.application.id)

    class ExpiresNow(Table):
        def write(self, write: Any) -> None:
            clients.dynamodb().delete_item(TableName="anslag", Key={name: {"S": value} for name, value in key.items()})
            super().write(write)

    applying = replace(world.applying, table=ExpiresNow(clients.dynamodb(), "anslag"))
    with pytest.raises(ProblemsError):
        applying.sign(started.link, wanted())
    assert world.table.get(key) is None


class SlowToWrite(Table):
    """Its writes take nine seconds."""

    def __init__(self, world: World) -> None:
        super().__init__(clients.dynamodb(), "anslag")
        self.world = world

    def write(self, write: Any) -> None:
        super().write(write)
        self.world.now += timedelta(seconds=9)


def test_forms_are_never_good_after_the_grace_however_long_the_table_took(world: World) -> None:
    lifetimes: list[timedelta] = []

    class Noting(Bucket):
        def sign_form(self, key: str, **wanted: Any) -> Form:
            lifetimes.append(wanted["lifetime"])
            return super().sign_form(key, **wanted)

    started = world.start()
    world.now = parse_iso("2019-10-15T21:59:50Z")
    slow = replace(world.applying, table=SlowToWrite(world), bucket=Noting(clients.s3(), "uploads"))
    assert slow.sign(started.link, wanted())["expires_at"] == "2019-10-15T22:10:00Z"
    assert lifetimes == [parse_iso("2019-10-15T22:10:00Z") - world.now]


def test_whoever_goes_back_to_the_version_that_was_accepted_has_nothing_to_correct(world: World) -> None:
    started = world.start()
    accepted = a_document()
    for document in (accepted, a_document(contact__email=None)):
        world.now += timedelta(minutes=1)
        world.submit(started.application.id, document)
    assert "refused" in standing(*world.applying.status(started.link), world.now)
    world.now += timedelta(minutes=1)
    world.submit(started.application.id, accepted)
    shown = standing(*world.applying.status(started.link), world.now)
    assert "refused" not in shown
    assert (shown["state"], shown["current"]["version"]) == ("submitted", 1)


def test_forms_asked_for_in_time_are_refused_when_the_round_is_over_before_they_are_signed(world: World) -> None:
    started = world.start()
    world.now = parse_iso("2019-10-15T21:59:55Z")
    with pytest.raises(ProblemsError) as error:
        replace(world.applying, table=SlowToWrite(world)).sign(started.link, wanted())
    assert refused(error) == (409, ["round-not-open"])
    assert (world.table.get(keys.totals_key(ROUND)) or {})["turned_away"] == 1


def test_a_draft_that_counts_as_turned_away_no_longer_expires(world: World) -> None:
    started = world.start()
    world.now = parse_iso("2019-10-16T08:00:00Z")
    with pytest.raises(ProblemsError):
        world.applying.sign(started.link, wanted())
    assert "expires_at" not in (world.table.get(keys.application_key(ROUND, started.application.id)) or {})
