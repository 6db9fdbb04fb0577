"""Nothing personal where it does not belong: a round is lived through with canaries in every text that a person
can write, and then looked for in logs, names of objects, subjects, attributes and messages between functions."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from typing import Any

import pytest

from functions.ingest.intake import Uploaded
from shared import keys
from shared.aws import clients
from shared.rounds import RoundState
from tests.builders.documents import A_PDF, AN_EXCEL, a_document, attachment, raw
from tests.functions.deployed import ANNA, BERTIL, Deployed, deploy, outcome_records, recorded, request, upload_messages
from tests.functions.staff import AFTER_CLOSING, filled_in
from tests.functions.world import ROUND

CANARIES = {
    "name": "Kanarie Namnsdotter",
    "e-mail": "kanarie.epost@pitea.example",
    "wrong e-mail": "kanarie.utan.snabel-a",
    "phone": "+46 911 47 11 47",
    "title": "Kanarietiteln om medborgardialog",
    "summary": "Kanariesammanfattningen berättar om klimatet.",
    "partner": "Kanariestad",
    "file name": "Kanariefilen å ä ö.pdf",
    "other file name": "Kanariebudget d'été.xlsx",
    "unknown field": "kanariefältet",
    "text in a broken document": "Kanarie i trasig JSON",
    "motivation": "Kanariemotivering",
    "reason of staff": "Kanarieorsaken",
    "guessed token": f"{ROUND}.7K3M9QXRC.kanarietokenkanarieXYZ",
}
"""Texts that people write, and that belong nowhere but in their documents, in the table and in answers to them."""


def a_canary(**changes: Any) -> dict[str, Any]:
    """A valid application with a canary in each text."""
    document = a_document(
        contact__name=CANARIES["name"],
        contact__email=CANARIES["e-mail"],
        contact__phone=CANARIES["phone"],
        project__title=CANARIES["title"],
        project__summary=CANARIES["summary"],
        partners__0__name=CANARIES["partner"],
        attachments__0__name=CANARIES["file name"],
        attachments__1__name=CANARIES["other file name"],
    )
    for path, value in changes.items():
        section, _, name = path.partition("__")
        document[section] = {**document[section], name: value} if name else value
    return document


@dataclass
class Applicant:
    """Somebody who applies by the public routes and the signed forms."""

    deployed: Deployed
    application: str
    token: str

    @classmethod
    def start(cls, deployed: Deployed) -> Applicant:
        started = deployed.ask("apply", request("POST", f"/rounds/{ROUND}/applications", {"language": "sv"}))[1]
        return cls(deployed, started["application"], started["token"])

    def ask(self, method: str, path: str, body: dict[str, Any] | None = None) -> tuple[int, Any]:
        return self.deployed.ask("apply", request(method, path, body, token=self.token))

    def upload(self, content: bytes, files: tuple[dict[str, Any], ...] = ()) -> Uploaded:
        """Ask for forms, and put everything where they say."""
        named = attachment("", "", content, "")
        wanted = {
            "document": {"size": named["size"], "sha256": named["sha256"]},
            "attachments": [{key: file[key] for key in ("name", "size", "sha256", "type")} for file in files],
        }
        status, signed = self.ask("POST", "/application/forms", wanted)
        assert status == 201
        contents = {attachment("", "", one, "")["sha256"]: one for one in (A_PDF, AN_EXCEL)}
        uploaded = None
        for form in signed["forms"]:
            body = content if form["for"] == "document" else contents[form["sha256"]]
            uploaded = self.deployed.world.put(form["fields"]["key"], body)
        assert uploaded is not None
        return uploaded

    def send(self, document: dict[str, Any] | bytes) -> None:
        """Upload, and have it ingested."""
        content = document if isinstance(document, bytes) else raw(document)
        files = tuple(document["attachments"]) if isinstance(document, dict) else ()
        assert self.deployed.invoke("ingest", upload_messages(self.upload(content, files))) == {"batchItemFailures": []}


def _apply(deployed: Deployed) -> list[Applicant]:
    """Applications that are accepted, changed, refused and withdrawn, and one whose outcome nobody recorded."""
    people = [Applicant.start(deployed) for _ in range(7)]
    accepted, changed, refused, incomplete, broken, withdrawn, unrecorded = people
    accepted.send(a_canary())
    changed.send(a_canary())
    changed.send(a_canary(project__title=f"{CANARIES['title']} 2"))
    refused.send(a_canary(contact__email=CANARIES["wrong e-mail"], project__starts=CANARIES["title"]))
    refused.send({**a_canary(project__years=9), CANARIES["unknown field"]: CANARIES["name"]})
    incomplete.send(raw(a_canary()))
    broken.send(b'{"contact": "' + CANARIES["text in a broken document"].encode())
    withdrawn.send(a_canary())
    assert withdrawn.ask("POST", "/application/withdrawal", {})[0] == 200
    for editor, status in (("window-1", 200), ("window-2", 409), (CANARIES["guessed token"], 400)):
        typed = {"revision": 0, "editor": editor, "draft": a_canary()}
        assert incomplete.ask("PUT", "/application/draft", typed)[0] == status
    assert incomplete.ask("GET", "/application/draft")[1]["draft"] == a_canary()
    document = a_canary()
    unrecorded.upload(raw(document), tuple(document["attachments"]))
    for person in people:
        assert person.ask("GET", "/application")[0] == 200
        assert person.ask("GET", "/application/history")[0] == 200
    return people


def _stumble(deployed: Deployed, person: Applicant) -> None:
    """Requests that are refused, each with something in it that must not be repeated elsewhere."""
    asked = [
        deployed.ask("apply", request("GET", "/application", token=CANARIES["guessed token"])),
        deployed.ask("apply", request("GET", "/application", token=f"{person.token}{CANARIES['name']}")),
        person.ask("POST", "/application/forms", {CANARIES["unknown field"]: CANARIES["name"]}),
        person.ask("POST", "/application/forms", _a_file_too_many(CANARIES["file name"])),
        deployed.ask("apply", request("POST", f"/rounds/{ROUND}/applications", {"language": CANARIES["name"]})),
        deployed.ask("apply", request("GET", "/rounds/no-such-round")),
    ]
    assert [status for status, _ in asked] == [404, 404, 400, 422, 400, 404]


def _a_file_too_many(name: str) -> dict[str, Any]:
    file = {"name": name, "size": 1, "sha256": "0" * 64, "type": "application/x-kanarie"}
    return {"document": {"size": 2, "sha256": "0" * 64}, "attachments": [file]}


def _acknowledge(deployed: Deployed) -> None:
    """Receipts, of which SES refuses one as it does: with the address in its words."""
    outcomes = deployed.world.submissions()
    assert deployed.invoke("acknowledge", outcome_records(*outcomes)) == {"batchItemFailures": []}
    assert deployed.mailed


def _close(deployed: Deployed) -> list[str]:
    """The round ends, and the sweep finds what has no outcome. Returns the sweep's messages."""
    world = deployed.world
    world.now += timedelta(days=1)
    deployed.invoke("summarise", recorded("digest"))
    world.now = AFTER_CLOSING
    deployed.invoke("advance", recorded("heartbeat"))
    letters = world.uploads.receive(hidden_seconds=0)
    for letter in letters:
        swept = json.loads(letter.body)["detail"]["object"]
        deployed.invoke("ingest", upload_messages(Uploaded(swept["key"], swept["version-id"])))
    deployed.invoke("advance", recorded("heartbeat"))
    assert world.round().state is RoundState.CLOSED
    deployed.invoke("summarise", recorded("closing-summary"))
    return [letter.body for letter in letters]


def _decide_and_announce(deployed: Deployed, person: Applicant) -> None:
    """What staff do, with a slip in each list that they hand in."""

    def ask(function: str, method: str, path: str, body: Any = None, *, by: str = ANNA) -> tuple[int, Any]:
        return deployed.ask(function, request(method, f"/staff/rounds/{ROUND}{path}", body, by=by))

    assert ask("administer", "GET", "/applications")[0] == 200
    assert CANARIES["e-mail"] in json.dumps(ask("administer", "GET", f"/applications/{person.application}")[1])
    assert ask("administer", "POST", "/closing", {"reason": CANARIES["reason of staff"]})[0] == 409
    rows = filled_in(deployed.world, 700_000).decode().splitlines()
    listed = "\n".join([f"{rows[0]};motivation", *(f"{row};{CANARIES['motivation']}" for row in rows[1:])])
    assert ask("decide", "GET", "/decisions")[0] == 200
    assert (
        ask("decide", "PUT", "/decisions", f"{listed}\n{CANARIES['name']};bifall;1;{CANARIES['motivation']}")[0] == 422
    )
    listed_row = {
        "row": 6,
        "reference": CANARIES["name"],
        "title": CANARIES["title"],
        "motivation": CANARIES["motivation"],
    }
    assert (
        ask("decide", "PUT", "/decisions", {"rows": [listed_row, listed_row | {CANARIES["unknown field"]: ""}]})[0]
        == 400
    )
    assert ask("decide", "PUT", "/decisions", {"rows": [listed_row | {"reference": person.application}]})[0] == 422
    digest = ask("decide", "PUT", "/decisions", listed)[1]["digest"]
    assert ask("decide", "POST", "/decisions/approval", {"digest": digest}, by=BERTIL)[0] == 200
    preview = ask("announce", "GET", "/announcement", by=BERTIL)[1]
    assert CANARIES["title"] in json.dumps(preview, ensure_ascii=False)
    assert ask("announce", "POST", "/announcement", {"digest": preview["digest"]}, by=BERTIL)[0] == 200


@dataclass(frozen=True)
class Traces:
    """What a round leaves behind, apart from its rows, its documents and its answers."""

    places: dict[str, str]
    secrets: tuple[str, ...]


@cache
def traces() -> Traces:
    """A whole round, lived through once."""
    others = _Others()
    root = logging.getLogger()
    root.addHandler(others)
    with pytest.MonkeyPatch.context() as patch, deploy(patch) as deployed:
        try:
            people = _apply(deployed)
            _stumble(deployed, people[0])
            _acknowledge(deployed)
            swept = _close(deployed)
            _decide_and_announce(deployed, people[0])
        finally:
            root.removeHandler(others)
        places = {
            "the functions' logs": deployed.logged.getvalue(),
            "other libraries' logs": "\n".join(others.lines),
            "names of objects": "\n".join(_objects()),
            "subjects and attributes": "\n".join(_envelopes(deployed)),
            "messages of the sweep": "\n".join(swept),
            "events between functions": json.dumps(deployed.started),
            "subjects of receipts": "\n".join(str(one["Content"]["Simple"]["Subject"]) for one in deployed.mailed),
        }
        secrets = [part for person in people for part in (person.token, person.token.rpartition(".")[2])]
        return Traces(places, (*secrets, *_hashes(deployed)))


class _Others(logging.Handler):
    """What Lambda's own handler would write of libraries: warnings and worse."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(self.format(record))


def _objects() -> Iterator[str]:
    for page in clients.s3().get_paginator("list_object_versions").paginate(Bucket="uploads"):
        yield from (version["Key"] for version in page["Versions"])


def _envelopes(deployed: Deployed) -> Iterator[str]:
    for inbox in (deployed.staff, deployed.awards):
        for message in inbox.read():
            yield message["Subject"]
            yield json.dumps(message.get("MessageAttributes", {}), ensure_ascii=False)


def _hashes(deployed: Deployed) -> Iterator[str]:
    for item in deployed.world.rows(keys.APPLICATIONS):
        yield item["link_hash"]


PLACES = (
    "the functions' logs",
    "other libraries' logs",
    "names of objects",
    "subjects and attributes",
    "messages of the sweep",
    "events between functions",
    "subjects of receipts",
)


def readings(text: str) -> set[str]:
    """The text as it may stand in a log: as it is, and with JSON's escapes."""
    return {text, json.dumps(text)[1:-1], json.dumps(text, ensure_ascii=False)[1:-1], text.lower()}


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("canary", CANARIES)
def test_what_people_write_is_not_repeated(place: str, canary: str) -> None:
    found = traces().places[place]
    assert {reading for reading in readings(CANARIES[canary]) if reading in found} == set()


@pytest.mark.parametrize("place", PLACES)
def test_private_links_are_nowhere_not_even_their_hashes(place: str) -> None:
    assert [secret for secret in traces().secrets if secret in traces().places[place]] == []


def test_there_was_something_to_look_at() -> None:
    """A search of nothing finds nothing."""
    told = {json.loads(line)["message"] for line in traces().places["the functions' logs"].splitlines()}
    assert told >= {
        "announcement published",
        "application started",
        "application withdrawn",
        "decisions approved",
        "decisions entered",
        "forms signed",
        "outcome acknowledged",
        "refused",
        "round advanced",
        "submission recorded",
        "summaries sent",
    }
    empty = [place for place, text in traces().places.items() if not text]
    assert empty == ["other libraries' logs"]
    assert len(traces().secrets) == 21


def test_every_log_line_is_json_with_a_message_that_never_changes() -> None:
    """What differs from line to line is in fields: a sentence with a name in it would show here as one more."""
    lines = [json.loads(line) for line in traces().places["the functions' logs"].splitlines()]
    assert len({line["message"] for line in lines}) <= 20
    assert {line["level"] for line in lines} == {"INFO"}


def test_a_receipt_that_ses_refuses_does_not_put_the_address_into_the_log() -> None:
    """SES names the address in its refusal (Developer Guide, "Amazon SES email sending errors")."""
    with pytest.MonkeyPatch.context() as patch, deploy(patch) as deployed:
        Applicant.start(deployed).send(a_canary())
        deployed.mail_refuses = (
            "Email address is not verified. The following identities failed the check in region EU-NORTH-1: "
            + CANARIES["e-mail"]
        )
        deployed.invoke("acknowledge", outcome_records(*deployed.world.submissions()))
        assert deployed.log()[-1]["error"] == "MessageRejected at SendEmail"
        assert CANARIES["e-mail"] not in deployed.logged.getvalue()
