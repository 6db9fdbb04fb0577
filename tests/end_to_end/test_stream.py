"""Receipts that cannot be sent, in the stream of all others' receipts."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

import pytest

from infrastructure.demo import PARAMETERS
from infrastructure.demo.staff import verify_sender
from shared import keys
from shared.aws.table import Put
from tests.end_to_end.alarms import Alarm, said
from tests.end_to_end.installation import Installation
from tests.end_to_end.papers import a_play
from tests.end_to_end.waiting import until

pytestmark = pytest.mark.cloud

_LOGS = "AcknowledgeLogs"


@contextlib.contextmanager
def _row_of_nothing(installation: Installation, round_id: str) -> Iterator[None]:
    """What no version of Anslag writes, among the outcomes of a round."""
    key = keys.submission_key(round_id, "7K3M9QXRC", "0DPXV4K2A9QJ5T0RZ", "3sL4kqtJlcpXroDTDmJ")
    installation.table().write(Put(key, {"outcome": "mislaid"}))
    try:
        yield
    finally:
        plain = {name: {"S": value} for name, value in key.items()}
        installation.client("dynamodb").delete_item(TableName=installation.outputs["TableName"], Key=plain)


def test_a_row_of_which_nothing_can_be_made_holds_back_nobodys_receipt(installation: Installation) -> None:
    alarm = Alarm(installation, "LettersFailed")
    before = len(alarm.told_so_far(_LOGS))
    installation.open_round("stream-rows")
    client = installation.applicant("stream-rows")
    with installation.paused("AcknowledgeFunctionOutcomes"), _row_of_nothing(installation, "stream-rows"):
        client.outcome_of(client.send(a_play(email="granne@forening.example"))["submission"])
    until(lambda: installation.letters(to="granne@forening.example"), "the receipt behind it")
    assert alarm.told_by_a_function(_LOGS, before) == 1
    failed = said(installation, _LOGS, "receipt failed", of="stream-rows")
    assert [line["application"] for line in failed] == ["7K3M9QXRC"], "one try"


def test_receipts_that_ses_rejects_are_each_tried_once_and_go_out_as_the_runbook_says(
    installation: Installation,
) -> None:
    """The sender is not verified for a while. Nobody waits for the first until that has been tried ten times."""
    installation.open_round("stream-sender")
    clients = [installation.applicant("stream-sender") for _ in range(2)]
    addresses = ["avvisad@forening.example", "nasta@forening.example"]
    numbers = ["802400-1235", "802400-1243"]
    installation.client("sesv2").delete_email_identity(EmailIdentity=PARAMETERS["ReceiptSender"])
    try:
        for client, number, address in zip(clients, numbers, addresses, strict=True):
            client.outcome_of(client.send(a_play(number, email=address))["submission"])
        failed = until(lambda: _two_failures(installation), "each receipt to fail")
    finally:
        verify_sender(installation.cloud, PARAMETERS["ReceiptSender"])
    references = [client.reference.replace("-", "") for client in clients]
    assert [(line["application"], line["error"]) for line in failed] == [
        (reference, "MessageRejected at SendEmail") for reference in references
    ]
    assert [installation.letters(to=address) for address in addresses] == [[], []]
    assert installation.invoke("acknowledge", {"resend": True}) == {"batchItemFailures": []}
    assert [len(installation.letters(to=address)) for address in addresses] == [1, 1]


def _two_failures(installation: Installation) -> list[Any]:
    failed = said(installation, _LOGS, "receipt failed", of="stream-sender")
    return failed if len(failed) > 1 else []
