"""boto3's condition objects, judged against an item as DynamoDB judges their expressions."""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from typing import Any

from boto3.dynamodb import conditions as boto
from boto3.dynamodb.conditions import ConditionBase

_NOTHING = object()


def holds(condition: ConditionBase | None, item: Mapping[str, Any] | None) -> bool:
    """Whether the condition holds. An item that is not there has no attributes."""
    if condition is None:
        return True
    judge = _JUDGES.get(type(condition))
    if judge is None:
        raise NotImplementedError(type(condition).__name__)
    values: tuple[Any, ...] = condition._values  # type: ignore[attr-defined]
    return judge(item or {}, *values)


def _of(item: Mapping[str, Any], path: Any) -> Any:
    """The attribute, by its dotted path."""
    name: str = path.name
    if "." not in name:
        return item.get(name, _NOTHING)
    found: Any = item
    for step in name.split("."):
        found = found.get(step, _NOTHING) if isinstance(found, Mapping) else _NOTHING
    return found


def _kind(value: Any) -> str:
    if isinstance(value, bool):
        return "BOOL"
    for kind, name in ((int, "N"), (str, "S"), (Mapping, "M"), (list, "L")):
        if isinstance(value, kind):
            return name
    return "NULL" if value is None else "?"


def _equals(item: Mapping[str, Any], path: Any, value: Any) -> bool:
    found = _of(item, path)
    return found is not _NOTHING and _kind(found) == _kind(value) and bool(found == value)


def _ordered(compare: Callable[[Any, Any], bool]) -> Callable[..., bool]:
    def judge(item: Mapping[str, Any], path: Any, value: Any) -> bool:
        found = _of(item, path)
        return found is not _NOTHING and _kind(found) == _kind(value) and _kind(found) in "NS" and compare(found, value)

    return judge


def _begins(item: Mapping[str, Any], path: Any, value: str) -> bool:
    found = _of(item, path)
    return isinstance(found, str) and found.startswith(value)


_JUDGES: Mapping[type, Callable[..., bool]] = {
    boto.And: lambda item, left, right: holds(left, item) and holds(right, item),
    boto.Or: lambda item, left, right: holds(left, item) or holds(right, item),
    boto.Not: lambda item, inner: not holds(inner, item),
    boto.AttributeExists: lambda item, path: _of(item, path) is not _NOTHING,
    boto.AttributeNotExists: lambda item, path: _of(item, path) is _NOTHING,
    boto.Equals: _equals,
    # What is not there is unequal to everything.
    boto.NotEquals: lambda item, path, value: not _equals(item, path, value),
    boto.LessThan: _ordered(operator.lt),
    boto.LessThanEquals: _ordered(operator.le),
    boto.GreaterThan: _ordered(operator.gt),
    boto.GreaterThanEquals: _ordered(operator.ge),
    boto.BeginsWith: _begins,
}
