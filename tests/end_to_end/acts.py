"""What happens in the rounds of two funders: who applies with what, what staff decide, who listens to the result."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from openpyxl import load_workbook

from infrastructure.demo.applicant import ApplicantClient, File
from tests.builders.documents import a_document
from tests.builders.listings import FIRST
from tests.end_to_end.installation import Installation, Json
from tests.end_to_end.letters import previewed
from tests.end_to_end.papers import a_play


@dataclass(frozen=True)
class Rounds:
    """Two rounds that last seconds, and one that opens a little later and stays open. Applicants by name."""

    closes: datetime
    autumn: str = "autumn-2019"
    village: str = "village-2027"
    later: str = "village-2028"
    applicants: dict[str, ApplicantClient] = field(default_factory=dict)

    def reference(self, name: str) -> str:
        return self.applicants[name].reference


def _project(kind: str, code: str, title: str, amount: int, **changes: Any) -> Json:
    """A project of one year with An Giang, asking for so many kronor; the letters say who it is."""
    return a_document(
        applicant={"kind": kind, "code": code},
        contact__email=f"{kind}-{code}@kommun.example",
        project__title=title,
        project__years=1,
        budget=[{"year": 1, "category": "travel", "amount": amount}],
        **changes,
    )


CANCER_CARE = {"project__core_areas": ["equity"], "partners": [{"name": "Uasin Gishu", "country": "KE"}]}
PROJECTS = {
    "Piteå": _project("municipality", "2581", "Unga, klimat och digital dialog", 450_000),
    "Region Östergötland": _project("region", "05", "Jämlik cancervård", 500_000, **CANCER_CARE),
    "Öckerö": _project("municipality", "1407", "Kustkommuner i dialog", 400_000),
    "Älmhult": _project("municipality", "0765", "Medborgardialog i småstaden", 300_000),
}
PLAYS = {
    "Bygdeteatern i Åmål": a_play(email="amal@forening.example"),
    "Östervåla Amatörteater": a_play(
        "802003-4560", "Östervåla Amatörteater", email="ostervala@forening.example", title="Mäster Olof", amount=40_000
    ),
}
EARLY = a_play("802411-7700", "Ängelholms spelmän", email="angelholm@forening.example", title="Kärlek å svek")


@dataclass(frozen=True)
class Announced:
    """What people previewed, and what came of publishing it."""

    preview: Json
    letters: Mapping[str, Json]
    """To applicants, by reference, as they were previewed."""
    published: Json
    at_systems: Mapping[str, list[Json]]
    """Messages that reached a system of somebody else, by the county that it asked for."""


def decide(installation: Installation, round_id: str, awards: Mapping[str, int]) -> str:
    """Anna takes the list out, fills it in and hands it back. Returns the digest of the decisions."""
    file = installation.cloud.home / "beslut.xlsx"
    installation.anna.anslag("decisions", "out", round_id, str(file), "--language", "sv")
    book = load_workbook(file)
    sheet = book.worksheets[0]
    for row in range(FIRST, sheet.max_row + 1):
        award = awards.get(str(sheet.cell(row, 1).value))
        sheet.cell(row, 13, "bifall" if award else "avslag")
        sheet.cell(row, 14, award)
    book.save(file)
    entered = installation.anna.ask("decisions", "in", round_id, str(file))
    file.unlink()
    assert (entered["awards"], entered["sum"]) == (len(awards), sum(awards.values()))
    return str(entered["digest"])


def closed_with(
    installation: Installation, round_id: str, documents: Sequence[Json], files: Sequence[File] = ()
) -> list[ApplicantClient]:
    """A round in which these were sent, until it is closed. Returns who sent each."""
    with installation.open_for(round_id, programme=documents[0]["programme"]):
        clients = [installation.applicant(round_id) for _ in documents]
        for client, document in zip(clients, documents, strict=True):
            client.outcome_of(client.send(document, files)["submission"])
    installation.in_state(round_id, "closed")
    return clients


def announce(
    installation: Installation, round_id: str, documents: Sequence[Json], files: Sequence[File] = ()
) -> Mapping[str, Json]:
    """A round from opening to announcement: everybody applies, the first is awarded 20 000 kronor, and each a krona
    more than the one before. Returns the decision letters as they were previewed, by reference."""
    clients = closed_with(installation, round_id, documents, files)
    digest = decide(installation, round_id, {one.reference: 20_000 + place for place, one in enumerate(clients)})
    installation.bertil.anslag("decisions", "approve", round_id, "--digest", digest)
    return publish(installation, round_id)


def publish(installation: Installation, round_id: str) -> Mapping[str, Json]:
    """Bertil reads all that goes out, and lets it. Returns the decision letters that he read, by reference."""
    letters = previewed(installation, round_id)
    preview = installation.bertil.ask("announcement", "preview", round_id)
    installation.bertil.anslag("announcement", "publish", round_id, "--digest", preview["digest"], "--yes")
    return letters


def subscribe(installation: Installation, county: str) -> str:
    """A queue of another system, for awards in one county."""
    sqs, topic = installation.client("sqs"), installation.outputs["AwardTopicArn"]
    url = sqs.create_queue(QueueName=f"newspaper-{county}")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    allow = {
        "Effect": "Allow",
        "Principal": {"Service": "sns.amazonaws.com"},
        "Action": "sqs:SendMessage",
        "Resource": arn,
        "Condition": {"ArnEquals": {"aws:SourceArn": topic}},
    }
    policy = json.dumps({"Version": "2012-10-17", "Statement": [allow]})
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": policy})
    wants = {"FilterPolicy": json.dumps({"counties": [county]}), "RawMessageDelivery": "true"}
    installation.client("sns").subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn, Attributes=wants)
    return str(url)


def received(installation: Installation, url: str) -> list[Json]:
    """What reached such a queue. Takes it out."""
    sqs = installation.client("sqs")
    found = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages", [])
    for message in found:
        sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
    return [json.loads(message["Body"]) for message in found]
