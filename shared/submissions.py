"""Submissions: one recorded outcome for every version of every application.json that reached the bucket."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from shared import merkle
from shared.applications import Outcome, order_of
from shared.digests import digest_of
from shared.instants import iso, parse_iso
from shared.problems import Problem


@dataclass(frozen=True, slots=True)
class Submission:
    """What became of one arrival. `number` is the application's version after it, 0 where it has none.

    `after_certificate` is how many certificates the round had already, none of which stands for it; the next one
    does. (It is known from the round's revision in the same transaction; clocks of two functions could not tell.)
    """

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
    after_certificate: int = 0

    @property
    def order(self) -> str:
        """See `order_of`."""
        return order_of(self.arrived_at, self.submission, self.version_id)

    def public(self) -> dict[str, Any]:
        """What the applicant may know of it."""
        return {
            "submission": self.submission,
            "arrived_at": iso(self.arrived_at),
            "outcome": self.outcome.value,
            "number": self.number,
            "sha256": self.sha256,
            "problems": [found.as_json() for found in self.problems],
        }

    @property
    def leaf(self) -> bytes:
        """See `leaf_of`."""
        return leaf_of(
            application=self.application,
            submission=self.submission,
            version_id=self.version_id,
            arrived_at=self.arrived_at,
            sha256=self.sha256,
            outcome=self.outcome,
            record=self.record,
        )

    @property
    def record(self) -> str:
        """SHA-256 over the whole row: what the line does not spell out is certified with it."""
        return digest_of(self.as_item())

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
            "after_certificate": self.after_certificate,
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
            after_certificate=int(item["after_certificate"]),
        )


def certified_by(number: int, submissions: Iterable[Submission]) -> list[Submission]:
    """Those that a round's certificate with this number stands for: 1 is that of the closing."""
    return [one for one in submissions if one.after_certificate == number - 1]


def leaf_of(
    *, application: str, submission: str, version_id: str, arrived_at: datetime, sha256: str, outcome: str, record: str
) -> bytes:
    """A submission's line in a certificate: what was sent, when it arrived, what became of it, and the digest of all
    that is recorded of that. Nothing personal."""
    return "|".join((application, submission, version_id, iso(arrived_at), sha256, outcome, record)).encode()


def leaves(submissions: Iterable[Submission]) -> list[bytes]:
    """What a certificate's root stands for: a line for each submission, in order of the lines."""
    return sorted(one.leaf for one in submissions)


def root_hash(submissions: Iterable[Submission]) -> str:
    """The root of the Merkle tree over a round's submissions, in hexadecimal."""
    return merkle.root(leaves(submissions)).hex()
