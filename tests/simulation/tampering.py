"""Somebody with the table's console open alters one row of a certified round, when everything is at rest. Verification
finds it, whatever it is, but for what `HELD_AGAINST_NOTHING` names (docs/decisions/0036)."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from datetime import timedelta
from random import Random
from typing import Any

from shared import keys
from shared.applications import APPLICANT, ApplicationState, Outcome
from shared.instants import iso, parse_iso
from shared.problems import ProblemsError
from shared.rounds import RoundState
from shared.trail import BEFORE, CHANGED, WITHDRAWN
from tests.simulation.cloud import ROUND, Cloud
from tests.simulation.watch import Violation

Place = tuple[str, str]
Path = tuple[str | int, ...]
"""The names and numbers that lead to a value in a row."""

HELD_AGAINST_NOTHING: Mapping[str, frozenset[str]] = {
    keys.APPLICATIONS: frozenset({"revision", "forms_signed", "expires_at", "turned_away_at", "certified"}),
    "TOTALS": frozenset({"revision"}),
}
"""By how keys begin, attributes that verification does not look at: none of them says what counts."""
_FORGED, _TAKEN_OUT = 0.1, 0.2
_EMPTY_TOTALS = {"pk", "sk", "revision"}
_WORDS = (*RoundState, *Outcome, *ApplicationState)


def unfound(cloud: Cloud, dice: Random) -> Iterator[Violation]:
    """What verification does not notice of one alteration, which is undone."""
    places = sorted(_places(cloud))
    if cloud.table.peek(keys.certificate_key(ROUND)) is None or not places:
        return
    place = dice.choice(places)
    row = cloud.table.rows[place[0]][place[1]]
    if dice.random() < _FORGED:
        yield from _unfound_event(cloud, dice)
        return
    # A short attribute is as likely as a long one, and that the row is gone as any of them.
    under = dice.choice([(), *sorted({path[:1] for path in paths(place[1], row)}, key=str)])
    path = dice.choice([path for path in paths(place[1], row) if path[:1] == under] or [()])
    # What is empty, 0 or the default says the same where it is not there.
    gone = len(path) == 1 and row[str(path[0])] not in (None, 0, APPLICANT) and dice.random() < _TAKEN_OUT
    if not is_found(cloud, place, path, gone=gone):
        yield Violation("an-altered-row-is-found", f"{place[1]}: {path} {'is gone' if gone or not path else ''}")


def _unfound_event(cloud: Cloud, dice: Random) -> Iterator[Violation]:
    """Somebody puts in an event that no change of the round made, like one that is there."""
    events = cloud.table.rows[keys.audit_partition(ROUND)]
    like = dice.choice(sorted(events))
    name, plain = f"{like}x", (CHANGED, BEFORE) if dice.random() < 0.5 else ()
    events[name] = {**{one: value for one, value in events[like].items() if one not in plain}, "sk": name}
    if not _is_noticed(cloud) and events[like]["what"] != WITHDRAWN:
        yield Violation("an-altered-row-is-found", f"{name}: put in")
    del events[name]


def _places(cloud: Cloud) -> Iterator[Place]:
    """Rows of the round that say what counts."""
    yield keys.ROUNDS, keys.round_key(ROUND)["sk"]
    spent = "TIMED-" if cloud.watch.round(ROUND).embargo is None else "-"
    for name, event in cloud.table.rows.get(keys.audit_partition(ROUND), {}).items():
        if event["what"] != WITHDRAWN:  # Withdrawals in the last minute meet nobody, so that no chain has them.
            yield keys.audit_partition(ROUND), name
    for name, row in cloud.table.rows.get(keys.round_partition(ROUND), {}).items():
        empty = row.get("state") == ApplicationState.DRAFT or row.keys() <= _EMPTY_TOTALS
        if empty or name.startswith(("EFFECT#", spent)):
            continue
        yield keys.round_partition(ROUND), name
        if name.startswith(keys.DECISIONS):
            partition = keys.decision_set_partition(ROUND, row["decisions"])
            yield from ((partition, decision) for decision in cloud.table.rows.get(partition, {}))


def paths(name: str, value: Any, path: Path = ()) -> Iterator[Path]:
    """Every value in a row, those within others too."""
    ignored = {one for begins, names in HELD_AGAINST_NOTHING.items() if name.startswith(begins) for one in names}
    within = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for one, inner in within:
        if not path and one in ("pk", "sk"):
            continue
        if ".".join(str(part) for part in (*path, one)) not in ignored:
            yield (*path, one)
            yield from paths(name, inner, (*path, one))


def is_found(cloud: Cloud, place: Place, path: Path, *, gone: bool = False) -> bool:
    """Whether verification finds the row altered there, or without that attribute; or gone where the path is empty."""
    rows = cloud.table.rows[place[0]]
    before = rows[place[1]]
    if gone:
        rows[place[1]] = {name: value for name, value in before.items() if name != path[0]}
    elif path:
        rows[place[1]] = _with(before, path)
    else:
        del rows[place[1]]
    try:
        return _is_noticed(cloud)
    finally:
        rows[place[1]] = before


def _is_noticed(cloud: Cloud) -> bool:
    try:
        verified = cloud.verifying.certificate(ROUND)
        if verified["differences"] or verified["unexplained"]:
            return True
        applications = cloud.watch.rows(ROUND, keys.APPLICATIONS)
        return any(cloud.verifying.application(ROUND, one["application"])["differences"] for one in applications)
    except ProblemsError:
        return True  # There is no such round, or rows cannot be read.


def _with(row: Any, path: Path) -> Any:
    first, *rest = path
    changed: Any = row.copy()
    changed[first] = _with(changed[first], tuple(rest)) if rest else another(changed[first])
    return changed


def another(value: Any) -> Any:
    """Another value that could stand there."""
    match value:
        case None | int():
            return not value if isinstance(value, bool) else (value or 0) + 1
        case dict() | list():
            return _emptier(value) or ["added"]
        case _ if value in _WORDS:
            return _WORDS[(_WORDS.index(value) + 1) % len(_WORDS)]
    with contextlib.suppress(ValueError):
        return iso(parse_iso(value) + timedelta(seconds=1))
    return f"{value}x"


def _emptier(value: dict[str, Any] | list[Any]) -> dict[str, Any] | list[Any]:
    return value[1:] if isinstance(value, list) else dict(list(value.items())[1:])
