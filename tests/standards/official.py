"""Open data held to a standard's own JSON Schema, which is fetched with all that it refers to from whoever keeps it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

import requests
from jsonschema import Draft202012Validator, FormatChecker
from jsonschema.exceptions import best_match
from jsonschema.validators import validator_for
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT202012, specification_with

THREESIXTY = "https://raw.githubusercontent.com/ThreeSixtyGiving/standard/1.4.3/schema/360-giving-package-schema.json"
"""Of the last version of 1.4, as its grant schema names itself."""
_PATIENCE = 20.0
_NAMES_ITSELF = ("id", "$id")
"""Often another address than the one that it was fetched from, and not always one of a schema."""
_formats = FormatChecker(())


@_formats.checks("date-time", ValueError)
def _is_date_time(value: object) -> bool:
    """jsonschema knows formats with further packages only, and without one takes every date for a date-time."""
    return not isinstance(value, str) or ("T" in value and datetime.fromisoformat(value).tzinfo is not None)


@_formats.checks("uri", ValueError)
def _is_address(value: object) -> bool:
    return not isinstance(value, str) or (bool(urlsplit(value).scheme) and " " not in value)


def fetched(address: str) -> Mapping[str, Any]:
    """A JSON document. Raises requests.RequestException where it cannot be had."""
    answer = requests.get(address, timeout=_PATIENCE)
    answer.raise_for_status()
    document: Mapping[str, Any] = answer.json()
    return document


def faults_by(address: str, fetch: Callable[[str], Mapping[str, Any]] = fetched) -> Callable[[Any], list[str]]:
    """What finds where a document breaks the schema at that address: places and what is wrong with each.

    Raises what `fetch` raises; and where what the schema refers to cannot be had, at the first document,
    referencing.exceptions.Unresolvable.
    """
    had: dict[str, dict[str, Any]] = {}

    def schema(uri: str) -> dict[str, Any]:
        if uri not in had:
            had[uri] = {name: value for name, value in fetch(uri).items() if name not in _NAMES_ITSELF}
        return had[uri]

    def resource(uri: str) -> Resource[Any]:
        # 360Giving writes the address of its draft with http, which no library takes for that draft's.
        draft = specification_with(str(schema(uri).get("$schema")), default=DRAFT202012)
        return draft.create_resource(schema(uri))

    kind = validator_for(schema(address), default=Draft202012Validator)
    registry: Registry[Any] = Registry(retrieve=resource)  # type: ignore[call-arg]  # attrs gives it another name
    validator = kind(schema(address), registry=registry, format_checker=_formats)

    def faults(document: Any) -> list[str]:
        found = [best_match([error]) or error for error in validator.iter_errors(document)]
        return [f"{error.json_path}: {error.message[:300]}" for error in found]

    return faults
