"""The table where no emulator goes: transactions that meet others."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.stub import Stubber

from shared.aws import clients
from shared.aws.table import ConditionFailedError, ConflictError, Table, Update

KEY = {"pk": "ROUND#2019-autumn", "sk": "TOTALS"}
IN_THE_WAY = {"Code": "TransactionConflict", "Message": "Transaction is ongoing for the item"}
FAILED = {"Code": "ConditionalCheckFailed", "Message": "The conditional request failed"}


def tries(*reasons: dict[str, str] | None) -> list[float]:
    """Add to the totals while DynamoDB answers so, one reason for each try (None: it works). Returns its pauses.
    Chance always says one half."""
    client = clients.dynamodb.__wrapped__()
    pauses: list[float] = []
    with Stubber(client) as answers:
        for reason in reasons:
            if reason is None:
                answers.add_response("transact_write_items", {})
                continue
            told: dict[str, Any] = {"CancellationReasons": [reason]}
            answers.add_client_error("transact_write_items", "TransactionCanceledException", modeled_fields=told)
        Table(client, "anslag", pauses.append, lambda: 0.5).transact([Update(KEY, add={"submissions": 1})])
        answers.assert_no_pending_responses()
    return pauses


def test_a_transaction_waits_for_whoever_is_in_its_way_longer_each_time() -> None:
    assert tries(None) == []
    pauses = tries(IN_THE_WAY, IN_THE_WAY, IN_THE_WAY, IN_THE_WAY, None)
    assert pauses == [0.01, 0.02, 0.04, 0.08]


def test_a_transaction_that_is_in_somebodys_way_for_too_long_gives_way() -> None:
    with pytest.raises(ConflictError):
        tries(*[IN_THE_WAY] * 5)


def test_a_condition_that_does_not_hold_is_told_at_once() -> None:
    with pytest.raises(ConditionFailedError):
        tries(FAILED)
