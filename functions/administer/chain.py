"""A round's row, held against the events that changed it: each has what it changed, and the digest of the one before.

What differs is told by the names of the row's attributes. `events`: one of them is gone, altered or put in.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from shared.aws.table import Item
from shared.instants import parse_iso
from shared.rounds import Round
from shared.trail import ANNOUNCEMENT_APPROVED, ANNOUNCEMENT_HELD_BACK, BEFORE, CHANGED, WITHDRAWN, row_digest

_COUNTED = ("revision", "exceptions", "supplements")


def differences(call: Round, events: Sequence[Item]) -> Iterator[str]:
    """The names of what differs, some of them more than once."""
    # Whatever else is done changes the round; a withdrawal in the last minute must meet nobody.
    if any(CHANGED not in one and one["what"] != WITHDRAWN for one in events):
        yield "events"
    made: Item = {}
    trail = ""
    for event in sorted((one for one in events if CHANGED in one), key=lambda one: int(one[CHANGED]["revision"])):
        if event.get(BEFORE) != trail:
            yield "events"
        yield from _miscounted(event[CHANGED], made)
        if not _is_of_embargo(event, made.get("embargo")):
            yield "embargo"
        made |= event[CHANGED]
        trail = row_digest(event)
    if trail != call.trail:
        yield "events"
    said, made = call.as_item(), {**made, "trail": call.trail}
    yield from (name for name in said.keys() | made.keys() if said.get(name) != made.get(name))


def _miscounted(changed: Item, made: Item) -> Iterator[str]:
    """Each is counted on from what was in the row, also from what was altered there."""
    for name in _COUNTED:
        if made and name in changed and changed[name] != made[name] + 1:
            yield name


def _is_of_embargo(event: Item, embargo: Any) -> bool:
    """Whether what waited for its instant is what was held back, or went out then and by order of whoever gave it: both
    are taken from the row."""
    if event["what"] == ANNOUNCEMENT_HELD_BACK:
        return bool(event[CHANGED].get("embargo") == {**embargo, "held_back": True})
    if event["what"] == ANNOUNCEMENT_APPROVED and embargo is not None:
        return event["who"] == embargo["by"] and parse_iso(event["at"]) >= parse_iso(embargo["at"])
    return True
