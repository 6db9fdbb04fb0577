"""Whether the summaries reach who should read them: subscriptions that were never confirmed, and those that vanished.

SNS tells nobody when a mail scanner opens its unsubscribe link, and forgets what nobody confirmed after two days.
So each morning remembers who was there, and names for a week who is not any more.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from shared import keys
from shared.aws.messages import Topic
from shared.aws.table import Table, Update
from shared.instants import iso, parse_iso

_NAMED_FOR = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Readers:
    """Addresses, each list in order: who has not confirmed yet; who is gone, and when they were last there; and those
    of them who were still there the last time that somebody looked."""

    pending: tuple[str, ...] = ()
    gone: tuple[tuple[str, datetime], ...] = ()
    newly_gone: tuple[str, ...] = ()


NOBODY = Readers()
Seen = Mapping[str, datetime]
"""When each address was last there, confirmed or not."""


def compare(there: Mapping[str, bool], seen: Seen, looked_at: datetime | None, now: datetime) -> Readers:
    """`there` has each address and whether it is confirmed; `looked_at` is when somebody last looked."""
    gone = sorted((one, at) for one, at in seen.items() if one not in there and now - at < _NAMED_FOR)
    return Readers(
        pending=tuple(sorted(one for one, confirmed in there.items() if not confirmed)),
        gone=tuple(gone),
        newly_gone=tuple(one for one, at in gone if at == looked_at),
    )


@dataclass(frozen=True, slots=True)
class Readership:
    """What looking takes."""

    table: Table
    staff: Topic
    now: Callable[[], datetime]

    def compared(self) -> tuple[Readers, Callable[[], None]]:
        """Who does not read, and what remembers those who do; to be called once the others have been told."""
        now, there = self.now(), self.staff.subscribers()
        stored = self.table.get(keys.readers_key()) or {}
        seen = {one: parse_iso(at) for one, at in stored.get("seen", {}).items()}
        looked_at = parse_iso(stored["looked_at"]) if stored else None
        found = compare(there, seen, looked_at, now)
        kept = {**{one: iso(at) for one, at in found.gone}, **dict.fromkeys(there, iso(now))}

        def remember() -> None:
            self.table.write(Update(keys.readers_key(), set={"seen": kept, "looked_at": iso(now)}))

        return found, remember
