"""What the tests of the staff's functions share: a closed round, filled-in decisions, an inbox behind a topic."""

from __future__ import annotations

import csv
import io
import json
from functools import cache
from typing import Any

import boto3
import pytest

from functions.announce.announcing import Announcing
from functions.decide.correcting import Correcting
from functions.decide.deciding import Deciding
from shared.aws.effects import Effects
from shared.aws.messages import Topic
from shared.corrections import Reason
from shared.instants import parse_iso
from shared.problems import ProblemsError
from tests.functions.world import ROUND, World

PAGES = "https://bidrag.example"
AFTER_CLOSING = parse_iso("2019-10-16T08:00:00Z")


def refused(error: pytest.ExceptionInfo[ProblemsError]) -> tuple[int, list[tuple[str, str]]]:
    return error.value.status, [(one.code, one.path) for one in error.value.problems]


_client = cache(boto3.client)
"""Made once: a session reads the models of its services anew, which takes longer than most tests."""


class Inbox:
    """A topic, and what a queue that subscribes to it got."""

    def __init__(self, name: str) -> None:
        sns, sqs = _client("sns"), _client("sqs")
        arn = sns.create_topic(Name=name)["TopicArn"]
        self.queue = sqs.create_queue(QueueName=f"{name}-inbox")["QueueUrl"]
        queue_arn = sqs.get_queue_attributes(QueueUrl=self.queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
        sns.subscribe(TopicArn=arn, Protocol="sqs", Endpoint=queue_arn)
        self.topic = Topic(sns, arn)
        self._sqs = sqs

    def read(self) -> list[dict[str, Any]]:
        """Every message so far, once."""
        answer = self._sqs.receive_message(QueueUrl=self.queue, MaxNumberOfMessages=10)
        messages = answer.get("Messages", [])
        for message in messages:
            self._sqs.delete_message(QueueUrl=self.queue, ReceiptHandle=message["ReceiptHandle"])
        return [json.loads(message["Body"]) for message in messages]


def deciding(world: World) -> Deciding:
    return Deciding(world.table, world.clock, world.random)


def announcing(world: World, topic: Topic) -> Announcing:
    effects, functions = Effects(world.table), world.started
    return Announcing(world.table, effects, topic, functions, "publish", PAGES, world.clock, world.random, True)


def filled_in(world: World, amount: int = 800_000) -> bytes:
    """The list with an award for everybody."""
    rows = list(csv.DictReader(io.StringIO(deciding(world).list_out(ROUND).removeprefix("\ufeff")), delimiter=";"))
    lines = [f"{row['reference']};bifall;{amount};{row['list']}" for row in rows]
    return "\n".join(["reference;decision;amount;list", *lines]).encode()


def decided(world: World) -> str:
    digest = str(deciding(world).take_in(ROUND, filled_in(world), "anna")["digest"])
    deciding(world).approve(ROUND, digest, "bertil")
    return digest


REASON = Reason(sv="Ett belopp var fel skrivet.", en="An amount was misspelt.")


def correcting(world: World) -> Correcting:
    return Correcting(world.table, world.clock, world.random)


def announced(world: World, topic: Topic) -> None:
    """Decided and published by Bertil."""
    decided(world)
    announce = announcing(world, topic)
    announce.publish(ROUND, announce.preview(ROUND)["digest"], "bertil")


def rows_of(world: World) -> list[dict[str, str]]:
    """The decision list as it is taken out."""
    return list(csv.DictReader(io.StringIO(deciding(world).list_out(ROUND).removeprefix("\ufeff")), delimiter=";"))


def listed(world: World, *rows: tuple[str, str, int | str]) -> bytes:
    """A decision list of references, decisions and amounts, as if it had been taken out now and filled in."""
    taken_from = rows_of(world)[0]["list"]
    lines = [f"{reference};{decision};{amount};{taken_from}" for reference, decision, amount in rows]
    return "\n".join(["reference;decision;amount;list", *lines]).encode()


def first_changed(world: World, amount: int = 700_000) -> bytes:
    """The list with another amount for its first application, all else as it is."""
    first, *others = rows_of(world)
    kept = [(row["reference"], row["decision"], row["amount"]) for row in others]
    return listed(world, (first["reference"], "award", amount), *kept)


def correction_approved(world: World, amount: int = 700_000) -> dict[str, Any]:
    """A correction of the first application's amount, entered by Anna and approved by Bertil."""
    entered = correcting(world).take_in(ROUND, first_changed(world, amount), REASON, "anna")
    deciding(world).approve(ROUND, entered["digest"], "bertil")
    return entered


class Killed(BaseException):
    """The function is gone: no handler of an exception ran."""
