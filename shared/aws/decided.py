"""Decisions as they are stored: sets that nothing points to until they are whole, and one row that points.

A round may have hundreds of decisions, more than one transaction takes. So a set is written under its own
digest first, and then one conditional write makes it the one in force: all of it, or nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from boto3.dynamodb.conditions import Attr

from shared import keys
from shared.aws.table import ABSENT, Item, Put, Table, Update
from shared.corrections import correction_digest
from shared.decisions import Announced, Decision, approved_digest, digest
from shared.problems import refuse


def store_set(table: Table, round_id: str, decisions: Sequence[Decision]) -> str:
    """Write the set where nothing points to it yet. Returns its digest. Writing it again changes nothing."""
    found = digest(decisions)
    table.put_all([Put(keys.decision_key(round_id, found, one.application), one.as_item()) for one in decisions])
    return found


def read_decided(table: Table, round_id: str, decided: Item) -> list[Decision]:
    """The decisions that a row of `keys.decisions_key` points to, by application.

    Raises ProblemsError, 409, where they are not those whose digest two people know: somebody altered rows.
    """
    try:
        items = table.query(keys.decision_set_partition(round_id, decided["decisions"]))
        found = [Decision.from_item(item) for item in items]
        as_entered = digest(found) == decided["decisions"] and _digest_of(decided) == decided["digest"]
    except (KeyError, TypeError, ValueError) as error:  # An attribute is gone, or is of another kind.
        raise refuse("decisions-altered", status=409) from error
    if not as_entered:
        raise refuse("decisions-altered", status=409)
    return found


def _digest_of(decided: Item) -> str:
    """What is approved of a round's first decisions, or of a correction."""
    if "reason" in decided:
        return correction_digest(decided["number"], decided["decisions"], decided["reason"])
    return approved_digest(decided["decisions"], decided["list"])


def read_announced(table: Table, round_id: str, number: int) -> list[Announced]:
    """What the announcement with this number makes public, once it is out, and what each before it did, in order."""
    rows = (table.get(keys.decisions_key(round_id, one)) or {} for one in range(1, number + 1))
    return [
        Announced({one.application: one for one in read_decided(table, round_id, row)}, row.get("reason", {}))
        for row in rows
    ]


def point_to(round_id: str, before: Item | None, facts: dict[str, Any], number: int = 1) -> Update:
    """The write that has the announcement with this number tell of a set. Any approval of the one before it is void,
    and is removed, with what is noted of its being taken back."""
    condition = ABSENT if before is None else Attr("digest").eq(before["digest"]) & Attr("approved_by").not_exists()
    key = keys.decisions_key(round_id, number)
    return Update(key, set=facts, remove=("approved_by", "approved_at", "taken_back"), condition=condition)


def approve(round_id: str, found: str, who: str, at: str, number: int = 1) -> Update:
    """The write that approves: this very content, entered by somebody else since an approval was last taken back, not
    approved before."""
    unapproved = Attr("approved_by").not_exists() & Attr("taken_back").not_exists()
    condition = Attr("digest").eq(found) & Attr("entered_by").ne(who) & unapproved
    key = keys.decisions_key(round_id, number)
    return Update(key, set={"approved_by": who, "approved_at": at}, condition=condition)


def take_back(round_id: str, found: str, noted: dict[str, str], number: int = 1) -> Update:
    """The write that takes the approval of this content back. `noted` says who, when and why."""
    condition = Attr("digest").eq(found) & Attr("approved_by").exists()
    key = keys.decisions_key(round_id, number)
    return Update(key, set={"taken_back": noted}, remove=("approved_by", "approved_at"), condition=condition)
