"""Whole rounds of two funders at once, from opening to announcement. The schedule opens and closes rounds by itself:
nobody here asks for the job to run. Its heartbeat is waited for once, so each act is a fixture, in their order."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import requests

from infrastructure.cloud.letters import Mail
from infrastructure.demo.applicant import ApplicantClient
from shared.keys import RECEIPTS
from shared.submissions import root_hash
from tests.end_to_end.acts import EARLY, PLAYS, PROJECTS, Announced, Rounds, decide, received, subscribe
from tests.end_to_end.installation import Installation, Json
from tests.end_to_end.letters import all_told, decisions_told, previewed
from tests.end_to_end.papers import BUDGET, FILES, PARTNERSHIP, VILLAGE_STAGE
from tests.end_to_end.waiting import until, until_instant

pytestmark = pytest.mark.cloud

SCHEMA = json.loads((Path(__file__).parents[2] / "shared" / "schemas" / "announcement-1.json").read_text())
OPEN_SECONDS = 120
HEARTBEAT = 250
"""Seconds in which a round ends and a job has run that is due every minute, in a cloud that looks every ten: twice
where it comes while uploads may still arrive."""


@pytest.fixture(scope="module")
def created(installation: Installation) -> Rounds:
    """Anna creates the rounds."""
    now = datetime.now(UTC).replace(microsecond=0)
    rounds = Rounds(now + timedelta(seconds=OPEN_SECONDS))
    soon = now + timedelta(seconds=6)
    for round_id, programme, sv, en, more in (
        (rounds.autumn, PARTNERSHIP, "Hösten 2019", "Autumn 2019", ("--budget", "1000000")),
        (rounds.village, VILLAGE_STAGE, "Våren 2027", "Spring 2027", ("--budget", "60000")),
        (rounds.later, VILLAGE_STAGE, "Våren 2028", "Spring 2028", ()),
    ):
        later = round_id == rounds.later
        installation.anna.anslag(
            *("rounds", "create", round_id, "--programme", programme, "--name-sv", sv, "--name-en", en),
            *("--opens", (soon if later else now).isoformat(), "--grace-seconds", "0"),
            *(() if later else ("--closes", rounds.closes.isoformat())),
            *more,
        )
    return rounds


@pytest.fixture(scope="module")
def applied(installation: Installation, created: Rounds) -> Rounds:
    """Everybody applies. Öckerö first forgets its letter of intent, and Älmhult changes its mind."""
    for round_id, documents in ((created.autumn, PROJECTS), (created.village, PLAYS)):
        for name, document in documents.items():
            client = created.applicants[name] = installation.applicant(round_id)
            if name == "Öckerö":
                forgotten = {**document, "attachments": [BUDGET.as_json()]}
                status = client.outcome_of(client.send(forgotten, [BUDGET])["submission"])
                assert [one["code"] for one in status["refused"]["problems"]] == ["attachment-missing"]
            files = FILES if document["attachments"] else ()
            status = client.outcome_of(client.send(document, files)["submission"])
            assert status["state"] == "submitted", status
    assert created.applicants["Älmhult"].withdraw()["state"] == "withdrawn"
    client = until(partial(_let_in, installation, created.later), "the later round to let applicants in")
    created.applicants["Ängelholms spelmän"] = client
    assert client.outcome_of(client.send(EARLY)["submission"])["state"] == "submitted"
    assert datetime.now(UTC) < created.closes, "this machine was too slow to apply before the deadline"
    return created


def _let_in(installation: Installation, round_id: str) -> ApplicantClient | None:
    shown = installation.shown(round_id)["round"]
    return installation.applicant(round_id) if shown["phase"] == "open" else None


@pytest.fixture(scope="module")
def closed(installation: Installation, applied: Rounds) -> Mapping[str, Json]:
    """The heartbeat has come. What staff see of the rounds then."""
    wanted = {applied.autumn: "closed", applied.village: "closed", applied.later: "open"}

    def look() -> Mapping[str, Json] | None:
        shown = {round_id: installation.shown(round_id) for round_id in wanted}
        return shown if {one: shown[one]["round"]["state"] for one in shown} == wanted else None

    return until(look, "the heartbeat to open one round and to close two", seconds=HEARTBEAT, pause=0.5)


@pytest.fixture(scope="module")
def announced(installation: Installation, applied: Rounds, closed: Mapping[str, Json]) -> Mapping[str, Announced]:
    """Anna decides, Bertil approves and publishes. Two newspapers' systems listen, each for its own county."""
    assert closed
    systems = {county: subscribe(installation, county) for county in ("25", "14")}
    found = {}
    for round_id, awards in (
        (applied.autumn, {"Piteå": 440_000, "Region Östergötland": 500_000}),
        (applied.village, {"Bygdeteatern i Åmål": 30_000}),
    ):
        digest = decide(installation, round_id, {applied.reference(name): sum_ for name, sum_ in awards.items()})
        installation.anna.anslag("decisions", "approve", round_id, "--digest", digest, expect=1)
        installation.bertil.anslag("decisions", "approve", round_id, "--digest", digest)
        preview, letters = (
            installation.bertil.ask("announcement", "preview", round_id),
            previewed(installation, round_id),
        )
        publish = ("announcement", "publish", round_id, "--digest", preview["digest"], "--yes")
        published = installation.bertil.ask(*publish)
        installation.bertil.anslag(*publish, expect=1)
        at_systems = {county: received(installation, url) for county, url in systems.items()}
        found[round_id] = Announced(preview, letters, published, at_systems)
    return found


# While they are open


def test_applicants_see_how_their_applications_stand(applied: Rounds) -> None:
    statuses = {name: client.status() for name, client in applied.applicants.items()}
    states = {name: status["state"] for name, status in statuses.items()}
    assert states == dict.fromkeys(statuses, "submitted") | {"Älmhult": "withdrawn"}
    assert [name for name, status in statuses.items() if name not in status["receipt"]["text"]] == []


def test_a_receipt_by_mail_is_the_one_on_the_page(installation: Installation, applied: Rounds) -> None:
    addresses = {"Piteå": "municipality-2581@kommun.example", "Bygdeteatern i Åmål": "amal@forening.example"}
    for name, address in addresses.items():
        (letter,) = until(partial(_receipts, installation, address), f"the receipt of {name}")
        receipt = applied.applicants[name].status()["receipt"]
        assert (letter.subject, letter.body) == (receipt["subject"], receipt["text"])
        application = applied.reference(name).replace("-", "")
        assert letter.attributes["from"] == "ansokan@icld.example"
        assert letter.attributes["X-Anslag-Effect"].startswith(f"receipt-{application}-")


def _receipts(installation: Installation, address: str) -> list[Mail]:
    """What an outcome was told with: on a slow machine the round has closed by now, and that is told too."""
    sent = installation.letters(to=address)
    return [one for one in sent if one.attributes["X-Anslag-Effect"].startswith(RECEIPTS)]


def test_who_mended_a_mistake_was_told_of_both(installation: Installation, applied: Rounds) -> None:
    reference = applied.reference("Öckerö")

    def letters() -> list[str]:
        return [letter.subject for letter in _receipts(installation, "municipality-1407@kommun.example")]

    until(lambda: len(letters()) >= 2, "two letters to Öckerö")
    assert letters() == [
        f"Ansökan {reference} behöver rättas: Kommunala partnerskap",
        f"Ansökan {reference} har kommit in: Kommunala partnerskap",
    ]


# After the heartbeat


def test_the_schedule_opens_a_round_by_itself(installation: Installation, closed: Mapping[str, Json]) -> None:
    (later,) = (shown["round"]["id"] for shown in closed.values() if shown["round"]["state"] == "open")
    events = installation.anna.ask("rounds", "events", later)["events"]
    assert [(event["what"], event["who"]) for event in events] == [
        ("round created", "arn:aws:iam::000000000000:user/anna"),
        ("round open", "scheduled job"),
    ]


def test_the_schedule_closes_a_round_by_itself_and_proves_it_complete(
    installation: Installation, applied: Rounds, closed: Mapping[str, Json]
) -> None:
    shown, round_id = closed[applied.autumn], applied.autumn
    counted = {
        "applications": {"submitted": 3, "withdrawn": 1},
        "requested": 1_350_000,
        "applicants": 3,
        "outcomes": {"accepted": 4, "rejected": 1, "late": 0, "duplicate": 0},
        "turned_away": 0,
        "by": {
            "core_area": {
                "equity": {"applications": 1, "requested": 500_000},
                "participation": {"applications": 2, "requested": 850_000},
                "transparency": {"applications": 2, "requested": 850_000},
            },
            "country": {
                "KE": {"applications": 1, "requested": 500_000},
                "VN": {"applications": 2, "requested": 850_000},
            },
            "applicant_kind": {
                "municipality": {"applications": 2, "requested": 850_000},
                "region": {"applications": 1, "requested": 500_000},
            },
            "county": {
                "05": {"applications": 1, "requested": 500_000},
                "14": {"applications": 1, "requested": 400_000},
                "25": {"applications": 1, "requested": 450_000},
            },
        },
    }
    assert shown["totals"] == {**counted, "awarded": None} == installation.recount(round_id)
    assert shown["certificate"] == {
        "round": round_id,
        "objects": 5,
        "outcomes": {"accepted": 4, "rejected": 1, "late": 0, "duplicate": 0},
        "missing": 0,
        "totals": counted,
        "root": root_hash(installation.submissions(round_id)),
        "certified_at": shown["certificate"]["certified_at"],
    }
    assert installation.unrecorded(round_id) == []
    events = installation.anna.ask("rounds", "events", round_id)["events"]
    assert [(event["what"], event["who"]) for event in events if event["what"] != "round open"] == [
        ("round created", "arn:aws:iam::000000000000:user/anna"),
        ("application withdrawn", "applicant"),
        ("round closing", "scheduled job"),
        ("round closed", "scheduled job"),
    ]


def test_anybody_reads_the_certificate_and_who_works_it_out_again_finds_the_same(
    installation: Installation, applied: Rounds, closed: Mapping[str, Json]
) -> None:
    address = f"{installation.outputs['ApiUrl']}/rounds/{applied.autumn}/certificate"
    assert requests.get(address, timeout=60).json() == closed[applied.autumn]["certificate"]
    assert installation.anna.ask("verify", applied.autumn)["differences"] == []
    proven = applied.applicants["Piteå"].receipt()["statement"]["certified"]
    assert (proven["root"], proven["size"]) == (closed[applied.autumn]["certificate"]["root"], 5)


def test_staff_read_what_a_round_came_to_once(
    installation: Installation, applied: Rounds, closed: Mapping[str, Json]
) -> None:
    def summaries() -> list[Any]:
        return installation.letters(topic="StaffTopic", naming="Kommunala partnerskap, Hösten 2019")

    (letter,) = until(summaries, "the closing summary")
    assert letter.subject == "Stängd med 3 ansökningar, inget saknas: Kommunala partnerskap, Hösten 2019"
    assert letter.to == ("anna@icld.example", "bertil@icld.example")
    for line in (
        "Återkallade: 1",
        "Inkomna versioner: 4 godkända, 1 underkänd, 0 dubbletter, 0 för sena",
        "Sökt belopp: 1\xa0350\xa0000\xa0kronor",
        f"- Piteå, 450\xa0000\xa0kronor ({applied.reference('Piteå')})",
        f"- Region Östergötland, 500\xa0000\xa0kronor ({applied.reference('Region Östergötland')})",
        f"- Öckerö, 400\xa0000\xa0kronor ({applied.reference('Öckerö')})",
        f"  {closed[applied.autumn]['certificate']['root']}",
    ):
        assert line in letter.body.split("\n")
    assert applied.reference("Älmhult") not in letter.body
    installation.invoke("summarise", {"summary": "closing", "round": applied.autumn})
    assert summaries() == [letter]


def test_the_awards_are_announced_once_in_both_languages_as_they_were_previewed(
    installation: Installation, applied: Rounds, announced: Mapping[str, Announced]
) -> None:
    round_id = applied.autumn
    texts = announced[round_id].preview["texts"]
    (letter,) = installation.letters(topic="AwardTopic", naming=f'"id":"{round_id}"')
    assert announced[round_id].published["message_id"] == letter.id
    assert letter.subject == texts["sv"]["subject"]
    assert (texts["sv"]["body"] in letter.body, texts["en"]["body"] in letter.body) == (True, True)
    assert {language: text["subject"] for language, text in texts.items()} == {
        "sv": "Kommunala partnerskap: 1 kommun och 1 region får dela på 940 000 kronor",
        "en": "Municipal Partnerships: 1 municipality and 1 region share SEK 940 000",
    }
    awards = [line for line in letter.body.split("\n") if line.startswith("- ")]
    assert awards == [
        "- Piteå, 440\xa0000\xa0kronor",
        "- Region Östergötland, 500\xa0000\xa0kronor",
        "- Piteå, SEK\xa0440\xa0000",
        "- Region Östergötland, SEK\xa0500\xa0000",
    ]
    assert letter.attributes == {
        "round": round_id,
        "effect": f"{round_id} announcement-0001",
        "languages": '["sv", "en"]',
        "kinds": '["municipality", "region"]',
        "counties": '["05", "25"]',
        "core_areas": '["equity", "participation", "transparency"]',
    }
    shown = installation.shown(round_id)
    assert (shown["round"]["state"], shown["totals"]["awarded"]) == ("announced", 940_000)


def test_the_document_for_machines_follows_its_schema_and_adds_up(
    installation: Installation, applied: Rounds, announced: Mapping[str, Announced]
) -> None:
    for round_id, amounts in (
        (applied.autumn, {"Piteå": 440_000, "Region Östergötland": 500_000}),
        (applied.village, {"Bygdeteatern i Åmål": 30_000}),
    ):
        (letter,) = installation.letters(topic="AwardTopic", naming=f'"id":"{round_id}"')
        document = json.loads(letter.document or "")
        checker = jsonschema.Draft202012Validator.FORMAT_CHECKER
        jsonschema.Draft202012Validator(SCHEMA, format_checker=checker).validate(document)
        without_time = {name: value for name, value in document.items() if name != "announced_at"}
        assert without_time.items() <= announced[round_id].preview["document"].items()
        assert {one["grantee"]["name"]: one["amount"] for one in document["awards"]} == amounts
        assert document["totals"]["amount"] == sum(amounts.values())
        assert [one["reference"] for one in document["awards"]] == [applied.reference(name) for name in amounts]


def test_a_system_gets_the_document_where_it_concerns_its_county(
    installation: Installation, applied: Rounds, announced: Mapping[str, Announced]
) -> None:
    (letter,) = installation.letters(topic="AwardTopic", naming=f'"id":"{applied.autumn}"')
    assert announced[applied.autumn].at_systems == {"25": [json.loads(letter.document or "")], "14": []}
    assert announced[applied.village].at_systems == {"25": [], "14": []}


def test_another_funders_round_goes_the_same_way_by_its_own_rules(
    installation: Installation, applied: Rounds, closed: Mapping[str, Json], announced: Mapping[str, Announced]
) -> None:
    round_id = applied.village
    shown = closed[round_id]
    group = {"applications": 2, "requested": 70_000}
    assert shown["totals"] == {
        "applications": {"submitted": 2},
        "requested": 70_000,
        "applicants": 2,
        "outcomes": {"accepted": 2, "rejected": 0, "late": 0, "duplicate": 0},
        "turned_away": 0,
        "by": {
            "core_area": {"everyone": group},
            "country": {},
            "applicant_kind": {"association": group},
            "county": {"none": group},
        },
        "awarded": None,
    }
    assert (shown["certificate"]["objects"], shown["certificate"]["missing"]) == (2, 0)
    (summary,) = until(
        lambda: installation.letters(topic="StaffTopic", naming="Bygdescenen, Våren 2027"), "the closing summary"
    )
    assert "från 2 föreningar" in summary.body
    (letter,) = installation.letters(topic="AwardTopic", naming=f'"id":"{round_id}"')
    assert (letter.subject, letter.body) == (
        announced[round_id].preview["texts"]["sv"]["subject"],
        announced[round_id].preview["texts"]["sv"]["body"],
    )
    assert "Bygdeteatern i Åmål, 30\xa0000\xa0kronor" in letter.body
    assert "Östervåla" not in f"{letter.body}{letter.document}"
    assert letter.attributes == {
        "round": round_id,
        "effect": f"{round_id} announcement-0001",
        "languages": '["sv"]',
        "kinds": '["association"]',
        "core_areas": '["everyone"]',
    }
    # Nothing of the first funder's is in it.
    for word in ("icld", "kommun", "partner", "sida"):
        assert word not in f"{summary.subject}\n{summary.body}\n{letter.subject}\n{letter.body}".lower()


def test_staff_read_every_morning_what_is_new(
    installation: Installation, applied: Rounds, announced: Mapping[str, Announced]
) -> None:
    assert announced
    (row,) = installation.submissions(applied.later)
    # A digest tells of what was recorded a minute ago or earlier.
    until_instant(row.recorded_at + timedelta(seconds=61))
    installation.clear_dead_letters()
    # On a Saturday or Sunday staff are told of faults alone, and of what is new beside one.
    failed = {"QueueUrl": installation.outputs["FailedUploadsUrl"]}
    installation.client("sqs").send_message(**failed, MessageBody="{}")
    # What the schedule says, to whom the schedule says it.
    target = installation.client("scheduler").get_schedule(Name="anslag-morning")["Target"]
    assert target["Arn"].endswith(":function:anslag-summarise")
    assert applied.later in installation.invoke("summarise", json.loads(target["Input"]))["sent"]
    assert applied.later not in installation.invoke("summarise", {"summary": "digest"})["sent"]
    installation.client("sqs").purge_queue(**failed)
    (letter,) = installation.letters(topic="StaffTopic", naming="Bygdescenen, Våren 2028")
    assert (letter.to, letter.subject) == (
        ("anna@icld.example", "bertil@icld.example"),
        "Inget saknas, 1 i felkö, 1 ny: Bygdescenen, Våren 2028",
    )
    assert letter.body.endswith(
        f"Nya ansökningar (1)\n- Ängelholms spelmän, 30\xa0000\xa0kronor ({applied.reference('Ängelholms spelmän')})\n"
        "  Kärlek å svek\n"
    )


def test_every_applicant_gets_the_decision_letter_that_was_previewed(
    installation: Installation, announced: Mapping[str, Announced]
) -> None:
    decisions = {}
    for round_id, one in announced.items():
        all_told(installation, round_id, seconds=HEARTBEAT)
        told = decisions_told(installation, list(installation.applications(round_id)), 1)
        assert told == {ref: [(letter["subject"], letter["text"])] for ref, letter in one.letters.items()}
        decisions[round_id] = sorted((letter["decision"], letter["applicant"]) for letter in one.letters.values())
    assert decisions == {
        "autumn-2019": [("award", "Piteå"), ("award", "Region Östergötland"), ("decline", "Öckerö")],
        "village-2027": [("award", "Bygdeteatern i Åmål"), ("decline", "Östervåla Amatörteater")],
    }
