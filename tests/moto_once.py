"""moto does some things more often than it has to, and most of the time of tests that use it went there.

It copies the whole table before a transaction, to put it back where one fails: once for every item of it, before it
writes any. And it looks for every kind of value in every attribute that DynamoDB answers, each under several names.
"""

from __future__ import annotations

import copy
import threading
from typing import Any

from moto.core.serialize import ResponseSerializer
from moto.dynamodb import models
from moto.dynamodb.models.table import Table


class _CopiesTablesOnce:
    """In place of the module `copy`, in moto's. The table does not change before all of its copies are made."""

    def __init__(self) -> None:
        self.within = threading.local()

    def deepcopy(self, value: Any) -> Any:
        made: dict[int, Any] | None = getattr(self.within, "made", None)
        if made is None or not isinstance(value, Table):
            return copy.deepcopy(value)
        if id(value) not in made:
            made[id(value)] = copy.deepcopy(value)
        return made[id(value)]


def do_it_once() -> None:
    """From now on, in this process; asked twice it does nothing more."""
    module: Any = models
    if not isinstance(module.copy, _CopiesTablesOnce):
        _copy_tables_once()
        _look_for_kinds_once()


def _look_for_kinds_once() -> None:
    serializer: Any = ResponseSerializer
    structure = serializer._serialize_type_structure

    def serialize(self: Any, serialized: Any, value: Any, shape: Any, key: str) -> None:
        if shape.name != "AttributeValue" or not isinstance(value, dict) or not key:
            structure(self, serialized, value, shape, key)
            return
        wrapper = self.MAP_TYPE()
        for kind in value.keys() & shape.members.keys():
            shape.members[kind].parent = shape
            self._serialize_structure_member(wrapper, value, shape.members[kind], kind)
        self._default_serialize(serialized, wrapper, shape, key)

    serializer._serialize_type_structure = serialize


def _copy_tables_once() -> None:
    module: Any = models
    once, transact = _CopiesTablesOnce(), models.DynamoDBBackend.transact_write_items

    def transact_write_items(self: Any, transact_items: list[dict[str, Any]]) -> None:
        once.within.made = {}
        try:
            transact(self, transact_items)
        finally:
            once.within.made = None

    module.copy = once
    module.DynamoDBBackend.transact_write_items = transact_write_items
