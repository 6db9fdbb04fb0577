"""The one narrow way to DynamoDB: seven calls on values, where every rule travels in the write.

Writes are values too (`Put`, `Update`, `Check`), with conditions as boto3's condition objects, so that a
double in memory can judge them without reading expression strings.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from boto3.dynamodb.conditions import Attr, ConditionBase, ConditionExpressionBuilder
from boto3.dynamodb.types import TypeDeserializer, TypeSerializer
from botocore.exceptions import ClientError

from shared.keys import Key

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

Item = dict[str, Any]

_PAUSES = (0.02, 0.04, 0.08, 0.16)
"""Seconds that a transaction waits at most for whoever was in its way, twice as long each time. (AWS Builders' Library,
"Timeouts, retries, and backoff with jitter".)"""

ABSENT = Attr("pk").not_exists()
PRESENT = Attr("pk").exists()


@dataclass(frozen=True, slots=True)
class Put:
    """Write a whole item."""

    key: Key
    attributes: Mapping[str, Any]
    condition: ConditionBase | None = None


@dataclass(frozen=True, slots=True)
class Update:
    """Change attributes of an item, which need not exist yet. `add` takes whole numbers."""

    key: Key
    set: Mapping[str, Any] = field(default_factory=dict)
    add: Mapping[str, int] = field(default_factory=dict)
    remove: Sequence[str] = ()
    condition: ConditionBase | None = None


@dataclass(frozen=True, slots=True)
class Check:
    """Write nothing, but let the transaction hold only if the item is as it should be."""

    key: Key
    condition: ConditionBase


Write = Put | Update | Check


class ConditionFailedError(Exception):
    """A write's condition did not hold. `found` has, for each write of the transaction whose condition failed,
    the item as it is (None where there is none), by the write's place."""

    def __init__(self, found: Mapping[int, Item | None]) -> None:
        self.found = found
        super().__init__(f"condition failed at {sorted(found)}")


class ConflictError(Exception):
    """Another transaction held one of the items at that moment. Nothing was written; trying again may work."""


class Table:
    """One DynamoDB table. Numbers are whole: decimals come back as int, and floats are refused by boto3. `sleep`
    (for seconds) is for whoever meets many others, and `chance` (0 to 1) for that those who met do not meet again."""

    def __init__(
        self,
        client: DynamoDBClient,
        name: str,
        sleep: Callable[[float], None] | None = None,
        chance: Callable[[], float] = lambda: 1,
    ) -> None:
        self._client = client
        self._name = name
        self._sleep = sleep
        self._chance = chance

    def get(self, key: Key) -> Item | None:
        """The item as of now (a strongly consistent read), or None."""
        answer = self._client.get_item(TableName=self._name, Key=_plain(key), ConsistentRead=True)
        return _item(answer["Item"]) if "Item" in answer else None

    def get_several(self, *keys: Key) -> list[Item | None]:
        """The items in the order of their keys, in one call while DynamoDB is not throttling."""
        found: dict[tuple[str, str], Item] = {}
        wanted: Any = {self._name: {"Keys": [_plain(key) for key in keys], "ConsistentRead": True}}
        for _ in range(5):
            answer = self._client.batch_get_item(RequestItems=wanted)
            for item in map(_item, answer["Responses"].get(self._name, [])):
                found[item["pk"], item["sk"]] = item
            wanted = answer.get("UnprocessedKeys")
            if not wanted:
                return [found.get((key["pk"], key["sk"])) for key in keys]
        raise ConflictError("keys left unprocessed five times")

    def query(self, partition: str, prefix: str = "") -> Iterator[Item]:
        """All items of a partition whose sort key begins so, in order, strongly consistent page by page."""
        condition = "pk = :pk AND begins_with(sk, :prefix)" if prefix else "pk = :pk"
        values = {":pk": partition, ":prefix": prefix} if prefix else {":pk": partition}
        pages = self._client.get_paginator("query").paginate(
            TableName=self._name,
            KeyConditionExpression=condition,
            ExpressionAttributeValues=_plain(values),
            ConsistentRead=True,
        )
        for page in pages:
            yield from map(_item, page["Items"])

    def write(self, write: Put | Update) -> None:
        """One conditional write. Raises ConditionFailedError (at place 0) or ConflictError."""
        operation, request = _request(self._name, write)
        call = self._client.put_item if operation == "Put" else self._client.update_item
        try:
            call(**request)
        except ClientError as error:
            raise _translated(error) from error

    def transact(self, writes: Sequence[Write]) -> None:
        """All the writes or none. Raises ConditionFailedError or ConflictError, the latter at once only where nobody
        sleeps: neither DynamoDB nor its SDK tries again by itself."""
        items: list[Any] = [dict([_request(self._name, write)]) for write in writes]
        if sleep := self._sleep:
            for pause in _PAUSES:
                with contextlib.suppress(ConflictError):
                    return self._transact(items)
                sleep(pause * self._chance())
        return self._transact(items)

    def _transact(self, items: list[Any]) -> None:
        try:
            self._client.transact_write_items(TransactItems=items)
        except ClientError as error:
            raise _translated(error) from error

    def put_all(self, puts: Sequence[Put]) -> None:
        """Many unconditional puts, 25 at a time. Not atomic: write first what nothing points to yet."""
        for start in range(0, len(puts), 25):
            chunk = puts[start : start + 25]
            wanted: Any = {
                self._name: [{"PutRequest": {"Item": _plain({**put.attributes, **put.key})}} for put in chunk]
            }
            for _ in range(5):
                wanted = self._client.batch_write_item(RequestItems=wanted).get("UnprocessedItems")
                if not wanted:
                    break
            else:
                raise ConflictError("items left unprocessed five times")


def _request(table: str, write: Write) -> tuple[str, dict[str, Any]]:
    request: dict[str, Any] = {"TableName": table, "ReturnValuesOnConditionCheckFailure": "ALL_OLD"}
    names: dict[str, str] = {}
    values: dict[str, Any] = {}
    if write.condition is not None:
        # Placeholders of the condition are #n0 and :v0; those of an update below are #u0 and :u0.
        built = ConditionExpressionBuilder().build_expression(write.condition)
        request["ConditionExpression"] = built.condition_expression
        names |= built.attribute_name_placeholders
        values |= built.attribute_value_placeholders
    if isinstance(write, Put):
        operation = "Put"
        request["Item"] = _plain({**write.attributes, **write.key})
    else:
        operation = "Update" if isinstance(write, Update) else "ConditionCheck"
        request["Key"] = _plain(write.key)
    if isinstance(write, Update):
        request["UpdateExpression"] = _update_expression(write, names, values)
    if names:
        request["ExpressionAttributeNames"] = names
    if values:
        request["ExpressionAttributeValues"] = _plain(values)
    return operation, request


def _update_expression(write: Update, names: dict[str, str], values: dict[str, Any]) -> str:
    def placed(attribute: str, value: Any = None) -> tuple[str, str]:
        number = len(names)
        names[f"#u{number}"] = attribute
        if value is not None or attribute in write.set:
            values[f":u{number}"] = value
        return f"#u{number}", f":u{number}"

    clauses = {
        "SET": [" = ".join(placed(attribute, value)) for attribute, value in write.set.items()],
        "ADD": [" ".join(placed(attribute, value)) for attribute, value in write.add.items()],
        "REMOVE": [placed(attribute)[0] for attribute in write.remove],
    }
    return " ".join(f"{verb} {', '.join(parts)}" for verb, parts in clauses.items() if parts)


def _translated(error: ClientError) -> Exception:
    code = error.response["Error"]["Code"]
    if code == "ConditionalCheckFailedException":
        old: Any = error.response.get("Item")
        return ConditionFailedError({0: _item(old) if old else None})
    if code in ("TransactionConflictException", "TransactionInProgressException"):
        return ConflictError(code)
    if code != "TransactionCanceledException":
        return error
    reasons: list[Any] = error.response.get("CancellationReasons", [])
    failed = {
        place: _item(reason["Item"]) if reason.get("Item") else None
        for place, reason in enumerate(reasons)
        if reason.get("Code") == "ConditionalCheckFailed"
    }
    if failed:
        return ConditionFailedError(failed)
    passing = {"None", "TransactionConflict", "ThrottlingError", "ProvisionedThroughputExceeded"}
    return ConflictError(code) if all(reason.get("Code", "None") in passing for reason in reasons) else error


_SERIALIZE = TypeSerializer().serialize
_DESERIALIZE = TypeDeserializer().deserialize


def _plain(values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: _SERIALIZE(value) for name, value in values.items()}


def _item(stored: Mapping[str, Any]) -> Item:
    return {name: whole(_DESERIALIZE(value)) for name, value in stored.items()}


def whole(value: Any) -> Any:
    """The value with every decimal in it as int: this table holds no other numbers."""
    if isinstance(value, Decimal):
        return int(value)
    if isinstance(value, dict):
        return {name: whole(inner) for name, inner in value.items()}
    return [whole(inner) for inner in value] if isinstance(value, list) else value
