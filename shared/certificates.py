"""What a certificate says. Closing writes it and verification works it out again, by the same function."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from shared import totals
from shared.applications import Outcome
from shared.submissions import Submission, certified_by, root_hash

ROUND_CLOSED: Final = "round closed"
EXCEPTIONS_CERTIFIED: Final = "exceptions certified"
"""The events that are written in the same transactions as certificates, with the same instants."""


def certificate(
    round_id: str,
    number: int,
    submissions: Sequence[Submission],
    *,
    documents: int,
    missing: int,
    vanished: Iterable[Submission],
    certified_at: str | None,
    counted: totals.Counts,
) -> dict[str, Any]:
    """The certificate with this number, keys apart; 1 is that of the closing.

    `submissions` are all of the round, and `documents` what the bucket has: what belongs to other certificates is left
    out of both. `vanished` are outcomes whose upload is gone. `counted` are the totals, which the first one alone has.
    """
    covered = certified_by(number, submissions)
    others_gone = sum(one.after_certificate != number - 1 for one in vanished)
    others_there = len(submissions) - len(covered) - others_gone
    said = {
        "round": round_id,
        "objects": documents - others_there,
        "outcomes": {outcome.value: sum(one.outcome is outcome for one in covered) for outcome in Outcome},
        "missing": missing,
        "root": root_hash(covered),
        "certified_at": certified_at,
    }
    return {**said, "totals": totals.as_json(counted)} if number == 1 else {**said, "number": number}


def gone(said: Mapping[str, Any]) -> int:
    """How many uploads have an outcome in a certificate, and were not in the bucket when it was written."""
    outcomes: Mapping[str, int] = said["outcomes"]
    return max(0, sum(outcomes.values()) - int(said["objects"]))
