"""The operator's commands against the real handlers, from the creation of a round to its announcement."""

from __future__ import annotations

import json
import os
from pathlib import Path

import boto3
import pytest
from rich.cells import cell_len

from infrastructure.operator import round_views
from tests.builders.rounds import Submitted, start_application, submit_again, submit_application
from tests.infrastructure import operator_api, operator_command, operator_rounds
from tests.infrastructure.operator_api import StaffApi
from tests.infrastructure.operator_command import Anslag, Ran, process
from tests.infrastructure.operator_rounds import LIST, ROUND, fill_in, plain, stored

anslag = operator_command.anslag
closed = operator_rounds.closed
staff_api = operator_api.staff_api


@pytest.fixture(autouse=True)
def _own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


# ---------------------------------------------------------------- rounds


def test_a_round_is_created_listed_extended_and_closed(anslag: Anslag, staff_api: StaffApi) -> None:
    names = ("--name-sv", "Hösten 2026", "--name-en", "Autumn 2026", "--programme", "municipal-partnership-2019")
    times = ("--opens", "2026-09-15", "--closes", "2098-10-15", "--grace-seconds", "90")
    created = anslag("rounds", "create", ROUND, *names, *times, "--budget", "11000000")
    assert (created.code, created.err) == (0, "")
    assert plain(created.out) == "\n".join(
        [
            "The round is created.",
            "",
            "Round      2026-autumn",
            "Name       Autumn 2026",
            "Programme  municipal-partnership-2019",
            "State      open",
            "Opens      15 September 2026 at 00:00:00 (Swedish time)",
            "Closes     15 October 2098 at 23:59:59 (Swedish time)",
            "Grace      90 seconds for uploads on their way",
            "Budget     SEK 11 000 000",
            "",
        ]
    )
    staff_api.tick()
    extended = anslag("rounds", "extend", ROUND, "--closes", "2099-10-15T12:00", "--reason", "Storm")
    assert extended.out.startswith("The round is extended.\n")
    assert stored(staff_api)["round"]["closes_at"] == "2099-10-15T10:00:00Z"
    closed = anslag("rounds", "close", ROUND, "--reason", "Enough", "--language", "sv")
    assert closed.out.startswith("Ansökningstiden är slut.\n")
    assert stored(staff_api)["round"]["closes_at"] < "2099"
    reasons = [event.get("reason") for event in stored(staff_api, "/events")["events"]]
    assert reasons == [None, None, "Storm", "Enough"]


def test_a_round_without_an_end_and_a_budget_has_neither(anslag: Anslag, staff_api: StaffApi) -> None:
    names = ("--name-sv", "a", "--name-en", "b", "--programme", "municipal-partnership-2019")
    assert anslag("rounds", "create", "all-year", *names, "--opens", "2026-01-01").code == 0
    created = staff_api.ask("GET", "/staff/rounds/all-year")["round"]
    assert (created["closes_at"], created["budget"], created["grace_seconds"]) == (None, None, 900)


def test_every_mistake_in_a_new_round_is_told_at_once(anslag: Anslag, staff_api: StaffApi) -> None:
    names = ("--name-sv", "a", "--name-en", "b", "--programme", "municipal-partnership-2019")
    ran = anslag("rounds", "create", "Å", *names, "--opens", "tomorrow", "--closes", "2019-13-01")
    assert ran == Ran(
        1,
        "",
        "id: A round's id is written in small letters, digits and hyphens, 3 to 40 characters. Example: 2019-autumn\n"
        "opens: Write a date (2019-10-15), a time (2019-10-15T12:00) or a time with its zone. Given: tomorrow\n"
        "closes: Write a date (2019-10-15), a time (2019-10-15T12:00) or a time with its zone. Given: 2019-13-01\n",
    )
    assert staff_api.ask("GET", "/staff/rounds") == {"rounds": []}


def test_the_scheduled_job_is_started(anslag: Anslag, staff_api: StaffApi) -> None:
    assert anslag("rounds", "advance", "--json") == Ran(0, '{\n  "started": true\n}\n', "")
    assert staff_api.asked == ["POST /staff/advance"]


def test_a_round_is_shown_and_its_events_by_whom(anslag: Anslag, closed: StaffApi) -> None:
    shown = plain(anslag("rounds", "show", ROUND, "--language", "sv").out)
    assert "Gotlands län                1     850 000\nNorrbottens län             1     850 000\n" in shown
    assert "2 uppladdningar kom fram: godtagna 2, avvisade 0, för sena 0, dubbletter 0." in shown.replace("\n", " ")
    assert stored(closed)["certificate"]["root"] in shown
    events = anslag("rounds", "events", ROUND).out
    whats = ("anna            round created", "scheduled job   round opened", "anna            round closed early")
    assert [what in events for what in whats] == [True, True, True]


def test_json_is_the_answer_and_nothing_else(anslag: Anslag, closed: StaffApi) -> None:
    for command, path in (
        (("rounds", "events", ROUND), "/events"),
        (("applications", "list", ROUND), "/applications"),
    ):
        ran = anslag("--json", *command)
        assert (ran.code, json.loads(ran.out), ran.err) == (0, stored(closed, path), "")


def test_the_command_works_as_a_process_of_its_own(closed: StaffApi, tmp_path: Path) -> None:
    ran = process("rounds", "show", ROUND, "--json")
    shown, known = json.loads(ran.out), stored(closed)
    assert (ran.code, ran.err) == (0, "")
    assert shown["totals"] == known["totals"]
    assert list(tmp_path.iterdir()) == []


# ---------------------------------------------------------------- applications


@pytest.fixture
def various(staff_api: StaffApi) -> dict[str, Submitted]:
    """An open round with an application of every kind."""
    staff_api.create_round()
    found = {
        "pitea": submit_application(ROUND),
        "orebro": submit_application(ROUND, applicant__code="1880", project__title="Ettlångtordutanslut" * 8),
        "refused": submit_application(ROUND, project__years=9, budget__0__amount=900_000),
        "draft": start_application(ROUND),
    }
    submit_again(found["pitea"], project__title="Unga, klimat och dialog")
    return found


def test_applications_are_listed_by_applicant_in_swedish_order(anslag: Anslag, various: dict[str, Submitted]) -> None:
    ran = anslag("applications", "list", ROUND, "--language", "sv")
    references = [line.split()[0] for line in ran.out.splitlines() if line[4:5] == line[9:10] == "-"]
    unnamed = sorted([various["refused"].reference, various["draft"].reference])
    assert references == [various["pitea"].reference, various["orebro"].reference, *unnamed]
    assert plain(ran.out).endswith("\n4 ansökningar; 1 700 000 kronor sökt i inskickade.\n")
    assert max(map(cell_len, ran.out.splitlines())) <= 80
    assert "".join(ran.out.split()).count("Ettlångtordutanslut") >= 1


def test_applications_are_chosen_by_state(anslag: Anslag, various: dict[str, Submitted]) -> None:
    expected = {
        "submitted": {various["pitea"].reference, various["orebro"].reference},
        "refused": {various["refused"].reference},
        "draft": {various["draft"].reference},
        "withdrawn": set(),
    }
    for state, references in expected.items():
        ran = anslag("applications", "list", ROUND, "--state", state, "--json")
        assert {one["reference"] for one in json.loads(ran.out)["applications"]} == references


def test_an_application_is_shown_as_people_would_tell_it(
    anslag: Anslag, various: dict[str, Submitted], staff_api: StaffApi
) -> None:
    reference = various["pitea"].reference
    ran = anslag("applications", "show", ROUND, reference.lower().replace("-", ""), "--language", "sv")
    known = stored(staff_api, f"/applications/{reference}")
    assert known["current"]["number"] == 2
    shown = plain(ran.out).splitlines()
    assert shown[:2] == [f"Beteckning  {reference}", "Läge        inskickad"]
    assert shown[4:6] == ["Gällande version", "Version                         2"]
    assert shown[7:] == [
        "Sökande                         Piteå (2581, Norrbottens län)",
        "Kontakt                         Åsa Öberg, asa.oberg@pitea.example, +46 911 69",
        "                                60 00",
        "Projekt                         Unga, klimat och dialog",
        "Typ                             Projekt",
        "Kärnområden                     deltagande, transparens",
        "Partner                         An Giang (Vietnam)",
        "Börjar                          januari 2020",
        "År                              2",
        "Sökt                            850 000 kronor",
        "Undertecknad avsiktsförklaring  Avsiktsförklaring å ä ö.pdf, 1 kB",
        "Budget i Excel                  Budget d'été 2020.xlsx, 1 kB",
    ]


def test_what_was_wrong_with_an_application_is_told_line_by_line(anslag: Anslag, various: dict[str, Submitted]) -> None:
    shown = plain(anslag("applications", "show", ROUND, various["refused"].reference).out)
    assert "project.years: That type of application may last 3 years at most.\n" in shown
    assert shown.count("\nbudget") == 1


def test_a_mistyped_reference_is_not_asked_for(
    anslag: Anslag, various: dict[str, Submitted], staff_api: StaffApi
) -> None:
    reference = various["pitea"].reference
    mistyped = ("1" if reference[0] != "1" else "2") + reference[1:]
    before = list(staff_api.asked)
    told = f"The round has no current application with the reference {mistyped}.\n"
    assert anslag("applications", "show", ROUND, mistyped) == Ran(1, "", told)
    assert staff_api.asked == before


def test_a_withdrawal_that_came_by_letter_is_registered(anslag: Anslag, various: dict[str, Submitted]) -> None:
    reference = various["pitea"].reference
    ran = anslag("applications", "withdraw", ROUND, reference.lower(), "--reason", "Brev", "--language", "sv")
    assert (ran.code, plain(ran.out)) == (0, f"{reference}: Återkallelsen är antecknad.\n")
    again = anslag("applications", "withdraw", ROUND, reference, "--reason", "Brev")
    assert (again.code, again.err) == (1, "The application is already withdrawn.\n")
    unknown = anslag("applications", "withdraw", ROUND, "7K3M-9QXR-X", "--reason", "Brev")
    assert unknown.code == 1


def test_a_withdrawal_after_decisions_says_that_they_are_handed_in_anew(anslag: Anslag, closed: StaffApi) -> None:
    anslag("decisions", "out", ROUND, "--csv")
    fill_in(("award", "100000", ""), ("award", "100000", ""))
    assert anslag("decisions", "in", ROUND, LIST).code == 0
    reference = closed.ask("GET", f"/staff/rounds/{ROUND}/applications")["applications"][0]["reference"]
    ran = anslag("applications", "withdraw", ROUND, reference, "--reason", "Letter")
    assert "Decisions are in already." in plain(ran.out)
    assert "1 changed or were withdrawn" in plain(anslag("verify", ROUND).out)
    events = plain(anslag("rounds", "events", ROUND, "--language", "sv").out)
    assert "återkallelse" in events
    assert "skäl: Letter" in events


def test_somebody_is_let_in_by_a_link_that_is_shown_once(anslag: Anslag, closed: StaffApi) -> None:
    closed.tick()
    ran = anslag("rounds", "let-in", ROUND, "--until", "2099-10-18T15:00", "--reason", "Power cut")
    assert (ran.code, ran.err) == (0, "")
    told, explained, link, *letter = [line for line in plain(ran.out).splitlines() if line]
    reference = told.split()[0]
    assert told == f"{reference} is let in until 18 October 2099 at 15:00:00 (Swedish time)."
    assert explained == "Give the applicant this link, and nobody else. It is shown only now."
    assert " ".join(letter).startswith("Nobody was written to: the application has no e-mail address.")
    assert link.strip().endswith(f"/sv/form#{ROUND}.{reference.replace('-', '')}.{link.strip()[-22:]}")
    again = anslag(
        "rounds", "let-in", ROUND, "--until", "2099-10-19", "--reason", "Still", "--application", reference,
        "--language", "sv",
    )  # fmt: skip
    assert "Den sökande skickar in med sin privata länk som vanligt." in plain(again.out)
    assert stored(closed)["round"]["phase"] == "closed"
    early = anslag("rounds", "let-in", ROUND, "--until", "2019-10-19", "--reason", "Oops")
    assert (early.code, early.err) == (
        1,
        "until: The time must lie after now, and a time that was already given cannot be cut short.\n",
    )


def test_an_officer_is_told_whether_a_letter_goes_out(anslag: Anslag, closed: StaffApi) -> None:
    closed.tick()
    reference = closed.ask("GET", f"/staff/rounds/{ROUND}/applications")["applications"][0]["reference"]
    ran = anslag("applications", "ask-completion", ROUND, reference, "--until", "2099-10-18", "--what", "Budget year 2")
    assert (ran.code, ran.err) == (0, "")
    assert f"{reference} can be completed until 18 October 2099 at 23:59:59 (Swedish time)." in plain(ran.out)
    assert "A letter about it goes out in a minute or two." in plain(ran.out)
    told = round_views.letter({"letter": "no-sender"}, "en")
    assert told.startswith("Nobody was written to: this installation sends no letters.")


def test_an_exception_is_ended_with_a_reason_and_only_once(anslag: Anslag, closed: StaffApi) -> None:
    closed.tick()
    reference = closed.ask("GET", f"/staff/rounds/{ROUND}/applications")["applications"][0]["reference"]
    anslag("applications", "ask-completion", ROUND, reference, "--until", "2099-10-18", "--what", "Budget year 2")
    ended = "applications", "end-exception", ROUND, reference, "--reason", "It came by post"
    ran = anslag(*ended)
    assert (ran.code, ran.err) == (0, "")
    assert f"{reference} has no additional time any more, since " in plain(ran.out)
    again = anslag(*ended)
    assert (again.code, again.err.split(" has")[0]) == (1, f"The application {reference}")
    events = " ".join(plain(anslag("rounds", "events", ROUND).out).split())
    assert "exception ended" in events
    assert "It came by post" in events


# ---------------------------------------------------------------- dead letters


def bury(queue: str, body: str, reason: str = "") -> str:
    """A dead letter. Returns its id."""
    attributes = {"ERROR_MESSAGE": {"DataType": "String", "StringValue": reason}} if reason else {}
    sent = boto3.client("sqs").send_message(QueueUrl=os.environ[queue], MessageBody=body, MessageAttributes=attributes)
    return str(sent["MessageId"])


def waiting(queue: str) -> list[str]:
    """The letters that a queue holds."""
    received = boto3.client("sqs").receive_message(QueueUrl=os.environ[queue], MaxNumberOfMessages=10)
    return [message["Body"] for message in received.get("Messages", [])]


def test_where_nothing_failed_nothing_is_listed(anslag: Anslag, staff_api: StaffApi) -> None:
    assert anslag("dead-letters", "list") == Ran(0, "None: everything was handled.\n", "")
    assert staff_api.asked == ["GET /staff/dead-letters"]


@pytest.mark.usefixtures("staff_api")
def test_dead_letters_are_listed_with_their_reason_and_stay(anslag: Anslag) -> None:
    upload = bury("FAILED_UPLOADS_URL", "{}", "UnknownObjectError \x1b[31m" + "x" * 90)
    job = bury("FAILED_JOBS_URL", "{}")
    for _ in range(2):
        ran = anslag("dead-letters", "list")
        assert [f"{upload}   upload   less than" in ran.out, f"{job}   job" in ran.out] == [True, True]
        assert ("\x1b" in ran.out, max(map(cell_len, ran.out.splitlines())) <= 80) == (False, True)
        assert "".join(ran.out.split()).count("x" * 8) >= 1
    listed = json.loads(anslag("dead-letters", "list", "--json").out)["dead_letters"]
    assert {one["id"] for one in listed} == {upload, job}


def test_letters_are_sent_again_by_id_or_all(anslag: Anslag, staff_api: StaffApi) -> None:
    first, second = bury("FAILED_UPLOADS_URL", "one"), bury("FAILED_UPLOADS_URL", "two")
    assert anslag("dead-letters", "redrive", first) == Ran(0, "1 letter sent again.\n", "")
    assert waiting("UPLOAD_QUEUE_URL") == ["one"]
    told = '{\n  "redriven": 1,\n  "more": false\n}\n'
    assert anslag("dead-letters", "redrive", "--all", "--json") == Ran(0, told, "")
    assert waiting("UPLOAD_QUEUE_URL") == ["two"]
    gone = anslag("dead-letters", "redrive", second, "--language", "sv")
    told = f"ids: Meddelandet {second} finns inte i någon felkö. Kanske är det redan omkört.\n"
    assert gone == Ran(1, "", told)
    assert len(staff_api.asked) == 3


@pytest.mark.parametrize(
    ("language", "told"),
    [
        ("sv", "1 brev skickas om.\n\nDet kan finnas fler. Kör igen:\n"),
        ("en", "1 letter sent again.\n\nThere may be more. Run it again:\n"),
    ],
)
@pytest.mark.usefixtures("staff_api")
def test_whoever_sent_only_some_of_all_letters_again_is_told_to_go_on(
    anslag: Anslag, monkeypatch: pytest.MonkeyPatch, language: str, told: str
) -> None:
    monkeypatch.setattr("functions.administer.dead_letters._MOST_BATCHES", 1)
    bury("FAILED_UPLOADS_URL", "one")
    ran = anslag("dead-letters", "redrive", "--all", "--language", language)
    assert ran == Ran(0, f"{told}  anslag dead-letters redrive --all\n", "")


@pytest.mark.parametrize("arguments", [[], ["some-id", "--all"]])
def test_redriving_needs_to_know_which(anslag: Anslag, staff_api: StaffApi, arguments: list[str]) -> None:
    told = "Give either one or more ids, or --all.\n"
    assert anslag("dead-letters", "redrive", *arguments) == Ran(2, "", told)
    assert staff_api.asked == []


# ---------------------------------------------------------------- whoever may not in


@pytest.mark.parametrize("key", ["AKIASTRANGER", operator_api.ANNA])
def test_a_stranger_and_a_false_signature_are_not_let_in(
    anslag: Anslag, staff_api: StaffApi, monkeypatch: pytest.MonkeyPatch, key: str
) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", key)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "wrong")
    ran = anslag("rounds", "list")
    assert (ran.code, ran.out, "StaffPolicy" in ran.err) == (4, "", True)
    assert staff_api.asked == ["GET /staff/rounds"]
