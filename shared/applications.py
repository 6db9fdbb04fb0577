"""An application as rows hold it, and what one more arrival does to it.

The same arrivals give the same application in whatever order they are handled: the current version is the
accepted one that arrived last by S3's clock, a withdrawal covers what arrived before it, and the state follows
from the two.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from shared.applicants import Applicant
from shared.digests import digest_of
from shared.document import Document
from shared.instants import iso, parse_iso, whole_second
from shared.problems import Problem
from shared.rounds import Access

DRAFT_LIFETIME = timedelta(days=400)
"""How long an application that nobody sends is kept, with its draft, from when it was last worked on."""
APPLICANT, STAFF = "applicant", "staff"
"""Who can withdraw an application."""


class Outcome(StrEnum):
    """What became of one submission."""

    ACCEPTED = "accepted"
    REJECTED = "rejected"
    LATE = "late"
    DUPLICATE = "duplicate"


class ApplicationState(StrEnum):
    """Where an application stands before decisions."""

    DRAFT = "draft"
    SUBMITTED = "submitted"
    REFUSED = "refused"
    """Something was sent, and none of it was accepted."""
    WITHDRAWN = "withdrawn"


@dataclass(frozen=True, slots=True)
class Facts:
    """What the table keeps of an accepted document; the document itself stays in the bucket.

    `requested` is in whole kronor. `attachments` are as the document lists them, each with the version of the
    object that was looked at.
    """

    applicant: Applicant
    contact: Mapping[str, Any]
    title: str
    type: str
    core_areas: tuple[str, ...]
    partners: tuple[Mapping[str, str], ...]
    starts: str
    years: int
    requested: int
    language: str
    attachments: tuple[Mapping[str, Any], ...]

    @classmethod
    def of(cls, document: Document, applicant: Applicant, versions: Mapping[str, str]) -> Facts:
        """`versions` gives the object version of each attachment by its hash."""
        return cls(
            applicant=applicant,
            contact=document.contact.model_dump(exclude_none=True),
            title=document.project.title,
            type=document.project.type,
            core_areas=tuple(document.project.core_areas),
            partners=tuple(partner.model_dump() for partner in document.partners),
            starts=document.project.starts,
            years=document.project.years,
            requested=document.requested,
            language=document.language,
            attachments=tuple(
                {**file.model_dump(), "version_id": versions[file.sha256]} for file in document.attachments
            ),
        )

    def as_item(self) -> dict[str, Any]:
        """The attributes that the table stores."""
        return {
            "applicant": self.applicant.as_item(),
            "contact": dict(self.contact),
            "title": self.title,
            "type": self.type,
            "core_areas": list(self.core_areas),
            "partners": [dict(partner) for partner in self.partners],
            "starts": self.starts,
            "years": self.years,
            "requested": self.requested,
            "language": self.language,
            "attachments": [dict(attachment) for attachment in self.attachments],
        }

    @classmethod
    def from_item(cls, item: Mapping[str, Any]) -> Facts:
        """The reverse of `as_item`."""
        return cls(
            **{
                **item,
                "applicant": Applicant.from_item(item["applicant"]),
                "core_areas": tuple(item["core_areas"]),
                "partners": tuple(item["partners"]),
                "attachments": tuple(item["attachments"]),
            }
        )


@dataclass(frozen=True, slots=True)
class Version:
    """An accepted version. `sha256` and `size`, in bytes, are the document's."""

    submission: str
    version_id: str
    arrived_at: datetime
    sha256: str
    size: int
    number: int
    facts: Facts

    @property
    def order(self) -> str:
        """See `order_of`."""
        return order_of(self.arrived_at, self.submission, self.version_id)


@dataclass(frozen=True, slots=True)
class Refusal:
    """The latest submission that was not accepted, kept so that the applicant can be told and mend it."""

    submission: str
    version_id: str
    arrived_at: datetime
    outcome: Outcome
    problems: tuple[Problem, ...]
    contact: Mapping[str, Any] | None = None
    """Whom to tell, where that much of the document could be read."""

    @property
    def order(self) -> str:
        """See `order_of`."""
        return order_of(self.arrived_at, self.submission, self.version_id)


def order_of(arrived_at: datetime, submission: str, version_id: str) -> str:
    """Sorts submissions of one application as they arrived.

    By S3's clock first, which counts whole seconds; within a second by submission identifier, which the form's
    signing put in time order. One form only fits one content, so within a submission the order is without
    consequence, and the version id just makes it total. (S3's sequencer orders one key's events, not two
    keys', and a sweep of the bucket does not see it at all.)
    """
    return f"{iso(whole_second(arrived_at))}#{submission}#{version_id}"


@dataclass(frozen=True, slots=True)
class Arrival:
    """One object version of application.json, judged. `facts` is None where there are problems."""

    submission: str
    version_id: str
    arrived_at: datetime
    sha256: str
    size: int
    in_time: bool
    problems: tuple[Problem, ...]
    facts: Facts | None
    contact: Mapping[str, Any] | None = None

    @property
    def order(self) -> str:
        """See `order_of`."""
        return order_of(self.arrived_at, self.submission, self.version_id)


@dataclass(frozen=True, slots=True)
class Application:
    """One application: a private link's worth of drafts, versions and refusals. `revision` fences writes."""

    id: str
    round_id: str
    link_hash: str
    language: str
    started_at: datetime
    revision: int = 0
    current: Version | None = None
    refused: Refusal | None = None
    withdrawn_at: datetime | None = None
    withdrawn_by: str = APPLICANT
    """Who withdrew it last, the applicant or staff on their behalf."""
    repeated: str = ""
    """The order of the newest arrival that repeated the current version's content, or nothing. An arrival from
    between the two is older than what the applicant sent last, even where it is handled after both."""
    turned_away_at: datetime | None = None
    """When somebody first asked to upload after the deadline."""
    access: Access | None = None
    """What lets its holder send something after the deadline."""
    certified: Mapping[str, int] | None = None
    """What it had added to the totals when the round was certified, kept by the first change after that; None
    where nothing has changed since."""
    extra: Mapping[str, Any] = field(default_factory=dict)
    """Attributes that other writers own (the count of signed forms); carried along, never judged."""

    @property
    def origin(self) -> str:
        """SHA-256 over what never changes from its start on. Uploads carry it, for verification to hold the row
        against. (Of the link only its hash is known here.)"""
        return digest_of([self.link_hash, self.language, iso(self.started_at)])

    @property
    def state(self) -> ApplicationState:
        """Follows from what arrived and what was withdrawn when."""
        if self.withdrawn_at is not None and (
            self.current is None or self.current.arrived_at <= whole_second(self.withdrawn_at)
        ):
            return ApplicationState.WITHDRAWN
        if self.current is not None:
            return ApplicationState.SUBMITTED
        return ApplicationState.REFUSED if self.refused is not None else ApplicationState.DRAFT

    @property
    def confirmed(self) -> str:
        """The order of the newest arrival with the current version's content; nothing where there is none."""
        return max(self.current.order, self.repeated) if self.current is not None else ""

    @property
    def confirmed_at(self) -> datetime | None:
        """When that arrived."""
        return parse_iso(self.confirmed.partition("#")[0]) if self.confirmed else None

    @property
    def has_completed(self) -> bool:
        """Whether a version has come since the completion was asked for that `access` is about."""
        return self.access is not None and self.current is not None and self.current.arrived_at > self.access.given_at

    @property
    def told_in(self) -> str:
        """The language of letters: what the document asks for, and before there is one that of the page where the
        application was started."""
        return self.language if self.current is None else self.current.facts.language

    def with_arrival(self, arrival: Arrival) -> tuple[Outcome, Application]:
        """What becomes of the arrival, and the application after it."""
        if not arrival.in_time or arrival.facts is None:
            outcome = Outcome.REJECTED if arrival.in_time else Outcome.LATE
            return outcome, self._with_refusal(arrival, outcome)
        same = self.current is not None and self.current.sha256 == arrival.sha256
        if same and self.state is ApplicationState.SUBMITTED:
            return Outcome.DUPLICATE, replace(self, repeated=max(self.repeated, arrival.order))
        number = 1 if self.current is None else self.current.number + 1
        version = Version(
            arrival.submission,
            arrival.version_id,
            arrival.arrived_at,
            arrival.sha256,
            arrival.size,
            number,
            arrival.facts,
        )
        # An older version that comes to hand late is accepted, and stays in the past.
        newer = self.confirmed < arrival.order
        return Outcome.ACCEPTED, replace(self, current=version, repeated="") if newer else self

    def _with_refusal(self, arrival: Arrival, outcome: Outcome) -> Application:
        if self.refused is not None and self.refused.order > arrival.order:
            return self
        problems = arrival.problems if outcome is Outcome.REJECTED else ()
        refusal = Refusal(
            arrival.submission, arrival.version_id, arrival.arrived_at, outcome, problems, arrival.contact
        )
        return replace(self, refused=refusal)

    def withdrawn(self, now: datetime, by: str = APPLICANT) -> Application:
        """The application after a withdrawal at `now`: of all that is known to have arrived, so that no earlier
        instant is noted than S3's clock has for that."""
        return replace(self, withdrawn_at=max(now, self.confirmed_at or now), withdrawn_by=by)

    def as_item(self) -> dict[str, Any]:
        """The attributes that the table stores, keys apart."""
        item: dict[str, Any] = {
            **self.extra,
            "application": self.id,
            "round": self.round_id,
            "link_hash": self.link_hash,
            "language": self.language,
            "started_at": iso(self.started_at),
            "revision": self.revision,
            "state": self.state.value,
            "repeated": self.repeated,
        }
        if self.current is not None:
            item["current"] = {
                "submission": self.current.submission,
                "version_id": self.current.version_id,
                "arrived_at": iso(self.current.arrived_at),
                "sha256": self.current.sha256,
                "size": self.current.size,
                "number": self.current.number,
                "facts": self.current.facts.as_item(),
            }
        if self.refused is not None:
            item["refused"] = {
                "submission": self.refused.submission,
                "version_id": self.refused.version_id,
                "arrived_at": iso(self.refused.arrived_at),
                "outcome": self.refused.outcome.value,
                "problems": [found.as_json() for found in self.refused.problems],
                "contact": dict(self.refused.contact) if self.refused.contact else None,
            }
        if self.withdrawn_at is not None:
            item["withdrawn_at"], item["withdrawn_by"] = iso(self.withdrawn_at), self.withdrawn_by
        if self.turned_away_at is not None:
            item["turned_away_at"] = iso(self.turned_away_at)
        access = {} if self.access is None else {"access": self.access.as_item()}
        return {**item, **access, **({} if self.certified is None else {"certified": dict(self.certified)})}

    @classmethod
    def from_item(cls, item: Mapping[str, Any]) -> Application:
        """The reverse of `as_item`."""
        current, refused = item.get("current"), item.get("refused")
        return cls(
            id=item["application"],
            round_id=item["round"],
            link_hash=item["link_hash"],
            language=item["language"],
            started_at=parse_iso(item["started_at"]),
            revision=item["revision"],
            current=None
            if current is None
            else Version(
                current["submission"],
                current["version_id"],
                parse_iso(current["arrived_at"]),
                current["sha256"],
                current["size"],
                current["number"],
                Facts.from_item(current["facts"]),
            ),
            refused=None
            if refused is None
            else Refusal(
                refused["submission"],
                refused["version_id"],
                parse_iso(refused["arrived_at"]),
                Outcome(refused["outcome"]),
                tuple(Problem.from_json(found) for found in refused["problems"]),
                refused["contact"],
            ),
            repeated=item["repeated"],
            withdrawn_at=parse_iso(item["withdrawn_at"]) if "withdrawn_at" in item else None,
            withdrawn_by=item.get("withdrawn_by", APPLICANT),
            turned_away_at=parse_iso(item["turned_away_at"]) if "turned_away_at" in item else None,
            access=Access.from_item(item["access"]) if "access" in item else None,
            certified=item.get("certified"),
            extra={name: item[name] for name in ("forms_signed",) if name in item},
        )
