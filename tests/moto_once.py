"""moto copies the whole table before a transaction, to put it back where one fails: once for every item of it, before
it writes any. Once is enough, and makes tests with transactions a good part shorter."""

from __future__ import annotations

import copy
import threading
from typing import Any

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


def copy_tables_once() -> None:
    """From now on, in this process; asked twice it does nothing more."""
    module: Any = models
    if isinstance(module.copy, _CopiesTablesOnce):
        return
    once, transact = _CopiesTablesOnce(), models.DynamoDBBackend.transact_write_items

    def transact_write_items(self: Any, transact_items: list[dict[str, Any]]) -> None:
        once.within.made = {}
        try:
            transact(self, transact_items)
        finally:
            once.within.made = None

    module.copy = once
    module.DynamoDBBackend.transact_write_items = transact_write_items
