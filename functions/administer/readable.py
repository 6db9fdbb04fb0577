"""Rows of a round that cannot be read as what they are: whoever altered them by hand left something else."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from shared import keys
from shared.applications import Application
from shared.aws.table import Item, Table
from shared.programme import load
from shared.rounds import Round
from shared.submissions import Submission
from shared.trail import CHANGED

UNREADABLE = (KeyError, TypeError, ValueError, AttributeError, ArithmeticError)
"""What reading such rows raises."""


def unreadable(table: Table, round_id: str) -> Iterator[str]:
    """The sort keys of such rows. Example: APPLICATION#7K3M9QXRC"""
    call = table.get(keys.round_key(round_id))
    if call is not None and not _is(_round, call):
        yield call["sk"]
    for beginning, place in _PLACES.items():
        for row in table.query(keys.round_partition(round_id), beginning):
            if not _is(place, row):
                yield row["sk"]
    for event in table.query(keys.audit_partition(round_id)):
        if not _is(_event, event):
            yield event["sk"]


def _round(row: Item) -> keys.Key:
    call = Round.from_item(row)
    call.as_item()  # Fails where a part of a part is of another kind, and so below.
    load(call.programme)
    counts = (call.revision, call.announcement, call.announcing, call.budget, call.supplements, call.exceptions)
    if not all(one is None or type(one) is int for one in counts):
        raise TypeError("no number")
    return keys.round_key(call.id)


def _application(row: Item) -> keys.Key:
    read = Application.from_item(row)
    read.as_item()
    sum((read.certified or {}).values())
    return keys.application_key(read.round_id, read.id)


def _submission(row: Item) -> keys.Key:
    read = Submission.from_item(row)
    read.as_item()
    return keys.submission_key(read.round_id, read.application, read.submission, read.version_id)


def _event(row: Item) -> keys.Key:
    changed = row.get(CHANGED, {"revision": 0})
    if not all(type(row[name]) is str for name in ("at", "who", "what")) or type(changed["revision"]) is not int:
        raise TypeError("no event")
    int(row.get("revision", 0)), int(row.get("turned_away", 0))
    return {"pk": row["pk"], "sk": row["sk"]}


_PLACES: Mapping[str, Callable[[Item], keys.Key]] = {keys.APPLICATIONS: _application, keys.SUBMISSIONS: _submission}
"""By how sort keys begin: where what is read of a row belongs."""


def _is(place: Callable[[Item], keys.Key], row: Item) -> bool:
    try:
        return place(row).items() <= row.items()
    except UNREADABLE:
        return False
