"""What failures are called in logs; and why uploads could not be handled: noted by ingest, and told beside the dead
letters, which hold no reason."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta

from botocore.exceptions import ClientError

from shared import keys
from shared.aws.table import Put, Table

KEPT = timedelta(days=30)
"""Longer than any queue keeps its message."""
_AT_ONCE = 100
"""As many items as DynamoDB hands out in one call."""


def reason_of(error: Exception) -> str:
    """The kind of an error, without texts of others, which may name people. Example: AccessDenied at GetObject"""
    if isinstance(error, ClientError):
        return f"{error.response['Error'].get('Code', 'ClientError')} at {error.operation_name}"
    return type(error).__name__


def noted(error: Exception) -> str:
    """What was noted of it last (`add_note`): a round or a letter, never a person. Example: 2019-autumn"""
    return str(next(reversed(getattr(error, "__notes__", [])), ""))


def note_failure(table: Table, key: str, version_id: str, reason: str, now: datetime) -> None:
    """Remember why this object version failed; the last reason counts."""
    note = {"reason": reason, "expires_at": int((now + KEPT).timestamp())}
    table.write(Put(keys.failure_key(key, version_id), note))


def read_failures(table: Table, uploads: Collection[tuple[str, str]]) -> dict[tuple[str, str], str]:
    """The last reason of each of these object versions (key, version id) for which one was noted."""
    found: dict[tuple[str, str], str] = {}
    wanted = sorted(set(uploads))
    for start in range(0, len(wanted), _AT_ONCE):
        chunk = wanted[start : start + _AT_ONCE]
        items = table.get_several(*(keys.failure_key(key, version_id) for key, version_id in chunk))
        found |= {upload: item["reason"] for upload, item in zip(chunk, items, strict=True) if item is not None}
    return found
