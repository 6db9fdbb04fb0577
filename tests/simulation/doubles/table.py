"""DynamoDB in memory, as far as `shared.aws.table` asks of it: conditions, transactions and their conflicts,
strongly consistent reads page by page, a stream, expiry."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NoReturn

from botocore.exceptions import ClientError

from shared.aws.table import Check, ConditionFailedError, ConflictError, Item, Put, Table, Update, Write
from shared.keys import Key
from tests.simulation.doubles.conditions import holds
from tests.simulation.doubles.wire import Wire

Place = tuple[str, str]
MOST_ACTIONS = 100


@dataclass(frozen=True, slots=True)
class Change:
    """One item before and after a commit."""

    place: Place
    before: Item | None
    after: Item | None


class MemoryTable(Table):
    """One table. Stored items are never changed in place, so a snapshot of it costs no copying of items."""

    def __init__(
        self,
        wire: Wire | None = None,
        *,
        page: int = 1000,
        committed: Callable[[Sequence[Change]], None] | None = None,
    ) -> None:
        self._wire = wire or Wire()
        self._page = page
        self.committed = committed
        self.rows: dict[str, dict[str, Item]] = {}
        self.stream: list[Change] = []
        self._in_flight: set[Place] = set()

    # --- what the functions ask ---

    def get(self, key: Key) -> Item | None:
        return self._wire.call("get", lambda: _copied(self.peek(key)))

    def get_several(self, *keys: Key) -> list[Item | None]:
        return self._wire.call("get_several", lambda: [_copied(self.peek(key)) for key in keys])

    def query(self, partition: str, prefix: str = "") -> Iterator[Item]:
        return self._pages(partition, prefix, self._wire.here())

    def write(self, write: Put | Update) -> None:
        self._wire.call("write", lambda: self._write(write))

    def transact(self, writes: Sequence[Write]) -> None:
        self._wire.call("transact", lambda: self._transact(list(writes)))

    def put_all(self, puts: Sequence[Put]) -> None:
        site = self._wire.here()
        for start in range(0, len(puts), 25):
            chunk = puts[start : start + 25]
            self._wire.call("put_all", lambda some=chunk: self._put_chunk(some), site)  # type: ignore[misc]

    # --- how it is done ---

    def _pages(self, partition: str, prefix: str, site: Any) -> Iterator[Item]:
        after = prefix
        while True:
            page, last = self._wire.call(
                "query",
                lambda start=after: self._read_page(partition, prefix, start),  # type: ignore[misc]
                site,
            )
            yield from page
            if last is None:
                return
            after = last + "\x00"

    def _read_page(self, partition: str, prefix: str, start: str) -> tuple[list[Item], str | None]:
        rows = self.rows.get(partition, {})
        names = sorted(rows)
        first = bisect_left(names, start)
        found = [name for name in names[first : first + self._page] if name.startswith(prefix)]
        last = found[-1] if len(found) == self._page else None
        return [_copy(rows[name]) for name in found], last

    def _write(self, write: Put | Update) -> None:
        place = _place(write)
        if place in self._in_flight:
            raise ConflictError("TransactionConflictException")
        before = self.peek(write.key)
        if not holds(write.condition, before):
            raise ConditionFailedError({0: _copied(before)})
        self._commit([Change(place, before, _after(write, before))])

    def _transact(self, writes: list[Write]) -> None:
        places = [_place(write) for write in writes]
        if len(places) > MOST_ACTIONS or len(set(places)) != len(places) or not places:
            _invalid("TransactWriteItems", "up to 100 actions, each on an item of its own")
        if self._in_flight.intersection(places):
            raise ConflictError("TransactionCanceledException")
        self._in_flight.update(places)
        try:
            self._wire.flight()
            before = [self.peek(write.key) for write in writes]
            failed = {
                number: _copied(found)
                for number, (write, found) in enumerate(zip(writes, before, strict=True))
                if not holds(write.condition, found)
            }
            if failed:
                raise ConditionFailedError(failed)
            self._commit(
                [
                    Change(place, found, _after(write, found))
                    for place, write, found in zip(places, writes, before, strict=True)
                    if not isinstance(write, Check)
                ]
            )
        finally:
            self._in_flight.difference_update(places)

    def _put_chunk(self, puts: Sequence[Put]) -> None:
        places = [_place(put) for put in puts]
        if len(set(places)) != len(places):
            _invalid("BatchWriteItem", "each item once")
        changes = [Change(_place(put), self.peek(put.key), _after(put, None)) for put in puts]
        self._commit(changes)

    def _commit(self, changes: list[Change]) -> None:
        for change in changes:
            partition, name = change.place
            if change.after is None:
                del self.rows[partition][name]
            else:
                self.rows.setdefault(partition, {})[name] = change.after
            if change.before != change.after:  # a write that changes nothing is in no stream
                self.stream.append(change)
        if self.committed:
            self.committed(changes)

    # --- what only AWS and those who look from outside can do ---

    def peek(self, key: Key) -> Item | None:
        """The item as it is stored, to be looked at only."""
        return self.rows.get(key["pk"], {}).get(key["sk"])

    def expire(self, epoch: int) -> int:
        """Remove what has expired, as DynamoDB does some time after. Returns how many."""
        gone = [
            Change((partition, name), item, None)
            for partition, rows in self.rows.items()
            for name, item in rows.items()
            if isinstance(item.get("expires_at"), int) and item["expires_at"] < epoch
        ]
        if gone:
            self._commit(gone)
        return len(gone)

    def snapshot(self) -> dict[str, dict[str, Item]]:
        """All rows as they are."""
        return {partition: dict(rows) for partition, rows in self.rows.items()}

    def restore(self, rows: Mapping[str, Mapping[str, Item]]) -> None:
        """Back to a snapshot, with an empty stream and nothing in flight."""
        self.rows = {partition: dict(of) for partition, of in rows.items()}
        self.stream = []
        self._in_flight = set()


def _place(write: Write) -> Place:
    return write.key["pk"], write.key["sk"]


def _invalid(operation: str, message: str) -> NoReturn:
    raise ClientError({"Error": {"Code": "ValidationException", "Message": message}}, operation)


def _after(write: Write, before: Item | None) -> Item:
    if isinstance(write, Check):
        return {}
    if isinstance(write, Put):
        return dict(_stored({**write.attributes, **write.key}))
    named = [*write.set, *write.add, *write.remove]
    if not named or len(set(named)) != len(named) or {"pk", "sk"} & set(named):
        _invalid("UpdateItem", "names each attribute once, at least one, and no key")
    item: Item = {**(before or {}), **write.key, **_stored(write.set)}
    for name, step in write.add.items():
        found = item.get(name, 0)
        if not isinstance(found, int) or isinstance(found, bool):
            _invalid("UpdateItem", f"{name} is no number")
        item[name] = found + step
    for name in write.remove:
        item.pop(name, None)
    return item


def _stored(value: Any) -> Any:
    """The value as DynamoDB gives it back: plain text, whole numbers, lists, maps."""
    if value is None or type(value) in _PLAIN:
        return value
    if isinstance(value, str):
        return str(value)
    if isinstance(value, int):
        return int(value)
    if isinstance(value, Mapping):
        return {name: _stored(inner) for name, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_stored(inner) for inner in value]
    raise TypeError(f"Unsupported type {type(value)} for value {value!r}")


_PLAIN = frozenset({str, int, bool})


def _copy(value: Any) -> Any:
    """What is stored holds nothing but text, whole numbers, lists and dictionaries (see `_stored`)."""
    if type(value) is dict:
        copied = value.copy()
        for name, inner in value.items():
            if type(inner) is dict or type(inner) is list:
                copied[name] = _copy(inner)
        return copied
    return [_copy(inner) if type(inner) is dict or type(inner) is list else inner for inner in value]


def _copied(item: Item | None) -> Item | None:
    return None if item is None else _copy(item)
