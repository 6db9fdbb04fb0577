"""Decisions on a closed round: what one is, what a set of them comes to, and which applications need one."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any

from shared.applications import Application, ApplicationState


class DecisionKind(StrEnum):
    """Award or decline."""

    AWARD = "award"
    DECLINE = "decline"


@dataclass(frozen=True, slots=True)
class Decision:
    """What was decided on one application. `amount` is in whole kronor, 0 for a declined one."""

    application: str
    kind: DecisionKind
    amount: int
    motivation: str = ""

    def as_item(self) -> dict[str, Any]:
        """The attributes that the table stores, keys apart."""
        return {**asdict(self), "kind": self.kind.value}

    @classmethod
    def from_item(cls, item: Mapping[str, Any]) -> Decision:
        """The reverse of `as_item`; other attributes are left alone."""
        return cls(item["application"], DecisionKind(item["kind"]), item["amount"], item["motivation"])


@dataclass(frozen=True, slots=True)
class Announced:
    """What one announcement makes public: its decisions by application, and the `reason` why it corrects the one before
    it, by language, empty for a round's first."""

    decisions: Mapping[str, Decision]
    reason: Mapping[str, str]


def digest(decisions: Iterable[Decision]) -> str:
    """SHA-256 over the decisions in order of their applications."""
    rows = sorted((one.as_item() for one in decisions), key=lambda row: row["application"])
    return hashlib.sha256(json.dumps(rows, sort_keys=True, ensure_ascii=False).encode()).hexdigest()


def approved_digest(decisions: str, listed: str) -> str:
    """What the second person of a round's first decisions approves: these decisions, on these versions of applications
    (see `list_digest`)."""
    return hashlib.sha256(json.dumps([decisions, listed]).encode()).hexdigest()


def awarded(decisions: Iterable[Decision]) -> int:
    """The sum of the awards, in whole kronor."""
    return sum(one.amount for one in decisions if one.kind is DecisionKind.AWARD)


def to_decide(applications: Iterable[Application]) -> list[Application]:
    """The applications that need a decision: submitted and not withdrawn, by applicant and reference."""
    current = [one for one in applications if one.state is ApplicationState.SUBMITTED]
    return sorted(current, key=lambda one: (one.current.facts.applicant.name if one.current else "", one.id))


def list_digest(applications: Iterable[Application]) -> str:
    """What an older list is known by: SHA-256 over the current applications and their versions."""
    current = sorted((one.id, one.current.sha256 if one.current else "") for one in to_decide(applications))
    return hashlib.sha256(json.dumps(current).encode()).hexdigest()


def mark(decided: str) -> str:
    """What every row of a CSV list says of the decisions that stood in it when it was taken out, by their digest;
    nothing decided is the empty one. Begins so that no spreadsheet makes a number of it. Example: d-1a2b3c4d5e6f"""
    return f"d-{decided[:12]}"
