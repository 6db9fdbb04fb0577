"""Submissions: one recorded outcome for every version of every application.json that reached the bucket."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from shared.applications import Outcome
from shared.instants import iso, parse_iso
from shared.problems import Problem


@dataclass(frozen=True, slots=True)
class Submission:
    """What became of one arrival. `number` is the application's version after it, 0 where it has none."""

    round_id: str
    application: str
    submission: str
    version_id: str
    arrived_at: datetime
    recorded_at: datetime
    outcome: Outcome
    number: int
    sha256: str
    problems: tuple[Problem, ...] = ()

    def as_item(self) -> dict[str, Any]:
        """The attributes that the table stores, keys apart."""
        return {
            "round": self.round_id,
            "application": self.application,
            "submission": self.submission,
            "version_id": self.version_id,
            "arrived_at": iso(self.arrived_at),
            "recorded_at": iso(self.recorded_at),
            "outcome": self.outcome.value,
            "number": self.number,
            "sha256": self.sha256,
            "problems": [found.as_json() for found in self.problems],
        }

    @classmethod
    def from_item(cls, item: Mapping[str, Any]) -> Submission:
        """The reverse of `as_item`."""
        return cls(
            round_id=item["round"],
            application=item["application"],
            submission=item["submission"],
            version_id=item["version_id"],
            arrived_at=parse_iso(item["arrived_at"]),
            recorded_at=parse_iso(item["recorded_at"]),
            outcome=Outcome(item["outcome"]),
            number=item["number"],
            sha256=item["sha256"],
            problems=tuple(Problem.from_json(found) for found in item["problems"]),
        )


def root_hash(submissions: Iterable[Submission]) -> str:
    """The root of a Merkle tree (RFC 9162, section 2.1) over a round's submissions in order of their keys.

    A leaf names the application, the submission, the object version, its arrival, its hash and its outcome;
    nothing in it is personal.
    """
    leaves = sorted(
        "|".join((one.application, one.submission, one.version_id, iso(one.arrived_at), one.sha256, one.outcome))
        for one in submissions
    )
    return _root([hashlib.sha256(b"\x00" + leaf.encode()).digest() for leaf in leaves]).hex()


def _root(hashes: list[bytes]) -> bytes:
    if not hashes:
        return hashlib.sha256(b"").digest()
    if len(hashes) == 1:
        return hashes[0]
    split = 1 << (len(hashes) - 1).bit_length() - 1
    return hashlib.sha256(b"\x01" + _root(hashes[:split]) + _root(hashes[split:])).digest()
