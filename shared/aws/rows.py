"""Rounds, applications, submissions and audit events, read from and written to the table."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from boto3.dynamodb.conditions import Attr, ConditionBase

from shared import keys
from shared.applications import Application
from shared.aws.table import ABSENT, Check, ConditionFailedError, Item, Put, Table, Update, Write
from shared.instants import iso
from shared.problems import refuse
from shared.references import new_submission
from shared.rounds import Round
from shared.submissions import Submission
from shared.trail import BEFORE, CHANGED, row_digest


def read_round(table: Table, round_id: str) -> Round | None:
    """The round, or None."""
    item = table.get(keys.round_key(round_id))
    return Round.from_item(item) if item else None


def require_round(table: Table, round_id: str) -> Round:
    """The round. Raises ProblemsError with status 404."""
    call = read_round(table, round_id)
    if call is None:
        raise refuse("no-such-round", status=404)
    return call


def read_rounds(table: Table) -> list[Round]:
    """Every round, in order of their identifiers."""
    return [Round.from_item(item) for item in table.query(keys.ROUNDS)]


def read_application(table: Table, round_id: str, application: str) -> Application | None:
    """The application, or None."""
    item = table.get(keys.application_key(round_id, application))
    return Application.from_item(item) if item else None


def read_applications(table: Table, round_id: str) -> list[Application]:
    """Every application of the round, drafts too."""
    items = table.query(keys.round_partition(round_id), keys.APPLICATIONS)
    return [Application.from_item(item) for item in items]


def read_submissions(table: Table, round_id: str) -> list[Submission]:
    """Every recorded outcome of the round."""
    items = table.query(keys.round_partition(round_id), keys.SUBMISSIONS)
    return [Submission.from_item(item) for item in items]


def audit(round_id: str, at: datetime, who: str, what: str, random: bytes, **facts: Any) -> Put:
    """The event to write beside a change of state: who, when, what. Facts hold no personal data of applicants."""
    return Put(
        keys.audit_key(round_id, iso(at), new_submission(at, random)),
        {"at": iso(at), "who": who, "what": what, **facts},
        ABSENT,
    )


def create_round(call: Round, event: Put) -> list[Write]:
    """The writes of a new round, and of the event that tells of it. They hold only if there is none by its name."""
    told = _told(event, call.as_item(), "")
    return [Put(keys.round_key(call.id), {**call.as_item(), "trail": row_digest(told.attributes)}, ABSENT), told]


def change_round(before: Round, after: Round, event: Put) -> list[Write]:
    """The writes that turn `before` into `after`, and of the event that tells of it. They hold only if nobody else
    changed the round since it was read.

    They name the attributes that differ and leave all others alone, and so does the event: what somebody altered by
    hand before is in no event, whatever is changed after it.
    """
    old, new = before.as_item(), replace(after, revision=before.revision + 1).as_item()
    changed = {name: value for name, value in new.items() if value != old[name]}
    told = _told(event, changed, before.trail)
    noted = {**changed, "trail": row_digest(told.attributes)}
    return [Update(keys.round_key(before.id), set=noted, condition=Attr("revision").eq(before.revision)), told]


def left_by(writes: list[Write], before: Round) -> Round:
    """The round as the writes of `change_round` leave it."""
    (update,) = (one for one in writes if isinstance(one, Update))
    return Round.from_item({**before.as_item(), **update.set})


def _told(event: Put, changed: Mapping[str, Any], before: str) -> Put:
    return replace(event, attributes={**event.attributes, CHANGED: changed, BEFORE: before})


def replace_application(before: Application, after: Application) -> Update:
    """The write that turns `before` into `after`, and holds only if nobody else changed it since it was read.

    It stops the row from expiring: what counts is kept.
    """
    old, new = before.as_item(), replace(after, revision=before.revision + 1).as_item()
    return Update(
        keys.application_key(before.round_id, before.id),
        set={name: value for name, value in new.items() if value != old.get(name)},
        remove=("expires_at",),
        condition=Attr("revision").eq(before.revision),
    )


def unchanged(call: Round) -> Check:
    """Holds only while the round is as it was read."""
    return Check(keys.round_key(call.id), Attr("revision").eq(call.revision))


def count(round_id: str, changes: Mapping[str, int]) -> Update:
    """The write that moves the totals. Every one of them grows the revision, so that a recount can tell whether
    anything was counted while it read."""
    return Update(keys.totals_key(round_id), add={**changes, "revision": 1})


def totals_unchanged(stored: Item) -> ConditionBase:
    """Holds only while the totals are as they were read (`stored` is empty where there were none)."""
    return Attr("revision").eq(stored["revision"]) if "revision" in stored else ABSENT


def commit_round_change(table: Table, writes: list[Write]) -> None:
    """The writes of a staff member's change. Raises ProblemsError with status 409 where somebody was faster."""
    try:
        table.transact(writes)
    except ConditionFailedError as error:
        raise refuse("round-changed", status=409) from error


def standing(decided: Item | None) -> Item | None:
    """The decisions, unless their approval was taken back: then they count for nothing until a list is handed in."""
    return None if decided is None or "taken_back" in decided else decided
